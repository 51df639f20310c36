"""What the instruments do to one part each. A check takes the parts that it needs and returns its findings.

The sizes are all different, so that no two axes can be taken for each other without a word.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import torch

from lstmcourse import letters, nn, probes, reference, training
from lstmcourse.clinic import _trials
from lstmcourse.clinic._findings import Finding, agrees, equals, near, percent, same, shaped
from lstmcourse.clinic._parts import Parts
from lstmcourse.exercises import nb01
from lstmcourse.gradcheck import central_differences, through_time
from lstmcourse.tasks import Batch

I, H, B, T = 3, 4, 5, 6


def random() -> np.random.Generator:
    """The same random numbers for the healthy and the ill."""
    return np.random.default_rng(1)


# ---- gradient checks


def cell_gradients(cell: reference.Cell, steps: int, states: bool = False) -> Iterator[Finding]:
    """The hand-written gradient of each parameter against central differences; where it is off, in whose rows.

    The first state is zero, and the loss looks at h. With `states` the first state is random, the loss looks at the
    last c too, and the gradients of the first state are compared as well.
    """
    rng = random()
    p, xs = reference.init(cell, I, H, rng, scale=0.9), rng.normal(size=(steps, B, I))
    start = tuple(rng.normal(size=(B, H)) * states for _ in cell.states)
    wh, wc = rng.normal(size=(steps, B, H)), np.zeros((steps, B, H))
    wc[-1] = rng.normal(size=(B, H)) * states
    names, size = list(vars(p)), len(vars(p))

    def loss(*arrays: np.ndarray) -> float:
        p = reference.Params(**dict(zip(names, arrays, strict=False)))
        h, c = reference.unroll(cell, p, xs, arrays[size:])[0]
        return float((wh * h).sum() + (wc * c).sum())

    d, _, dstart = reference.unroll_backward(cell, p, reference.unroll(cell, p, xs, start)[1], (wh, wc))
    central = central_differences(loss, [*vars(p).values(), *start])
    for name, b in zip(names, central, strict=False):
        yield agrees(f"d{name} of the {_title(cell)}", getattr(d, name), b, cell.rows if name in "WUb" else "")
    if states:
        for name, a, b in zip(cell.states, dstart, central[size:], strict=True):
            yield agrees(f"d{name}₋ of the {_title(cell)}", a, b)


def walk_gradients(bptt: Callable, steps: int) -> Iterator[Finding]:
    """The walk back through time, for an LSTM that is healthy."""
    shapes, pair = reference.LSTM.shapes(I, H), letters.by_position(reference.LSTM)
    apart = through_time(*pair, bptt, shapes=list(shapes.values()), parts=2, T=steps)
    for name, value in zip(shapes, apart, strict=True):
        yield Finding(f"d{name} by bptt", value < 1e-6, "agrees" if value < 1e-6 else f"off by {percent(value)}")


def loss_gradient(cross_entropy: Callable) -> Iterator[Finding]:
    """The gradient of the loss with respect to the logits."""
    logits, targets = random().normal(size=(B, 7)), np.arange(B)
    (central,) = central_differences(lambda z: cross_entropy(z, targets)[0], [logits])
    yield agrees("dlogits of the loss", cross_entropy(logits, targets)[1], central)


# ---- rows of a batch, and batches


def cell_rows(cell: reference.Cell) -> Iterator[Finding]:
    """Row 0 while the other rows read something else."""
    run, xs = _cell(cell), _inputs()
    yield same(f"row 0 of the {_title(cell)}, other rows changed", run(xs)[:, 0], run(_others_changed(xs))[:, 0])


def layer_rows(layer: type[nn.Recurrent], loop: Callable) -> Iterator[Finding]:
    """The same for a layer."""
    run, xs = _layer(layer, loop), _inputs()
    outs = [run(each)[0][:, 0] for each in (xs, _others_changed(xs))]
    yield same(f"row 0 of the {layer.__name__} layer, other rows changed", *outs)


def padded_rows(layer: type[nn.Recurrent], loop: Callable) -> Iterator[Finding]:
    """The final state of a sequence alone, and of the same one in a batch with longer ones."""
    run, xs = _layer(layer, loop), _inputs()
    mask = np.arange(T)[:, None, None] < np.array([3, *[T] * (B - 1)])[:, None]
    together, alone = run(xs, mask)[1][0][0], run(xs[:3])[1][0][0]
    yield same(f"{layer.__name__} layer: 3 steps alone, and beside a sequence of {T}", together, alone)


def loss_rows(cross_entropy: Callable) -> Iterator[Finding]:
    """The loss of a batch is the mean of its rows'."""
    logits, targets = random().normal(size=(B, 7)), np.arange(B)
    alone = [cross_entropy(logits[k : k + 1], targets[k : k + 1])[0] for k in range(B)]
    yield same("the loss of a batch, and the mean of its rows'", cross_entropy(logits, targets)[0], np.mean(alone))


