"""Figures: labelled, described, reproducible, and drawn from the numbers that they are given."""

import io
import re
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image

from lstmcourse import _colours, _display, equations, plots


def every_figure():
    """Every figure function with data it accepts: a new one joins this list."""
    rng = np.random.default_rng(0)
    lags, names, cols = np.arange(60), ["lstm", "gru"], ["adding", "timing", "copy"]
    curves = {"rnn": 0.8**lags, "lstm": 0.97**lags}
    return {
        "gradient_against_lag": plots.gradient_against_lag(curves, predicted={"rnn": 0.8}),
        "gate_traces": plots.gate_traces({"i": rng.uniform(0, 1, (9, 4)), "c": rng.normal(0, 1, 9)}),
        "activations": plots.activations({"f": rng.uniform(0, 1, (5, 7)), "g": rng.uniform(-1, 1, 30)}),
        "loss_curves": plots.loss_curves({"lstm": rng.uniform(1, 2, (3, 20))}, baselines={"unigram": 2.5}, smooth=3),
        "dots": plots.dots({"lstm": rng.normal(size=10), "gru": rng.normal(size=5)}, xlabel="error (%)", baseline=0.5),
        "heatmap": plots.heatmap(rng.uniform(size=(2, 3)), rows=names, cols=cols, label="solved"),
        "marks": plots.marks({"rows": ["adding"], "limits": cols}, cols=cols),
        "counter": plots.counter(rng.normal(size=(8, 2)), target=np.arange(8)),
        "units": plots.units(rng.normal(size=(4, 8)), labels=list("aabb")),
        "scatter": plots.scatter({"lstm": (lags, lags**2), "gru": (lags[:5], lags[:5])}, xlabel="rate", ylabel="error"),
        "bars": plots.bars({"lstm": 4000, "gru": 3000}),
        "clipping": plots.clipping(rng.uniform(0.1, 5, 30), threshold=1.0),
        "success_against_lag": plots.success_against_lag({"lstm": {10: (9, 10), 100: (2, 10)}}, log=True),
        "lines": plots.lines({"f": lags / 60, "g": lags / 30}, xlabel="a", ylabel="value"),
        "shares": plots.shares({"counting": (50, 100), "network": (98, 100)}),
        "coloured_words": plots.coloured_words(["not", "bad", "."], [1.5, -2.0, 0.0]),
        "stretch": plots.stretch(np.array([[1.1, 0.9], [0.0, 0.5]])),
        "powers": plots.powers(np.array([[0.0, -0.9], [0.9, 0.0]]), 8),
        "piano_roll": plots.piano_roll(rng.uniform(size=(6, 9)) < 0.4, bars=4),
        "padded": plots.padded([["not", "bad"], ["good"]]),
        "threads": plots.threads(np.eye(3, 5), read="5 May", written="05.", groups={"month": range(2)}),
        "rounds": plots.rounds(5),
        "spectrum": plots.spectrum(np.linalg.eigvals(rng.normal(size=(9, 9)))),
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(every_figure()))
def test_a_figure_is_labelled_described_and_reproducible(name):
    one, two = every_figure()[name], every_figure()[name]
    assert one.get_xlabel() or one.get_xticklabels()
    assert one.get_ylabel() or name in ("dots", "heatmap", "bars", "marks", "shares", "coloured_words", "padded")
    assert plots.describe(one).endswith(".") and any(ch.isdigit() for ch in plots.describe(one))
    assert plots.png(one) == plots.png(two)
    assert len(plots.png(one)) < 40_000


def test_every_public_figure_is_in_the_list():
    drawn = {name for name, f in vars(plots).items() if hasattr(f, "__wrapped__")}
    assert drawn - {"style"} == set(every_figure())


@pytest.mark.parametrize("groups", [1, 2, 6])
@pytest.mark.parametrize("title", ["", "A title over the whole width of the figure, up to its right end, and on"])
@pytest.mark.parametrize("baseline", [0.0, 0.5, 1.0])
def test_the_name_of_the_baseline_stands_clear_of_title_and_dots(baseline, title, groups):
    data = {f"group {k}": np.linspace(0, 1, 11) for k in range(groups)}
    ax = plots.dots(data, baseline=baseline, baseline_name="a coin", title=title)
    plots.png(ax)  # lays the figure out
    (name,) = ax.texts
    box, frame = name.get_window_extent(), ax.get_window_extent()
    assert frame.x0 <= box.x0 and box.x1 <= frame.x1 and box.y1 <= frame.y1
    assert not title or not box.overlaps(ax._left_title.get_window_extent())
    highest = max(line.get_transform().transform(line.get_xydata())[:, 1].max() for line in ax.get_lines()[:-1])
    assert box.y0 > highest
    assert "a coin at" in plots.describe(ax)


