"""`chorales`: four-part chorales of the course's own, made by chance from rules whose probabilities are known.

A piece has one of fourteen keys and goes through phrases of eight quarters. In each quarter a chord follows by its
function (`FOLLOWS`): a phrase ends on the tonic or the dominant, and a piece with the first phrase on the tonic that is
the sixth or later. The chord is set for four voices, each in its range (`RANGES`), never crossing and upper neighbours
within an octave: all three notes occur, the bass has the root or the third, and the third of a major chord is not
doubled. Of all settings one is drawn, the likelier the less the voices move (`cost`); no two voices go in parallel
fifths or octaves. As every chord is known by its notes, the key alone is hidden, and `predictions` can compute how
probable the next frame is, given all before.
"""

import itertools
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._card import Arrays, Card, DataSet, sha256
from ._rolls import LOWEST, NOTES, rolls, shuffled

PIECES, PHRASES, BEATS, SEED = 382, 6, 8, 12
RANGES = ((40, 60), (48, 67), (55, 74), (60, 79))  # bass, tenor, alto, soprano: MIDI numbers, both ends included
CHORDS = {"major": (0, 4, 7), "minor": (0, 3, 7), "diminished": (0, 3, 6)}
DEGREES = ("I", "ii", "IV", "V", "vi")
SCALES = {
    "major": ((0, "major"), (2, "minor"), (5, "major"), (7, "major"), (9, "minor")),
    "minor": ((0, "minor"), (2, "diminished"), (5, "minor"), (7, "major"), (8, "major")),
}
TONICS = {"major": (0, 2, 3, 5, 7, 9, 10), "minor": (0, 2, 4, 6, 7, 9, 11)}  # semitones above C
KEYS = tuple((tonic, mode) for mode, tonics in TONICS.items() for tonic in tonics)
FOLLOWS = np.array(
    [  # to I, ii, IV, V, vi
        [0.10, 0.20, 0.25, 0.25, 0.20],
        [0.10, 0.05, 0.05, 0.75, 0.05],
        [0.25, 0.20, 0.05, 0.45, 0.05],
        [0.60, 0.00, 0.05, 0.10, 0.25],
        [0.05, 0.35, 0.35, 0.20, 0.05],
    ]
)
LATE = {BEATS - 2: (0.3, 1.0, 1.0, 3.0, 0.3), BEATS - 1: (1.0, 0.0, 0.0, 1.0, 0.0)}
"""What a phrase's last two quarters make of these probabilities: factors."""

Chord = tuple[int, str]
Voicing = tuple[int, ...]


class Prediction(NamedTuple):
    """What the rules say of the next frame, from all frames before it.

    chord: the logarithm of the probability of the chord that came; voicing: of its setting, the chord being known.
    notes (88,): the probability of each key of the piano.
    """

    chord: float
    voicing: float
    notes: NDArray[np.float64]


def make() -> Arrays:
    """Arrays: roll (frames, 88) bool, piece (frames,) int16 and split (382,) uint8, as `jsb` has them."""
    rng = np.random.default_rng(SEED)
    return rolls([piece(rng) for _ in range(PIECES)], shuffled(PIECES, SEED))


def piece(rng: np.random.Generator) -> list[Voicing]:
    """One chorale: four MIDI numbers a quarter, from the bass upwards."""
    key, degree = KEYS[rng.integers(len(KEYS))], 0
    voicings, probabilities = settings(chord(key, degree), None, False)
    frames = [voicings[rng.choice(len(voicings), p=probabilities)]]
    while len(frames) % BEATS or len(frames) < PHRASES * BEATS or degree:
        beat = len(frames) % BEATS
        degree = int(rng.choice(len(DEGREES), p=follows(degree, beat)))
        voicings, probabilities = settings(chord(key, degree), frames[-1], beat == BEATS - 1)
        frames.append(voicings[rng.choice(len(voicings), p=probabilities)])
    return frames


def chord(key: tuple[int, str], degree: int) -> Chord:
    """The root, 0 … 11, and the kind of a chord in a key."""
    tonic, mode = key
    step, kind = SCALES[mode][degree]
    return (tonic + step) % 12, kind


@cache
def follows(degree: int, beat: int) -> NDArray[np.float64]:
    """The probabilities (5,) of the degrees in this quarter of a phrase, 0 … 7, after a degree."""
    weights = FOLLOWS[degree] * np.array(LATE.get(beat, (1.0,) * len(DEGREES)))
    return weights / weights.sum()


@cache
def settings(chord: Chord, before: Voicing | None, last: bool) -> tuple[list[Voicing], NDArray[np.float64]]:
    """The settings of a chord and their probabilities after a frame; None: at the beginning, where all are alike.

    last: on the last quarter of a phrase, where the bass has the root, as it has at the beginning. A rule that no
    setting obeys is left out: first the one on leaps, then the one on parallels.
    """
    voicings = _voicings(chord)
    if before is None or last:
        voicings = voicings[voicings[:, 0] % 12 == chord[0]] if chord[1] != "diminished" else voicings
    if before is None:
        return _listed(voicings), np.full(len(voicings), 1 / len(voicings))
    steps = voicings - np.array(before)
    near, apart = (np.abs(steps) <= (12, 7, 7, 7)).all(axis=1), ~_parallel(voicings, np.array(before))
    allowed = next(rule for rule in (near & apart, apart, near | ~near) if rule.any())
    voicings, steps = voicings[allowed], steps[allowed]
    weights = np.exp(-cost(steps, voicings[:, 0] % 12 != chord[0]))
    return _listed(voicings), weights / weights.sum()


