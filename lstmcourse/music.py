"""Chorales as piano rolls: what counting says of the next frame, what a network says, and how what it makes sounds.

pieces = music.pieces("chorales")
model = music.model(nn.LSTM(88, 36), pieces.train)
training.fit(model, music.draws(pieces.train), training.bce, steps=300, lr=0.01)
frames = music.sample(model, pieces.test[0][:4], 32, rng=np.random.default_rng(0))
"""

import io
import os
import wave
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from . import _files, data, training
from .data._rolls import LOWEST, NOTES, SPLITS, shuffled
from .tasks import Batch

Roll = NDArray[np.bool_]
PARTIALS = (1.0, 0.45, 0.25, 0.12, 0.06)  # of a tone, the fundamental first


class Pieces(NamedTuple):
    """The rolls (T, 88) bool of the pieces for training, for choosing settings, and for testing."""

    train: list[Roll]
    valid: list[Roll]
    test: list[Roll]


def pieces(name: str, seed: int | None = None) -> Pieces:
    """The pieces of the data set `name`, chorales, music or jsb. seed: divide them anew, by a permutation.

    Raises what `data.load` does.
    """
    arrays, _ = data.load(name)
    rolls = np.split(arrays["roll"], np.flatnonzero(np.diff(arrays["piece"])) + 1)
    split = arrays["split"] if seed is None else shuffled(len(rolls), seed)
    return Pieces(*([roll for roll, s in zip(rolls, split, strict=True) if s == k] for k in range(len(SPLITS))))


def batch(rolls: Sequence[Roll]) -> Batch:
    """Pieces side by side, the shorter ones filled up: x (T, B, 88), the frame before; y, the frame; mask (T, B).

    Before the first frame comes silence. ValueError for no piece.
    """
    if not rolls:
        raise ValueError("batch expects at least one piece, got none")
    lengths = np.array([len(roll) for roll in rolls])
    y = np.zeros((lengths.max(), len(rolls), NOTES), np.float32)
    for k, roll in enumerate(rolls):
        y[: len(roll), k] = roll
    x = np.concatenate([np.zeros_like(y[:1]), y[:-1]])
    return Batch(x, y, np.arange(len(y))[:, None] < lengths, {})


def draws(rolls: Sequence[Roll], size: int = 16, seed: int = 0) -> Callable[[int], Batch]:
    """The batches for `training.fit`: `size` pieces at random for each step."""
    rng = np.random.default_rng(seed)
    return lambda step: batch([rolls[k] for k in rng.permutation(len(rolls))[:size]])


def model(layer: nn.Module, train: Sequence[Roll]) -> training.Net:
    """A layer of 88 inputs with a logit for each key; their biases start at how often the keys sound in training."""
    net, p = training.Net(layer, NOTES), unigram(train)
    with torch.no_grad():
        net.readout.bias.copy_(torch.from_numpy(np.log(p / (1 - p))))
    return net


def nll(net: nn.Module, rolls: Sequence[Roll]) -> float:
    """The negative log-likelihood of a network, nats a frame."""
    return training.score(training.bce, batch(rolls))(net)


def unigram(train: Sequence[Roll]) -> NDArray[np.float64]:
    """How often each key sounds (88,), half a frame with it and half a frame without it added."""
    frames = np.concatenate(train)
    return (frames.sum(axis=0) + 0.5) / (len(frames) + 1)


def markov(train: Sequence[Roll]) -> NDArray[np.float64]:
    """How often each key sounds after a frame without it and after one with it: (2, 88), smoothed as `unigram`."""
    before = np.concatenate([_before(roll) for roll in train])
    frames = np.concatenate(train)
    counts = np.stack([(~before).sum(axis=0), before.sum(axis=0)])
    return (np.stack([(frames & ~before).sum(axis=0), (frames & before).sum(axis=0)]) + 0.5) / (counts + 1)


def counted(p: NDArray, rolls: Sequence[Roll]) -> float:
    """The negative log-likelihood of `unigram` (88,) or `markov` (2, 88), nats a frame."""
    frames, before = np.concatenate(rolls), np.concatenate([_before(roll) for roll in rolls])
    p = p if p.ndim == 1 else np.where(before, p[1], p[0])
    return float(-np.log(np.where(frames, p, 1 - p)).sum(axis=1).mean())


def _before(roll: Roll) -> Roll:
    return np.concatenate([np.zeros_like(roll[:1]), roll[:-1]])


class Floor(NamedTuple):
    """The least that any model of `chorales` can reach on some pieces, nats a frame.

    harmony: for which chord comes; setting: for how it is set; notes: for a model with a probability of its own for
    each key, which cannot say which notes go together.
    """

    harmony: float
    setting: float
    notes: float


def floor(rolls: Sequence[Roll]) -> Floor:
    """What the rules by which `chorales` are made say of these pieces. ValueError for others."""
    said = [p for roll in rolls for p in data.chorales.predictions(keys(roll))]
    p, frames = np.stack([prediction.notes for prediction in said]), np.concatenate(rolls)
    apart = -np.log(np.where(frames, p, 1 - p).clip(1e-300)).sum(axis=1).mean()
    return Floor(-float(np.mean([s.chord for s in said])), -float(np.mean([s.voicing for s in said])), float(apart))


