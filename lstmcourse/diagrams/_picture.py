"""A picture as a value: its SVG, and what it says in words."""

import io
from dataclasses import dataclass
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .._display import show_picture
from ._ink import BOLD, FONT, Ink, on_paper, text


@dataclass(frozen=True)
class Picture:
    """One picture. A notebook shows it where it is the last value of a cell; `show` adds a line for screen readers.

    svg: the drawing. title: its heading. alt: the drawing in words. width: in CSS pixels. theme: "light", "dark" or
    "auto".
    """

    svg: str
    title: str
    alt: str
    width: int
    theme: str

    def png(self, width: int | None = None) -> bytes:
        """The picture as PNG bytes, `width` pixels wide; `width` of the picture unless given."""
        return rasterise(on_paper(self.svg), width or self.width)

    def image(self, width: int | None = None) -> Any:
        """The picture as a PIL image of 64 colours, its round corners on white."""
        from PIL import Image

        drawn = Image.open(io.BytesIO(self.png(width))).convert("RGBA")
        page = Image.alpha_composite(Image.new("RGBA", drawn.size, "white"), drawn).convert("RGB")
        return page.quantize(64, dither=Image.Dither.NONE)

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict[str, Any], dict[str, Any]]:
        """SVG, and where resvg-py is installed a small PNG: JupyterLab shows no SVG of a notebook not yet run."""
        forms: dict[str, Any] = {"image/svg+xml": self.svg}
        if find_spec("resvg_py"):
            out = io.BytesIO()
            self.image().save(out, "PNG", optimize=True)
            forms["image/png"] = out.getvalue()
        described = {form: {"alt": f"{self.title}. {self.alt}"} for form in forms}
        return {**forms, "text/plain": f"Diagram: {self.title}"}, described


def sheet(body: str, size: tuple[float, float], ink: Ink, title: str, alt: str, width: int, note: str = "") -> Picture:
    """The picture with that body: ground, heading, a note at the right, and the words for those who cannot see it.

    size: of the drawing in its own units; width: in pixels.
    """
    wide, tall = size
    says = escape(f"{title}. {alt}", quote=True)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lc-diagram" role="img" width="{width}" '
        f'viewBox="0 0 {wide:g} {tall:g}" style="max-width:100%;height:auto" font-family="{FONT}" aria-label="{says}">'
        f"<title>{escape(title)}</title><desc>{escape(alt)}</desc>{ink.style()}"
        f'<rect width="{wide:g}" height="{tall:g}" rx="8" fill="{ink("ground")}"/>'
        f"{text(14, 24, title, ink('ink'), 15, 'start', BOLD)}"
        f"{text(wide - 14, 24, note, ink('muted'), 12, 'end') if note else ''}{body}</svg>"
    )
    return Picture(svg, title, alt, width, ink.theme)


def show(picture: Picture) -> None:
    """Display a picture in the notebook, with its alt text as a line that a screen reader finds in JupyterLab too."""
    forms, _ = picture._repr_mimebundle_()
    title = forms.pop("text/plain")
    show_picture("image/svg+xml", forms.pop("image/svg+xml"), title, f"{picture.title}. {picture.alt}", forms)


def rasterise(svg: str, width: int) -> bytes:
    """The SVG as PNG bytes. Fonts are matplotlib's own, so that every machine draws the same.

    ModuleNotFoundError, with the line that mends it, where resvg-py is not installed.
    """
    try:
        import resvg_py
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("pictures of diagrams need resvg-py: pip install resvg-py") from error
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    fonts = [str(folder / name) for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf")]
    family = "DejaVu Sans"
    png = resvg_py.svg_to_bytes(
        svg_string=svg,
        width=width,
        font_files=fonts,
        skip_system_fonts=True,
        font_family=family,
        sans_serif_family=family,
    )
    return bytes(png)
