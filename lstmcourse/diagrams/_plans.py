"""One declarative description per cell: which parts there are, where they stand, and which wire runs where.

Everything that a diagram shows comes from here: the drawing, the values and gradients on the wires, the equations with
numbers, the animation. A test reads the dependencies from the source of the cell's ``forward`` and compares.

The same part stands at the same place in every cell, so that two diagrams differ where the cells differ: the forget
gate's place is empty in the LSTM of 1997, and the update gate of the GRU takes it over.
"""

from typing import NamedTuple


class Node(NamedTuple):
    """A part of the cell.

    `kind`: an end "in", "out"; a layer with weights "σ", "tanh", "linear"; unit by unit "×", "+", "1−", "th" (tanh).
    """

    name: str  # of the value that it makes: its name in the cell's cache, or the formula of an intermediate
    kind: str
    x: int
    y: int
    colour: str  # key of plots.COLOURS
    caption: str = ""


class Wire(NamedTuple):
    """A wire from one part to another; `corners` are the points where it turns."""

    src: str
    dst: str
    corners: tuple[tuple[int, int], ...] = ()


class Plan(NamedTuple):
    """The diagram of one cell. `rows`: gates in the order of the parameter rows. `pills`: where values are shown."""

    name: str
    title: str
    rows: str
    nodes: tuple[Node, ...]
    wires: tuple[Wire, ...]
    pills: dict[str, tuple[int, int]]
    height: int


LAYERS = ("σ", "tanh", "linear")
WIDTH = 700
RAIL, OPS, TRACE, GATES, BUS_H, BUS_X = 70, 190, 250, 312, 364, 372  # heights of the rows
LEFT, RIGHT, X_IN = 22, 668, 124
F, I, G, O, H = 160, 280, 400, 520, 624  # the columns
PLUS = 340
X_PILL, STATE_PILL = (X_IN, 430), 74

_SAYS = {
    "i": "input gate", "f": "forget gate", "o": "output gate", "g": "candidate", "n": "candidate", "r": "reset gate",
    "z": "update gate", "h": "hidden state",
}  # fmt: skip


def _layer(name: str, x: int, kind: str = "σ") -> Node:
    return Node(name, kind, x, GATES, name, _SAYS[name])


def _taps(name: str, x: int, start: tuple[tuple[int, int], ...] = (), sources: str = "xh") -> tuple[Wire, ...]:
    """The strands of x and h₋ that branch off the bus into the layer at column x."""
    h = Wire("h_", name, (*start, (x - 5, BUS_H)))
    return tuple(w for w in (Wire("x", name, ((X_IN, BUS_X), (x + 5, BUS_X))), h) if w.src[0] in sources)


# ---- the LSTM family: c on the rail at the top, x and h₋ on the bus at the bottom

_X = Node("x", "in", X_IN, 474, "x")
_ENDS = (
    Node("c_", "in", LEFT, RAIL, "c"), Node("h_", "in", LEFT, BUS_H, "h"), _X,
    Node("out c", "out", RIGHT, RAIL, "c"), Node("out h", "out", RIGHT, BUS_H, "h"),
)  # fmt: skip
_READ = (Node("c", "+", PLUS, RAIL, "c"), Node("tanh c", "th", H, 124, "c"), Node("h", "×", H, OPS, "h"))
_READ_WIRES = (
    Wire("c", "out c"), Wire("c", "tanh c", ((H, RAIL),)), Wire("o", "h", ((O, OPS),)), Wire("tanh c", "h"),
    Wire("h", "out h", ((H, BUS_H),)),
)  # fmt: skip
_G, _O = _layer("g", G, "tanh"), _layer("o", O)
_LSTM_PILLS = {
    "c_": (STATE_PILL, RAIL), "h_": (STATE_PILL, BUS_H), "x": X_PILL, "g": (G, TRACE), "o": (O, TRACE),
    "c": (430, RAIL), "h": (H, 268),
}  # fmt: skip
_FORGET = (_layer("f", F), Node("f∘c₋", "×", F, RAIL, "c"))
_FORGET_WIRES = (Wire("f", "f∘c₋"), Wire("c_", "f∘c₋"), Wire("f∘c₋", "c"))
_FORGET_PILLS = {"f": (F, TRACE), "f∘c₋": (250, RAIL)}
_WRITE = (_layer("i", I), Node("i∘g", "×", PLUS, OPS, "c"))
_WRITE_WIRES = (Wire("i", "i∘g", ((I, OPS),)), Wire("g", "i∘g", ((G, OPS),)), Wire("i∘g", "c"))
_WRITE_PILLS = {"i": (I, TRACE), "i∘g": (PLUS, 128)}
_LSTM_TAPS = (*_taps("f", F), *_taps("i", I), *_taps("g", G), *_taps("o", O))

LSTM = Plan(
    "lstm", "LSTM", "ifgo", (*_ENDS, *_FORGET, *_WRITE, _G, _O, *_READ),
    (*_FORGET_WIRES, *_WRITE_WIRES, *_READ_WIRES, *_LSTM_TAPS), {**_LSTM_PILLS, **_FORGET_PILLS, **_WRITE_PILLS}, 494,
)  # fmt: skip

LSTM97 = LSTM._replace(
    name="lstm97", title="LSTM of 1997", rows="igo", nodes=(*_ENDS, *_WRITE, _G, _O, *_READ),
    wires=(Wire("c_", "c"), *_WRITE_WIRES, *_READ_WIRES, *_taps("i", I), *_taps("g", G), *_taps("o", O)),
    pills={**_LSTM_PILLS, **_WRITE_PILLS},
)  # fmt: skip

