"""One declarative description per cell: which parts there are, where they stand, and which wire runs where.

Everything that a diagram shows comes from here: the drawing, the values and gradients on the wires, the equations with
numbers, the animation. A test reads the dependencies from the source of the cell's ``forward`` and compares.

The same part stands at the same place in every cell, so that two diagrams differ where the cells differ: the forget
gate's place is empty in the LSTM of 1997, and the update gate of the GRU takes it over.
"""

from typing import NamedTuple

from ..reference import CELLS, Cell


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
    quantity: str = ""  # as the equations write it; "" for an intermediate, which they spell out
    rows: str = ""  # of a layer: whose rows of W, U and b it has
    bias: str = "b"  # of a layer: the name of its bias


class Wire(NamedTuple):
    """A wire from one part to another; `corners` are the points where it turns.

    `weight`: of a wire into a layer: the matrix "W" or "U", the peephole vector "p", "" for what enters as it is.
    """

    src: str
    dst: str
    corners: tuple[tuple[int, int], ...] = ()
    weight: str = ""


class Plan(NamedTuple):
    """The diagram of one cell.

    `rows`: gates in the order of the parameter rows. `states`: in the cell's order; the state s enters at the part s_
    and leaves at the part "out s". `pills`: where values are shown.
    """

    name: str
    title: str
    rows: str
    states: tuple[str, ...]
    nodes: tuple[Node, ...]
    wires: tuple[Wire, ...]
    pills: dict[str, tuple[int, int]]
    height: int


LAYERS = ("σ", "tanh", "linear")
MATRICES = ("W", "U")
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
    return Node(name, kind, x, GATES, name, _SAYS[name], name, name)


def _state(name: str, kind: str, x: int, y: int) -> Node:
    """The part that makes a state."""
    return Node(name, kind, x, y, name, quantity=name)


def _ends(name: str, y: int) -> tuple[Node, Node]:
    """Where a state enters and where it leaves."""
    into = Node(f"{name}_", "in", LEFT, y, name, quantity=f"{name}₋")
    return into, Node(f"out {name}", "out", RIGHT, y, name, quantity=f"{name}₊")


def _taps(name: str, x: int, start: tuple[tuple[int, int], ...] = (), sources: str = "xh") -> tuple[Wire, ...]:
    """The strands of x and h₋ that branch off the bus into the layer at column x."""
    wires = {
        "x": Wire("x", name, ((X_IN, BUS_X), (x + 5, BUS_X)), "W"),
        "h": Wire("h_", name, (*start, (x - 5, BUS_H)), "U"),
    }
    return tuple(wires[source] for source in sources)


# ---- the LSTM family: c on the rail at the top, x and h₋ on the bus at the bottom

_X = Node("x", "in", X_IN, 474, "x", quantity="x")
_ENDS = (*_ends("c", RAIL), *_ends("h", BUS_H), _X)
_READ = (_state("c", "+", PLUS, RAIL), Node("tanh c", "th", H, 124, "c"), _state("h", "×", H, OPS))
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
    "lstm", "LSTM", "ifgo", ("h", "c"), (*_ENDS, *_FORGET, *_WRITE, _G, _O, *_READ),
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
        *LSTM.wires, Wire("c_", "f", ((F - _PEEP, RAIL),), "p"), Wire("c", "o", ((O - _PEEP, RAIL),), "p"),
        Wire("c_", "i", ((F - _PEEP, RAIL), (F - _PEEP, 114), (I - _PEEP, 114)), "p"),
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
    "coupled", "LSTM with coupled gates", "fgo", ("h", "c"), (*_ENDS, *_nodes, _O, *_READ),
    (*_wires, *_READ_WIRES, *_taps("f", F), *_taps("g", G), *_taps("o", O)),
    {**_LSTM_PILLS, **_pills}, 494,
)  # fmt: skip


# ---- the GRUs: h on the rail, and copied from there to the bus

_nodes, _wires, _pills = _mix("z", "h_", "n", new_first=True)
# h₋ is copied after its plate, which shows the gradient of all copies together, and goes round the plate to the bus.
_R, _DOWN = _layer("r", H), ((126, RAIL), (126, 114), (60, 114), (60, BUS_H))
_GRU_ENDS = (*_ends("h", RAIL), _X)
_GRU_PILLS = {"h_": (STATE_PILL, RAIL), "x": X_PILL, "r": (H, 257), "h": (560, RAIL), **_pills}
_V, _INTO_N = 510, (G + 46, 144)
_GRU_NODES = (*_GRU_ENDS, *_nodes, _R, _state("h", "+", PLUS, RAIL))
_GRU_WIRES = (*_wires, Wire("h", "out h"), *_taps("z", F, _DOWN), *_taps("n", G, sources="x"), *_taps("r", H, _DOWN))

GRU = Plan(
    "gru", "GRU, reset after the product", "rzn", ("h",),
    (*_GRU_NODES, Node("v", "linear", _V, GATES, "h", "U h₋ + b", "v", "n", "b_hn"), Node("r∘v", "×", 567, 206, "n")),
    (*_GRU_WIRES, Wire("h_", "v", (*_DOWN, (_V, BUS_H)), "U"), Wire("r", "r∘v", ((H, 206),)),
     Wire("v", "r∘v", ((_V, 206),)), Wire("r∘v", "n", ((567, 144), _INTO_N))),
    {**_GRU_PILLS, "v": (_V, 257), "r∘v": (507, 144)}, 494,
)  # fmt: skip

GRU_RESET_BEFORE = Plan(
    "gru_reset_before", "GRU, reset before the product", "rzn", ("h",),
    (*_GRU_NODES, Node("s", "×", _V, 206, "h", quantity="s")),
    (*_GRU_WIRES, Wire("r", "s", ((H, 206),)), Wire("h_", "s", (*_DOWN, (_V, BUS_H))),
     Wire("s", "n", ((_V, 144), _INTO_N), "U")),
    {**_GRU_PILLS, "s": (_V, 144)}, 494,
)  # fmt: skip


# ---- the simple recurrent network: one layer, one state

_LOW = 240
RNN = Plan(
    "rnn", "Recurrent network", "h", ("h",),
    (*_ends("h", _LOW), _X._replace(y=356), _layer("h", PLUS, "tanh")._replace(y=170)),
    (Wire("x", "h", ((X_IN, _LOW + 8), (PLUS + 5, _LOW + 8)), "W"), Wire("h_", "h", ((PLUS - 5, _LOW),), "U"),
     Wire("h", "out h", ((PLUS, 95), (540, 95), (540, _LOW)))),
    {"h_": (STATE_PILL, _LOW), "x": (X_IN, 312), "h": (440, 95)}, 376,
)  # fmt: skip

PLANS = {plan.name: plan for plan in (RNN, LSTM97, LSTM, PEEPHOLE, COUPLED, GRU, GRU_RESET_BEFORE)}


def plan_of(cell: Cell | str) -> Plan:
    """The description of a cell, or of the package's cell of that name.

    ValueError for a cell without one, and for one that shares its name with a cell of the package and has other gates.
    """
    name = cell.name if isinstance(cell, Cell) else cell
    if name not in PLANS:
        raise ValueError(f"diagrams knows the cells {', '.join(PLANS)}; got {name!r}")
    if isinstance(cell, Cell) and not cell.is_like(next(known for known in CELLS if known.name == name)):
        raise ValueError(f"cell must have the gates of the package's {name}, got another cell of that name")
    return PLANS[name]
