"""Drives one widget as a reader would, by keyboard and by mouse, and measures how long a redraw takes."""

import re
from pathlib import Path
from statistics import median
from typing import Any

from ._lab import Notebook

STRAY = ("b", "a", "x", "m", "y", "d", "d", "z", "j", "k", "ArrowLeft", "ArrowLeft", "ArrowUp", "ArrowDown")
MILLISECONDS = {"svg": 150, "image": 500}
SLACK = 3
PICTURE = ".lc-picture, .lc-stage"

_SIGNATURE = """sel => { const root = document.querySelector(sel);
  return [...root.querySelectorAll('.lc-picture, .lc-stage, .lc-says')].map(n => n.innerHTML).join('|'); }"""
_SAYS = "sel => document.querySelector(sel + ' .lc-says')?.innerText ?? ''"
_WATCH = """sel => {
  const root = document.querySelector(sel), parts = [...root.querySelectorAll('.lc-picture, .lc-stage')];
  window.lcTook = null;
  let start = null;
  window.addEventListener('keydown', () => { start = performance.now(); }, {once: true, capture: true});
  const seen = new MutationObserver(() => {
    if (start === null) return;
    seen.disconnect();
    requestAnimationFrame(() => { window.lcTook = performance.now() - start; });
  });
  parts.forEach(part => seen.observe(part, {childList: true, subtree: true, characterData: true, attributes: true}));
}"""


