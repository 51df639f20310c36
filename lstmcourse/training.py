"""Training: one short loop, and the losses that go with the tasks' batches."""

import math
import operator
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from . import checkpoint
from ._errors import carried_states_explained
from .tasks import Batch


class DivergedError(ArithmeticError):
    """The loss or its gradient became nan or infinite; the model still has the weights from before that step."""


@dataclass
class History:
    """What a run left behind.

    loss, grad_norm: one entry a step, a float each (an array (N,) for an ensemble of N nets); grad_norm is taken
    before clipping. evaluations: (step, value) pairs. steps: steps done. interrupted: stopped by Ctrl-C.
    stopped: ended early because `stop` said so. seconds: wall-clock time, over all resumed parts.
    """

    loss: list[Any] = field(default_factory=list)
    grad_norm: list[Any] = field(default_factory=list)
    evaluations: list[tuple[int, Any]] = field(default_factory=list)
    steps: int = 0
    interrupted: bool = False
    stopped: bool = False
    seconds: float = 0.0

    def __repr__(self) -> str:
        end = "interrupted" if self.interrupted else "stopped early" if self.stopped else "done"
        loss = "" if not self.loss else f", loss {np.mean(self.loss[0]):.4g} → {np.mean(self.loss[-1]):.4g}"
        return f"History({self.steps} steps{loss}, {end})"


class Net(nn.Module):
    """A recurrent layer and a linear readout at every step: (x, state) -> (out, state).

    layer: any of `lstmcourse.nn` or torch.nn, time first and one-directional or not; outputs: the size of out.
    x (T, B, I) -> out (T, B, outputs).
    """

    def __init__(self, layer: nn.Module, outputs: int):
        super().__init__()
        self.layer = layer
        width: Any = getattr(layer, "proj_size", 0) or layer.hidden_size
        self.readout = nn.Linear(width * (2 if getattr(layer, "bidirectional", False) else 1), outputs)

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """x (T, B, I) and the layer's state -> out (T, B, outputs) and the layer's new state."""
        hs, state = self.layer(x, state)
        return self.readout(hs), state


