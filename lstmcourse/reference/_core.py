"""What every reference cell shares: parameters, the loop over time, its reverse, and the checks of shapes."""

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

Params = SimpleNamespace  # p.W, p.U, p.b …; gradients d.W, d.U, d.b … carry the same names
State = tuple[np.ndarray, ...]  # one array (B, H) for each of cell.states


class Gate(NamedTuple):
    """What a gate, or a candidate, is a function of.

    squashing: the function of its pre-activation, by the name that the equations give it: "σ", "tanh", "exp", "relu"
        or "identity". peephole: the state that it sees through the parameter p_<gate>, "c_" or, where it sees the new
        one, "c"; "" for none. coupled: the gate that it completes to 1, i = 1 − f; it has no rows and no squashing.
    """

    squashing: str = ""
    peephole: str = ""
    coupled: str = ""


NOTHING: Mapping[str, Any] = MappingProxyType({})


class Cell(NamedTuple):
    """One recurrent cell: two pure functions, the shapes that they need, and what else can be said of it.

    ``forward(p, x, state) -> state, cache`` takes one step: x (B, I), each state (B, H); the cache holds every
    intermediate under the name that it has in the equations, with a trailing ``_`` for time t−1.
    ``backward(p, d, cache, *dstate) -> dx, dstate_`` takes that step back: dstate is dL/dstate, (B, H) each; it adds
    into the parameter gradients ``d`` and returns dL/dx and dL/dstate at t−1.
    Both raise ValueError or TypeError when an argument has another shape or type than the cell needs.
    ``gates`` names, by one letter each and in the order of the rows of W, U and b, what they compute. ``stacks`` names
    the gates, in order, whose rows any other parameter has (the peepholes p_<gate> go without saying), or the quantity
    of the equations where the rows are no gate's, as those of a W whose product is normalised. ``initial`` is the
    number at which a state starts where that is not 0.
    """

    name: str
    states: tuple[str, ...]
    shapes: Callable[[int, int], dict[str, tuple[int, ...]]]
    forward: Callable[..., tuple[State, dict[str, np.ndarray]]]
    backward: Callable[..., tuple[np.ndarray, State]]
    gates: Mapping[str, Gate] = NOTHING
    stacks: Mapping[str, str] = NOTHING
    initial: Mapping[str, float] = NOTHING

    @property
    def rows(self) -> str:
        """The gates that W, U and b stack, one letter each, in order: "ifgo" for LSTM, "fgo" for COUPLED."""
        return "".join(name for name, gate in self.gates.items() if not gate.coupled)

    def is_like(self, other: "Cell") -> bool:
        """Whether the two have one name and say the same of themselves: states, gates, parameters, start."""
        mine, theirs = ((c.name, c.states, c.rows, c.gates, c.stacks, c.initial, c.shapes(2, 3)) for c in (self, other))
        return mine == theirs

    def __hash__(self) -> int:
        return hash((self.name, self.states, self.forward, self.backward))


def make_cell(name: str, states: tuple[str, ...], shapes, forward, backward, gates, **also: Mapping) -> Cell:
    """A Cell whose two functions refuse arguments that NumPy would broadcast in silence; also: stacks, initial."""

    @functools.wraps(forward)
    def checked_forward(p, x, state):
        B, H = check_params(cell, p, np.shape(x)[0] if np.ndim(x) == 2 else None)
        x = _array(f"{name} expects x of shape", "x", x, (B, p.W.shape[1]), p.W.dtype)
        return forward(p, x, _check_state(cell, state, (B, H), p.W.dtype))

    @functools.wraps(backward)
    def checked_backward(p, d, cache, *dstate):
        expected = _check_caches(cell, p, [cache])
        if len(dstate) != len(states):
            names = ", ".join(f"d{s}" for s in states)
            raise ValueError(f"{name}.backward expects {len(states)} state gradients ({names}), got {len(dstate)}")
        for s, value in zip(states, dstate, strict=True):
            _array(f"d{s} must have shape", f"d{s}", value, expected, p.W.dtype)
        return backward(p, d, cache, *dstate)

    cell = Cell(name, states, shapes, checked_forward, checked_backward, gates, **also)
    return cell


def sigmoid(a):
    """σ(a) = 1 / (1 + e⁻ᵃ), written so that it never overflows."""
    return 0.5 * (1.0 + np.tanh(0.5 * a))


def split(a, n: int):
    """The n gates of a stacked pre-activation: (B, nH) -> n arrays (B, H)."""
    return np.split(a, n, axis=-1)


def join(*parts):
    """The inverse of split: n arrays (B, H) -> (B, nH)."""
    return np.concatenate(parts, axis=-1)