def test_the_gradient_curve_is_the_data_and_marks_underflow():
    values = np.float64(0.1) ** np.arange(60)
    ax = plots.gradient_against_lag({"rnn": values}, predicted={"rnn": 0.1})
    assert ax.get_yscale() == "log"
    line = ax.get_lines()[0]
    assert np.allclose(line.get_ydata(), values[: len(line.get_ydata())])
    assert "rnn underflows at lag 38" in plots.describe(ax)
    assert any(len(mark.get_xdata()) == 1 and mark.get_xdata()[0] == 38 for mark in ax.get_lines())


def test_exact_zeros_are_marked_without_a_floor():
    ax = plots.gradient_against_lag({"rnn": [1.0, 0.5, 0.0, 0.0]}, floor=None)
    assert "underflows at lag 2" in plots.describe(ax)


def test_a_gradient_that_is_no_number_is_not_called_underflow():
    ax = plots.gradient_against_lag({"rnn": [1.0, 9.0, np.nan, np.nan], "lstm": [1.0, 0.5, 1e30, np.inf]})
    assert "rnn is no longer finite at lag 2; lstm is no longer finite at lag 3" in plots.describe(ax)
    assert [mark.get_xdata()[0] for mark in ax.get_lines() if len(mark.get_xdata()) == 1] == [1, 2]
    plots.png(plots.gradient_against_lag({"rnn": [np.nan, np.nan], "lstm": [0.0, 0.0]}))


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: plots.gate_traces({"f": [0.1, 0.2]}, labels=["a"]), "labels must hold 2 entries, one a step, got 1"),
        (lambda: plots.activations({"f": np.array([])}), "activations needs at least one value under each name"),
        (
            lambda: plots.loss_curves({"rnn": [3, 2, 1]}, smooth=10),
            "smooth must be 1 to 3, the updates of 'rnn', got 10",
        ),
        (lambda: plots.heatmap(np.full((1, 1), np.nan), rows="a", cols="b"), "at least one finite number, got none"),
        (lambda: plots.bars({"lstm": -1}), r"at least one value, and none below 0; got {'lstm': -1}"),
        (lambda: plots.marks({"rows": ["a"]}, cols=["b"]), "rows must hold names among b, got 'a'"),
        (
            lambda: plots.units(np.ones((3, 2)), bold=("mean", [1])),
            "bold must hold 3 numbers, one for each step, got 1",
        ),
        (lambda: plots.bars({}), r"at least one value, and none below 0; got {}"),
        (lambda: plots.clipping([]), "clipping needs the norm of at least one update"),
    ],
)
def test_figures_refuse_what_they_could_only_draw_wrong(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_bar_of_nothing_is_drawn():
    plots.png(plots.bars({"lstm": 0}))


def test_numbers_in_a_heat_map_can_be_read():
    ramp = np.linspace(0, 1, 41)[None]
    ax = plots.heatmap(ramp, rows=["a"], cols=[""] * 41)
    for text, share in zip(ax.texts, ramp[0], strict=True):
        field = luminance(ax.images[0].cmap(share))
        low, high = sorted((field, luminance(matplotlib.colors.to_rgb(text.get_color()))))
        assert (high + 0.05) / (low + 0.05) > 4.4, share
    assert luminance(ax.images[0].cmap(0.0)) > luminance(ax.images[0].cmap(1.0)), "the least is nearest to the page"


def luminance(colour):
    parts = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in colour[:3]]
    return sum(weight * v for weight, v in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


def test_several_seeds_show_their_range():
    ys = np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 9.0], [2.0, 2.0, 4.0]])
    ax = plots.loss_curves({"lstm": ys})
    assert ax.get_lines()[0].get_ydata().tolist() == [2.0, 2.0, 4.0]
    band = ax.collections[0].get_paths()[0].vertices
    assert band[:, 1].min() == 1.0 and band[:, 1].max() == 9.0


