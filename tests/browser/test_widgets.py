"""Every widget of the package, in a notebook of its own: the numbers on the screen are those of the pure functions."""

import itertools

import pytest

from lstmcourse import diagrams, plots, reference, widgets
from lstmcourse.diagrams._ink import DARK, LIGHT

from ._drive import Driver
from ._probe import CELLS, TEXT, setting


@pytest.fixture(scope="module")
def probe(lab, browser):
    from ._lab import Notebook

    context = browser.new_context(viewport={"width": 1400, "height": 1500})
    notebook = Notebook(lab, context, "probe.ipynb")
    notebook.run_all(seconds=120)
    assert notebook.errors() == []
    yield notebook
    notebook.close()
    context.close()


@pytest.fixture(scope="module")
def drive(probe, shots):
    """One driver for each widget of the probe."""
    return {name: Driver(probe, k, shots) for k, name in enumerate(CELLS)}


@pytest.mark.parametrize("name", CELLS)
def test_a_widget_answers_keyboard_and_mouse(drive, name):
    drive[name].shot("1-before")
    drive[name].keyboard()
    drive[name].mouse()
    drive[name].shot("2-after")


@pytest.mark.parametrize("name", CELLS)
def test_stray_keys_do_not_reach_the_notebook(drive, name):
    drive[name].stray_keys()


@pytest.mark.parametrize("name", CELLS)
def test_a_redraw_is_quick(drive, name, record_property):
    took = drive[name].latency()
    record_property("milliseconds", took)
    print(f"{name}: {took:.0f} ms")


def test_the_step_on_the_screen_is_the_cells_step(drive):
    widget = drive["step"]
    p, _, xs, _ = setting()
    _, caches = reference.unroll(reference.LSTM, p, xs[:, None])
    widget.handles()[0].focus()
    widget.page.keyboard.press("Home")
    for selector, value in ((0, "forward"), (1, "everything")):
        widget.page.locator(f"{widget.root} select").nth(selector).select_option(label=value)
    for step in (1, 2, 3):
        if step > 1:
            widget.changes(lambda: widget.page.keyboard.press("ArrowRight"), "ArrowRight")
        else:
            widget.handles()[0].focus()
        widget.page.wait_for_function("([s, t]) => document.querySelector(s + ' .lc-says').innerText.startsWith(t)",
                                      arg=[widget.root, f"Step {step} of 6, forward"])  # fmt: skip
        drawn = widget.page.locator(f"{widget.root} svg text").all_text_contents()
        for value in caches[step - 1]["c"][0]:
            assert diagrams.number(float(value)) in drawn


def test_the_forget_bias_sentence_is_the_pure_functions(drive):
    widget = drive["bias"]
    for handle, key in zip(widget.handles(), ("End", "Home", "Home"), strict=True):
        handle.focus()
        widget.page.keyboard.press(key)
    expected = widgets.paint_forget_bias(plots.panels(), 6.0, 0.5, 10)
    widget.page.wait_for_function(
        "([s, t]) => document.querySelector(s + ' .lc-says').innerText.trim() === t", arg=[widget.root, expected]
    )
    assert widget.page.locator(f"{widget.root} .lc-picture img").get_attribute("alt") == expected


def test_the_reader_shows_the_whole_text(drive):
    widget = drive["reader"]
    shown = widget.page.locator(f"{widget.root} .lc-text").inner_text()
    assert shown.replace("⏎", "").strip() == TEXT.strip()


def test_the_live_line_is_announced_and_every_control_has_a_name(drive):
    for name, widget in drive.items():
        page, root = widget.page, widget.root
        if name != "animation":
            live = page.locator(f"{root} .lc-says .widget-html-content").first
            assert (live.get_attribute("role"), live.get_attribute("aria-live")) == ("status", "polite")
        for select in page.locator(f"{root} select").all():
            assert select.evaluate("s => s.labels.length && s.labels[0].innerText.trim().length > 0 || !!s.ariaLabel")
        for button in page.locator(f"{root} button").all():
            assert button.evaluate("b => (b.innerText.trim() || b.title || b.ariaLabel || '').length > 0")


def test_escape_and_shortcuts_still_reach_jupyterlab(drive, probe):
    widget = drive["bias"]
    probe.activate_heading_before(widget.root)
    widget.handles()[0].focus()
    probe.page.evaluate(
        "() => { window.lcKeys = []; document.addEventListener('keydown', e => window.lcKeys.push(e.key)); }"
    )
    for key in ("b", "Escape", "Control+k", "ArrowRight"):
        probe.page.keyboard.press(key)
    seen = probe.page.evaluate("() => window.lcKeys")
    assert "Escape" in seen and "k" in seen and "b" not in seen and "ArrowRight" not in seen


def test_pictures_are_described(probe, shots):
    words = probe.page.locator(".jp-OutputArea .lc-alt").all_inner_texts()
    assert words[0] == "Bars. Bars of parameters: lstm 4; gru 3." and words[1].startswith("Peephole LSTM. Wires run")
    assert all(box["width"] <= 1 for box in (p.bounding_box() for p in probe.page.locator(".lc-alt").all()))
    alts = probe.page.eval_on_selector_all(".lc-picture img", "all => all.map(i => i.alt)")
    assert alts and all(alts)
    drawn = probe.page.locator(".jp-RenderedSVG :is(img, svg)")
    assert drawn.count() == 2 and all(picture.bounding_box()["width"] > 500 for picture in drawn.all())
    probe.page.locator("mjx-container").first.scroll_into_view_if_needed()
    probe.page.screenshot(path=shots / "probe-pictures.png")


