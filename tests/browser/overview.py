"""Renews docs/overview.png, the README's picture: ``python -m tests.browser.overview`` (needs Chromium).

It is an exercise of notebook 07 with an answer that is wrong, and the step-through of its page in deeper.
"""

import io
import re
import tempfile
from pathlib import Path

import nbformat
from PIL import Image
from playwright.sync_api import sync_playwright

from ._lab import CURRENT, FLAGS, ROOT, Lab, Notebook, find_chromium

ANSWER = """def gru_step_reset_before(W, U, b, x, h_):
    a_r, a_z, a_n = np.split(x @ W.T + b, 3, axis=1)
    U_r, U_z, U_n = np.split(U, 3)
    r, z = reference.sigmoid(a_r + h_ @ U_r.T), reference.sigmoid(a_z + h_ @ U_z.T)
    n = np.tanh(a_n + (r * h_) @ U_n.T)
    return ((1 - z) * h_ + z * n,)


check("E7.1", gru_step_reset_before)"""
KEPT = (r"^import |^from ", r"^widgets\.StepThrough")
SHOWN = "[...document.querySelectorAll('.jp-Cell')].slice(-2)"


def write(path: Path) -> None:
    """The notebook of the picture."""
    book = nbformat.read(ROOT / "notebooks" / "deeper" / "07_step_by_step.ipynb", as_version=4)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    kept = [next(cell for cell in code if re.match(start, cell.source)) for start in KEPT]
    made = [nbformat.v4.new_code_cell(text) for text in ("from lstmcourse import check", ANSWER)]
    kept = [kept[0], *made, kept[1]]
    book.cells = kept
    nbformat.write(book, path)


def shoot(notebook: Notebook) -> bytes:
    """Run it, go to step 3, and picture the last two cells."""
    page = notebook.page
    page.evaluate("() => { const app = window.jupyterapp.shell; app.collapseLeft(); app.collapseRight(); }")
    notebook.clear()
    notebook.run_all(seconds=120)
    assert notebook.errors() == []
    page.wait_for_selector(".lc-picture svg")
    for _ in range(2):
        page.get_by_role("button", name="next ▶").click()
        page.wait_for_timeout(1000)
    page.evaluate(f"() => {{ const book = {CURRENT}.content; book.activeCellIndex = 0; book.deselectAll(); }}")
    page.evaluate(f"() => {SHOWN}[0].scrollIntoView()")
    page.mouse.move(2, 2)
    page.wait_for_timeout(1000)
    x, y, right, bottom = page.evaluate(
        f"() => {{ const r = {SHOWN}.map(n => n.getBoundingClientRect()); "
        "return [r[0].left, r[0].top, r[0].right, r[1].bottom]; }"
    )
    return page.screenshot(clip={"x": x, "y": y, "width": right - x, "height": bottom - y}, animations="disabled")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        write(Path(folder) / "overview.ipynb")
        lab = Lab(Path(folder))
        try:
            browser = playwright.chromium.launch(executable_path=find_chromium(), headless=True, args=list(FLAGS))
            context = browser.new_context(viewport={"width": 1180, "height": 1500}, device_scale_factor=1.5)
            picture = Image.open(io.BytesIO(shoot(Notebook(lab, context, "overview.ipynb"))))
        finally:
            lab.close()
    target = ROOT / "docs" / "overview.png"
    target.parent.mkdir(exist_ok=True)
    picture.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(target, "PNG", optimize=True)
    print(f"{target.relative_to(ROOT)}: {picture.size[0]} × {picture.size[1]}, {target.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
