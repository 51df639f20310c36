"""Widgets: the pure functions behind them at many settings, and that moving a control redraws; no browser here."""

import xml.etree.ElementTree as ET

import ipywidgets
import numpy as np
import pytest

from lstmcourse import diagrams, plots, probes, reference, widgets
from lstmcourse.diagrams import number
from lstmcourse.reference import CELLS

CELLS_DRAWN = [cell for cell in CELLS if cell.name in diagrams.PLANS]
every_cell = pytest.mark.parametrize("cell", CELLS_DRAWN, ids=lambda cell: cell.name)


def setting(cell, I=2, H=3, T=5, seed=0):
    rng = np.random.default_rng(seed)
    return reference.init(cell, I, H, rng, scale=1.0), rng.normal(size=(T, I))


def inside(widget, kind=ipywidgets.Widget, name=None):
    """Every widget of a kind inside another, depth first."""
    found = [widget] if isinstance(widget, kind) else []
    for child in getattr(widget, "children", ()):
        found += inside(child, kind)
    return [w for w in found if name is None or name in w._dom_classes]


def says(widget):
    return inside(widget, name="lc-says")[0].value


def picture(widget):
    return inside(widget, name="lc-picture")[0].value


def controls(widget):
    return {w.description: w for w in inside(widget) if getattr(w, "description", "") and hasattr(w, "value")}


# ---- the shell


def test_guarded_puts_the_guard_in_and_a_name_on():
    box = widgets.guarded(ipywidgets.HTML("x"), "demo")
    assert {"lc-widget", "lc-name-demo"} <= set(box._dom_classes)
    box = widgets.guarded(ipywidgets.HTML("x"), "the reset gate, twice")
    assert "lc-name-the-reset-gate-twice" in box._dom_classes  # a class with a blank in it keeps a browser from drawing
    assert len(inside(box, widgets.KeyGuard)) == 1


def test_explore_redraws_and_says_the_result():
    box = widgets.explore(
        "square", lambda x: (f"<b>{x}</b>", f"{x} squared is {x * x}."), x=widgets.slider("x", 2, 0, 9)
    )
    assert picture(box) == "<b>2</b>" and says(box) == "<p>2 squared is 4.</p>"
    controls(box)["x"].value = 5
    assert picture(box) == "<b>5</b>" and says(box) == "<p>5 squared is 25.</p>"


def test_explore_shows_an_error_and_keeps_the_last_good_picture():
    def draw(x):
        if x == 3:
            raise ValueError("x must not be <3>")
        return str(x), "fine"

    box = widgets.explore("picky", draw, x=widgets.slider("x", 1, 0, 5))
    controls(box)["x"].value = 3
    assert picture(box) == "1" and says(box).endswith("<b>ValueError</b>: x must not be &lt;3&gt;</p>")
    controls(box)["x"].value = 4
    assert picture(box) == "4"
    with pytest.raises(ValueError, match="x must not be <3>"):  # a notebook whose figure never came must not pass
        widgets.explore("picky", draw, x=widgets.slider("x", 3, 0, 5))


def test_png_bytes_become_an_image_with_alt_text():
    html = widgets.picture_html(b"\x89PNG", 'a "quoted" sentence')
    assert html.startswith('<img alt="a &quot;quoted&quot; sentence"') and "data:image/png;base64,iVBORw==" in html


