"""How soon an RNN learns, by its initialisation, and what clipping does: the adding problem over growing lags."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from .. import probes, tasks, training
from ..ensemble import Ensemble
from ..training import History
from ._common import EVER, Seed, at, each, firsts, fit, nets, reached
from ._registry import Solved, experiment

RNN_STARTS = ("default", "orthogonal", "identity")
"""torch.nn's tanh RNN; the same with an orthogonal U; the IRNN: ReLU with U the identity (Le, Jaitly & Hinton 2015)."""


def rnn_start(start: str, hidden: int = 32, n: int = 10, seed: Seed = 0, gain: float = 1.0) -> Ensemble:
    """n RNNs with 2 inputs and one output, initialised as `start`, one of RNN_STARTS, says; of several seeds, n each.

    "orthogonal" draws U uniformly from the orthogonal matrices, times `gain`, and sets the biases to 0. "identity"
    sets U to the identity and the biases to 0, and draws W from a normal distribution with standard deviation 0.001.
    Raises ValueError for another name.
    """
    if start not in RNN_STARTS:
        raise ValueError(f"start must be one of {', '.join(RNN_STARTS)}, got {start!r}")
    ensemble = nets("rnn_relu" if start == "identity" else "rnn", 2, hidden, 1, n, seed)
    if start == "default":
        return ensemble
    with torch.no_grad():
        for name in ("bias_ih_l0", "bias_hh_l0"):
            ensemble.get_parameter(name).zero_()
        Ws, Us = (ensemble.get_parameter(name).split(n) for name in ("weight_ih_l0", "weight_hh_l0"))
        for first, W, block in zip(firsts(seed), Ws, Us, strict=True):
            rng = torch.Generator().manual_seed(first)
            if start == "identity":
                block.copy_(torch.eye(hidden))
                W.normal_(0, 0.001, generator=rng)
            else:
                for U in block:
                    torch.nn.init.orthogonal_(U, gain, generator=rng)
    return ensemble


def train_rnn_start(
    start: str,
    T: int,
    n: int = 10,
    steps: int = 2000,
    lr: float = 0.01,
    hidden: int = 32,
    batch: int = 50,
    seed: int = 0,
    progress: bool = True,
) -> tuple[Ensemble, np.ndarray, History]:
    """n RNNs on the adding problem of length T: the nets, their errors on 500 test sequences (n,), and the history.

    Adam, its rate falling in a line to a twentieth, each net's gradient clipped to 1. A net whose state overflows
    stands still for that step, and the others go on; its test error may be infinite.
    """
    rng = np.random.default_rng(seed)
    ensemble = rnn_start(start, hidden, n, seed)
    test = tasks.adding(np.random.default_rng(10_000), 500, T)
    history = fit(
        ensemble,
        lambda _: tasks.adding(rng, batch, T),
        _finite_mse,
        steps=steps,
        lr=lr,
        schedule=training.linear_decay(),
        progress=progress,
    )
    errors = np.nan_to_num(training.score(training.mse, test)(ensemble), nan=np.inf)
    return ensemble, errors, history


def _finite_mse(out: Tensor, y: Tensor, mask: Tensor) -> Tensor:
    return training.mse(out, y, mask).nan_to_num(nan=1e6, posinf=1e6).clamp(max=1e6)


def slopes(ensemble: Ensemble, T: int = 60, seed: int = 10_000) -> list[float]:
    """For each net, how fast ln ‖∂L/∂h‖ falls with the lag, per step, on inputs of the adding problem: a line through
    lags 10 … T - 1."""
    xs = tasks.adding(np.random.default_rng(seed), 20, T).x.astype(float)
    lags = np.arange(10, T)
    fitted = []
    for k in range(ensemble.n):
        norms = probes.gradient_against_lag(ensemble.member(k)[0].cpu(), xs)["h"]
        fitted.append(float(np.polyfit(lags, np.log(np.maximum(norms[10:T], 1e-300)), 1)[0]))
    return fitted