@dataclass
class Run:
    """A run as it stands: what `fit` hands to `after`.

    rates: the learning rate of each of the optimizer's groups, before the schedule. state: the layer's, when carried.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    history: History
    rates: list[float]
    state: Any = None


def fit(
    model: nn.Module,
    batch: Batch | Callable[[int], Batch],
    loss: Callable[[Tensor, Tensor, Tensor], Tensor],
    *,
    steps: int,
    optimizer: torch.optim.Optimizer | None = None,
    lr: float = 1e-3,
    clip: float | None = 1.0,
    evaluate: Callable[[nn.Module], Any] | None = None,
    every: int = 100,
    stop: Callable[[Any], bool] | None = None,
    after: Callable[[Run], Any] | None = None,
    schedule: Callable[[float], float] | None = None,
    carry: bool = False,
    history: History | None = None,
    progress: bool = True,
) -> History:
    """Train the model for at most `steps` steps.

    model(x) returns out or (out, state); batch is one `Batch` for all steps or a function of the step 0, 1, …;
    loss(out, y, mask) returns a number, or one for each net of an ensemble.

    optimizer: default Adam with `lr`. clip: the gradient's global norm is scaled down to it; None leaves it alone.
    A model with a method clip_gradients(clip) -> norms, as an ensemble has, clips by itself.
    evaluate: called every `every` steps and after the last, in eval mode and without gradients; its value goes into
    the history, and to `stop`, which ends the run by returning true. after: called then with the `Run`, such as
    `checkpoints(path)`.
    schedule: the learning rate's factor as a function of the fraction of steps done, such as `linear_decay()`.
    carry: truncated backpropagation through time; the state goes from batch to batch, detached, as model(x, state)
    takes it. A batch with extra["start"] true begins from zeros again.
    history: go on from there, as `resume` or an interrupted run left it, and count on. With carry, the state begins at
    zero.
    progress: a tqdm bar that vanishes at the end; the environment variable TQDM_DISABLE=1 silences all of them.

    Ctrl-C ends the run early: model and history stay usable, and history.interrupted is true.
    Warns of a batch that looks like (B, T, I), by its mask.
    Raises DivergedError when the loss or the gradient is not finite (a net of an ensemble stands still at such a
    gradient), ValueError for bad sizes, for an input that is not finite, for a mask that counts no step, for an
    optimizer of another model, and for `stop` without what it needs, TypeError for what is no `Batch`.
    """
    if stop is not None and evaluate is None:
        raise ValueError("stop needs the value of evaluate, got evaluate=None")
    _check_settings(batch, steps, every, clip)
    run = _prepare(model, optimizer or torch.optim.Adam(model.parameters(), lr=lr), history or History())
    history, batches = run.history, _batches(batch, next(model.parameters()))
    began = time.perf_counter() - history.seconds
    bar = tqdm(total=steps, initial=history.steps, leave=False, **({} if progress else {"disable": True}))
    try:
        while history.steps < steps and not history.stopped:
            _set_rates(run, schedule(history.steps / steps) if schedule else 1.0)
            with carried_states_explained():
                _update(run, *batches(history.steps), loss, clip, carry)
            bar.update()
            if history.steps % every == 0 or history.steps == steps:
                history.seconds = time.perf_counter() - began
                _after(run, evaluate, stop, after)
    except KeyboardInterrupt:
        history.interrupted = True
        del history.loss[history.steps :], history.grad_norm[history.steps :]
    finally:
        bar.close()
        _set_rates(run, 1.0)
    history.seconds = time.perf_counter() - began
    return history


def _check_settings(batch: Any, steps: int, every: int, clip: float | None) -> None:
    if operator.index(steps) < 1 or operator.index(every) < 1:
        raise ValueError(f"steps and every must be at least 1, got steps={steps}, every={every}")
    if clip is not None and not clip > 0:
        raise ValueError(f"clip must be positive or None, got {clip}")
    if not isinstance(batch, Batch) and not callable(batch):
        raise TypeError(f"batch must be a Batch or a function of the step, got {type(batch).__name__}")


def _prepare(model: nn.Module, optimizer: torch.optim.Optimizer, history: History) -> Run:
    trained = {id(p) for group in optimizer.param_groups for p in group["params"]}
    if not trained & {id(p) for p in model.parameters()}:
        raise ValueError("optimizer must hold parameters of the model, got one that holds none of them")
    model.train()
    history.interrupted = False
    return Run(model, optimizer, history, [group["lr"] for group in optimizer.param_groups])


def _batches(
    batch: Batch | Callable[[int], Batch], like: Tensor
) -> Callable[[int], tuple[Tensor, Tensor, Tensor, bool]]:
    """The function of the step that gives x, y, mask as tensors, and whether the state begins from zeros."""
    if isinstance(batch, Batch):
        _warn_of_batch_first(batch)
        fixed = *_tensors(batch, like), False
        return lambda step: fixed

    def make(step: int) -> tuple[Tensor, Tensor, Tensor, bool]:
        made = batch(step)
        if not isinstance(made, Batch):
            raise TypeError(f"batch(step) must return a Batch, got {type(made).__name__}")
        if step == 0:
            _warn_of_batch_first(made)
        return *_tensors(made, like), bool(made.extra.get("start"))

    return make


def _warn_of_batch_first(batch: Batch) -> None:
    """Where all steps count in some sequences and none in the others, these are more likely steps and those batches."""
    mask = np.asarray(batch.mask)
    if mask.ndim == 2 and mask.size and (mask == mask[0]).all() and 0 < (never := int((~mask[0]).sum())) < len(mask.T):
        read = "x is read as T = {} steps of B = {} sequences".format(*mask.shape)
        warnings.warn(f"{read}, of which {never} count at no step; is it (B, T, I)?", stacklevel=4)


def _update(
    run: Run, x: Tensor, y: Tensor, mask: Tensor, start: bool, loss: Callable, clip: float | None, carry: bool
) -> None:
    """One step: loss, gradient, clipping, the optimizer. Where one of them is not finite, the weights stay."""
    result = run.model(x) if run.state is None or start else run.model(x, run.state)
    out, state = result if isinstance(result, tuple) else (result, None)
    run.state = detach(state) if carry else None
    _check_out(out, mask)
    losses = loss(out, y, mask)
    _check_finite(losses, x, mask, run.history)
    run.optimizer.zero_grad()
    losses.sum().backward()
    norms = _clip(run.model, clip)
    if norms.ndim == 0 and not norms.isfinite():  # an ensemble lets such a net stand still
        _diverged(norms, losses, run)
    run.optimizer.step()
    run.history.loss.append(_numbers(losses))
    run.history.grad_norm.append(_numbers(norms))
    run.history.steps += 1


def _after(
    run: Run,
    evaluate: Callable[[nn.Module], Any] | None,
    stop: Callable[[Any], bool] | None,
    after: Callable[[Run], Any] | None,
) -> None:
    if evaluate is not None:
        value = _evaluate(run.model, evaluate)
        run.history.evaluations.append((run.history.steps, value))
        run.history.stopped = stop is not None and bool(stop(value))
    if after is not None:
        after(run)


def _set_rates(run: Run, factor: float) -> None:
    for group, rate in zip(run.optimizer.param_groups, run.rates, strict=True):
        group["lr"] = rate * factor


def checkpoints(path: str | Path, rng: np.random.Generator | None = None) -> Callable[[Run], Any]:
    """An `after` for `fit` that keeps the run in one file: weights, optimizer, random states, history.

    rng: the generator behind the batches, whose state is kept too. Raises CheckpointError when called and the file
    cannot be written.
    """

    def after(run: Run) -> None:
        extra = {name: _plain(value) for name, value in vars(run.history).items()} | {"rates": run.rates}
        checkpoint.save(path, run.model, run.optimizer, step=run.history.steps, rng=rng, extra=extra)

    return after


def resume(
    path: str | Path, model: nn.Module, optimizer: torch.optim.Optimizer, rng: np.random.Generator | None = None
) -> History:
    """Bring model, optimizer, rng and torch's random state to where a file of `checkpoints` left them.

    Returns the history, to go on from: `fit(…, optimizer=optimizer, history=history)` then equals the unbroken run bit
    for bit, also with dropout. Where there is no file nothing is changed, and the history is empty.
    Raises CheckpointError for a bad checkpoint.
    """
    if not Path(path).exists():
        return History()
    kept = checkpoint.load(path, model, optimizer, rng=rng, random_state=True).extra
    for group, rate in zip(optimizer.param_groups, kept.pop("rates"), strict=True):
        group["lr"] = rate
    for name in ("loss", "grad_norm"):
        kept[name] = [np.array(value) if isinstance(value, list) else value for value in kept[name]]
    return History(**kept | {"evaluations": [tuple(pair) for pair in kept["evaluations"]]})


def linear_decay(last: float = 0.05) -> Callable[[float], float]:
    """A schedule: the factor falls in a straight line from 1 to `last`."""
    return lambda done: 1 - (1 - last) * done


def mse(out: Tensor, y: Tensor, mask: Tensor) -> Tensor:
    """Mean squared error over the steps that count: out (…, T, B, O), y (T, B, O), mask (T, B) -> (…).

    y and mask may have out's leading axes too, for nets with batches of their own. ValueError for another shape of y.
    """
    _check_y(out, y, out.shape)
    return _masked((out - y).square().mean(-1), mask)


def bce(out: Tensor, y: Tensor, mask: Tensor, weight: float = 1.0) -> Tensor:
    """Binary cross-entropy of logits, summed over the O marks of a step, averaged over the steps that count.

    out (…, T, B, O), y (T, B, O) of 0 and 1, mask (T, B), or with out's leading axes too, -> (…). weight: how much
    more a missed 1 counts.
    Raises ValueError for a y of another shape, which would broadcast.
    """
    _check_y(out, y, out.shape)
    terms = nn.functional.binary_cross_entropy_with_logits(
        out, y.expand_as(out), reduction="none", pos_weight=out.new_tensor(weight)
    )
    return _masked(terms.sum(-1), mask)


def cross_entropy(out: Tensor, y: Tensor, mask: Tensor) -> Tensor:
    """Cross-entropy (nats a step) over the steps that count: out (…, T, B, K), y (T, B) int, mask (T, B) -> (…).

    y and mask may have out's leading axes too, for nets with batches of their own. ValueError for another shape of y.
    """
    _check_y(out, y, out.shape[:-1], axes=2)
    terms = nn.functional.cross_entropy(out.flatten(0, -2), y.expand(out.shape[:-1]).flatten(), reduction="none")
    return _masked(terms.view(out.shape[:-1]), mask)


def accuracy(out: Tensor, y: Tensor, mask: Tensor) -> Tensor:
    """Fraction of right classes over the steps that count: out (…, T, B, K), y (T, B) int, mask (T, B) -> (…).

    y and mask may have out's leading axes too, for nets with batches of their own. ValueError for another shape of y.
    """
    _check_y(out, y, out.shape[:-1], axes=2)
    return _masked((out.argmax(-1) == y).float(), mask)


def answers(model: nn.Module, batch: Batch) -> Tensor:
    """The model's out for a batch, in eval mode and without gradients: (…, T, B, O)."""

    def out(model: nn.Module) -> Tensor:
        result = model(_tensors(batch, next(model.parameters()))[0])
        return result[0] if isinstance(result, tuple) else result

    return _evaluate(model, out)