def test_gate_traces_take_caches():
    rng = np.random.default_rng(1)
    caches = [
        {"x": rng.normal(size=(2, 3)), "i": rng.uniform(size=(2, 4)), "h": rng.normal(size=(2, 4))} for _ in range(5)
    ]
    ax = plots.gate_traces(caches, batch=1)
    assert [line.get_label() for line in ax.get_lines()] == ["i", "h"]
    assert np.allclose(ax.get_lines()[0].get_ydata(), [cache["i"][1].mean() for cache in caches])


def test_heatmap_refuses_a_matrix_that_does_not_fit():
    with pytest.raises(ValueError, match=r"heatmap expects a matrix of shape \(1, 2\), got \(2, 2\)"):
        plots.heatmap(np.zeros((2, 2)), rows=["a"], cols=["b", "c"])
    with pytest.raises(ValueError, match="groups must hold 2 rows, got 3"):
        plots.heatmap(np.zeros((2, 1)), rows=["a", "b"], cols=["c"], groups={"one": 1, "two": 2})
    with pytest.raises(ValueError, match=r"marked must hold \(row, column\) of the table, got \('c', 'a'\)"):
        plots.heatmap(np.zeros((2, 1)), rows=["a", "b"], cols=["c"], marked=[("c", "a")])


@pytest.mark.parametrize(
    "solved, networks, low, high", [(0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0), (5, 10, 0.237, 0.763)]
)
def test_wilson(solved, networks, low, high):
    assert plots.wilson(solved, networks) == pytest.approx((low, high), abs=1e-3)


def test_wilson_refuses_impossible_counts():
    with pytest.raises(ValueError, match="got solved=3, networks=2"):
        plots.wilson(3, 2)


def test_colours_are_those_of_the_quantities():
    assert plots.colour("f") == plots.colour("f_t") == plots.colour("z") == "#D55E00"
    assert plots.colour("lstm") == plots.CELL_COLOURS["lstm"]
    assert plots.colour("something", 1) == plots.CYCLE[1]


def contrast(a, b):
    low, high = sorted((luminance(matplotlib.colors.to_rgb(a)), luminance(matplotlib.colors.to_rgb(b))))
    return (high + 0.05) / (low + 0.05)


def on_a_dark_page(colour):
    """What the filter of the dark theme makes of a colour: CSS invert(1), then hue-rotate(180deg)."""
    assert _display.FILTER == "filter:invert(1) hue-rotate(180deg)"
    turn = np.array([[-0.574, 1.430, 0.144], [0.426, 0.430, 0.144], [0.426, 1.430, -0.856]])
    return np.clip(turn @ (1 - np.array(matplotlib.colors.to_rgb(colour))), 0, 1)


@pytest.mark.parametrize("palette", ["COLOURS", "OTHERS", "CELL_COLOURS", "CONTEXT"])
def test_the_colours_of_a_figure_can_be_seen_on_white_and_on_dark_pages(palette):
    given = getattr(_colours, palette)
    codes = [given] if isinstance(given, str) else given.values() if isinstance(given, dict) else given
    for code in codes:
        assert contrast(code, "white") >= 3, code
        assert contrast(on_a_dark_page(code), on_a_dark_page("white")) >= 3, code


def test_words_in_a_figure_can_be_read_on_white_and_on_dark_pages():
    for code in ("black", "#444444", "#555555"):  # labels, the names of baselines
        assert contrast(code, "white") >= 4.5 and contrast(on_a_dark_page(code), on_a_dark_page("white")) >= 4.5


def test_colours_that_are_written_out_can_be_seen_on_white_and_on_dark_pages():
    """Lines, dots and words; the grid, and an area that is tinted with alpha, stand behind them."""
    folder = Path(plots.__file__).parents[1]
    files = [*(folder / "plots").glob("*.py"), *(folder / "widgets").glob("*.py"), folder / "experiments/_figures.py"]
    lines = [
        line
        for file in files
        for line in file.read_text(encoding="utf-8").splitlines()
        if not re.search("alpha=|grid", line)
    ]
    codes = {code for line in lines for code in re.findall(r"#[0-9A-Fa-f]{6}\b", line)}
    assert len(codes) >= 4
    for code in codes:
        assert contrast(code, "white") >= 3 and contrast(on_a_dark_page(code), on_a_dark_page("white")) >= 3, code


