"""Images as sequences, and networks that read them to the end."""

import numpy as np
import pytest
import torch

from lstmcourse import pixels
from lstmcourse.ensemble import Ensemble

IMAGES = np.random.default_rng(0).integers(0, 17, (5, 3, 4))


def test_sequences_against_loops():
    rows, points, permuted = (pixels.sequences(IMAGES, way) for way in pixels.WAYS)
    assert rows.shape == (3, 5, 4) and points.shape == permuted.shape == (12, 5, 1)
    for b in range(5):
        flat = [IMAGES[b, r, c] / 16 for r in range(3) for c in range(4)]
        np.testing.assert_allclose(rows[:, b].flatten(), flat, rtol=1e-6)
        np.testing.assert_allclose(points[:, b, 0], flat, rtol=1e-6)
        np.testing.assert_allclose(permuted[:, b, 0], [flat[k] for k in pixels.order(12)], rtol=1e-6)
    assert sorted(pixels.order(64)) == list(range(64)) and (pixels.order(64) != np.arange(64)).any()


def test_what_is_no_way_or_no_images_is_refused():
    with pytest.raises(ValueError, match=r"^way must be one of rows, pixels, permuted, got 'columns'"):
        pixels.sequences(IMAGES, "columns")
    with pytest.raises(ValueError, match=r"^images must have shape \(B, R, C\), got \(3, 4\)"):
        pixels.sequences(IMAGES[0], "rows")


def test_batches_take_from_each_group_its_own():
    drawn = pixels.batches([np.arange(10), np.arange(10, 20)], updates=50, size=4, seeds=(1, 2))
    assert drawn.shape == (50, 2, 4) and set(drawn[:, 0].flatten().tolist()) == set(range(10))
    assert set(drawn[:, 1].flatten().tolist()) == set(range(10, 20)) and all(
        len(set(b.tolist())) == 4 for b in drawn[:, 0]
    )
    assert pixels.batches([np.arange(9)], updates=0).shape == (0, 1, 32)


def first_step(n=200, T=6):
    """Sequences whose class is the sign of their first step; later steps are noise."""
    x = torch.randn(T, n, 1, generator=torch.Generator().manual_seed(0))
    return x, (x[0, :, 0] > 0).long()


@pytest.mark.parametrize("own", [False, True], ids=["one batch for all", "a batch for each"])
def test_training_learns_what_the_first_step_said(own):
    x, y = first_step()
    nets = Ensemble("gru", 1, 8, 2, n=2)
    groups = [np.arange(200)] * (1 + own)
    drawn = pixels.batches(groups, updates=120, seeds=range(1 + own))
    losses = np.array(list(pixels.train(nets, x, y, drawn, lr=0.02)))
    assert losses.shape == (120, 2) and (losses[-10:].mean(0) < 0.3).all() and (losses[0] > 0.6).all()
    assert ((pixels.answers(nets, x) == y).float().mean(1) > 0.9).all()


def test_the_step_that_answers_is_each_sequences_own():
    """Padded sequences are read where they end, as if each were alone."""
    nets, lengths = Ensemble("lstm", 1, 4, 3, n=2), torch.tensor([5, 2, 3])
    x = torch.randn(5, 3, 1, generator=torch.Generator().manual_seed(1))
    read = pixels.answers(nets, x, lengths - 1)
    for k, length in enumerate(lengths):
        torch.testing.assert_close(read[:, k], pixels.answers(nets, x[:length, [k]])[:, 0])
    before = [p.clone() for p in nets.parameters()]
    index = torch.tensor([[[1]]])
    (loss,) = pixels.train(nets, x, torch.tensor([0, 1, 2]), index, 0.1, at=lengths - 1)
    after, nets_again = list(nets.parameters()), Ensemble("lstm", 1, 4, 3, n=2)
    (alone,) = pixels.train(nets_again, x[:2], torch.tensor([0, 1, 2]), index, 0.1)
    np.testing.assert_allclose(loss, alone, rtol=1e-6)
    assert any((a != b).any() for a, b in zip(after, before))
    for one, other in zip(after, nets_again.parameters()):
        torch.testing.assert_close(one, other)