def reads_on(batches: Callable, name: str = "batches") -> Iterator[Finding]:
    """Does each row of the batches read its own part of the text, letter after letter?"""
    made = batches(np.arange(200), T, B)
    row = np.concatenate([x[:, 1] for x, _ in islice(made, 3)])
    ok = bool((np.diff(row) == 1).all())
    seen = "its own part of the text, letter by letter" if ok else f"letters {', '.join(map(str, row[:3]))} …"
    yield Finding(f"what row 1 of {name} reads", ok, seen)


def after_another(fit: Callable) -> Iterator[Finding]:
    """The loss of a batch, with a learning rate of 0, after one batch and after another."""
    first, second, third = (_batch(k) for k in range(3))
    losses = [_fit(fit, [before, third]).loss[1] for before in (first, second)]
    yield same("the loss of a batch, after one batch and after another", *losses)


# ---- causality


def cell_causality(cell: reference.Cell) -> Iterator[Finding]:
    """Nothing before step 4 changes with the input of step 4."""
    run, xs = _cell(cell), _inputs()
    yield same(f"steps 0 to 3 of the {_title(cell)}, step 4 changed", run(xs)[:4], run(_later_changed(xs))[:4])


def layer_causality(layer: type[nn.Recurrent], loop: Callable) -> Iterator[Finding]:
    """The same for a layer."""
    run, xs = _layer(layer, loop), _inputs()
    outs = [run(each)[0][:4] for each in (xs, _later_changed(xs))]
    yield same(f"steps 0 to 3 of the {layer.__name__} layer, step 4 changed", *outs)


def follows(batches: Callable, name: str = "batches") -> Iterator[Finding]:
    """The target is the letter after the input."""
    x, y = next(batches(np.arange(200), T, B))
    ok = bool((y == x + 1).all())
    seen = "the letter after the input" if ok else "the input itself" if (y == x).all() else "another letter"
    yield Finding(f"the target in {name}", ok, seen)


# ---- limiting cases


def cell_limits(cell: reference.Cell) -> Iterator[Finding]:
    """Gates held open (1) and closed (0) by their biases: what c and its gradient then do."""
    rng = random()
    x, h_, c_ = rng.normal(size=(B, I)), rng.normal(size=(B, H)), rng.normal(size=(B, H))
    dh, dc = np.zeros((B, H)), rng.normal(size=(B, H))
    for f, i, kept in ((50, -50, 1.0), (-50, -50, 0.0)):
        p = reference.init(cell, I, H, rng, scale=0.5)
        for gate, bias in (("f", f), ("i", i)):
            p.b[cell.rows.index(gate) * H :][:H] = bias
        (_, c), cache = cell.forward(p, x, (h_, c_))
        dc_ = cell.backward(p, reference.zeros_like(p), cache, dh, dc)[1][1]
        yield equals(f"f = {kept:.0f}, i = 0: c of the {_title(cell)}", c, kept * c_, "the old c" if kept else "0")
        yield equals(f"f = {kept:.0f}, i = 0: dc₋ of the {_title(cell)}", dc_, kept * dc, "dc" if kept else "0")