def test_quantities_in_equations_can_be_seen_on_white_and_on_dark_pages():
    for name, code in plots.COLOURS.items():
        assert contrast(code, "white") >= 3 and (name == "h" or contrast(code, "#111111") >= 3), name
    for name in ("i", "x"):  # as near to 4.5 on both as a colour can be
        assert min(contrast(plots.COLOURS[name], page) for page in ("white", "#111111")) > 4.2, name


def test_what_is_no_quantity_has_no_quantitys_colour():
    quantities = {code for name, code in plots.COLOURS.items() if name != "h"}
    assert not quantities & {*_colours.OTHERS, *_colours.CELL_COLOURS.values(), _colours.CONTEXT}
    assert len(set(plots.CELL_COLOURS.values())) == len(plots.CELL_COLOURS)


def test_f_and_c_are_told_apart_by_a_dash():
    caches = [{"f": np.full((1, 1), 0.5), "c": np.full((1, 1), 0.6)} for _ in range(3)]
    f, c = plots.gate_traces(caches).get_lines()
    assert f.get_linestyle() == "-" and c.get_linestyle() == "--"


@pytest.mark.parametrize("log", [False, True])
def test_intervals_of_one_lag_stand_beside_each_other(log):
    counts = {name: {10: (9, 10), 20: (5, 10), 40: (1, 10)} for name in ("a", "b", "c")}
    ax = plots.success_against_lag(counts, log=log)
    places = np.array([bars.lines[0].get_xdata() for bars in ax.containers])
    assert np.all(np.diff(places, axis=0) > 0) and np.allclose(places[1], [10, 20, 40])
    assert np.all(np.ptp(places, axis=0) < 0.25 * np.array([10, 10, 20]))


def test_equations_wear_the_colours():
    assert equations.tex("f") == r"{\color{#D55E00} f_{t}}"
    assert equations.tex("h", "t-1") == "h_{t-1}"
    assert equations.tex("b", "") == "b"  # not in the colour of another quantity
    for name in equations.EQUATIONS:
        block = equations.latex(name)
        assert "<" not in block and block.count("{") == block.count("}")
    with pytest.raises(ValueError, match=r"equations\.latex knows .*; got 'nig'"):
        equations.latex("nig")


def test_the_style_leaves_no_trace():
    before = dict(matplotlib.rcParams)
    plots.bars({"a": 1})
    with plots.style():
        assert matplotlib.rcParams["axes.titlelocation"] == "left"
    assert dict(matplotlib.rcParams) == before


def test_show_carries_the_alt_text_and_a_small_png(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw, metadata=None: shown.append((data, metadata)))
    axes = plots.panels(1, 2)
    plots.bars({"lstm": 4}, axes[0, 0], title="Left")
    plots.bars({"gru": 3}, axes[0, 1])
    plots.show(axes)
    (data, metadata), (words, _) = shown
    meta, alt = metadata["image/png"], "Left. Bars of parameters: lstm 4. Bars of parameters: gru 3."
    assert meta["alt"] == alt and alt in words["text/html"] and 'class="lc-alt"' in words["text/html"]
    assert data["text/plain"] == "Figure: Left"
    assert Image.open(io.BytesIO(data["image/png"])).size == (meta["width"], meta["height"])


def test_drawing_loads_no_pyplot():
    code = (
        "import sys; from lstmcourse import plots; plots.png(plots.bars({'a': 1})); assert not sys.modules.get(PYPLOT)"
    )
    subprocess.run([sys.executable, "-c", code.replace("PYPLOT", "'matplotlib.pyplot'")], check=True)


def test_dots_at_one_value_do_not_hide_each_other_and_a_crowd_has_its_number():
    ax = plots.dots({"few": [1.0, 1.0, 2.0], "many": [*[100.0] * 12, 3.0]})
    drawn = [line.get_xydata() for line in ax.get_lines() if line.get_marker() == "o"]
    places = np.concatenate(drawn)
    assert len(places) == 16 and len(np.unique(places.round(6), axis=0)) == 16
    assert [text.get_text() for text in ax.texts] == ["12"]


@pytest.mark.parametrize(
    ("values", "log", "shown"),
    [([1, None, 2], False, 2), ([1.0, np.inf, 2.0], False, 2), ([0, 10, 20], True, 2), ([None, None], True, 0)],
)
def test_what_has_no_place_leaves_the_other_dots_where_they_are(values, log, shown):
    ax = plots.dots({"some": values, "all": [10, 20, 30]}, log=log)
    assert sum(len(line.get_xdata()) for line in ax.get_lines() if line.get_marker() == "o") == shown + 3
    assert plots.png(ax)