def init(cell: Cell, input_size: int, hidden_size: int, rng: np.random.Generator, scale: float | None = None) -> Params:
    """Random parameters, each uniform in ±scale; scale is 1/√H unless given, as in torch.nn (biases included).

    float64, with the names and shapes of ``cell.shapes(input_size, hidden_size)``. Raises TypeError for what is no cell
    or no Generator and for a size that is no integer, ValueError for a size below 1 and for a negative scale.
    """
    check_cell(cell)
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng must be a numpy.random.Generator such as numpy.random.default_rng(0), got {type(rng).__name__}"
        )
    for what, size in (("input_size", input_size), ("hidden_size", hidden_size)):
        if isinstance(size, bool) or not hasattr(size, "__index__"):
            raise TypeError(f"{what} must be an integer, got {size!r}")
        if size < 1:
            raise ValueError(f"{what} must be at least 1, got {size}")
    if scale is not None and not scale >= 0:
        raise ValueError(f"scale must not be negative, got {scale}")
    bound = hidden_size**-0.5 if scale is None else scale
    return Params(**{k: rng.uniform(-bound, bound, s) for k, s in cell.shapes(input_size, hidden_size).items()})


def zeros_like(p: Params) -> Params:
    """Zeros under the names and shapes of p: where ``backward`` adds the gradients."""
    return Params(**{k: np.zeros_like(v) for k, v in vars(p).items()})


def zero_state(cell: Cell, batch: int, hidden_size: int, dtype=float) -> State:
    """The state before the first step, zeros where ``cell.initial`` says nothing: (B, H) for each of cell.states."""
    return tuple(np.full((batch, hidden_size), cell.initial.get(s, 0.0), dtype) for s in cell.states)


def unroll(cell: Cell, p: Params, xs: np.ndarray, state: State | None = None):
    """The cell over a sequence.

    xs (T, B, I), T ≥ 1; state (B, H) each, `zero_state` unless given -> states, (T, B, H) for each of cell.states, and
    the T caches. Raises ValueError for other shapes, TypeError for other types.
    """
    check_cell(cell)
    batch = np.shape(xs)[1] if np.ndim(xs) == 3 else None
    B, H = check_params(cell, p, batch)
    xs = _array(f"{cell.name} expects xs of shape", "xs", xs, ("T", B, p.W.shape[1]), p.W.dtype)
    if not len(xs):
        raise ValueError("xs must have at least one time step, got T = 0")
    state = zero_state(cell, B, H, p.W.dtype) if state is None else _check_state(cell, state, (B, H), p.W.dtype)
    p = _by_columns(p)
    step, states, caches = _unchecked(cell.forward), [], []
    for x in xs:
        state, cache = step(p, x, state)
        states.append(state)
        caches.append(cache)
    return tuple(np.stack(s) for s in zip(*states, strict=True)), caches


def unroll_backward(cell: Cell, p: Params, caches, dstates):
    """Backpropagation through time (Werbos, 1990).

    dstates (T, B, H) for each of cell.states: the gradient of the loss that enters each state at each step
    -> d, the parameter gradients; dxs (T, B, I); dstate0, the gradient of the initial state, (B, H) each.
    Raises ValueError for other shapes or numbers of arrays and for caches of another cell or of other sizes, TypeError
    for other types.
    """
    check_cell(cell)
    if not isinstance(caches, list):
        raise TypeError(f"caches must be a list, as unroll returns it, got {type(caches).__name__}")
    expected = (len(caches), *_check_caches(cell, p, caches))
    if not isinstance(dstates, tuple | list):
        raise TypeError(f"dstates must be a tuple of arrays, one for each state, got {type(dstates).__name__}")
    if len(dstates) != len(cell.states):
        raise ValueError(f"dstates must hold {len(cell.states)} arrays ({', '.join(cell.states)}), got {len(dstates)}")
    for s, value in zip(cell.states, dstates, strict=True):
        _array(f"d{s}s must have shape", f"d{s}s", value, expected, p.W.dtype)
    step, d, dxs = _unchecked(cell.backward), zeros_like(p), []
    dstate = tuple(np.zeros_like(s[0]) for s in dstates)
    for t in reversed(range(len(caches))):
        dstate = tuple(carried + s[t] for carried, s in zip(dstate, dstates, strict=True))
        dx, dstate = step(p, d, caches[t], *dstate)
        dxs.append(dx)
    return d, np.stack(dxs[::-1]), dstate


def _by_columns(p: Params) -> Params:
    """The same parameters with W and U stored by columns, which makes the products with W.T and U.T fast."""
    return Params(**vars(p) | {"W": np.asfortranarray(p.W), "U": np.asfortranarray(p.U)})


