"""The pictures of ideas: what they say is computed, their words stand clear of each other, in every theme."""

import itertools
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import ImageFont

from lstmcourse import diagrams, limits, tasks
from lstmcourse.reference import CELLS, LSTM, RNN, Params, init, unroll
from lstmcourse.tasks.reber import GRAMMAR

CACHES = unroll(LSTM, init(LSTM, 2, 2, np.random.default_rng(0)), np.ones((5, 1, 2)))[1]
PICTURES = {
    "unrolled text": lambda **look: diagrams.unrolled("hello", **look),
    "unrolled run": lambda **look: diagrams.unrolled(CACHES, **look),
    "pipes": diagrams.pipes,
    "pipes of a run": lambda **look: diagrams.pipes([0.5, 1.4], [1.4, 0.05], **look),
    "fading": lambda **look: diagrams.fading([0.25, 0.75, 0.25], **look),
    "cliff": diagrams.cliff,
    "stacked": diagrams.stacked,
    "one node": diagrams.one_node,
    "reber": diagrams.reber,
    "reber path": lambda **look: diagrams.reber("BPBTSSXXTVVEPE", **look),
    "valve": diagrams.valve,
    "valve of 1997": lambda **look: diagrams.valve(0.3, None, 0.6, **look),
    "valve shut": lambda **look: diagrams.valve(0.0, 1.0, 0.0, **look),
    "keep and write": diagrams.keep_and_write,
    "lattice": diagrams.lattice,
} | {
    f"sketch of {name}": lambda name=name, **look: diagrams.sketch(name, **look) for name in diagrams.PLANS
}  # fmt: skip
every_picture = pytest.mark.parametrize("name", PICTURES)


def texts(picture):
    """The words of a picture, each with its box in the picture's own units."""
    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    out = []
    for node in ET.fromstring(picture.svg).findall(".//{*}text"):
        if not node.text:
            continue
        bold = "-Bold" * (node.get("font-weight") == "bold")
        px, x, y = (float(node.get(key)) for key in ("font-size", "x", "y"))
        wide = ImageFont.truetype(str(folder / f"DejaVuSans{bold}.ttf"), 100).getlength(node.text) * px / 100
        left = x - wide * {"start": 0, "middle": 0.5, "end": 1}[node.get("text-anchor")]
        out.append((node.text, (left, y - 0.74 * px, left + wide, y + 0.05 * px)))
    return out


@every_picture
@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_a_picture_is_well_formed_and_described(name, theme):
    picture = PICTURES[name](theme=theme)
    root = ET.fromstring(picture.svg)
    assert root.get("aria-label") == f"{picture.title}. {picture.alt}" and len(picture.alt) > 60
    assert root.get("width") == str(picture.width) and picture.width <= 900
    assert ("var(--lc-" in picture.svg) == (theme == "auto") and picture.theme == theme


@every_picture
def test_words_stay_inside_and_clear_of_each_other(name):
    picture = PICTURES[name](theme="light")
    wide, tall = (float(side) for side in ET.fromstring(picture.svg).get("viewBox").split()[2:])
    boxes = texts(picture)
    for words, (left, top, right, bottom) in boxes:
        assert left >= 2 and top >= 2 and right <= wide - 2 and bottom <= tall - 2, words
    for (one, a), (two, b) in itertools.combinations(boxes, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], (one, two)


@every_picture
def test_both_themes_say_the_same(name):
    light, dark = (PICTURES[name](theme=theme) for theme in ("light", "dark"))
    assert [words for words, _ in texts(light)] == [words for words, _ in texts(dark)] and light.alt == dark.alt
    assert light.svg != dark.svg


