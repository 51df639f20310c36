"""Diagrams: a wire that contradicts the equations is impossible, and what is drawn is legible."""

import ast
import inspect
import itertools
import textwrap
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from lstmcourse import diagrams, reference
from lstmcourse.diagrams import _draw, _geometry, _graph, _ink
from lstmcourse.reference import CELLS

CELLS_DRAWN = [cell for cell in CELLS if cell.name in diagrams.PLANS]
every_cell = pytest.mark.parametrize("cell", CELLS_DRAWN, ids=lambda cell: cell.name)


def run(cell, I=2, H=3, B=2, T=3, seed=0):
    """Parameters, inputs, caches and the gradients that arrive at the last step, all random."""
    rng = np.random.default_rng(seed)
    p = reference.init(cell, I, H, rng, scale=1.0)
    state = tuple(rng.normal(size=(B, H)) for _ in cell.states)
    _, caches = reference.unroll(cell, p, rng.normal(size=(T, B, I)), state)
    return p, caches, tuple(rng.normal(size=(B, H)) for _ in cell.states)


# ---- the wires are the equations


def dependencies_of(forward) -> dict[str, set[str]]:
    """Which variables each variable is computed from, read from the source of a cell's forward."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(forward)))).body[0]
    found: dict[str, set[str]] = {}
    for line in tree.body:
        if isinstance(line, ast.Assign):
            read = {n.id for n in ast.walk(line.value) if isinstance(n, ast.Name)}
            for target in ast.walk(line.targets[0]):
                if isinstance(target, ast.Name):
                    found[target.id] = read
    return found


def named_sources(found: dict[str, set[str]], name: str, stop: set[str]) -> set[str]:
    """The named quantities that enter `name` directly, with pre-activations and the like followed to their sources."""
    out: set[str] = set()
    for read in found.get(name, set()):
        out |= {read} if read in stop else named_sources(found, read, stop)
    return out


def wired_sources(plan, name: str) -> set[str]:
    """The same read from the wires: intermediates such as f∘c₋ are followed to their sources."""
    out: set[str] = set()
    for wire in _graph.inputs(plan, name):
        out |= {wire.src} if _graph.part(plan, wire.src).quantity else wired_sources(plan, wire.src)
    return out


@every_cell
def test_the_wires_are_the_dependencies_in_the_source_of_forward(cell):
    plan = diagrams.plan_of(cell)
    found = dependencies_of(cell.forward)
    states = {"h_", "c_"} & {node.name for node in plan.nodes}
    named = {node.name for node in plan.nodes if node.quantity and node.kind != "out"}
    assert named >= {"x", "h_", *cell.states}
    for name in sorted(named - states - {"x"}):
        assert wired_sources(plan, name) == named_sources(found, name, named), name
    for state in cell.states:
        assert wired_sources(plan, f"out {state}") == {state}


def test_a_wrong_wire_would_be_found():
    plan = diagrams.PLANS["peephole"]
    wires = tuple(w._replace(src="c_") if (w.src, w.dst) == ("c", "o") else w for w in plan.wires)
    found = dependencies_of(reference.PEEPHOLE.forward)
    named = {"x", "h_", "c_", "i", "f", "g", "o", "c", "h"}
    assert wired_sources(plan._replace(wires=wires), "o") != named_sources(found, "o", named)


@every_cell
def test_the_diagram_run_as_a_program_is_the_cell(cell):
    p, caches, _ = run(cell)
    cache = caches[-1]
    out = diagrams.evaluate(cell, p, cache["x"], tuple(cache[f"{s}_"] for s in cell.states))
    shared = set(out) & set(cache)
    assert shared >= {"x", "h_", "h"}
    for name in shared:
        np.testing.assert_allclose(out[name], cache[name], rtol=0, atol=1e-14, err_msg=name)
    for name, value in diagrams.values(cell, cache).items():
        np.testing.assert_allclose(value, out[name], rtol=0, atol=1e-14, err_msg=name)


@every_cell
def test_the_diagram_run_backward_is_the_cells_backward(cell):
    p, caches, dstate = run(cell)
    grads = diagrams.intermediate_gradients(cell, p, caches[-1], *dstate)
    d = reference.zeros_like(p)
    dx, dstate_ = cell.backward(p, d, caches[-1], *dstate)
    np.testing.assert_allclose(grads["x"], dx, atol=1e-13)
    for name, value in zip(cell.states, dstate_):
        np.testing.assert_allclose(grads[f"{name}_"], value, atol=1e-13)


@every_cell
def test_the_gradient_of_every_part_is_the_numerical_one(cell):
    p, caches, dstate = run(cell, B=1)
    cache, eps = caches[-1], 1e-6
    state = tuple(cache[f"{s}_"] for s in cell.states)
    grads = diagrams.intermediate_gradients(cell, p, cache, *dstate)
    vals = diagrams.values(cell, cache)

    def loss(force):
        out = diagrams.evaluate(cell, p, cache["x"], state, force)
        return sum(float((out[f"out {s}"] * d).sum()) for s, d in zip(cell.states, dstate))

    for name, value in vals.items():
        for k in range(value.shape[1]):
            nudge = np.zeros_like(value)
            nudge[0, k] = eps
            slope = (loss({name: value + nudge}) - loss({name: value - nudge})) / (2 * eps)
            assert grads[name][0, k] == pytest.approx(slope, abs=1e-8), name


@every_cell
def test_the_gradient_of_a_part_is_the_sum_over_its_wires(cell):
    p, caches, dstate = run(cell)
    plan = diagrams.plan_of(cell)
    grads = diagrams.intermediate_gradients(cell, p, caches[0], *dstate)
    for node in plan.nodes:
        if node.kind != "out":
            pieces = [grads[node.name, wire.dst] for wire in _graph.outputs(plan, node.name)]
            np.testing.assert_allclose(sum(pieces), grads[node.name], atol=1e-14)


# ---- the picture


def outline(node):
    w, h = _geometry.size(node)
    return node.x - w / 2, node.y - h / 2, node.x + w / 2, node.y + h / 2


def plates(plan, units):
    for name, (x, y) in plan.pills.items():
        w, h = _ink.plate_size(units, _draw.tab(_graph.part(plan, name), False))
        yield name, (x - w / 2, y - h / 2, x + w / 2, y + h / 2)


def overlap(a, b, gap=0.0):
    return a[0] < b[2] + gap and b[0] < a[2] + gap and a[1] < b[3] + gap and b[1] < a[3] + gap


def segments(plan, wire):
    return list(itertools.pairwise(_geometry.path(plan, wire)))


@every_cell
def test_wires_are_straight_and_end_at_their_parts(cell):
    plan = diagrams.plan_of(cell)
    for wire in plan.wires:
        corners = _geometry.path(plan, wire)
        for (x0, y0), (x1, y1) in segments(plan, wire):
            assert (x0 == x1) != (y0 == y1), wire
        for end, name in ((corners[0], wire.src), (corners[-1], wire.dst)):
            box = outline(_graph.part(plan, name))
            assert box[0] <= end[0] <= box[2] and box[1] <= end[1] <= box[3], wire


@every_cell
def test_no_wire_runs_through_a_part_or_a_foreign_plate(cell):
    plan = diagrams.plan_of(cell)
    for wire in plan.wires:
        own = {wire.src, wire.dst}
        for (x0, y0), (x1, y1) in segments(plan, wire):
            line = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
            for node in plan.nodes:
                if node.name not in own and node.kind not in ("in", "out"):
                    assert not overlap(line, outline(node), 3), (wire, node.name)
            for name, box in plates(plan, 4):
                if name != wire.src and _graph.part(plan, name).kind != "in":
                    assert not overlap(line, box, 2), (wire, name)


@every_cell
def test_wires_of_different_sources_never_lie_on_each_other(cell):
    plan = diagrams.plan_of(cell)
    for one, two in itertools.combinations(plan.wires, 2):
        if one.src == two.src:
            continue
        for ((ax, ay), (bx, by)), ((cx, cy), (dx, dy)) in itertools.product(segments(plan, one), segments(plan, two)):
            for a, b, c, d, u, v in ((ax, bx, cx, dx, ay, cy), (ay, by, cy, dy, ax, cx)):
                parallel = (ay == by and cy == dy) if u == ay else (ax == bx and cx == dx)
                shared = min(max(a, b), max(c, d)) - max(min(a, b), min(c, d))
                assert not (parallel and shared > 1 and abs(u - v) < 6), (one, two)


@every_cell
@pytest.mark.parametrize("units", [1, 3, 4, 12])
def test_plates_do_not_overlap_and_stay_inside(cell, units):
    plan = diagrams.plan_of(cell)
    boxes = dict(plates(plan, units))
    for (name, a), (other, b) in itertools.combinations(boxes.items(), 2):
        assert not overlap(a, b), (name, other)
    for name, a in boxes.items():
        assert a[0] >= 0 and a[1] >= 30 and a[2] <= 700 and a[3] <= plan.height, name
        for node in plan.nodes:
            assert node.kind in ("in", "out") or not overlap(a, outline(node)), (name, node.name)


@every_cell
def test_a_plate_stands_before_the_first_copy(cell):
    """Backward it shows the sum over all copies: only before the first of them is that what the wire carries."""
    plan = diagrams.plan_of(cell)
    for name, (px, py) in plan.pills.items():
        walks = [_geometry.walk(_geometry.path(plan, wire)) for wire in plan.wires if wire.src == name]
        on = [
            min(range(len(walk)), key=lambda k, walk=walk: abs(walk[k][0] - px) + abs(walk[k][1] - py))
            for walk in walks
        ]
        for walk, k in zip(walks, on, strict=True):
            assert walk[k] == (px, py), (name, "off its wire")
            assert not set(_geometry.forks(plan, _graph.outputs(plan, name))) & set(walk[:k]), name


def test_the_longest_numbers_stay_clear_of_the_bars():
    from pathlib import Path

    import matplotlib
    from PIL import ImageFont

    font = str(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"))
    for value in (-2e-13, -99999, -1e308, -8.88, 1e-99):
        text = diagrams.number(value)
        room = _ink.FIGURES - 3 - 3  # as wide as a plate without name and bar, and its margins
        wide = ImageFont.truetype(font, 100).getlength(text) / 100 * (10.5 if len(text) < 6 else 8.8)
        assert len(text) <= 6 and wide <= room, (text, wide)


def luminance(colour):
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    parts = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return sum(weight * v for weight, v in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


def contrast(a, b):
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def tinted(colour, ground, share):
    mixed = (share * int(colour[k : k + 2], 16) + (1 - share) * int(ground[k : k + 2], 16) for k in (1, 3, 5))
    return "#" + "".join(f"{round(v):02X}" for v in mixed)


@pytest.mark.parametrize("palette", [_ink.LIGHT, _ink.DARK], ids=["light", "dark"])
def test_contrast(palette):
    """WCAG 2.2: text at least 4.5 to 1 (1.4.3), wires, frames and bars at least 3 to 1 (1.4.11)."""
    ground = palette["ground"]
    assert contrast(palette["ink"], ground) > 4.5 and contrast(palette["muted"], ground) > 4.5
    for key in set(palette) - {"ink", "muted", "ground", "track"}:
        assert contrast(palette[key], ground) >= 3 and contrast(palette[key], palette["track"]) >= 3, key
        assert contrast(palette["ink"], tinted(palette[key], ground, 0.2)) > 4.5, key


def test_the_legend_names_what_is_there():
    p, caches, dstate = run(reference.LSTM)
    grads = diagrams.intermediate_gradients(reference.LSTM, p, caches[0], *dstate)
    assert "unit by unit" not in diagrams.cell("rnn").svg and ">copy<" not in diagrams.cell("rnn").svg
    assert ">copy<" in diagrams.cell("lstm").svg and "thick" not in diagrams.cell("lstm").svg
    backward = diagrams.cell("lstm", caches[0], grads).svg
    assert ">copy: gradients add<" in backward and ">thick: large gradient<" in backward


@every_cell
def test_the_parts_of_the_same_name_stand_at_the_same_place(cell):
    lstm = {node.name: (node.x, node.y) for node in diagrams.PLANS["lstm"].nodes}
    if "c" in cell.states:
        for node in diagrams.plan_of(cell).nodes:
            assert lstm.get(node.name, (node.x, node.y)) == (node.x, node.y)


@every_cell
@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
@pytest.mark.parametrize("what", ["bare", "values", "gradients"])
def test_the_svg_is_well_formed_and_says_what_it_shows(cell, theme, what):
    p, caches, dstate = run(cell)
    grads = diagrams.intermediate_gradients(cell, p, caches[1], *dstate) if what == "gradients" else None
    drawn = diagrams.cell(cell, None if what == "bare" else caches[1], grads, theme=theme, step=2)
    svg = drawn.svg
    root = ET.fromstring(svg)
    assert root.get("role") == "img" and root.get("width") == "700"
    plan = diagrams.plan_of(cell)
    title, desc = (root.find(f"{{*}}{tag}").text for tag in ("title", "desc"))
    assert title.startswith(f"{plan.title} · step 2") and title.endswith("backward") == (what == "gradients")
    assert root.get("aria-label") == f"{title}. {desc}"
    assert (drawn.title, drawn.alt, drawn.width, drawn.theme) == (title, desc, 700, theme)
    drawn = [line.get("data-wire") for line in root.findall(".//{*}polyline") if line.get("data-wire")]
    assert sorted(drawn) == sorted(f"{wire.src}|{wire.dst}" for wire in plan.wires)
    texts = [text.text for text in root.findall(".//{*}text")]
    if what != "bare":
        shown = caches[1] if what == "values" else grads
        for value in shown["h"][0]:
            assert diagrams.number(value) in texts
        assert diagrams.number(shown["h"][0][0]) in desc
    assert "script" not in svg and "http://" not in svg.replace("http://www.w3.org/2000/svg", "")
    assert ("var(--lc-" in svg) == (theme == "auto")


def test_batch_and_units_choose_what_is_shown():
    p, caches, _ = run(reference.LSTM, H=6)
    svg = diagrams.cell(reference.LSTM, caches[0], batch=1, units=[4, 2]).svg
    texts = [text.text for text in ET.fromstring(svg).findall(".//{*}text")]
    assert all(diagrams.number(caches[0]["f"][1, k]) in texts for k in (4, 2))
    assert diagrams.cell(reference.LSTM, caches[0], batch=1, units=slice(1, 3)).svg != svg
    assert "first 4 of 6" in diagrams.cell(reference.LSTM, caches[0]).svg


@every_cell
def test_focus_lights_the_part_and_its_wires(cell):
    plan = diagrams.plan_of(cell)
    for node in plan.nodes:
        root = ET.fromstring(diagrams.cell(cell, focus=node.name).svg)
        dim = {line.get("data-wire") for line in root.find("{*}g").findall(".//{*}polyline")} - {None}
        for wire in plan.wires:
            if node.name in (wire.src, wire.dst):
                assert f"{wire.src}|{wire.dst}" not in dim
    if len(plan.wires) > 3:
        assert dim


def test_focus_on_a_gate_lights_the_layer_that_it_acts_on():
    lit = _draw.focused(diagrams.PLANS["gru"], "r")
    assert lit("v") and lit("n") and lit("r∘v", "n") and not lit("z")


def test_a_copy_is_marked_where_lit_wires_part():
    def dots(svg):
        lit = ET.fromstring(svg).findall("{*}circle")
        return sum(dot.get("r") == "4" for dot in lit)

    assert [dots(diagrams.cell("gru", focus=focus).svg) for focus in ("h_", "z", "r", "n")] == [3, 2, 0, 0]


def test_gradient_wires_are_as_thick_as_their_gradient():
    p, caches, dstate = run(reference.LSTM)
    grads = diagrams.intermediate_gradients(reference.LSTM, p, caches[0], *dstate)
    root = ET.fromstring(diagrams.cell(reference.LSTM, caches[0], grads).svg)
    width = {
        line.get("data-wire"): float(line.get("stroke-width"))
        for line in root.findall(".//{*}polyline")
        if line.get("data-wire")
    }
    full = max(np.abs(grad[0]).max() for grad in grads.values())
    for src, dst in (key for key in grads if isinstance(key, tuple)):
        assert width[f"{src}|{dst}"] == pytest.approx(1 + 5 * np.abs(grads[src, dst][0]).max() / full, abs=0.051)


def test_pictures_of_several_steps_share_a_scale_where_they_are_told_to():
    p, caches, dstate = run(reference.LSTM)
    grads = diagrams.intermediate_gradients(reference.LSTM, p, caches[0], *dstate)

    def widths(**options):
        root = ET.fromstring(diagrams.cell(reference.LSTM, caches[0], grads, **options).svg)
        return [float(line.get("stroke-width")) for line in root.findall(".//{*}polyline") if line.get("data-wire")]

    assert max(widths(full=100 * np.abs(grads["out c"]).max())) < 1.2 < max(widths())


@pytest.mark.parametrize(
    "value, text",
    [(0, "0.00"), (0.734, "0.73"), (-0.42, "−0.42"), (12.34, "12.3"), (1234, "1234"), (3e-4, "3e−4"),
     (-2e-13, "−2e−13"), (1e-200, "0.00"), (-99999.4, "−99999"), (1234567, "1e6"),
     (-3e300, "−3e300"), (float("nan"), "nan"), (float("inf"), "∞"), (float("-inf"), "−∞")],
)  # fmt: skip
def test_numbers(value, text):
    assert diagrams.number(value) == text


def test_not_a_number_is_drawn_and_not_hidden():
    p, caches, _ = run(reference.LSTM)
    caches[0]["c"] = np.full_like(caches[0]["c"], np.nan)
    svg = diagrams.cell(reference.LSTM, caches[0]).svg
    ET.fromstring(svg)
    assert ">nan<" in svg and 'width="nan"' not in svg


def test_refusals():
    p, caches, dstate = run(reference.LSTM)
    known = "rnn, lstm97, lstm, peephole, coupled, gru, gru_reset_before"
    own = reference.LSTM._replace(gates={**reference.LSTM.gates, "i": reference.Gate("exp")})
    for draw in (diagrams.cell, diagrams.sketch):
        with pytest.raises(
            ValueError, match="cell must have the gates of the package's lstm, got another cell of that"
        ):
            draw(own)
    with pytest.raises(ValueError, match=f"diagrams knows the cells {known}; got 'nig'"):
        diagrams.cell(reference.NIG)
    with pytest.raises(ValueError, match=r"focus of lstm must be among .*; got 'z'"):
        diagrams.cell(reference.LSTM, focus="z")
    with pytest.raises(ValueError, match="theme must be one of light, dark, auto; got 'sepia'"):
        diagrams.cell(reference.LSTM, theme="sepia")
    grads = diagrams.intermediate_gradients(reference.LSTM, p, caches[0], *dstate)
    for call, message in (
        (lambda: diagrams.cell("gru", caches[0]), "one of reference.unroll's caches for gru; z, n, r, v missing"),
        (lambda: diagrams.cell("lstm", caches), "cache must be the dict of one step, .*; got a list"),
        (
            lambda: diagrams.cell("lstm", caches[0], caches[0]),
            "grads must be what intermediate_gradients returns for ls",
        ),
        (lambda: diagrams.cell("lstm", caches[0], batch=2), "batch must be 0 to 1, got 2"),
        (lambda: diagrams.cell("lstm", caches[0], units=[0, 3]), r"units must be among 0 to 2, got \[0, 3\]"),
        (lambda: diagrams.cell("lstm", caches[0], grads, units=[]), r"units must be among 0 to 2, got \[\]"),
        (lambda: diagrams.frames("lstm", caches, batch=2), "batch must be 0 to 1, got 2"),
        (lambda: diagrams.frames("lstm", []), "frames expects at least one cache, got none"),
        (lambda: diagrams.export([], "a.gif"), "export expects at least one frame, got none"),
        (lambda: diagrams.equations("lstm", p, caches[0], unit=3), "unit must be 0 to 2 and batch 0 to 1, got 3 and 0"),
        (
            lambda: diagrams.gradient_equations("lstm", p, caches[0], *dstate, batch=2),
            "unit must be 0 to 2 and batch 0 to 1, got 0 and 2",
        ),
        (
            lambda: diagrams.intermediate_gradients("lstm", p, caches[0], dstate[0]),
            r"lstm expects 2 state gradients \(dh, dc\), got 1",
        ),
        (
            lambda: diagrams.intermediate_gradients("lstm", p, caches[0], dstate[0], dstate[1][:1]),
            r"dc must have shape \(2, 3\), got \(1, 3\)",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            call()


# ---- the words


def evaluated(text, names):
    """A line of the equations as a number."""
    code = (
        text.replace("∘", "*")
        .replace("·", "*")
        .replace("−", "-")
        .replace("₋", "_")
        .replace("tanh²(", "tanh2(")
        .replace("²", "**2")
    )
    tools = {"tanh": np.tanh, "tanh2": lambda a: np.tanh(a) ** 2, "σ": reference.sigmoid}
    return eval(code.replace("₊", "_in"), {}, tools | names)


@every_cell
def test_the_equations_are_true(cell):
    p, caches, dstate = run(cell)
    cache, unit, batch = caches[1], 2, 1
    lines = diagrams.equations(cell, p, cache, unit=unit, batch=batch)
    names = {name: float(value[batch, unit]) for name, value in cache.items() if name != "x"}
    assert [line.name for line in lines][-1] in cell.states and {line.name for line in lines} >= set(cell.states)
    for line in lines:
        assert line.value == pytest.approx(names[line.name], abs=1e-14)
        assert evaluated(line.numbers, {}) == pytest.approx(line.value, abs=0.05)
        if "W" not in line.formula and "U" not in line.formula:
            assert evaluated(line.formula, names) == pytest.approx(line.value, abs=1e-12)


@every_cell
def test_the_gradient_equations_are_true(cell):
    p, caches, dstate = run(cell)
    cache, unit, batch = caches[1], 1, 0
    lines = diagrams.gradient_equations(cell, p, cache, *dstate, unit=unit, batch=batch)
    grads = diagrams.intermediate_gradients(cell, p, cache, *dstate)
    names = {name: float(value[batch, unit]) for name, value in cache.items() if name != "x"}
    names |= {
        "d" + name: float(value[batch, unit]) for name, value in grads.items() if isinstance(name, str) and name != "x"
    }
    names |= {f"d{s}_in": float(d[batch, unit]) for s, d in zip(cell.states, dstate)}
    names |= {name: float(value[unit]) for name, value in vars(p).items() if name.startswith("p_")}
    assert {line.name for line in lines} >= {"dh", "dh_"}
    for line in lines:
        assert line.value == names[line.name]
        assert evaluated(line.numbers, {}) == pytest.approx(line.value, abs=0.05)
        if "Uᵀ" not in line.formula:
            assert evaluated(line.formula, names) == pytest.approx(line.value, abs=1e-12), line


def test_an_equation_reads_as_a_line():
    p, caches, _ = run(reference.LSTM97)
    text = [str(line) for line in diagrams.equations(reference.LSTM97, p, caches[0])]
    assert text[0].startswith("i = σ(W_i x + U_i h₋ + b_i) = σ(")
    assert text[3].startswith("c = c₋ + i∘g = ") and text[3].count("=") == 3
    assert "c = c₋ + i∘g" in diagrams.describe(reference.LSTM97)


# ---- animation and export


@pytest.mark.parametrize("cell", [reference.LSTM, reference.GRU], ids=lambda cell: cell.name)
def test_frames_reveal_the_values_in_the_order_in_which_they_are_computed(cell):
    _, caches, _ = run(cell, T=2)
    frames = diagrams.frames(cell, caches, tween=2)
    rest = [frame for frame in frames if frame.key]
    stages = 1 + max(_graph.depths(diagrams.plan_of(cell)).values())
    assert len(rest) == 2 * stages and len(frames) == len(rest) + 2 * 2 * (stages - 1)
    shown = [frame.picture.svg.count('class="lc-bar"') for frame in rest[:stages]]
    assert shown == sorted(shown) and shown[0] < shown[-1]
    assert rest[0].picture.alt == "Step 1 of 2: the inputs arrive."
    assert "lc-token" in frames[1].picture.svg and "lc-token" not in rest[1].picture.svg
    assert all(frame.picture.alt in frame.picture.svg for frame in frames)


def test_export_writes_what_the_ending_says(tmp_path):
    from PIL import Image

    _, caches, _ = run(reference.GRU, T=1)
    frames = diagrams.frames(reference.GRU, caches, tween=1)
    with Image.open(diagrams.export(frames, tmp_path / "gru.gif", width=280)) as gif:
        assert gif.n_frames == len(frames) and gif.width == 280
        assert gif.convert("RGB").getpixel((0, 0)) == (255, 255, 255)  # outside the round corner
    page = diagrams.export(frames, tmp_path / "gru.html").read_text(encoding="utf-8")
    assert "prefers-reduced-motion" in page and "<title>GRU, reset after the product</title>" in page
    assert "http://" not in page and "https://" not in page and len(page) < 60_000
    for theme, scheme in (("light", "light"), ("dark", "dark"), ("auto", "light dark")):
        assert f"color-scheme: {scheme} }}" in diagrams.player(diagrams.frames("gru", caches, theme=theme, tween=0))
    drawn = diagrams.cell(reference.GRU)
    assert diagrams.export(drawn, tmp_path / "gru.SVG").read_text(encoding="utf-8") == drawn.svg
    with Image.open(diagrams.export(drawn, tmp_path / "gru.png")) as png:
        assert png.width == 700
    with pytest.raises(ValueError, match=r"path must end in .gif or .html for frames, got 'gru.mp4'"):
        diagrams.export(frames, tmp_path / "gru.mp4")
    with pytest.raises(ValueError, match=r"path must end in .svg or .png for one picture, got 'gru.gif'"):
        diagrams.export(drawn, tmp_path / "gru.gif")


def test_a_missing_rasteriser_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "resvg_py", None)
    with pytest.raises(ModuleNotFoundError, match="pip install resvg-py"):
        diagrams.cell("rnn").png()


def test_show_carries_the_alt_text(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw, metadata=None: shown.append((data, metadata)))
    diagrams.show(diagrams.cell("lstm"))
    (data, metadata), (words, _) = shown
    assert data["text/plain"] == "Diagram: LSTM" and "LSTM. Wires run from the inputs" in words["text/html"]
    assert metadata["image/svg+xml"]["alt"].startswith("LSTM. Wires run from the inputs")
    assert data["image/png"].startswith(b"\x89PNG") and len(data["image/png"]) < 20_000  # for a notebook not yet run


def test_the_notebook_runner_does_not_compare_pictures():
    import re
    from pathlib import Path

    from nbval.plugin import get_sanitize_patterns

    from lstmcourse._display import HIDDEN

    patterns = get_sanitize_patterns(
        (Path(__file__).parents[1] / "notebooks" / "nbval_sanitize.cfg").read_text(encoding="utf-8")
    )
    for text, left in (
        (diagrams.cell("lstm").svg, "DIAGRAM"),
        (f'<p class="lc-alt" style="{HIDDEN}">c ends at 0.12.</p>', "DESCRIPTION"),
        ("✓ c ends at 0.12", "✓ c ends at 0.12"),
    ):
        for pattern, replacement in patterns:
            text = re.sub(pattern, replacement, text)
        assert text == left
