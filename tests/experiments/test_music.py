"""Chorales by rules, what can be known of them, what counting and networks say, and how they sound."""

import builtins
import io
import itertools
import wave

import mido
import numpy as np
import pytest
import torch

from lstmcourse import music, nn, training
from lstmcourse.data import chorales


@pytest.fixture(scope="module")
def ours():
    return music.pieces("chorales")


def roll(*frames):
    made = np.zeros((len(frames), 88), bool)
    for t, frame in enumerate(frames):
        made[t, np.array(frame, int) - 21] = True
    return made


# ── the rules ──


def test_every_piece_keeps_the_rules(ours):
    (low, high), leaps = np.array(chorales.RANGES).T, []
    for piece in itertools.chain(*ours):
        frames = np.array(music.keys(piece))
        assert frames.shape[1] == 4 and (low <= frames).all() and (frames <= high).all()
        gaps, steps = np.diff(frames, axis=1), np.diff(frames, axis=0)
        assert (gaps > 0).all() and (gaps[:, 1:] <= 12).all()
        leaps += (np.abs(steps) > (12, 7, 7, 7)).any(axis=1).tolist()
        for a, b in itertools.combinations(range(4), 2):
            apart = (frames[:, b] - frames[:, a]) % 12
            parallel = (apart[1:] == apart[:-1]) & np.isin(apart[1:], (0, 7)) & (steps[:, [a, b]] != 0).all(axis=1)
            assert not parallel.any()
    assert 0 < np.mean(leaps) < 0.01, "where nothing else is left"


def test_pieces_end_with_the_phrase_that_closes(ours):
    for piece in ours.train:
        frames = music.keys(piece)
        assert len(frames) >= 48 and len(frames) % 8 == 0
        ends = {frozenset(n % 12 for n in frame) for frame in frames[7::8]}
        assert len(ends) <= 2 and {n % 12 for n in frames[-1]} == {n % 12 for n in frames[0]}


def test_what_the_rules_expect_adds_up_to_one(ours):
    frames = music.keys(ours.test[0])[:9]
    said = list(chorales.predictions(frames))
    for t in (1, 4, 7):
        total, notes = 0.0, np.zeros(88)
        for chord in chorales.ALL_CHORDS:
            for setting in chorales.settings(chord, frames[t - 1], t % 8 == 7)[0]:
                try:
                    *_, last = chorales.predictions([*frames[:t], setting])
                except ValueError:
                    break
                p = np.exp(last.chord + last.voicing)
                total += p
                notes[np.array(setting) - 21] += p
        assert total == pytest.approx(1) and notes == pytest.approx(said[t].notes)
        assert said[t].notes.sum() == pytest.approx(4)


def test_a_frame_against_the_rules_is_refused(ours):
    frames = music.keys(ours.test[0])
    for wrong in ((60, 61, 62, 63), (40, 52, 64, 67), frames[0][:3]):
        with pytest.raises(ValueError, match=r"^frame 1 must be a chord of a key, set by the rules, got "):
            list(chorales.predictions([frames[0], wrong]))


def test_the_floor_is_the_mean_of_what_chance_decides(ours):
    floor = music.floor(ours.test)
    again = music.floor(ours.valid)
    assert abs(floor.harmony - again.harmony) < 0.03 and abs(floor.setting - again.setting) < 0.05
    rng = np.random.default_rng(5)
    drawn = [music.keys(roll(*chorales.piece(rng))) for _ in range(60)]
    surprise = [-p.chord - p.voicing for piece in drawn for p in chorales.predictions(piece)]
    assert np.mean(surprise) == pytest.approx(floor.harmony + floor.setting, abs=0.05)
    assert floor.notes > floor.harmony + floor.setting + 4


def test_the_split_is_that_of_the_famous_set(ours):
    assert [len(part) for part in ours] == [229, 76, 77]
    again = music.pieces("chorales", seed=3)
    assert [len(part) for part in again] == [229, 76, 77] and list(map(len, again.test)) != list(map(len, ours.test))


# ── counting, and networks ──


def test_counting_against_loops():
    train, test = [roll([60], [60, 64], [64])], [roll([60], [64])]
    p, q = music.unigram(train), music.markov(train)
    assert p[39] == pytest.approx(2.5 / 4) and p[43] == pytest.approx(2.5 / 4) and p[0] == pytest.approx(0.5 / 4)
    assert q[:, 39] == pytest.approx([1.5 / 2, 1.5 / 3]) and q[:, 43] == pytest.approx([1.5 / 3, 1.5 / 2])
    by_hand = [
        -sum(np.log(q[int(before[k]), k] if frame[k] else 1 - q[int(before[k]), k]) for k in range(88))
        for before, frame in zip(np.vstack([np.zeros((1, 88), bool), test[0][:-1]]), test[0])
    ]
    assert music.counted(q, test) == pytest.approx(np.mean(by_hand))
    assert music.counted(p, train) < music.counted(np.full(88, 0.5), train) == pytest.approx(88 * np.log(2))