def test_rows_of_one_quantity_have_its_colour_and_the_words_count_what_has_no_dot():
    ax = plots.dots({"first": [1.0, 2.0], "second": [3.0, np.inf]}, of="f")
    assert {line.get_color() for line in ax.get_lines()} == {plots.COLOURS["f"]}
    assert "second: median inf, from 3 to 3, 2 runs, 1 of them without a dot" in ax.alt


def test_rows_that_belong_together_have_one_colour():
    ax = plots.dots({"a": [1.0], "b": [2.0], "a again": [3.0]}, of=["#111111", "#222222", "#111111"])
    assert [line.get_color() for line in ax.get_lines()][::2] == ["#111111", "#222222", "#111111"]
    with pytest.raises(ValueError, match="of must have a colour for each of the 2 rows, got 1"):
        plots.dots({"a": [1.0], "b": [2.0]}, of=["#111111"])


def test_a_run_has_its_mark_where_both_of_its_numbers_have_a_place():
    ax = plots.scatter({"lstm": ([1, 0, 3, 4], [2.0, 2.0, None, np.inf]), "gru": ([5.0], [6.0])}, logx=True)
    assert [line.get_xydata().tolist() for line in ax.get_lines()] == [[[1, 2]], [[5, 6]]]
    assert [line.get_marker() for line in ax.get_lines()] == ["o", "s"] and "lstm: median 1, 2, 1 of 4 runs" in ax.alt
    with pytest.raises(ValueError, match="x and y of 'lstm' must have the same length, got 2 and 1"):
        plots.scatter({"lstm": ([1, 2], [3])})


def test_curves_that_belong_together_have_one_colour():
    ax = plots.lines({"a": [1.0, 2.0], "b": [2.0, 3.0], "a again": [3.0, 4.0]}, of=["#111111", "#222222", "#111111"])
    assert [line.get_color() for line in ax.get_lines()] == ["#111111", "#222222", "#111111"]
    with pytest.raises(ValueError, match="of must have a colour for each of the 2 curves, got 1"):
        plots.lines({"a": [1.0], "b": [2.0]}, of=["#111111"])


def test_the_number_above_a_pile_counts_no_other_that_stands_apart():
    ax = plots.dots({"gru": [*[11.0] * 26, *[12.0] * 10, 0.0, 49.0]})
    assert [(text.get_text(), text.get_position()[0]) for text in ax.texts] == [("26", 11.0), ("10", 12.0)]
    assert [text.get_ha() for text in ax.texts] == ["right", "left"]  # side by side, they read as two numbers


def test_one_line_of_the_units_stands_out():
    values = np.arange(12.0).reshape(4, 3)
    ax = plots.units(values, bold=("mean", values.mean(1)), at=(2,), ylabel="cell state c")
    bold = max(ax.get_lines(), key=lambda line: line.get_linewidth())
    assert bold.get_label() == "mean" and np.allclose(bold.get_ydata(), [1, 4, 7, 10])
    assert bold.get_color() == plots.colour("c")
    assert any(list(line.get_xdata()) == [2, 2] for line in ax.get_lines())
    assert "mean: from 1.00 to 10.00" in plots.describe(ax)
    assert plots.units(values, bold=("mean", values.mean(1)), ylabel="").get_ylabel() == ""


def test_coloured_words_are_as_strong_as_their_effect_and_keep_to_the_width():
    ax = plots.coloured_words(["not", "bad", "at", "all"], [1.0, -2.0, 0.5, -0.04], width=15)
    boxes = ax.patches
    assert [round(box.get_alpha(), 2) for box in boxes] == [0.25, 0.5, 0.12, 0.01]
    assert boxes[0].get_facecolor()[:3] == boxes[2].get_facecolor()[:3] != boxes[1].get_facecolor()[:3]
    assert {box.get_y() for box in boxes[:2]} != {box.get_y() for box in boxes[2:]}
    assert [text.get_text() for text in ax.texts[1::2]] == ["+1.0", "−2.0", "+0.5", "+0.0"]
    with pytest.raises(ValueError, match="one number for each"):
        plots.coloured_words(["a"], [1.0, 2.0])