def test_sliders_have_names_and_sensible_kinds():
    assert isinstance(widgets.slider("n", 1, 0, 5), ipywidgets.IntSlider)
    assert isinstance(widgets.slider("x", 1.0, 0.0, 5.0), ipywidgets.FloatSlider)
    assert widgets.slider("rate", 0.01, 1e-4, 1.0, log=True).value == 0.01
    assert widgets.choice("gate", ["i", "f"]).value == "i"
    assert widgets.choice("part", [("all", ""), ("f", "f")], "f").value == "f"
    assert isinstance(widgets.slider("n", np.int64(1), 0, np.int64(5)), ipywidgets.IntSlider)
    wide = widgets.slider("a name that is too long for eleven em", 1, 0, 5).style.description_width
    assert widgets.slider("n", 1, 0, 5).style.description_width == "11em" and float(wide.removesuffix("em")) > 18


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: widgets.slider("n", 9, 0, 5), ValueError, "value of 'n' must lie between 0 and 5, got 9"),
        (lambda: widgets.slider("n", 1, 0, 5, log=True), ValueError, "a log scale needs positive ends, got 0"),
        (lambda: widgets.choice("gate", []), ValueError, "'gate' must be one of its options, \\[\\]; got None"),
        (lambda: widgets.choice("gate", ["i"], "f"), ValueError, "'gate' must be one of its options, .*; got 'f'"),
        (
            lambda: widgets.explore("a", print, x=3),
            TypeError,
            r"x must be a control such as widgets\.slider\(…\), got 3",
        ),
        (lambda: widgets.explore("a", lambda: "x"), TypeError, "draw must return a picture and a sentence, got str"),
        (
            lambda: widgets.explore("a", lambda: (plots.panels()[0, 0], "x")),
            TypeError,
            r"a picture must be a Picture, an SVG or HTML string or PNG bytes such as plots\.png\(ax\), got Axes",
        ),
    ],
)
def test_the_shell_refuses_what_is_no_control_and_no_picture(call, error, message):
    with pytest.raises(error, match=message):
        call()


# ---- stepping through


@every_cell
@pytest.mark.parametrize("view", ["forward", "backward"])
def test_every_step_shows_its_own_numbers(cell, view):
    p, xs = setting(cell)
    _, caches = reference.unroll(cell, p, xs[:, None])
    arriving = widgets.arriving_gradients(cell, p, caches)
    steps = widgets.StepThrough(cell, p, xs)
    for step in range(1, 6):
        html, sentence = steps.draw(step, view, "", unit=2)
        ET.fromstring(html)
        lines = steps.equations(step, view, unit=2)
        assert sentence.startswith(f"Step {step} of 5, {view}, unit 2: ")
        name = "h" if view == "forward" else "dh"
        value = caches[step - 1]["h"][0, 1] if view == "forward" else arriving[step - 1][0][0, 1]
        assert {line.name: line.value for line in lines}[name] == pytest.approx(value, abs=1e-14)
    with pytest.raises(ValueError, match="StepThrough expects forward or backward and a step 1 to 5, got 'forward', 6"):
        steps.figure(step=6)
    with pytest.raises(TypeError, match="step-through has the settings step, view, focus, unit; got steps"):
        steps.figure(steps=2)


def test_step_through_moves_by_buttons_sliders_and_lists():
    p, xs = setting(reference.LSTM)
    box = widgets.StepThrough(reference.LSTM, p, xs).widget()
    first = picture(box)
    back, forth = inside(box, ipywidgets.Button)
    forth.click()
    assert "step 2" in picture(box) and "Step 2 of 5, forward" in says(box)
    back.click()
    back.click()
    assert picture(box) == first
    for _ in range(9):
        forth.click()
    assert "Step 5 of 5" in says(box)
    controls(box)["direction"].value = "backward"
    assert "backward" in says(box) and "dc₋" in picture(box)
    controls(box)["highlight"].value = "f"
    assert 'opacity=".16"' in picture(box)
    controls(box)["unit in the equations"].value = 3
    assert "unit 3" in says(box)
    assert {"lc-widget", "lc-name-step-through"} <= set(box._dom_classes) and inside(box, widgets.KeyGuard)


@every_cell
@pytest.mark.parametrize("view", ["forward", "backward"])
def test_an_equation_wears_the_colour_of_its_wire(cell, view):
    p, xs = setting(cell)
    _, caches = reference.unroll(cell, p, xs[:, None])
    steps = widgets.StepThrough(cell, p, xs)
    lines = steps.equations(1, view)
    rows = ET.fromstring(widgets.equations_html(lines))
    drawn = steps.picture(1, view, theme="auto")
    wires = {wire.get("data-wire").split("|")[0]: wire.get("stroke") for wire in ET.fromstring(drawn.svg).iter()
             if wire.get("data-wire")}  # fmt: skip
    for row, line in zip(rows, lines, strict=True):
        quantity = line.name.removeprefix("d") if view == "backward" else line.name
        assert f"solid {wires[quantity]};" in row.get("style"), line