def peephole_limits(peephole: reference.Cell) -> Iterator[Finding]:
    """An output gate that opens as soon as the cell holds something, at a first step that writes 1 into it."""
    p = reference.init(peephole, I, H, random(), scale=0.0)
    p.b[:], p.p_o[:] = np.repeat([50.0, -50.0, 50.0, 0.0], H), 50.0
    h = peephole.forward(p, np.zeros((B, I)), (np.zeros((B, H)),) * 2)[0][0]
    yield equals("p_o = 50, c = 1: h of the peephole LSTM", h, np.full_like(h, np.tanh(1)), "tanh 1")


def layer_limits(layer: type[nn.Recurrent], loop: Callable) -> Iterator[Finding]:
    """The gate that keeps is held open, and the one that writes, where there is one, closed."""
    *_, kept = _layer(layer, loop, keeps=True)(_inputs())[1]
    what = f"{layer.forget} = 1" + (", i = 0" if "i" in layer.rows else "")
    name = layer.states[-1]
    yield equals(f"{what}: {name} of the {layer.__name__} layer", kept, np.full_like(kept, 0.5), f"the old {name}")


def loss_limits(cross_entropy: Callable) -> Iterator[Finding]:
    """A model that holds all letters equally likely."""
    value = float(cross_entropy(np.zeros((B, 7)), np.arange(B))[0])
    yield near("logits 0, 7 letters: the loss, ln 7 =", value, np.log(7) - 5e-3, np.log(7) + 5e-3)


def sample_limits(sample: Callable) -> Iterator[Finding]:
    """Next to no temperature, and a very high one."""
    logits = random().normal(size=(4000, 4))
    draw = lambda temperature: sample(logits, temperature, np.random.default_rng(2).random(len(logits)))
    yield near("temperature 0.001: takes the largest logit, share", np.mean(draw(1e-3) == logits.argmax(1)), 0.99, 1)
    yield near("temperature 1000: takes the largest logit, share", np.mean(draw(1e3) == logits.argmax(1)), 0.22, 0.28)


def clip_limits(clip: Callable) -> Iterator[Finding]:
    """A gradient far too long keeps its direction, one that is short enough is left alone."""
    given = [np.array([30.0, 40.0]), np.array([[1.0]]), np.array([200.0])]
    clipped = np.concatenate([np.ravel(g) for g in clip(given, 1.0)])
    long = np.concatenate([np.ravel(g) for g in given])
    yield same(
        "a long gradient, clipped: its direction", clipped / np.linalg.norm(clipped), long / np.linalg.norm(long)
    )
    yield same("a short gradient, clipped", clip([np.array([0.1])], 1.0)[0], [0.1])


# ---- the same twice


def fit_twice(fit: Callable) -> Iterator[Finding]:
    """One batch twice, with a learning rate of 0."""
    history = _fit(fit, [_batch(0), _batch(0)])
    yield same("one batch twice, learning rate 0: the loss", history.loss[1], history.loss[0])
    yield same("one batch twice, learning rate 0: the gradient", history.grad_norm[1], history.grad_norm[0])


def carried_twice(fit: Callable) -> Iterator[Finding]:
    """Two batches of one text, with the state carried on."""
    history = _fit(fit, [_batch(0), _batch(1)], carry=True)
    yield Finding("two updates, the state carried on", len(history.loss) == 2, "both are done")


def score_twice(score: Callable) -> Iterator[Finding]:
    """A model with dropout, evaluated twice."""
    net = _trials.Net(nn.LSTM, nn.loop, dropout=0.5)
    evaluate = score(training.cross_entropy, _batch(0))
    yield same("a model with dropout, evaluated twice", evaluate(net), evaluate(net))


def sample_twice(sample: Callable) -> Iterator[Finding]:
    """The same logits and random numbers."""
    logits, u = random().normal(size=(50, 6)), random().random(50)
    yield same("letters drawn twice by the same random numbers", sample(logits, 1.0, u), sample(logits, 1.0, u))


# ---- gates


def gate_values(cell: reference.Cell) -> Iterator[Finding]:
    """Without biases, the mean of each gate lies about one half, that of the candidate about 0."""
    rng = random()
    p = reference.init(cell, I, 64, rng, scale=0.1)
    _, caches = reference.unroll(cell, p, rng.normal(size=(20, B, I)))
    for gate in cell.rows:
        mean = float(np.mean([cache[gate] for cache in caches]))
        middle = 0.0 if gate == "g" else 0.5
        yield near(f"mean of {gate} in the {_title(cell)}", mean, middle - 0.05, middle + 0.05)