def keys(roll: Roll) -> list[tuple[int, ...]]:
    """The MIDI numbers that sound in each frame, from the lowest."""
    return [tuple((np.flatnonzero(frame) + LOWEST).tolist()) for frame in roll]


@torch.no_grad()
def sample(
    net: nn.Module,
    begin: Roll,
    frames: int,
    draw: Callable[[NDArray, float, int, NDArray], NDArray] | None = None,
    *,
    temperature: float = 1.0,
    voices: int = 4,
    rng: np.random.Generator,
) -> Roll:
    """Frames that a network makes, (frames, 88), after it has read those of `begin` (T, 88), which may be none.

    draw(logits (88,), temperature, voices, u (88,)) -> frame (88,) bool, by default `draw_notes`.
    """
    draw, was, like = draw or draw_notes, net.training, next(net.parameters())
    net.eval()
    x = torch.zeros(len(begin) + 1, 1, NOTES, dtype=like.dtype, device=like.device)
    x[1:, 0] = torch.from_numpy(begin).to(x)
    made, state = np.zeros((frames, NOTES), bool), None
    for t in range(frames):
        out, state = net(x, state)
        made[t] = draw(out[-1, 0].double().cpu().numpy(), temperature, voices, rng.random(NOTES))
        x = torch.from_numpy(made[t]).to(x)[None, None]
    net.train(was)
    return made


def draw_notes(logits: NDArray, temperature: float, voices: int, u: NDArray) -> Roll:
    """A frame (88,) from logits (88,): each key for itself where voices is 0, or else so many keys.

    A key sounds with the probability σ(logit / temperature): where logit / temperature − ln(u / (1 − u)) > 0, for u
    (88,) from 0 to 1. voices: the keys for which this difference is largest.
    """
    lead = logits / temperature - np.log(u / (1 - u))
    return lead > 0 if not voices else lead >= np.sort(lead)[-voices]


def tones(roll: Roll) -> Iterator[tuple[int, int, int]]:
    """Key (MIDI's number), first frame and length in frames of each tone: a key that sounds on is one tone."""
    edges = np.diff(np.pad(roll.astype(np.int8), ((1, 1), (0, 0))), axis=0).T
    for key, edge in enumerate(edges):
        for begin, end in zip(np.flatnonzero(edge > 0), np.flatnonzero(edge < 0), strict=True):
            yield key + LOWEST, int(begin), int(end - begin)


def sound(roll: Roll, seconds: float = 0.5, rate: int = 8000) -> NDArray[np.float64]:
    """The roll as sound, between -1 and 1: a frame takes `seconds`; each tone is a sum of partials that die away.

    rate: samples a second; partials above half of it are left out.
    """
    n = round(seconds * rate)
    out = np.zeros((len(roll) + 1) * n)
    for key, begin, length in tones(roll):
        t = np.arange(length * n + n // 2) / rate
        pitch = 440 * 2 ** ((key - 69) / 12)
        tone = sum(
            a * np.exp(-(0.8 + 0.4 * k) * t) * np.sin(2 * np.pi * (k + 1) * pitch * t)
            for k, a in enumerate(PARTIALS)
            if (k + 1) * pitch < rate / 2
        )
        release = np.clip((len(t) - np.arange(len(t))) / (n // 2), 0, 1)
        out[begin * n : begin * n + len(t)] += tone * np.minimum(t / 0.015, 1) * release
    return out / max(np.abs(out).max(initial=0), 1e-9) * 0.9


def wav(samples: NDArray, rate: int = 8000) -> bytes:
    """Sound as a WAV file of 8 bits a sample, so that a notebook stays small: for ``IPython.display.Audio(data=…)``."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(1)
        out.setframerate(rate)
        out.writeframes(np.round(127.5 + 127 * samples).clip(0, 255).astype(np.uint8).tobytes())
    return file.getvalue()


def save_midi(roll: Roll, path: str | os.PathLike, seconds: float = 0.5) -> None:
    """Write the roll as a MIDI file of one track, a quarter a frame, for any program that plays or prints notes.

    Raises ImportError, with what to do, where the package mido is missing; OSError where the file cannot be written.
    """
    try:
        import mido
    except ImportError as error:
        raise ImportError("save_midi needs the package mido: python -m pip install mido") from error
    file, track = mido.MidiFile(ticks_per_beat=480), mido.MidiTrack()
    file.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=round(seconds * 1e6)))
    events = sorted(
        event
        for key, begin, length in tones(roll)
        for event in ((begin, 1, key), (begin + length, 0, key))  # at the same time what ends comes first
    )
    now = 0
    for frame, on, key in events:
        track.append(
            mido.Message("note_on" if on else "note_off", note=key, velocity=70 * on, time=480 * (frame - now))
        )
        now = frame
    written = io.BytesIO()
    file.save(file=written)
    _files.write(os.fspath(path), written.getvalue())