def test_a_narrow_window_cuts_no_picture(probe):
    page, size = probe.page, probe.page.viewport_size
    page.set_viewport_size({"width": 640, "height": size["height"]})
    fits = "all => all.map(n => n.getBoundingClientRect().right <= n.parentElement.getBoundingClientRect().right + 1)"
    for pictures in (".jp-RenderedSVG img", ".jp-RenderedImage img"):
        found = page.eval_on_selector_all(pictures, fits)
        assert found and all(found), pictures
    page.set_viewport_size(size)


def test_equations_wear_the_colours_of_the_quantities(probe):
    colours = probe.page.eval_on_selector_all("mjx-container [style*='color']", "all => all.map(n => n.style.color)")
    rgb = {
        f"rgb({int(c[1:3], 16)}, {int(c[3:5], 16)}, {int(c[5:7], 16)})" for q, c in plots.COLOURS.items() if q != "h"
    }
    assert rgb - set(colours) == set()
    assert probe.page.locator("mjx-merror").count() == 0


def test_pictures_follow_the_theme(probe, drive, shots):
    ground = f"{drive['step'].root} svg.lc-diagram > rect"
    for theme, palette in (("JupyterLab Dark", DARK), ("JupyterLab Light", LIGHT)):
        probe.page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
        light = "false" if palette is DARK else "true"
        probe.page.wait_for_selector(f"body[data-jp-theme-light={light}]", state="attached")
        fill = probe.page.locator(ground).first.evaluate("n => getComputedStyle(n).fill")
        wanted = palette["ground"]
        assert fill == f"rgb({int(wanted[1:3], 16)}, {int(wanted[3:5], 16)}, {int(wanted[5:7], 16)})"
        turned = "invert(1) hue-rotate(180deg)" if palette is DARK else "none"
        for figure in (".jp-RenderedImage img", f"{drive['bias'].root} .lc-picture img"):
            assert probe.page.locator(figure).first.evaluate("n => getComputedStyle(n).filter") == turned, figure
        for name in ("step", "reader", "animation"):
            drive[name].shot("dark" if palette is DARK else "light")


def test_backward_plays_from_the_last_step(drive):
    widget = drive["gru"]
    starts = "([s, t]) => document.querySelector(s + ' .lc-says').innerText.startsWith(t)"
    direction = widget.page.locator(f"{widget.root} select").nth(0)
    direction.select_option(label="forward")  # the tests before leave it at either
    says = "s => document.querySelector(s + ' .lc-says').innerText.includes(', forward')"
    widget.page.wait_for_function(says, arg=widget.root)
    direction.select_option(label="backward")
    widget.page.wait_for_function(starts, arg=[widget.root, "Step 6 of 6, backward"])
    play = widget.page.locator(f"{widget.root} button[aria-label=play]")
    play.click()
    for step in (5, 4):
        widget.page.wait_for_function(starts, arg=[widget.root, f"Step {step} of 6, backward"], timeout=10_000)
    widget.page.locator(f"{widget.root} button[aria-label=pause]").click()


def test_the_animation_plays_when_asked(drive):
    widget = drive["animation"]
    play = widget.page.get_by_role("button", name="play", exact=True)
    widget.changes(lambda: play.last.click(), "play")
    first = widget.signature()
    widget.page.wait_for_function(
        "([s, f]) => document.querySelector(s + ' .lc-stage').innerHTML !== f", arg=[widget.root, first]
    )
    line = widget.page.locator(f"{widget.root} .lc-says")
    assert line.get_attribute("aria-live") == "off"
    widget.page.locator(f"{widget.root} button[aria-label=pause]").click()
    assert line.get_attribute("aria-live") == "polite"
    rest = widget.signature()
    widget.page.wait_for_timeout(1200)
    assert widget.signature() == rest


def test_the_page_never_complained_nor_left_loopback(probe, drive):
    assert probe.complaints == []
    assert probe.strangers == []


def test_less_motion_means_resting_pictures_only(browser, tmp_path):
    p, _, xs, _ = setting()
    _, caches = reference.unroll(reference.LSTM, p, xs[:2, None])
    frames = diagrams.frames(reference.LSTM, caches)
    page_file = diagrams.export(frames, tmp_path / "lstm.html")
    resting = [frame.picture.svg for frame in frames if frame.key]
    for motion, count in (("reduce", len(resting)), ("no-preference", len(frames))):
        context = browser.new_context(reduced_motion=motion)
        page = context.new_page()
        page.goto(page_file.as_uri())
        page.wait_for_selector(".lc-stage svg")
        assert page.locator("input[type=range]").get_attribute("max") == str(count - 1)
        playing = page.locator("button[aria-label=pause]").count()
        assert playing == (motion == "no-preference")
        if motion == "reduce":
            before = page.locator(".lc-stage").inner_html()
            page.wait_for_timeout(1500)
            assert page.locator(".lc-stage").inner_html() == before
            page.get_by_role("button", name="next stage").click()
            assert page.locator(".lc-stage").inner_html() != before
        context.close()
    assert all(a != b for a, b in itertools.pairwise(resting))