class Driver:
    """One widget of an open notebook: the k-th root of the class lc-widget."""

    def __init__(self, notebook: Notebook, k: int, shots: Path):
        self.page: Any = notebook.page
        self.notebook, self.shots = notebook, shots
        self.name = self.page.evaluate(
            """k => { const root = document.querySelectorAll('.lc-widget')[k]; root.dataset.lcTest = k;
              return [...root.classList].find(c => c.startsWith('lc-name-'))?.slice(8) ?? 'widget'; }""",
            k,
        )
        self.root = f'.lc-widget[data-lc-test="{k}"]'
        self.page.wait_for_selector(f"{self.root} :is({PICTURE}) :is(svg, img, div)", timeout=20_000)
        self.page.wait_for_function(
            "sel => document.querySelector(sel).dataset.guarded === 'yes'", arg=self.root, timeout=10_000
        )
        self.page.locator(self.root).scroll_into_view_if_needed()

    def shot(self, what: str) -> None:
        stem = Path(self.notebook.name).stem
        self.page.locator(self.root).screenshot(
            path=self.shots / f"{stem}-{self.name}-{what}.png", animations="disabled"
        )

    def signature(self) -> str:
        return self.page.evaluate(_SIGNATURE, self.root)

    def says(self) -> str:
        return self.page.evaluate(_SAYS, self.root)

    def handles(self) -> list[Any]:
        """What takes the keyboard to change a number: handles of sliders."""
        return self.page.locator(f"{self.root} :is(.noUi-handle, input[type=range])").all()

    def lines(self) -> list[Any]:
        """What one may type into."""
        return self.page.locator(f"{self.root} input[type=text]").all()

    def toggles(self) -> list[Any]:
        """Buttons that stay pressed."""
        return self.page.locator(f"{self.root} .widget-toggle-button").all()

    def changes(self, act, what: str) -> None:
        """Do something, and demand that the picture or the sentence changes within two seconds."""
        before = self.signature()
        act()
        self.page.wait_for_function(
            f"([sel, before]) => ({_SIGNATURE})(sel) !== before", arg=[self.root, before], timeout=6000
        )
        assert self.signature() != before, f"{self.name}: nothing changed after {what}"
        assert not self.page.locator(f"{self.root} .lc-failed").count(), f"{self.name}: {what}: {self.says()}"

    def settle(self) -> None:
        """Wait until nothing more is on its way: two moves in one message can cancel out, and then nothing changes."""
        quiet, last = 0, ""
        while quiet < 3:
            now = self.signature()
            quiet = quiet + 1 if now == last and self.notebook.idle() else 0
            last = now
            self.page.wait_for_timeout(50)

    def keyboard(self) -> None:
        """Every slider moves by the arrow keys and back, has a name, and the sentence then says its value."""
        for handle in self.handles():
            label = handle.get_attribute("aria-label")
            assert label, f"{self.name}: a slider without an accessible name"
            key = "ArrowLeft" if self._at_end(handle) else "ArrowRight"
            handle.focus()
            self.settle()
            before = self.signature()
            self.changes(lambda key=key: self.page.keyboard.press(key), f"{key} on “{label}”")
            readout = self._readout(handle)
            assert readout is None or handle.get_attribute("aria-valuetext") == readout, (
                f"{self.name}: “{label}” shows {readout} and is read out as {handle.get_attribute('aria-valuetext')}"
            )
            if self.says() and not self.page.locator(f"{self.root} .lc-stage").count():
                self.settle()
                value = self._value(handle)
                assert any(abs(value - number) <= 0.0051 for number in numbers(self.says())), (
                    f"{self.name}: “{label}” is {value:g}, and the sentence does not say so: {self.says()}"
                )
            self._back(handle, {"ArrowLeft": "ArrowRight", "ArrowRight": "ArrowLeft"}[key], before, label)
            self.changes(lambda key=key: self.page.keyboard.press(key), f"{key} on “{label}”")
        for line in self.lines():
            line.focus()
            self.page.keyboard.press("End")
            self.settle()
            before = self.signature()
            self.changes(lambda: self.page.keyboard.press("x"), "a letter typed")
            self._back(line, "Backspace", before, "the line")
        for toggle in [*self.toggles()[:1], *self.toggles()[1:][-1:]]:  # the first and the last: there may be twenty
            toggle.focus()
            self.settle()
            before = self.signature()
            self.changes(lambda: self.page.keyboard.press(" "), "a button pressed")
            self._back(toggle, " ", before, "a button")

    def _back(self, handle, key: str, before: str, label: str) -> None:
        """The same settings give the same picture: it hangs on nothing that a later cell of the notebook may change."""
        handle.focus()
        self.page.keyboard.press(key)
        try:
            self.page.wait_for_function(
                f"([sel, before]) => ({_SIGNATURE})(sel) === before", arg=[self.root, before], timeout=6000
            )
        except Exception as error:
            raise AssertionError(f"{self.name}: “{label}” moved and moved back, and the picture differs") from error

    def _at_end(self, handle) -> bool:
        return float(handle.get_attribute("aria-valuenow") or 0) >= float(handle.get_attribute("aria-valuemax") or 1)

    def _readout(self, handle) -> str | None:
        """The number beside a slider, as it is written."""
        return handle.evaluate(
            "h => h.closest('.widget-hslider, .widget-slider')?.querySelector('.widget-readout')?.innerText ?? null"
        )

    def _value(self, handle) -> float:
        text = self._readout(handle)
        return float(handle.input_value()) if text is None else float(text.replace("−", "-"))

    def mouse(self) -> None:
        """Every slider moves by a click on its track, every button does something, every list can be changed."""
        for track in self.page.locator(f"{self.root} .noUi-target").all():
            box, handle = track.bounding_box(), track.locator(".noUi-handle")
            low = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemin")
            x = box["width"] * (0.9 if low or not self._at_end(handle) else 0.1)
            self.changes(
                lambda t=track, x=x, b=box: t.click(position={"x": x, "y": b["height"] / 2}), "a click on a track"
            )
        for box in self.page.locator(f"{self.root} select").all():
            options = box.evaluate("s => [...s.options].map(o => o.value)")
            now = box.evaluate("s => s.value")
            if len(options) > 1:
                other = next(value for value in reversed(options) if value != now)
                self.changes(lambda b=box, o=other: b.select_option(o), "a choice from a list")
        for text in ("previous", "next"):
            for button in self.page.locator(f"{self.root} button").filter(has_text=re.compile(text)).all():
                self.handles()[0].focus()
                self.page.keyboard.press("End" if text == "previous" else "Home")
                self.settle()
                self.changes(button.click, f"the button “{text}”")

    def stray_keys(self) -> None:
        """Letters and arrows inside the widget leave the notebook as it was, whichever part of it has the focus."""
        for inner in (".noUi-handle", "input[type=range]", "input[type=text]", "button", "select"):
            part = self.page.locator(f"{self.root} {inner}").first
            if not part.count():
                continue
            self.notebook.activate_heading_before(self.root)
            part.focus()
            before = self.notebook.state()
            for key in STRAY:
                self.page.keyboard.press(key)
                part.focus()
            self.page.wait_for_timeout(250)
            assert self.notebook.state() == before, f"{self.name}: a key pressed on {inner} changed the notebook"
            self.page.keyboard.press("Escape")

    def latency(self, presses: int = 6) -> float:
        """Median milliseconds from a key to the changed picture; asserted against the limit of its kind, with slack."""
        handle, times = [*self.handles(), *self.lines(), *self.toggles()][0], []
        keys = ("x", "Backspace") if handle.get_attribute("type") == "text" else ()
        keys = keys if self.handles() or self.lines() else (" ", " ")
        for k in range(presses):
            self.settle()
            handle.focus()
            self.page.evaluate(_WATCH, self.root)
            arrow = "ArrowRight" if (k % 2 == 0) != self._at_end(handle) else "ArrowLeft"
            self.page.keyboard.press(keys[k % 2] if keys else arrow)
            self.page.wait_for_function("window.lcTook !== null", timeout=10_000)
            times.append(self.page.evaluate("window.lcTook"))
        kind = "image" if self.page.locator(f"{self.root} :is({PICTURE}) img").count() else "svg"
        took = median(times)
        assert took <= SLACK * MILLISECONDS[kind], (
            f"{self.name}: a redraw took {took:.0f} ms, the limit is {SLACK} × {MILLISECONDS[kind]} ms"
        )
        return took


def numbers(text: str) -> list[float]:
    """All numbers in a sentence; a minus sign may be the typographic one."""
    return [float(m) for m in re.findall(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", text.replace("−", "-"))]