def test_a_batch_shows_the_frame_before_and_hides_what_is_filled_up():
    made = music.batch([roll([60], [62]), roll([21], [108], [64])])
    assert made.x.shape == (3, 2, 88) and not made.x[0].any() and (made.x[1:] == made.y[:-1]).all()
    assert made.mask.tolist() == [[True, True], [True, True], [False, True]] and made.y.sum() == 5
    with pytest.raises(ValueError, match="at least one piece, got none"):
        music.batch([])


def test_a_network_learns_more_than_counting(ours):
    torch.manual_seed(0)
    net = music.model(nn.GRU(88, 24), ours.train)
    assert music.nll(net, ours.valid) == pytest.approx(music.counted(music.unigram(ours.train), ours.valid), abs=0.5)
    training.fit(net, music.draws(ours.train), training.bce, steps=40, lr=0.02, progress=False)
    assert music.floor(ours.test).notes < music.nll(net, ours.test) < music.counted(music.markov(ours.train), ours.test)


def test_samples_depend_on_the_beginning_and_the_seed(ours):
    torch.manual_seed(0)
    net = music.model(nn.LSTM(88, 8), ours.train)
    made = [music.sample(net, ours.test[0][:n], 6, rng=np.random.default_rng(s)) for n, s in ((0, 0), (0, 0), (4, 1))]
    assert (
        (made[0] == made[1]).all() and (made[0] != made[2]).any() and (made[0].sum(axis=1) == 4).all() and net.training
    )
    quiet = music.sample(net, ours.test[0][:0], 6, temperature=0.05, voices=0, rng=np.random.default_rng(0))
    assert quiet.sum() == 0, "no key sounds in more than half of the frames"


def test_notes_are_drawn_with_their_probabilities():
    rng, logits = np.random.default_rng(0), np.full(88, -3.0)
    logits[:4] = [2.0, 0.0, -1.0, 1.0]
    drawn = np.mean([music.draw_notes(logits, 0.5, 0, rng.random(88)) for _ in range(4000)], axis=0)
    assert drawn == pytest.approx(1 / (1 + np.exp(-2 * logits)), abs=0.03)
    assert all(music.draw_notes(logits, 2.0, 3, rng.random(88)).sum() == 3 for _ in range(50))


# ── sound ──


def test_tones_are_heard_at_their_pitch_and_time():
    made = roll([69], [69, 72], [])
    assert sorted(music.tones(made)) == [(69, 0, 2), (72, 1, 1)]
    heard = music.sound(made, seconds=0.5)
    assert len(heard) == 4 * 4000 and 0.8 < np.abs(heard).max() <= 0.9
    for begin, end, pitches in ((0.05, 0.5, [440.0]), (0.55, 1.0, [440.0, 523.25])):
        power = np.abs(np.fft.rfft(heard[int(8000 * begin) : int(8000 * end)], 80_000))
        assert all(power[round(10 * p) - 15 : round(10 * p) + 16].max() > 0.2 * power.max() for p in pitches)
        assert (power[5100:5400].max() > 0.1 * power.max()) == (523.25 in pitches)
    assert not np.any(music.sound(roll([], [])))


def test_a_wav_file_is_small_and_whole():
    samples = music.sound(roll([60, 64, 67, 72]))
    with wave.open(io.BytesIO(music.wav(samples))) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnframes()) == (8000, 1, 8000)
        back = np.frombuffer(file.readframes(8000), np.uint8) / 127.0 - 127.5 / 127
    assert np.abs(back - samples).max() < 0.01


def test_a_midi_file_gives_the_roll_back(tmp_path, ours, monkeypatch):
    made = ours.test[0][:16]
    music.save_midi(made, tmp_path / "a.mid", seconds=0.25)
    read, now, sounding = [], 0, {}
    for message in mido.MidiFile(tmp_path / "a.mid").tracks[0]:
        now += message.time
        if message.type == "note_on":
            sounding[message.note] = now
        elif message.type == "note_off":
            read.append((message.note, sounding[message.note] // 480, (now - sounding[message.note]) // 480))
    assert sorted(read) == sorted(music.tones(made)) and mido.MidiFile(tmp_path / "a.mid").length == pytest.approx(4)
    real = builtins.__import__

    def without_mido(name, *rest):
        if name == "mido":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_mido)
    with pytest.raises(ImportError, match="needs the package mido: python -m pip install mido"):
        music.save_midi(made, tmp_path / "b.mid")
