"""The README's film shows what check says and what StepThrough draws, and is small."""

import re

import pytest
from PIL import Image

from lstmcourse import exercises
from lstmcourse.commands.build import film
from tests.notebooks.pages import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return film.build(tmp_path_factory.mktemp("film"))


def played(path):
    """What is the same wherever it is drawn: size, seconds of each picture, whether it begins again."""
    with Image.open(path) as image:
        times = []
        for k in range(image.n_frames):
            image.seek(k)
            times.append(image.info["duration"])
        return image.size, times, "loop" in image.info


def test_the_film_is_the_one_that_is_made_now(made):
    assert played(made) == played(ROOT / "docs" / "film.gif"), "renew it: python -m lstmcourse build film"
    assert (ROOT / "docs" / "film.gif").stat().st_size < film.MOST


def test_it_plays_once_and_what_is_to_be_read_stays(made):
    size, times, again = played(made)
    assert size == (film.WIDTH, film.HEIGHT) and not again
    assert max(times) == 5000 and 15_000 < sum(times) < 30_000


def test_the_words_beside_it_say_what_it_shows():
    (alt,) = re.findall(r'<img src="docs/film.gif"[^>]* alt="([^"]+)"', README)
    assert exercises.get(film.EXERCISE).wrong[film.MISTAKE][1] in alt
    assert 'media="(prefers-reduced-motion: reduce)" srcset="docs/overview.png"' in README


def test_a_film_that_is_too_large_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(film, "MOST", 1000)
    monkeypatch.setattr(film, "walked", lambda: iter(()))
    with pytest.raises(ValueError, match="the film must have 1,000 bytes at most, got"):
        film.build(tmp_path)
    assert not (tmp_path / "docs").exists()


def test_a_picture_of_code_marks_the_line_that_is_off():
    plain, marked = (film.page("title", ["a", "b"], marked=marked) for marked in ([], [1]))
    changed = [
        y
        for y in range(film.HEIGHT)
        if plain.crop((0, y, film.WIDTH, y + 1)).tobytes() != marked.crop((0, y, film.WIDTH, y + 1)).tobytes()
    ]
    assert changed and changed[0] >= 58 + film.LINE and changed[-1] <= 58 + 2 * film.LINE