def test_backward_begins_at_the_last_step_and_plays_towards_the_first():
    p, xs = setting(reference.LSTM)
    box = widgets.StepThrough(reference.LSTM, p, xs).widget()
    (play,) = inside(box, ipywidgets.Play)
    play.value = 3
    assert "Step 3 of 5, forward" in says(box)
    controls(box)["direction"].value = "backward"
    assert "Step 5 of 5, backward" in says(box) and play.value == 1
    play.value = 2
    assert "Step 4 of 5, backward" in says(box)
    controls(box)["time step"].value = 1
    assert play.value == 5  # it goes on from where the reader went
    controls(box)["direction"].value = "forward"
    assert "Step 1 of 5, forward" in says(box)
    opened = widgets.StepThrough(reference.LSTM, p, xs, view="backward").widget()
    assert "Step 5 of 5, backward" in says(opened) and inside(opened, ipywidgets.Play)[0].value == 1


def test_a_gradient_that_fades_gets_thinner_from_step_to_step():
    p, xs = setting(reference.RNN, T=6)
    p.U *= 0.1
    steps = widgets.StepThrough(reference.RNN, p, xs)

    def widest(step):
        root = ET.fromstring(steps.figure(step=step, view="backward").svg)
        return max(float(line.get("stroke-width")) for line in root.iter() if line.get("data-wire"))

    widths = [widest(step) for step in range(6, 0, -1)]
    assert widths[0] > 2 and widths == sorted(widths, reverse=True) and widths[-1] < 1.2


def test_step_through_of_one_unit_and_one_step():
    p, xs = setting(reference.RNN, I=1, H=1, T=1)
    box = widgets.StepThrough(reference.RNN, p, xs[:, None]).widget()
    assert "Step 1 of 1" in says(box) and "unit in the equations" not in controls(box)


def test_step_through_refuses_a_cell_without_a_diagram():
    p, xs = setting(reference.LSTM)
    with pytest.raises(ValueError, match="got 'nig'"):
        widgets.StepThrough(reference.NIG, p, xs)


@pytest.mark.parametrize("maker", [widgets.StepThrough, widgets.gate_clamp, widgets.clamped])
def test_one_sequence_of_the_cells_own_size_is_asked_for(maker):
    p, xs = setting(reference.LSTM)
    for wrong in (np.zeros((5, 4, 2)), np.zeros(5), np.zeros((0, 2)), np.zeros((5, 2, 1))):
        with pytest.raises(ValueError, match=r"xs must be one sequence of shape \(T, I\) or \(T, 1, I\), got \("):
            maker(reference.LSTM, p, wrong)
    with pytest.raises(ValueError, match=r"lstm expects xs of shape \(T, 1, 2\), got \(\d, 1, 3\)"):
        maker(reference.LSTM, p, np.zeros((5, 3)))
    with pytest.raises(ValueError, match="peephole expects parameters"):
        maker(reference.PEEPHOLE, p, xs)
    for xs_ in (xs.astype(np.float32), xs.tolist(), xs[:1]):
        maker(reference.LSTM, p, xs_)


def test_step_through_names_what_does_not_fit():
    p, xs = setting(reference.LSTM)
    with pytest.raises(TypeError, match=r"cell must be one of lstmcourse\.reference, such as .*; got 'lstm'"):
        widgets.StepThrough("lstm", p, xs)
    for dstates in ([np.zeros((5, 1, 3))], [np.zeros((4, 1, 3))] * 2, [np.zeros((5, 3))] * 2):
        with pytest.raises(ValueError, match=r"dstates must hold one array of shape \(5, 1, 3\) for each of h, c; got"):
            widgets.StepThrough(reference.LSTM, p, xs, dstates=dstates)


def test_the_still_picture_is_the_same_step():
    p, xs = setting(reference.GRU)
    still = widgets.StepThrough(reference.GRU, p, xs).figure(step=3, view="backward")
    assert still.title.endswith("step 3 · backward") and still.theme == "auto"