def score(measure: Callable[[Tensor, Tensor, Tensor], Tensor], batch: Batch) -> Callable[[nn.Module], Any]:
    """An `evaluate` for `fit`: a loss or the accuracy on a fixed test batch, as a float (an array for an ensemble)."""

    def evaluate(model: nn.Module) -> Any:
        _, y, mask = _tensors(batch, next(model.parameters()))
        return _numbers(measure(answers(model, batch), y, mask))

    return evaluate


def windows(numbers: Sequence[int] | np.ndarray, batch: int, T: int, size: int) -> Callable[[int], Batch]:
    """A text as batches for truncated backpropagation: `batch` streams side by side, T steps at a time.

    numbers: the text as integers below `size`. Returns the function of the step that `fit(..., carry=True)` takes:
    x (T, batch, size) one-hot, y (T, batch) the next symbol; a batch at the streams' beginning has extra["start"].
    Raises TypeError for what are no integers, ValueError for other numbers, for batch or T below 1, and when the text
    is shorter than one batch.
    """
    text = np.asarray(numbers)
    if text.ndim != 1 or (text.size and text.dtype.kind not in "iu"):
        raise TypeError(f"numbers must be a row of integers, got {text.dtype} of shape {text.shape}")
    if operator.index(batch) < 1 or operator.index(T) < 1:
        raise ValueError(f"batch and T must be at least 1, got batch={batch}, T={T}")
    length = (len(text) - 1) // batch
    if length < T:
        raise ValueError(f"numbers must hold at least batch · T + 1 = {batch * T + 1} symbols, got {len(text)}")
    if text.min() < 0 or text.max() >= size:
        raise ValueError(f"numbers must be between 0 and {size - 1}, got {text.min()} … {text.max()}")
    columns = text[: length * batch].reshape(batch, length).T, text[1 : length * batch + 1].reshape(batch, length).T
    count, eye = length // T, np.eye(size, dtype=np.float32)

    def window(step: int) -> Batch:
        begin = step % count * T
        x, y = (column[begin : begin + T] for column in columns)
        return Batch(eye[x], y.astype(np.int64), np.ones(y.shape, bool), {"start": begin == 0})

    return window