@experiment(
    "02",
    "How soon an RNN learns to add over 25 steps, against the slope with which its gradient fades before training",
    grid={
        "default": {"start": "default", "gain": 1.0},
        "0.8 Q": {"start": "orthogonal", "gain": 0.8},
        "0.9 Q": {"start": "orthogonal", "gain": 0.9},
        "Q": {"start": "orthogonal", "gain": 1.0},
        "identity": {"start": "identity", "gain": 1.0},
    },
    updates=4000,
    rates=(0.002, 0.005),
    nets=5,
    blocks=5,
    solved=Solved("learnt_at", at_most=EVER),
    pairs=(("identity", "Q"), ("Q", "0.9 Q"), ("0.9 Q", "0.8 Q"), ("Q", "default")),
    together=True,
)
def rnn_starts(
    start: str, gain: float, n: int, seed: Seed, updates: int, lr: float, device: str, hidden: int = 32, T: int = 25
) -> dict[str, list[Any]]:
    """32 units, 50 sequences an update, Adam at a constant rate, each net's gradient clipped to 1, at most `updates`.

    learnt_at: the first of every 100 updates after which the error on 500 test sequences is below 0.01, None where it
    never is; slope: see `slopes`, before training.
    """
    ensemble = rnn_start(start, hidden, n, seed, gain).to(device)
    before = slopes(ensemble)
    history = fit(
        ensemble,
        each(seed, n, lambda rng: tasks.adding(rng, 50, T)),
        _finite_mse,
        steps=updates,
        lr=lr,
        evaluate=training.score(_finite_mse, tasks.adding(np.random.default_rng(10_000), 500, T)),
        stop=_all_learnt(ensemble.n),
        progress=False,
    )
    return {"learnt_at": reached(history, at_most=0.01), "slope": before}


def _all_learnt(n: int) -> Any:
    """For `fit`: stop once each of n nets has had an error below 0.01."""
    ever = np.zeros(n, bool)

    def stop(errors: np.ndarray) -> bool:
        ever[:] |= errors < 0.01
        return bool(ever.all())

    return stop


@experiment(
    "02",
    "A large U (gain 2.5) and plain gradient descent on adding over 20 steps: what clipping does and does not",
    grid={"clipped to 1": {"clip": 1.0}, "not clipped": {"clip": None}},
    updates=4000,
    rates=(0.02, 0.1),
    nets=10,
    blocks=5,
    solved=Solved("error", at_most=0.01),
    pairs=(("clipped to 1", "not clipped"),),
    control=("clipped to 1",),
)
def clipping(
    clip: float | None, n: int, seed: int, updates: int, lr: float, device: str, hidden: int = 16
) -> dict[str, list[Any]]:
    """16 units, U normal with standard deviation 2.5 / √H, 20 sequences an update, gradient descent without momentum.

    A net whose loss passes 1000 has run away and is left there. error: on 500 test sequences at the end, None where
    the net ran away; ran_away_at: the update at which it did; error_at_1000: the mean loss of the updates before the
    thousandth; largest: the largest gradient norm before clipping; slope: the mean slope of tanh at the last step.
    """
    rng = np.random.default_rng(seed)
    ensemble = nets("rnn", 2, hidden, 1, n, seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        ensemble.get_parameter("weight_hh_l0").normal_(0, 2.5 / hidden**0.5, generator=generator)
    ensemble.to(device)
    optimizer = torch.optim.SGD(ensemble.parameters(), lr=lr)
    away: list[int | None] = [None] * n
    losses, norms = [], np.zeros(n)
    for update in range(updates):
        x, y, mask = (torch.as_tensor(array, device=device) for array in tasks.adding(rng, 20, 20)[:3])
        loss = training.mse(ensemble(x)[0], y, mask)
        losses.append(loss.detach().cpu().numpy())
        for k in np.flatnonzero(~(losses[-1] <= 1000)):
            away[k] = update if away[k] is None else away[k]
        optimizer.zero_grad()
        loss.sum().backward()
        length = ensemble.clip_gradients(clip).cpu().numpy()
        stands = torch.tensor([at is not None for at in away], device=device)
        for gradient in [parameter.grad for parameter in ensemble.parameters() if parameter.grad is not None]:
            gradient.masked_fill_(stands.view(-1, 1, 1), 0.0)
        norms = np.where(stands.cpu(), norms, np.maximum(norms, np.nan_to_num(length, posinf=1e30)))
        optimizer.step()
        if all(one is not None for one in away):
            break
    test = tasks.adding(np.random.default_rng(10_000), 500, 20)
    errors = training.score(training.mse, test)(ensemble)
    with torch.no_grad():
        h = ensemble.trace(torch.as_tensor(test.x, device=device))["h"][:, -1]
    return {
        "error": [None if gone is not None else at(e) for gone, e in zip(away, errors, strict=True)],
        "ran_away_at": away,
        "error_at_1000": [
            None if gone is not None else at(e)
            for gone, e in zip(away, np.mean(losses[800:1000] or losses, 0), strict=True)
        ],
        "largest": norms.tolist(),
        "slope": (1 - h.square()).mean((1, 2)).tolist(),
    }