def test_a_picture_shows_itself_in_a_notebook():
    data, metadata = diagrams.valve(theme="auto")._repr_mimebundle_()
    assert data["text/plain"] == "Diagram: Gates are valves on the carousel"
    assert data["image/png"].startswith(b"\x89PNG") and data["image/svg+xml"].startswith("<svg")
    assert metadata["image/png"]["alt"].startswith("Gates are valves on the carousel. The state c goes round")
    assert data["image/png"] == diagrams.valve(theme="light")._repr_mimebundle_()[0]["image/png"]


def test_pipes_multiply_from_the_last_step_to_the_first():
    picture = diagrams.pipes([0.5, 2.0, 0.1])
    said = [words for words, _ in texts(picture)]
    assert [s for s in said if s in ("0.10", "0.20", "1.00")] == ["0.10", "0.20", "0.10", "1.00"]
    assert "0.50, 2.00, 0.10: 0.10 of it arrives at step 0" in picture.alt and "vanishes" in said
    shapes = re.findall(r'd="M[\d.]+,([\d.]+)L[\d.]+,([\d.]+)L[\d.]+,([\d.]+)L[\d.]+,([\d.]+)Z"', picture.svg)
    widths = [(float(d) - float(a), float(c) - float(b)) for a, b, c, d in shapes]  # at the early, at the late end
    assert [early / late for early, late in widths] == pytest.approx([0.5, 2.0, 0.1], rel=0.1)
    cut = diagrams.pipes([0.5, 2.0], names=["a long one"], first=48)
    assert {"h₄₈", "h₄₉", "h₅₀", "a long one"} < {words for words, _ in texts(cut)} and "at step 48" in cut.alt


def test_memory_and_gradient_fade_by_the_same_product_from_either_end():
    picture = diagrams.fading([0.2, 0.5, 1.0])
    shapes = re.findall(r'd="M[\d.]+,([\d.]+)L[\d.]+,([\d.]+)L[\d.]+,([\d.]+)L[\d.]+,([\d.]+)Z"', picture.svg)
    widths = [(float(d) - float(a), float(c) - float(b)) for a, b, c, d in shapes]  # at the early, at the late end
    memory, gradient = widths[:3], widths[3:]
    assert [late / early for early, late in memory] == pytest.approx([0.2, 0.5, 1.0], rel=0.1)
    assert [early / late for early, late in gradient] == pytest.approx([0.2, 0.5, 1.0], rel=0.1)
    assert "1.00, 0.20, 0.10, 0.10 is there at steps 0 to 3" in picture.alt
    assert "1.00, 1.00, 0.50, 0.10 arrives at steps 3 to 0" in picture.alt


def test_the_cliff_is_the_loss_of_a_linear_unit():
    T, u, eps = 20, 1.07, 1e-6

    def loss(weight):  # a tanh unit with tiny states is linear
        p = Params(W=np.zeros((1, 1)), U=np.full((1, 1), weight), b=np.zeros(1))
        (hs,), _ = unroll(RNN, p, np.zeros((T, 1, 1)), (np.full((1, 1), 1e-5),))
        return (hs[-1].item() / 1e-5 - 1) ** 2

    slope = (loss(u + eps) - loss(u - eps)) / (2 * eps)
    picture = diagrams.cliff()
    assert f"the gradient is {diagrams.number(slope)}" in picture.alt
    assert f"the next u is {diagrams.number(u - 0.005 * slope)}, far to the left" in picture.alt
    for _ in range(5):
        u -= np.clip(0.005 * (loss(u + eps) - loss(u - eps)) / (2 * eps), -0.025, 0.025)
    assert f"after five updates {diagrams.number(u)}, in the valley" in picture.alt and loss(u) < 0.1


def test_the_automaton_is_the_grammar():
    letters = sorted(words for words, _ in texts(diagrams.reber()) if len(words) == 1 and words.isalpha())
    assert letters == sorted("B" + "".join(letter for row in GRAMMAR for letter in row))