def chrono_gates(chrono_: Callable) -> Iterator[Finding]:
    """Biases for lags of up to 100 steps: f is nearly open, i nearly closed, o about one half."""
    traces = probes.gate_traces(chrono_(nn.LSTM(I, 64), 100), random().normal(size=(20, B, I)))
    expected = {"i": (0, 0.2), "f": (0.8, 1), "g": (-0.1, 0.1), "o": (0.4, 0.6)}
    for gate, (low, high) in expected.items():
        yield near(f"mean of {gate} after chrono_, T_max 100", float(traces[gate].mean()), low, high)


# ---- training


def learns_by_heart(losses: Sequence[float], which: str) -> Iterator[Finding]:
    """The last loss on one batch."""
    yield near(f"loss on one batch after 150 updates, {which}", losses[-1], 0, 0.3)


def beats(losses: Sequence[float], which: str) -> Iterator[Finding]:
    """The first loss, and the mean of the last ten, between what can be known and what needs no memory."""
    text = _trials.text()
    yield near(f"loss of the untrained network, {which}", losses[0], np.log(_trials.V) - 0.1, np.log(_trials.V) + 0.1)
    ends = float(np.mean(losses[-10:]))
    yield near(f"loss after 200 updates, {which}", ends, 0.9 * text.floor, 0.7 * text.memoryless)


def cell_trial(
    cell: reference.Cell, cross_entropy: Callable, batches: Callable, clip: Callable, one: bool
) -> Iterator[Finding]:
    """The network in NumPy with this cell; `one` batch, or the text."""
    yield from _numpy_trial(_trials.by_caches(cell), cross_entropy, batches, clip, one, "NumPy")


def walk_trial(bptt: Callable, one: bool) -> Iterator[Finding]:
    """The same with a healthy cell, walked back by bptt."""
    healthy = nb01.cross_entropy, letters.batches, letters.clip
    yield from _numpy_trial(_trials.by_walk(bptt), *healthy, one, "by bptt")


def _numpy_trial(model, cross_entropy, batches, clip, one, which) -> Iterator[Finding]:
    made = batches(_trials.text().numbers, _trials.T, _trials.B)
    losses = _trials.numpy_losses(
        model, _trials.one_of(made) if one else made, 150 if one else 200, cross_entropy, clip
    )
    yield from learns_by_heart(losses, which) if one else beats(losses, which)


def layer_trial(
    layer: type[nn.Recurrent], loop: Callable, fit: Callable, windows: Callable, one: bool
) -> Iterator[Finding]:
    """The network in PyTorch."""
    window = windows(_trials.text().numbers, _trials.B, _trials.T, _trials.V)
    batch, updates = (window(0), 150) if one else (window, 200)
    losses = _trials.torch_losses(batch, updates, layer, loop, fit, carry=not one)
    yield from learns_by_heart(losses, layer.__name__) if one else beats(losses, layer.__name__)


def gru_trial(gru: type[nn.Recurrent], one: bool) -> Iterator[Finding]:
    """The same with the GRU and what is healthy beside it."""
    return layer_trial(gru, nn.loop, training.fit, training.windows, one)


# ---- shapes