def test_an_explorer_shows_itself():
    assert "application/vnd.jupyter.widget-view+json" in widgets.forget_bias()._repr_mimebundle_()


# ---- the explorers


@pytest.mark.parametrize("steps", [10, 50, 200])
def test_the_forget_bias_sentence_is_the_data(steps):
    sentence = widgets.paint_forget_bias(plots.panels(), 1.0, 0.9, steps)
    data = probes.forget_bias_curves(1.0, 0.9, steps)
    assert (
        f"{number(data['lstm'][-1])} of the LSTM's gradient is left, {number(data['rnn'][-1])} of the RNN's" in sentence
    )
    assert f"average {data['f']:.2f}" in sentence


def test_a_gate_held_where_it_was_changes_nothing():
    p, xs = setting(reference.LSTM, H=1, T=6)
    free, _ = widgets.clamped(reference.LSTM, p, xs, "f", 0.5, 6)["f"]
    data = widgets.clamped(reference.LSTM, p, xs, "f", float(free[-1, 0]), 6)
    np.testing.assert_allclose(*data["h"], atol=1e-15)


@every_cell
@pytest.mark.parametrize("value", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("start", [1, 3, 5])
def test_clamping_a_gate(cell, value, start):
    p, xs = setting(cell)
    (hs, *_), _ = reference.unroll(cell, p, xs[:, None])
    for gate in widgets.gates_of(cell):
        data = widgets.clamped(cell, p, xs, gate, value, start, readout=lambda h: h.sum(1))
        np.testing.assert_allclose(data["h"][0], hs[:, 0], atol=1e-14)
        np.testing.assert_array_equal(data["h"][0][: start - 1], data["h"][1][: start - 1])
        np.testing.assert_allclose(data[gate][1][start - 1 :], value, rtol=0, atol=1e-15)
        np.testing.assert_allclose(data["prediction"][1], data["h"][1].sum(1))
    assert cell.name == "rnn" or widgets.gates_of(cell)


def test_a_forget_gate_held_open_and_an_input_gate_held_shut_keep_c():
    p, xs = setting(reference.LSTM)
    p.b[:3] = -50.0  # the input gate is shut from the start
    data = widgets.clamped(reference.LSTM, p, xs, "f", 1.0, 1)
    np.testing.assert_allclose(data["c"][1], 0.0, atol=1e-18)


def test_clamping_refuses_what_is_no_gate():
    p, xs = setting(reference.LSTM)
    with pytest.raises(ValueError, match="gate of lstm must be one of i, f, o; got 'g'"):
        widgets.clamped(reference.LSTM, p, xs, "g")


def test_clamping_refuses_what_cannot_be():
    p, xs = setting(reference.LSTM)
    rnn, _ = setting(reference.RNN)
    for value, start in ((1.5, 1), (0.5, 0), (0.5, 6)):
        with pytest.raises(
            ValueError, match=f"value must be 0 to 1 and start a step from 1 to 5, got {value} and {start}"
        ):
            widgets.clamped(reference.LSTM, p, xs, "f", value, start)
    for maker in (widgets.clamped, widgets.gate_clamp):
        with pytest.raises(ValueError, match="rnn has no gate that could be held"):
            maker(reference.RNN, rnn, xs)
    with pytest.raises(ValueError, match=r"readout must return one prediction a step, shape \(5,\), got \(5, 3\)"):
        widgets.gate_clamp(reference.LSTM, p, xs, readout=lambda h: h)
    with pytest.raises(ValueError, match="value of 'unit shown' must lie between 1 and 3, got 4"):
        widgets.gate_clamp(reference.LSTM, p, xs, unit=4).figure()
    with pytest.raises(ValueError, match="labels must hold 5 entries, one a step, got 3"):
        widgets.gate_clamp(reference.LSTM, p, xs, labels="BTX")


def test_the_letters_of_the_word_stand_on_the_axis():
    p, xs = setting(reference.LSTM)
    odds = widgets.gate_clamp(reference.LSTM, p, xs, lambda h: h[:, 0], labels="BTXSE", name="ln odds")
    axes = odds.figure()
    assert [tick.get_text() for tick in axes[0, 0].get_xticklabels()] == list("BTXSE")
    assert axes[0, 2].get_ylabel() == "ln odds" and axes[0, 0].get_ylabel() == "c, unit 1"
    assert "ln odds ends at" in says(odds.widget())


def test_the_first_gate_is_held_unless_another_is_named():
    p, xs = setting(reference.GRU)
    assert plots.describe(widgets.gate_clamp(reference.GRU, p, xs).figure()[0, 0]).startswith("Gate r held at 1.00")


def test_gate_clamp_starts_where_it_is_told():
    p, xs = setting(reference.LSTM)
    box = widgets.gate_clamp(reference.LSTM, p, xs, gate="o", value=0.25, start=2, unit=np.int64(1)).widget()
    assert "Gate o held at 0.25 from step 2 on, unit 1" in says(box)
    with pytest.raises(ValueError, match="gate of lstm must be one of i, f, o; got 'g'"):
        widgets.gate_clamp(reference.LSTM, p, xs, gate="g")


def test_gate_clamp_says_what_its_settings_give():
    p, xs = setting(reference.LSTM)
    box = widgets.gate_clamp(reference.LSTM, p, xs, readout=lambda h: h[:, 0]).widget()
    controls(box)["gate"].value = "o"
    controls(box)["held at"].value = 0.0
    controls(box)["from step"].value = 5
    assert "Gate o held at 0.00 from step 5 on" in says(box) and "h ends at 0.00 instead of" in says(box)
    assert "prediction ends at 0.00" in says(box)
    assert picture(box).startswith('<img alt="Gate o held at 0.00')
    axes = widgets.gate_clamp(reference.LSTM, p, xs).figure(gate="o", value=0.0, start=5)
    assert axes.shape == (1, 2) and plots.describe(axes[0, 0]).startswith("Gate o held at 0.00 from step 5 on")


@pytest.mark.parametrize("spread, bias", [(0.1, 0.0), (8.0, 0.0), (1.0, 5.0)])
def test_the_saturation_sentence_is_the_data(spread, bias):
    data, said = probes.saturation(spread, bias), widgets.paint_saturation(plots.panels(1, 2), spread, bias)
    assert f"{data['saturated']:.0%}" in said and f"{data['slope']:.3f}" in said


@pytest.mark.parametrize("maker", [widgets.gate_saturation, widgets.forget_bias])
def test_an_explorer_redraws_at_both_ends_of_every_control(maker):
    box = maker().widget()
    for control in controls(box).values():
        for value in (control.min, control.max):
            before = says(box)
            control.value = value
            assert says(box) != before and "Error" not in says(box)
            assert picture(box).startswith('<img alt="') and len(picture(box)) < 60_000


def test_a_still_picture_starts_where_the_controls_do_and_has_an_alt_text():
    for axes in (widgets.gate_saturation(spread=3.0).figure(), widgets.forget_bias().figure(bias=5.0)):
        assert plots.describe(axes[0, 0]) and len(plots.png(axes[0, 0])) < 40_000


# ---- reading


def test_coloured_text_is_safe_and_complete():
    html = widgets.coloured_text(list('a<b>\n"'), [1.0, -0.5, 0.0, 0.25, 0.1, -1.0])
    spans = ET.fromstring(html)
    assert "".join(spans.itertext()) == 'a<b>⏎\n"'
    styles = [span.get("style") for span in spans]
    assert "213,94,0,0.75" in styles[0] and "0,114,178,0.38" in styles[1] and styles[2].endswith("0.00)")
    assert [span.get("title") for span in spans][:2] == ["1.00", "−0.50"]
    with pytest.raises(ValueError, match=r"activations must have shape \(2,\), one for each token, got \(3,\)"):
        widgets.coloured_text(["a", "b"], [1, 2, 3])
    assert "0.00" in widgets.coloured_text(["a"], [0.0])
    with pytest.raises(ValueError, match="activations must be finite, got nan at position 2"):
        widgets.coloured_text(["a", "b"], [1, np.nan])


@pytest.mark.parametrize(
    "tokens, text",
    [(["the", "king", "."], "the king ."), (["the ", "king"], "the king"), (list("a b"), "a b"), (["a", "I"], "aI")],
)
def test_words_are_set_apart_unless_they_bring_their_blanks(tokens, text):
    assert "".join(ET.fromstring(widgets.coloured_text(tokens, np.arange(len(tokens)))).itertext()) == text


def test_the_reader_refuses_what_does_not_fit():
    for activations in (np.zeros((4, 2)), np.zeros(3), {}, {"h": np.zeros((3, 2)), "c": np.zeros((2, 2))}):
        with pytest.raises(ValueError, match=r"activations must have shape \(3, H\), one row a token; got "):
            widgets.text_reader("abc", activations)
    with pytest.raises(ValueError, match=r"activations must have shape \(3, H\) with unit 3 among the H, got \(3, 2\)"):
        widgets.read_unit("abc", np.zeros((3, 2)), unit=3)
    with pytest.raises(ValueError, match=r"activations must have shape \(0,\), one for each token"):
        widgets.text_reader("", np.zeros((0, 2)))


@pytest.mark.parametrize("unit", [1, 2, 5])
def test_the_reader_names_the_extremes(unit):
    h = np.random.default_rng(unit).normal(size=(9, 5))
    tokens = ["the", "king", "dies", "and", "his", "son", "rules", "for", "years"]
    box = widgets.text_reader(tokens, {"h": h, "c": -h}).widget()
    controls(box)["unit"].value = unit
    high = int(h[:, unit - 1].argmax())
    assert f"h: Unit {unit} is highest" in says(box) and f"at position {high + 1} (" in says(box)
    controls(box)["quantity"].value = "c"
    assert "c: Unit" in says(box) and f"lowest, {diagrams.number(-h[high, unit - 1])} at position {high + 1}" in says(
        box
    )


def test_a_text_is_read_letter_by_letter():
    text = "def f(x):\n    return x"
    h = np.zeros((len(text), 1))
    h[9] = 1.0
    assert "at position 10 (“def f(x):⏎”)" in says(widgets.text_reader(text, h).widget())


# ---- a sentence of one's own


def counted(text):
    """A reader whose scores are the lengths of what has been read, minus 5."""
    said = text.split()
    lengths = np.array([len(word) for word in said])
    return said, lengths.cumsum() - 5.0, lengths - 3.5


def test_a_typed_sentence_is_read_word_by_word():
    box = widgets.word_by_word(counted, "a short line").widget()
    assert "The score ends at 5.00; “a” counts most, −2.50." in says(box)
    controls(box)["your sentence"].value = "words, words: $x$ and so on"
    assert "The score ends at 17.0; “words,” counts most, 2.50." in says(box)
    controls(box)["your sentence"].value = "  "
    assert "type a word" in says(box)


def test_the_still_of_a_sentence_names_every_number():
    left, right = widgets.word_by_word(counted, "a short line").figure().ravel()
    assert plots.describe(left).startswith("score so far: a −4.00, short 1.00, line 5.00.")
    assert [bar.get_height() for bar in right.patches] == [1.5, 0.5, -2.5]
    assert [label.get_text() for label in right.get_xticklabels()] == ["a", "short", "line"]
    with pytest.raises(ValueError, match=r"scores and effects must have shape \(2,\), .*, got \(3,\) and \(2,\)"):
        widgets.word_by_word(lambda text: (text.split(), np.zeros(3), np.zeros(2)), "two words").figure()


# ---- animation


def test_the_animation_is_packed_small():
    import base64
    import gzip
    import json

    p, xs = setting(reference.LSTM, T=3)
    _, caches = reference.unroll(reference.LSTM, p, xs[:, None])
    box = widgets.animation(reference.LSTM, caches)
    (player,) = inside(box, widgets.Player)
    rows = json.loads(gzip.decompress(base64.b64decode(player.packed)))
    assert len(rows) == len(diagrams.frames(reference.LSTM, caches)) and len(player.packed) < 60_000
    assert rows[0]["svg"].startswith("<svg") and "var(--lc-" in rows[0]["svg"]
    assert "prefers-reduced-motion" in player._esm