def test_a_path_is_lit_along_its_string():
    string = tasks.embedded_reber_string(np.random.default_rng(1))
    lit = diagrams.reber(string, theme="light")
    colour = diagrams._ink.LIGHT["other0"]
    used, state = set(), 0
    for letter in string[3:-2]:
        used.add((state, letter))
        state = GRAMMAR[state][letter]
    wires = len(re.findall(rf'<(?:polyline|path)[^>]*stroke="{colour}"', lit.svg))
    assert wires == len(used) + 4  # B, B and E outside, and the way to the last letter
    assert f"has the letter {string[1]} before its path" in lit.alt


@pytest.mark.parametrize("f, i, z", [(0.8, 0.6, 0.8), (0.25, 1.0, 0.5)])
def test_bars_are_as_high_as_what_they_keep_and_write(f, i, z):
    root = ET.fromstring(diagrams.keep_and_write(f=f, i=i, z=z).svg)
    bars = [float(bar.get("height")) for bar in root.findall(".//{*}rect") if bar.get("fill-opacity") == ".45"]
    assert bars == pytest.approx([150 * share for share in (1, 1, 1, i, f, i, f, 1 - f, z, 1 - z)], abs=1e-3)


@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell.name in diagrams.PLANS], ids=lambda cell: cell.name)
def test_a_sketch_has_every_gate_of_its_cell_and_no_other(cell):
    circles = {node.name for node in diagrams.plan_of(cell).nodes if node.kind == "σ"}
    words = {words for words, _ in texts(diagrams.sketch(cell))}
    assert {gate for gate in "ifozr" if gate in words} == circles


def test_only_the_gru_with_the_reset_after_the_product_has_a_second_bias():
    has = {name for name in diagrams.PLANS if "+ bₕₙ" in {words for words, _ in texts(diagrams.sketch(name))}}
    assert has == {"gru"}


def test_the_lattice_has_an_arrow_for_every_edge_and_a_box_for_every_cell():
    picture = diagrams.lattice(theme="light")
    drawn = ET.fromstring(picture.svg)
    wires = drawn.findall(".//{*}polyline")
    assert len(wires) == len(limits.LIMITS)
    assert len(drawn.findall(".//{*}polygon")) == len(limits.LIMITS) + 1  # the two GRUs have two heads
    assert sum("stroke-dasharray" in wire.attrib for wire in wires) == sum(not edge.exact for edge in limits.LIMITS)
    said = [words for words, _ in texts(picture)]
    assert all(said.count(edge.where) == sum(e.where == edge.where for e in limits.LIMITS) for edge in limits.LIMITS)
    assert set(diagrams._lattice.PLACES) == {c.name for edge in limits.LIMITS for c in (edge.special, edge.general)}
    assert all(edge.name in picture.alt for edge in limits.LIMITS)


def test_refusals():
    for call, message in (
        (lambda: diagrams.pipes([1.0, 1.0], [1.0]), "pipes expects chains of one length, 2 to 8, got 2, 1"),
        (lambda: diagrams.pipes([1.0, 0.0]), "pipes expects factors above 0, got 0"),
        (lambda: diagrams.fading([0.5, 1.5]), r"fading expects 2 to 8 gates above 0 and at most 1, got \[0.5, 1.5\]"),
        (lambda: diagrams.cliff(weight=0.9), "weight must be above 1 and at most 1.12, got 0.9"),
        (lambda: diagrams.cliff(rate=1e-4), "rate must be so large that the step leaves the picture, got 0.0001"),
        (lambda: diagrams.stacked("abc"), "stacked expects a text of 4 to 8 letters, got 3"),
        (lambda: diagrams.reber("BTX"), "string must belong to the embedded Reber grammar, got 'BTX'"),
        (lambda: diagrams.valve(i=1.2), "i must be 0 to 1, got 1.2"),
        (lambda: diagrams.keep_and_write(z=-1), "gates must be 0 to 1, got f=0.8, i=0.6, z=-1"),
        (lambda: diagrams.sketch("nig"), "diagrams knows the cells .*; got 'nig'"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