def shapes(*given: Any) -> Iterator[Finding]:
    """What a test of shapes looks at: every part returns arrays of the shapes that it should."""
    rng, parts = random(), vars(Parts(*given))
    for cell in (parts["cell"], parts["peephole"]):
        p = reference.init(cell, I, H, rng)
        states, caches = reference.unroll(cell, p, _inputs())
        d, dxs, _ = reference.unroll_backward(cell, p, caches, states)
        yield shaped(_title(cell), [*states, dxs, *vars(d).values()], [(T, B, H)] * 2 + [(T, B, I), *_sizes(p)])
    losses = parts["cross_entropy"](rng.normal(size=(B, 7)), np.arange(B))
    yield shaped("loss", losses, [(), (B, 7)])
    yield shaped("sample", [parts["sample"](rng.normal(size=(B, 7)), 1.0, rng.random(B))], [(B,)])
    yield shaped("batches", next(parts["batches"](np.arange(200), T, B)), [(T, B)] * 2)
    yield shaped("clip", parts["clip"]([np.ones((2, 3)), np.ones(2)], 1.0), [(2, 3), (2,)])
    yield shaped("windows", parts["windows"](np.arange(200), B, T, 200)(0)[:3], [(T, B, 200), (T, B), (T, B)])
    for layer in (parts["lstm"], parts["gru"]):
        out, state = _layer(layer, parts["loop"])(_inputs())
        yield shaped(f"{layer.__name__} layer", [out, *state], [(T, B, H)] + [(B, H)] * len(state))
    made = parts["chrono_"](nn.LSTM(I, H), 100)
    yield shaped("chrono_", list(made.parameters()), [p.shape for p in nn.LSTM(I, H).parameters()])
    p = reference.init(reference.LSTM, I, H, rng)
    given = letters.by_position(reference.LSTM), list(vars(p).values()), (np.zeros((B, H)),) * 2
    states = letters.unroll(given[0][0], given[1], _inputs(), given[2])
    walked = parts["bptt"](given[0][1], given[1], _inputs(), states, np.ones((T, B, H)))
    yield shaped("bptt", walked, _sizes(p))
    history = _fit(parts["fit"], [_batch(0)])
    yield shaped("fit", [history.loss, history.grad_norm], [(1,)] * 2)
    yield shaped("score", [parts["score"](training.cross_entropy, _batch(0))(_trials.Net(nn.LSTM, nn.loop))], [()])


# ---- what the checks share


def _title(cell: reference.Cell) -> str:
    return {"lstm": "LSTM", "peephole": "peephole LSTM"}[cell.name]


def _inputs() -> np.ndarray:
    return random().normal(size=(T, B, I))


def _others_changed(xs: np.ndarray) -> np.ndarray:
    return np.concatenate([xs[:, :1], xs[:, 1:] + 1], axis=1)


def _later_changed(xs: np.ndarray) -> np.ndarray:
    return np.concatenate([xs[:4], xs[4:] + 1])


def _cell(cell: reference.Cell) -> Callable[[np.ndarray], np.ndarray]:
    """xs -> h over time, with random weights."""
    p = reference.init(cell, I, H, random(), scale=0.9)
    return lambda xs: reference.unroll(cell, p, xs)[0][0]


def _layer(layer: type[nn.Recurrent], loop: Callable, keeps: bool = False) -> Callable:
    """(xs, mask) -> h over time and the final states, from states of 0.5; keeps: with gates that keep all and write
    nothing."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = layer(I, H, dtype=torch.float64, forget_bias=50.0 if keeps else None)
    if keeps and "i" in made.rows:
        dict(made.named_parameters())["bias_ih_l0"].data[made.rows.index("i") * H :][:H] = -50.0

    def run(xs: np.ndarray, mask: np.ndarray | None = None) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        start = tuple(torch.full((xs.shape[1], H), 0.5, dtype=torch.float64) for _ in made.states)
        with torch.no_grad():
            given = None if mask is None else torch.tensor(mask)
            out, state = loop(made.step, made.weights(), torch.tensor(xs), start, given)
        return out.numpy(), tuple(s.numpy() for s in state)

    return run


def _batch(seed: int) -> Batch:
    """Random letters."""
    rng = np.random.default_rng(seed)
    x, y = rng.integers(_trials.V, size=(2, T, B))
    return Batch(np.eye(_trials.V, dtype=np.float32)[x], y, np.ones((T, B), bool))


def _fit(fit: Callable, made: Sequence[Batch], carry: bool = False) -> training.History:
    """One update a batch, with a learning rate of 0."""
    net = _trials.Net(nn.LSTM, nn.loop)
    return fit(
        net, lambda step: made[step], training.cross_entropy, steps=len(made), lr=0.0, carry=carry, progress=False
    )


def _sizes(p: reference.Params) -> list[tuple[int, ...]]:
    return [value.shape for value in vars(p).values()]