def _unchecked(function):
    """The function inside the checks of make_cell: unroll has checked once for all steps. A plain one is itself."""
    return getattr(function, "__wrapped__", function)


# ---- checks: NumPy broadcasts (1, H) against (B, H) and a bias against the batch without a word; we do not.


def check_cell(cell: Any) -> None:
    if not isinstance(cell, Cell):
        raise TypeError(f"cell must be a Cell, one of lstmcourse.reference.CELLS or your own, got {cell!r:.60}")


@functools.cache
def _cache_names(cell: Cell) -> tuple[str, ...]:
    """The names in the cell's caches, in their order: a backward unpacks them by it."""
    p = Params(**{k: np.zeros(shape) for k, shape in cell.shapes(1, 1).items()})
    return tuple(_unchecked(cell.forward)(p, np.zeros((1, 1)), zero_state(cell, 1, 1))[1])


def _check_caches(cell: Cell, p: Params, caches: list) -> tuple[int, int]:
    """(B, H), after comparing the caches with those that the cell makes with these parameters."""
    check_params(cell, p, None)
    if not caches:
        raise ValueError("caches must be those of at least one time step, got none")
    names = _cache_names(cell)
    for cache in caches:
        if not isinstance(cache, dict):
            raise TypeError(f"a cache of {cell.name} must be a dict, got {type(cache).__name__}")
        if tuple(cache) != names:
            raise ValueError(f"a cache of {cell.name} must hold {', '.join(names)}, got {', '.join(map(str, cache))}")
    x, h_ = caches[0]["x"].shape, caches[0][f"{cell.states[0]}_"].shape
    I, H = p.W.shape[1], p.U.shape[1]
    if (x[1:], h_[1:]) != ((I,), (H,)):
        raise ValueError(f"caches must be of p's sizes, I = {I} and H = {H}, got x {x} and {cell.states[0]}_ {h_}")
    return h_


def _array(lead: str, name: str, value: Any, shape: tuple, dtype) -> np.ndarray:
    """value as an array of that shape and dtype; whole numbers are converted, everything else is refused."""
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{name} must be a NumPy array, got {type(value).__module__}.{type(value).__qualname__}")
    sizes = zip(shape, value.shape)  # a letter stands for any size
    if len(shape) != value.ndim or any(want != got for want, got in sizes if not isinstance(want, str)):
        raise ValueError(f"{lead} ({', '.join(map(str, shape))}{',' * (len(shape) == 1)}), got {value.shape}")
    if value.dtype == dtype:
        return value
    if value.dtype.kind in "iub":
        return value.astype(dtype)
    raise TypeError(f"{name} must have the parameters' dtype {np.dtype(dtype)}, got {value.dtype}")


def check_params(cell: Cell, p: Params, batch: int | None) -> tuple[Any, int]:
    """(B, H), after comparing every parameter's shape with cell.shapes; B is "B" when x itself has a wrong shape."""
    if not isinstance(p, Params):
        raise TypeError(f"p must be Params (init makes them, Params(**arrays) too), got {type(p).__name__}")
    for k, value in vars(p).items():
        if not isinstance(value, np.ndarray):
            raise TypeError(f"p.{k} must be a NumPy array, got {type(value).__module__}.{type(value).__qualname__}")
    for k in ("W", "U"):
        matrix: Any = getattr(p, k, None)
        shape = np.shape(matrix)
        if len(shape) != 2:
            raise ValueError(f"{cell.name} expects p.{k} to be a matrix, got shape {shape}")
    I, H = p.W.shape[1], p.U.shape[1]
    expected = cell.shapes(I, H)
    if set(vars(p)) != set(expected):
        raise ValueError(f"{cell.name} expects parameters {sorted(expected)}, got {sorted(vars(p))}")
    for k, shape in expected.items():
        value = getattr(p, k)
        if value.shape != shape:
            raise ValueError(f"p.{k} must have shape {shape}, got {value.shape}")
        if value.dtype != p.W.dtype or value.dtype.kind != "f":
            raise TypeError(f"p.{k} must be floating point and of one dtype with p.W, got {value.dtype}")
    return ("B" if batch is None else batch), H


def _check_state(cell: Cell, state: Any, shape: tuple, dtype) -> State:
    if not isinstance(state, tuple) or len(state) != len(cell.states):
        got = f"{len(state)} of them" if isinstance(state, tuple) else type(state).__name__
        names = ", ".join(cell.states)
        raise TypeError(f"{cell.name} expects state to be a tuple of {len(cell.states)} ({names}), got {got}")
    named = [(f"{s}_", value) for s, value in zip(cell.states, state, strict=True)]
    return tuple(_array(f"{name} must have shape", name, value, shape, dtype) for name, value in named)
