"""What every drawing is made of: the colours of a theme, text, numbers, arrow heads, plates with values."""

import math
import re
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from .._colours import COLOURS, DARK_COLOURS, DARK_OTHERS, OTHERS

Point = tuple[float, float]
LIGHT: Mapping[str, str] = {
    **COLOURS, **{f"other{k}": colour for k, colour in enumerate(OTHERS)},
    "ink": "#1F2328", "muted": "#6E7781", "ground": "#FFFFFF", "track": "#FFFFFF",
}  # fmt: skip
DARK: Mapping[str, str] = {
    **DARK_COLOURS, **{f"other{k}": colour for k, colour in enumerate(DARK_OTHERS)},
    "ink": "#F0F3F6", "muted": "#9DA7B3", "ground": "#16191D", "track": "#31363D",
}  # fmt: skip
THEMES = ("light", "dark", "auto")
BOLD, ITALIC = ' font-weight="bold"', ' font-style="italic"'
FONT = "'DejaVu Sans', Verdana, 'Segoe UI', sans-serif"
NUMBERED, DRAWN = 4, 12  # units shown with numbers, units shown at all
ROW, THIN, BAR, FIGURES = 13, 4, 17, 43


class Ink:
    """Colours by name: literal for a fixed theme, CSS variables where the page decides."""

    def __init__(self, theme: str):
        if theme not in THEMES:
            raise ValueError(f"theme must be one of {', '.join(THEMES)}; got {theme!r}")
        self.theme = theme

    def __call__(self, key: str) -> str:
        return f"var(--lc-{key})" if self.theme == "auto" else (DARK if self.theme == "dark" else LIGHT)[key]

    def style(self) -> str:
        """The variables: the reader's system decides, and JupyterLab's own theme overrules it."""
        if self.theme != "auto":
            return ""
        light, dark = (";".join(f"--lc-{k}:{v}" for k, v in palette.items()) for palette in (LIGHT, DARK))
        return (
            f"<style>.lc-diagram{{{light}}}@media (prefers-color-scheme:dark){{.lc-diagram{{{dark}}}}}"
            f"[data-jp-theme-light=true] .lc-diagram{{{light}}}[data-jp-theme-light=false] .lc-diagram{{{dark}}}"
            f"@media print{{.lc-diagram,[data-jp-theme-light] .lc-diagram{{{light}}}}}</style>"
        )


def on_paper(svg: str) -> str:
    """A drawing of the theme "auto" with the colours of the light one, for what knows no CSS variables."""
    return re.sub(r"var\(--lc-(\w+)\)", lambda found: LIGHT[found[1]], svg)


def number(value: float) -> str:
    """A value in at most six characters."""
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    size = abs(value)
    if 0 < size < 0.005 or size >= 99999.5:
        mantissa, exponent = f"{value:.0e}".split("e")
        digits = "0.00" if int(exponent) < -99 else f"{mantissa}e{int(exponent)}"
    else:
        digits = f"{value:.0f}" if size >= 99.95 else f"{value:.1f}" if size >= 9.995 else f"{value:.2f}"
    return digits.replace("-", "−")


def label(name: str, prefix: str = "") -> str:
    """A quantity as the equations write it: c_ is c₋."""
    return prefix + (name[:-1] + "₋" if name.endswith("_") else name)


def numbered(name: str, k: int) -> str:
    """A quantity with its step: h₁₂."""
    return name + str(k).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def text(x: float, y: float, words: str, fill: str, px: float = 12, anchor: str = "middle", extra: str = "") -> str:
    """A line of text; y is that of its base line."""
    place = f'x="{x:g}" y="{y:g}" font-size="{px:g}" text-anchor="{anchor}"'
    return f'<text {place} fill="{fill}"{extra}>{escape(words)}</text>'


