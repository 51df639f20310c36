"""``build execute``: run notebooks in a fresh kernel and store their outputs in one normal form.

A second run of an unchanged notebook changes as little as possible.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lstmcourse import _files
from lstmcourse.commands.build import pages

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python", "pygments_lexer": "ipython3"}
WIDGET = "application/vnd.jupyter.widget-view+json"
STILL = "(interactive: run this cell to move it)"


class NotebookError(Exception):
    """A notebook could not be executed; nothing was written."""


def execute(
    path: Path, timeout: float = 120, on_cell: Callable[[], object] | None = None, home: Path | None = None
) -> None:
    """Run one notebook in a fresh kernel, in its own folder, and store its outputs in normal form.

    Args:
        path: the notebook; it is replaced in one step, and only if every cell ran.
        timeout: seconds that one cell may take.
        on_cell: called after each code cell.
        home: where the exercises keep progress and answers; by default in an empty folder of this run's own.

    Raises:
        KeyboardInterrupt: after Ctrl-C; the kernel is gone then, and the file as it was.
        NotebookError: the file is no notebook, a cell raised (and is not tagged ``raises-exception``), took too long,
            or its kernel died. The file is then as it was.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    try:
        notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
        give_ids(notebook)
    except OSError as error:
        raise NotebookError(f"{path}: cannot be read ({error.strerror or error})") from error
    except Exception as error:  # whatever nbformat stumbles over, the file is none
        reason = str(error).splitlines() or [type(error).__name__]
        raise NotebookError(f"{path}: no notebook ({reason[0]})") from error
    running: dict[str, Any] = {"index": 0}
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.resolve().parent)}},
        record_timing=False,
        store_widget_state=False,
        on_cell_start=lambda cell, cell_index: running.update(index=cell_index),
        on_cell_executed=lambda **_: on_cell and on_cell(),
    )
    with tempfile.TemporaryDirectory() as own:
        try:
            env = os.environ | {"LSTMCOURSE_HOME": str(home or own), "OMP_NUM_THREADS": "1"}
            client.execute(env=env, stderr=subprocess.DEVNULL)  # what the kernel's process says beside its cells
        except Exception as error:
            if hasattr(client, "_async_cleanup_kernel_future"):  # nbclient took Ctrl-C; what it raises then varies
                raise KeyboardInterrupt from None
            if not isinstance(error, CellExecutionError | CellTimeoutError | DeadKernelError):
                raise
            cell = notebook.cells[running["index"]]
            said = f"{error.ename}: {error.evalue}" if isinstance(error, CellExecutionError) else str(error)
            where = f"cell {running['index']} (id {cell.id})"
            raise NotebookError(f"{path}: {where} failed, the file is as it was:\n{cell.source}\n→ {said}") from error
    normalise(notebook)
    _files.write(path, pages.text(notebook))


def give_ids(notebook: Any) -> None:
    """Give a cell without an id one that depends on its place and source only; ids that are there stay."""
    notebook.nbformat_minor = max(notebook.nbformat_minor, 5)
    for index, cell in enumerate(notebook.cells):
        if not cell.get("id"):
            cell["id"] = f"{index:02d}-{hashlib.sha256(cell.source.encode()).hexdigest()[:8]}"


def normalise(notebook: Any) -> None:
    """Bring an executed notebook into the form in which it is committed, in place."""
    course = {"lstmcourse": notebook.metadata["lstmcourse"]} if "lstmcourse" in notebook.metadata else {}
    notebook.metadata.clear()
    notebook.metadata.update(kernelspec=dict(KERNELSPEC), language_info=dict(LANGUAGE), **course)
    count = 0
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        cell.outputs = [still(output) for output in merged(cell.outputs) if not is_bar(output)]
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count


def merged(outputs: Sequence[Any]) -> list[Any]:
    """Outputs with neighbouring pieces of one stream joined, and of a line that was overwritten the last state kept."""
    result: list[Any] = []
    for output in outputs:
        if output.output_type == "stream" and result and result[-1].get("name") == output.name:
            result[-1].text += output.text
        else:
            result.append(output)
    for output in result:
        if output.output_type == "stream":
            output.text = re.sub(r"[^\n]*\r(?!\n)(?=[^\n\r])", "", output.text)
    return result


def is_bar(output: Any) -> bool:
    """Whether this is a tqdm bar drawn as a widget: it says nothing once the run is over."""
    data = output.get("data", {})
    return WIDGET in data and re.search(r"\d%\|", data.get("text/plain", "")) is not None


def still(output: Any) -> Any:
    """A widget without its model, which no later kernel knows; the notebook's static twin shows what it would."""
    if WIDGET in output.get("data", {}):
        output.data = {"text/plain": STILL}
    return output


def execute_all(paths: Sequence[Path], timeout: float) -> int:
    """Execute notebooks one after the other with a progress bar; one that fails does not keep the next from running."""
    from tqdm import tqdm

    failures = []
    for path in paths:
        with tqdm(desc=path.name, unit=" cells", total=code_cells(path), file=sys.stderr) as bar:
            try:
                execute(path, timeout, on_cell=bar.update)
            except NotebookError as error:
                failures.append(str(error))
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


def code_cells(path: Path) -> int | None:
    """How many cells a notebook will run, or None if it cannot be read."""
    try:
        return sum(cell["cell_type"] == "code" for cell in json.loads(path.read_text(encoding="utf-8"))["cells"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
