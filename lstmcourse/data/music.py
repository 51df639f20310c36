"""`music`: 363 chorales by Johann Sebastian Bach in four parts, a frame a quarter, from the package music21.

The package is fetched once as a wheel, which pip does not install; its scores are read here, by their format MusicXML.
Nothing of them comes with the course.
"""

import io
import math
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

import numpy as np

from ._card import Arrays, Card, DataSet, sha256
from ._download import Download
from ._rolls import rolls, shuffled

SEED = 12
DOWNLOAD = Download(
    data="music",
    file="music21-10.5.1-py3-none-any.whl",
    hash="sha256:dc3309498c4c95cebdf8d4f20c868deb6b63bce1d929cad4f51a7ccc982987b1",
    size="20 MB, by pip",
    requirement="music21==10.5.1",
    instead='data.load("chorales") is at hand without it',
)
FOLDER = "music21/corpus/bach/"
SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SLACK = 1e-6  # quarters, for thirds of a quarter in floating point


def make() -> Arrays:
    """Arrays: roll (frames, 88) bool, piece (frames,) int16 and split (363,) uint8, as `jsb` has them.

    A note sounds in a quarter at whose beginning it sounds; what is shorter and lies between two is left out, and so
    are pieces that have not four parts. The split is the course's own. Raises DataUnavailable where the wheel has not
    been fetched, or holds something else.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(DOWNLOAD.read())) as wheel:
            names = [name for name in sorted(wheel.namelist()) if name.startswith(FOLDER) and name.endswith(".mxl")]
            scores = [score for name in names if (score := _score(wheel.read(name))) is not None]
        pieces = [piece(parts) for score in scores if len(parts := score.findall("part")) == 4]
    except (zipfile.BadZipFile, ElementTree.ParseError, ValueError, TypeError, KeyError) as error:
        raise DOWNLOAD.unavailable(f"cannot be read ({type(error).__name__}: {error})") from error
    if not pieces:
        raise DOWNLOAD.unavailable("cannot be read (it holds no chorale)")
    return rolls(pieces, shuffled(len(pieces), SEED))


def _score(packed: bytes) -> ElementTree.Element | None:
    """The score in a compressed MusicXML file; None where it holds none."""
    with zipfile.ZipFile(io.BytesIO(packed)) as file:
        inner = [n for n in file.namelist() if n.endswith(".xml") and not n.startswith("META-INF/")]
        return ElementTree.fromstring(file.read(inner[0])) if inner else None


def piece(parts: list[ElementTree.Element]) -> list[list[int]]:
    """The frames of a score: which MIDI numbers sound at the beginning of each quarter."""
    notes = [note for part in parts for note in _notes(part)]
    frames: list[set[int]] = [set() for _ in range(math.ceil(max((end for _, end, _ in notes), default=0) - SLACK))]
    for begin, end, number in notes:
        for t in range(math.ceil(begin - SLACK), math.ceil(end - SLACK)):
            frames[t].add(number)
    return [sorted(frame) for frame in frames]


def _notes(part: ElementTree.Element) -> Iterator[tuple[float, float, int]]:
    """Beginning and end in quarters and the MIDI number of each note of a part."""
    now, divisions = 0.0, 1.0
    for measure in part.iter("measure"):
        before = end = now
        for entry in measure:
            length = float(entry.findtext("duration") or 0) / divisions
            if entry.tag == "attributes":
                divisions = float(entry.findtext("divisions") or divisions)
            elif entry.tag == "backup":
                now -= length
            elif entry.tag == "forward":
                now += length
            elif entry.tag == "note" and entry.find("grace") is None:
                begin = before if entry.find("chord") is not None else now
                if (pitch := entry.find("pitch")) is not None:
                    yield begin, begin + length, _number(pitch)
                before, now = begin, begin + length
            end = max(end, now)
        now = end


def _number(pitch: ElementTree.Element) -> int:
    step, octave = pitch.findtext("step") or "", int(pitch.findtext("octave") or 0)
    return 12 * (octave + 1) + SEMITONES[step] + int(float(pitch.findtext("alter") or 0))


def describe(arrays: Arrays) -> Card:
    """The card."""
    return Card(
        name="music",
        title="Bach's chorales in quarters",
        source="the corpus of music21, most files by Margaret Greentree",
        version="10.5.1",
        licence="the corpus has terms of its own, most files are used by permission: read them before commercial use",
        sha256=sha256(arrays),
        n=len(arrays["roll"]),
        unit=f"frames in {len(arrays['split'])} pieces",
        split=f"train, valid, test: {', '.join(map(str, np.bincount(arrays['split'])))} pieces, by seed {SEED}",
    )


DATA = DataSet(make, describe, cache="music", download=DOWNLOAD, needed=False)