def plate(at: Point, vector: np.ndarray, colour: str, ink: Ink, tab: str, scale: float, unsigned: bool) -> str:
    """A plate on a wire: the name, and for each unit a bar and its number (bars alone for more than four units)."""
    units = min(len(vector), DRAWN)
    (w, h), left = plate_size(len(vector), tab), _tab_width(tab)
    x, y, row = at[0] - w / 2, at[1] - h / 2, ROW if len(vector) <= NUMBERED else THIN
    room = BAR if row == ROW else BAR + FIGURES - 4
    zero, full = (x + left + 3, room) if unsigned else (x + left + 3 + room / 2, room / 2)
    frame = f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h}" rx="5"'
    out = [f'{frame} fill="{ink("ground")}"/>{frame} fill="{colour}" fill-opacity=".13" stroke="{colour}"/>']
    if tab:
        out.append(text(x + left / 2 + 1, at[1] + 4, tab, ink("ink"), 11 if len(tab) < 3 else 10, extra=BOLD))
    track = f'x="{x + left + 3:g}" width="{room:g}" fill="{ink("track")}"'
    if row == THIN:
        out.append(f'<rect {track} y="{y + 2.5:g}" height="{units * row}"/>')
        out.append(f'<path d="M{zero:g},{y + 2.5:g}v{units * row}" stroke="{ink("muted")}" stroke-width=".8"/>')
    for k, value in enumerate(vector[:units]):
        top = y + 2.5 + k * row
        length = full * min(abs(float(value)) / scale, 1.0) if math.isfinite(value) else 0.0
        start = zero if unsigned or value >= 0 else zero - length
        bar = f'y="{top + 1:g}" height="{row - 2:g}"'
        out.append(f"<rect {track} {bar}/>" if row == ROW else "")
        out.append(f'<rect class="lc-bar" x="{start:.1f}" {bar} width="{length:.1f}" fill="{colour}"/>')
        if row == ROW:
            digits = number(float(value))
            out.append(text(x + w - 3, top + 10.3, digits, ink("ink"), 10.5 if len(digits) < 6 else 8.8, "end"))
    return "".join(out)


def plate_size(units: int, tab: str = "") -> Point:
    """Width and height of the plate that shows a vector of that many units beside its name."""
    rows = min(units, DRAWN)
    return _tab_width(tab) + BAR + FIGURES, (rows * (ROW if units <= NUMBERED else THIN)) + 5


def _tab_width(tab: str) -> float:
    return max(20, 7 + 6.3 * len(tab)) if tab else 4


def tag(at: Point, words: str, colour: str, ink: Ink) -> str:
    """The name of a wire, where no value is shown."""
    place = f'x="{at[0] - 5 - 4.5 * len(words):g}" y="{at[1] - 11:g}" width="{10 + 9 * len(words)}" height="22" rx="5"'
    plain, tinted = f'fill="{ink("ground")}"', f'fill="{colour}" fill-opacity=".16" stroke="{colour}"'
    name = text(at[0], at[1] + 5, words, ink("ink"), 14, extra=BOLD)
    return f"<rect {place} {plain}/><rect {place} {tinted}/>{name}"


def box(at: Point, size: Point, colour: str, ink: Ink, corner: float = 7, tint: float = 0.14) -> str:
    """A box around the point `at`, tinted with its colour."""
    (x, y), (w, h) = at, size
    place = f'x="{x - w / 2:g}" y="{y - h / 2:g}" width="{w:g}" height="{h:g}" rx="{corner:g}"'
    look = f'fill="{colour}" fill-opacity="{tint:g}" stroke="{colour}" stroke-width="2"'
    return f'<rect {place} fill="{ink("ground")}"/><rect {place} {look}/>'


def line(corners: Sequence[Point], colour: str, width: float, more: str = "") -> str:
    """A wire through its corners. more: further attributes."""
    points = " ".join(f"{x:g},{y:g}" for x, y in corners)
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width:.1f}"{more}/>'


def arrow(corners: Sequence[Point], colour: str, back: bool = False, width: float = 2.0) -> str:
    """The head of a wire, larger than the wire is thick."""
    tip, tail = (corners[0], corners[1]) if back else (corners[-1], corners[-2])
    foot, long, half = _foot(tip, tail, width), _head(width), 0.5 * _head(width)
    ux, uy = (tip[0] - foot[0]) / long, (tip[1] - foot[1]) / long
    points = (tip, (foot[0] - half * uy, foot[1] + half * ux), (foot[0] + half * uy, foot[1] - half * ux))
    return f'<polygon points="{" ".join(f"{a:g},{b:g}" for a, b in points)}" fill="{colour}"/>'


def _head(width: float) -> float:
    return 8.0 + 2.2 * max(0.0, width - 3.2)


def _foot(tip: Point, tail: Point, width: float) -> Point:
    """Where the head meets the wire."""
    share = _head(width) / (math.dist(tip, tail) or 1.0)
    return tip[0] - (tip[0] - tail[0]) * share, tip[1] - (tip[1] - tail[1]) * share


def largest(vector: np.ndarray) -> float:
    """The largest finite magnitude, 0 if there is none."""
    finite = np.abs(vector[np.isfinite(vector)])
    return float(finite.max()) if finite.size else 0.0


def shaft(corners: list[Point], back: bool, width: float) -> list[Point]:
    """The wire without its last bit: a thick one would stand out beside the tip of its own head."""
    way = corners if back else corners[::-1]
    inside = _foot(way[0], way[1], 0.75 * width)
    return [inside, *way[1:]] if back else [*way[1:][::-1], inside]