_PEEP = 44  # how far left of its middle a layer takes the peephole in
PEEPHOLE = LSTM._replace(
    name="peephole", title="Peephole LSTM",
    wires=(
        *LSTM.wires, Wire("c_", "f", ((F - _PEEP, RAIL),)), Wire("c", "o", ((O - _PEEP, RAIL),)),
        Wire("c_", "i", ((F - _PEEP, RAIL), (F - _PEEP, 114), (I - _PEEP, 114))),
    ),
    pills={**LSTM.pills, "c_": (70, RAIL)},
)  # fmt: skip


def _mix(
    gate: str, old: str, new: str, new_first: bool
) -> tuple[tuple[Node, ...], tuple[Wire, ...], dict[str, tuple[int, int]]]:
    """What COUPLED and the GRUs share: gate ∘ old + (1 − gate) ∘ new, or that sum turned round."""
    rest, kept, added = f"1−{gate}", f"{gate}∘{old[0]}₋", f"(1−{gate})∘{new}"
    state = old[0]
    nodes = (
        _layer(gate, F), Node(kept, "×", F, RAIL, state), Node(rest, "1−", 215, OPS, gate),
        Node(added, "×", PLUS, OPS, state), _layer(new, G, "tanh"),
    )  # fmt: skip
    wires = (
        Wire(gate, kept), Wire(gate, rest, ((F, OPS),)), Wire(rest, added), Wire(new, added, ((G, OPS),)),
        Wire(old, kept), *(Wire(term, state) for term in ((added, kept) if new_first else (kept, added))),
    )  # fmt: skip
    pills = {gate: (F, TRACE), new: (G, TRACE), kept: (250, RAIL), rest: (275, OPS), added: (PLUS, 128)}
    return nodes, wires, pills


_nodes, _wires, _pills = _mix("f", "c_", "g", new_first=False)
COUPLED = Plan(
    "coupled", "LSTM with coupled gates", "fgo", (*_ENDS, *_nodes, _O, *_READ),
    (*_wires, *_READ_WIRES, *_taps("f", F), *_taps("g", G), *_taps("o", O)),
    {**_LSTM_PILLS, **_pills}, 494,
)  # fmt: skip


# ---- the GRUs: h on the rail, and copied from there to the bus

_nodes, _wires, _pills = _mix("z", "h_", "n", new_first=True)
# h₋ is copied after its plate, which shows the gradient of all copies together, and goes round the plate to the bus.
_R, _DOWN = _layer("r", H), ((126, RAIL), (126, 114), (60, 114), (60, BUS_H))
_GRU_ENDS = (Node("h_", "in", LEFT, RAIL, "h"), _X, Node("out h", "out", RIGHT, RAIL, "h"))
_GRU_PILLS = {"h_": (STATE_PILL, RAIL), "x": X_PILL, "r": (H, 257), "h": (560, RAIL), **_pills}
_V, _INTO_N = 510, (G + 46, 144)
_GRU_NODES = (*_GRU_ENDS, *_nodes, _R, Node("h", "+", PLUS, RAIL, "h"))
_GRU_WIRES = (*_wires, Wire("h", "out h"), *_taps("z", F, _DOWN), *_taps("n", G, sources="x"), *_taps("r", H, _DOWN))

GRU = Plan(
    "gru", "GRU, reset after the product", "rzn",
    (*_GRU_NODES, Node("v", "linear", _V, GATES, "h", "U h₋ + b"), Node("r∘v", "×", 567, 206, "n")),
    (*_GRU_WIRES, Wire("h_", "v", (*_DOWN, (_V, BUS_H))), Wire("r", "r∘v", ((H, 206),)), Wire("v", "r∘v", ((_V, 206),)),
     Wire("r∘v", "n", ((567, 144), _INTO_N))),
    {**_GRU_PILLS, "v": (_V, 257), "r∘v": (507, 144)}, 494,
)  # fmt: skip

GRU_RESET_BEFORE = Plan(
    "gru_reset_before", "GRU, reset before the product", "rzn",
    (*_GRU_NODES, Node("s", "×", _V, 206, "h", "")),
    (*_GRU_WIRES, Wire("r", "s", ((H, 206),)), Wire("h_", "s", (*_DOWN, (_V, BUS_H))),
     Wire("s", "n", ((_V, 144), _INTO_N))),
    {**_GRU_PILLS, "s": (_V, 144)}, 494,
)  # fmt: skip


# ---- the simple recurrent network: one layer, one state

_LOW = 240
RNN = Plan(
    "rnn", "Recurrent network", "h",
    (Node("h_", "in", LEFT, _LOW, "h"), Node("x", "in", X_IN, 356, "x"),
     Node("h", "tanh", PLUS, 170, "h", "hidden state"), Node("out h", "out", RIGHT, _LOW, "h")),
    (Wire("x", "h", ((X_IN, _LOW + 8), (PLUS + 5, _LOW + 8))), Wire("h_", "h", ((PLUS - 5, _LOW),)),
     Wire("h", "out h", ((PLUS, 95), (540, 95), (540, _LOW)))),
    {"h_": (STATE_PILL, _LOW), "x": (X_IN, 312), "h": (440, 95)}, 376,
)  # fmt: skip

PLANS = {plan.name: plan for plan in (RNN, LSTM97, LSTM, PEEPHOLE, COUPLED, GRU, GRU_RESET_BEFORE)}


def plan_of(cell) -> Plan:
    """The description of a cell (a `reference.Cell` or its name). ValueError for a cell without one."""
    name = getattr(cell, "name", cell)
    if name not in PLANS:
        raise ValueError(f"diagrams knows the cells {', '.join(PLANS)}; got {name!r}")
    return PLANS[name]