def _check_y(out: Tensor, y: Tensor, shape: torch.Size, axes: int = 3) -> None:
    if y.shape not in (shape[-axes:], shape):
        raise ValueError(f"y must have shape {tuple(shape[-axes:])} for out {tuple(out.shape)}, got {tuple(y.shape)}")


def _masked(terms: Tensor, mask: Tensor) -> Tensor:
    return terms.masked_fill(~mask, 0).sum((-2, -1)) / mask.sum((-2, -1))


def _tensors(batch: Batch, like: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    x, y, mask = (torch.as_tensor(array).to(like.device) for array in batch[:3])
    return x.to(like.dtype), y.to(like.dtype) if y.is_floating_point() else y, mask


def _numbers(values: Any) -> Any:
    """A float for a number, an array (N,) for one number a net."""
    values = values.detach().cpu().double().numpy()
    return values.item() if values.ndim == 0 else values


def detach(state: Any) -> Any:
    """A layer's state, a tensor or a tuple of them, without the graph behind it."""
    return tuple(detach(part) for part in state) if isinstance(state, tuple) else state.detach()


def _clip(model: nn.Module, clip: float | None) -> Tensor:
    own = getattr(model, "clip_gradients", None)  # an ensemble's, net by net
    if own is not None:
        return own(clip)
    try:
        return nn.utils.clip_grad_norm_(model.parameters(), clip or math.inf, error_if_nonfinite=True)
    except RuntimeError:  # raised before any gradient is scaled
        norm = torch.stack([p.grad.norm() for p in model.parameters() if p.grad is not None]).norm()
        if norm.isfinite():  # the error was another
            raise
        return norm


def _evaluate(model: nn.Module, evaluate: Callable[[nn.Module], Any]) -> Any:
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            return evaluate(model)
    finally:
        model.train(was_training)


def _check_out(out: Any, mask: Tensor) -> None:
    if not isinstance(out, Tensor):
        raise TypeError(f"model must return a tensor or (tensor, state), got {type(out).__name__}")
    if out.shape[-3:-1] != mask.shape[-2:]:
        T, B = mask.shape[-2:]
        raise ValueError(f"model must return out of shape (..., {T}, {B}, O), time first, got {tuple(out.shape)}")


def _check_finite(losses: Tensor, x: Tensor, mask: Tensor, history: History) -> None:
    if losses.isfinite().all():
        return
    step = history.steps + 1
    if not mask.any():
        raise ValueError(f"mask must be true at one step at least, got none at step {step}")
    if not x.isfinite().all():
        value = x[~x.isfinite()][0].item()
        raise ValueError(f"x must be finite, got {value} in the batch of step {step}")
    nets = "" if losses.ndim == 0 else f" of net {int((~losses.isfinite()).nonzero()[0])}"
    value = losses.flatten()[~losses.flatten().isfinite()][0].item()
    before = f"; the gradient norm before was {np.max(history.grad_norm[-1]):.3g}" if history.grad_norm else ""
    raise DivergedError(f"loss{nets} must be finite, got {value} at step {step}{before}: lower lr, or clip more")


def _diverged(norm: Tensor, losses: Tensor, run: Run) -> NoReturn:
    bad = [name for name, p in run.model.named_parameters() if p.grad is not None and not p.grad.norm().isfinite()]
    raise DivergedError(
        f"gradient norm must be finite, got {norm.item()} at step {run.history.steps + 1}, where the loss is "
        f"{losses.sum():.4g}, in the gradients of {', '.join(bad) or 'all'}: lower lr, or start from smaller weights"
    )


def _plain(value: Any) -> Any:
    """The same in what JSON knows: lists, dicts and numbers."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    return value.tolist() if hasattr(value, "tolist") else value