def cost(steps: NDArray, inverted: NDArray) -> NDArray[np.float64]:
    """What makes a setting less likely, (n,), by a factor e for each unit.

    steps (n, 4): by how many semitones each voice moves; inverted (n,): whether the third is in the bass.
    """
    moved = np.abs(steps)
    return moved[:, 0] / 5 + moved[:, 1:].sum(axis=1) / 3 + (steps[:, 3] == 0) * 0.7 + inverted * 0.7


@cache
def _voicings(chord: Chord) -> NDArray[np.int64]:
    root, kind = chord
    notes = [(root + step) % 12 for step in CHORDS[kind]]
    low = notes[1:2] if kind == "diminished" else notes[:2]
    voices = [[n for n in range(a, b + 1) if n % 12 in (notes if k else low)] for k, (a, b) in enumerate(RANGES)]
    found = np.array(list(itertools.product(*voices)))
    gaps = np.diff(found, axis=1)
    fits = (gaps > 0).all(axis=1) & (gaps[:, 1:] <= 12).all(axis=1)
    for note in notes:
        fits &= (found % 12 == note).any(axis=1)
    if kind == "major":
        fits &= (found % 12 == notes[1]).sum(axis=1) == 1
    return found[fits]


def _parallel(voicings: NDArray, before: NDArray) -> NDArray[np.bool_]:
    """Whether any two voices move by the same step and stand a fifth or an octave apart, (n,)."""
    found = np.zeros(len(voicings), bool)
    for low, high in itertools.combinations(range(4), 2):
        if (before[high] - before[low]) % 12 in (0, 7):
            gap, same = voicings[:, high] - voicings[:, low], voicings[:, high] != before[high]
            found |= same & (gap % 12 == (before[high] - before[low]) % 12)
    return found


def _listed(voicings: NDArray) -> list[Voicing]:
    return [tuple(row) for row in voicings.tolist()]


def predictions(frames: list[Voicing]) -> Iterator[Prediction]:
    """For each frame of a piece, what the rules say of it from those before: the best that any model can.

    The key is not given: its probabilities after each frame are those of Bayes' rule. ValueError for a frame that the
    rules do not allow.
    """
    key, before, was = np.full(len(KEYS), 1 / len(KEYS)), None, -1
    for t, frame in enumerate(frames):
        last, came = t % BEATS == BEATS - 1, _number_of_chord(frame)
        follow = _following(was, t % BEATS)
        expected = key @ follow
        voicings, probabilities = settings(ALL_CHORDS[came], before, last)
        if came < 0 or not expected[came] or frame not in voicings:
            raise ValueError(f"frame {t} must be a chord of a key, set by the rules, got {frame}")
        setting = float(np.log(probabilities[voicings.index(frame)]))
        yield Prediction(float(np.log(expected[came])), setting, _each_note(expected, before, last))
        key = key * follow[:, came] / expected[came]
        before, was = frame, came


ALL_CHORDS = tuple(sorted({chord(key, degree) for key in KEYS for degree in range(len(DEGREES))}))


def _number_of_chord(frame: Voicing) -> int:
    """Which of all chords a frame's notes are, -1 where they are none."""
    classes = {n % 12 for n in frame}
    fits = (k for k, (root, kind) in enumerate(ALL_CHORDS) if classes == {(root + s) % 12 for s in CHORDS[kind]})
    return next(fits, -1)


@cache
def _following(was: int, beat: int) -> NDArray[np.float64]:
    """The probability of each chord in each key, (keys, chords), after the chord numbered `was`; -1: at the start."""
    found = np.zeros((len(KEYS), len(ALL_CHORDS)))
    for k, key in enumerate(KEYS):
        numbers = [ALL_CHORDS.index(chord(key, degree)) for degree in range(len(DEGREES))]
        if was < 0:
            found[k, numbers[0]] = 1.0
        elif was in numbers:
            found[k, numbers] = follows(numbers.index(was), beat)
    return found


def _each_note(expected: NDArray, before: Voicing | None, last: bool) -> NDArray[np.float64]:
    """The probability of each key of the piano, (88,), from those of the chords."""
    parts = [expected[k] * _of_chord(ALL_CHORDS[k], before, last) for k in np.flatnonzero(expected)]
    return np.sum(parts, axis=0)


@cache
def _of_chord(chord: Chord, before: Voicing | None, last: bool) -> NDArray[np.float64]:
    voicings, probabilities = settings(chord, before, last)
    found = np.zeros(NOTES)
    for voice in np.array(voicings).T:
        np.add.at(found, voice - LOWEST, probabilities)
    return found


def describe(arrays: Arrays) -> Card:
    """The card."""
    return Card(
        name="chorales",
        title="four-part chorales by rules whose probabilities are known",
        source="made here, by lstmcourse.data.chorales",
        version="1",
        licence="MIT",
        sha256=sha256(arrays),
        n=len(arrays["roll"]),
        unit=f"frames in {len(arrays['split'])} pieces",
        split=f"train, valid, test: {', '.join(map(str, np.bincount(arrays['split'])))} pieces, by seed {SEED}",
    )


DATA = DataSet(make, describe)