def test_a_padded_batch_shows_where_each_direction_ends():
    ax = plots.padded([["a", "b", "c"], ["d"]])
    assert [text.get_text() for text in ax.texts] == ["a", "b", "c", "d", "0", "0"]
    assert [float(line.get_xdata()[0]) for line in ax.get_lines()] == [2, 0, 0, 0]
    assert "3, 1 words" in plots.describe(ax)
    with pytest.raises(ValueError, match="a word in each"):
        plots.padded([["a"], []])


def test_shares_draw_the_interval_that_wilson_gives():
    ax = plots.shares({"network": (30, 40)})
    interval, dot = ax.get_lines()
    assert np.allclose(interval.get_xdata(), 100 * np.array(plots.wilson(30, 40)))
    assert dot.get_xdata()[0] == 75
    with pytest.raises(ValueError, match="at least one row"):
        plots.shares({})


def test_an_ellipse_has_the_largest_singular_value_at_its_farthest_point():
    matrix = np.array([[1.1, 0.9], [0.0, 0.5]])
    ax = plots.stretch(matrix)
    _, ellipse = ax.get_lines()
    assert np.linalg.norm(np.array(ellipse.get_data()), axis=0).max() == pytest.approx(np.linalg.norm(matrix, 2), 1e-3)
    assert "Eigenvalues 1.1, 0.5; the farthest point is at 1.46" in plots.describe(ax)
    with pytest.raises(ValueError, match="real eigenvalues"):
        plots.stretch(np.array([[0.0, 1.0], [-1.0, 0.0]]))
    with pytest.raises(ValueError, match="shape"):
        plots.stretch(np.eye(3))


def test_a_vector_goes_where_the_powers_of_a_matrix_send_it():
    turn = np.array([[0.0, -0.5], [0.5, 0.0]])
    ax = plots.powers(turn, 3)
    path = np.array(ax.get_lines()[-1].get_data()).T
    np.testing.assert_allclose(path, [(0, 1), (-0.5, 0), (0, -0.25), (0.125, 0)], atol=1e-12)
    assert "The bold one ends with length 0.12." in plots.describe(ax)
    with pytest.raises(ValueError, match="shape"):
        plots.powers(np.eye(3), 3)


# ---- piano rolls


def test_a_piano_roll_colours_the_voices_of_four_and_leaves_others_grey():
    roll = np.zeros((3, 5), bool)
    roll[:2, :4] = roll[2, 0] = True
    ax = plots.piano_roll(roll, expected=roll * 0.5, lowest=60, bars=2, title="three frames")
    assert [bars.get_label() for bars in ax.collections[2:]] == ["bass", "tenor", "alto", "soprano"]
    assert [len(bars.get_paths()) for bars in ax.collections[1:]] == [1, 1, 1, 1, 1], "what sounds on is one box"
    assert plots.describe(ax) == "three frames. Piano roll: 3 frames with 3.0 keys on average, from C4 to E♭4."
    with pytest.raises(ValueError, match=r"the roll's shape \(3, 5\), got \(3, 4\)"):
        plots.piano_roll(roll, expected=np.zeros((3, 4)))
    silent = plots.piano_roll(np.zeros((2, 5), bool))
    assert silent.get_legend() is None and plots.name_of(69) == "A4"


def test_threads_lead_to_what_is_looked_at():
    weights = np.array([[0.0, 1.0, 0.0], [0.01, 0.0, 0.99]])
    ax = plots.threads(weights, read="May", written="05", groups={"month": range(2)}, title="Where it looks")
    ends = {line.get_xdata()[0] for line in ax.get_lines()}
    assert ends == {1, 2}, "what has hardly any weight has no thread"
    assert plots.describe(ax) == (
        "Where it looks. Threads from '05' to the letters of 'May': month looks most at 'a', 'y'."
    )
    with pytest.raises(ValueError, match=r"^weights must have shape \(2, 4\), got \(2, 3\)$"):
        plots.threads(weights, read="Mays", written="05", groups={})
    with pytest.raises(ValueError, match=r"^groups must hold places from 0 to 1, got 2$"):
        plots.threads(weights, read="May", written="05", groups={"day": range(1, 3)})


@pytest.mark.parametrize(("T", "rows"), [(1, 1), (2, 2), (5, 4), (8, 4)])
def test_after_the_last_round_every_place_knows_all_before_it(T, rows):
    ax = plots.rounds(T)
    words = [text.get_text() for text in ax.texts]
    assert len(words) == rows * T and words[:T] == [str(t + 1) for t in range(T)]
    assert words[-T:] == ["1", *(f"1–{t + 1}" for t in range(1, T))]
