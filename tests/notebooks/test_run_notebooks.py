"""The notebook runner and ``build execute``: what they pass, what they catch, what they store."""

import json
import os
import signal
import sys

import nbformat
import pytest
from nbformat import v4

from lstmcourse.__main__ import main
from lstmcourse.commands.build import execute

from . import run_notebooks


def notebook(path, *sources):
    nbformat.write(v4.new_notebook(cells=[v4.new_code_cell(source) for source in sources]), path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Executed notebooks: one that is well, and one for each way to go wrong."""
    folder = tmp_path_factory.mktemp("notebooks")
    good = notebook(folder / "good.ipynb", "print(1)\nimport sys; sys.stdout.flush()\nprint(2)", "2 + 2")
    execute.execute(good)
    for name in ("changed", "dead", "skipped"):
        nb = nbformat.read(good, as_version=4)
        if name == "changed":
            nb.cells[1].source = "2 + 3"
        elif name == "dead":
            nb.cells[0].source = "import os; os._exit(1)"
        else:
            nb.cells.append(v4.new_code_cell("1 / 0", execution_count=3, metadata={"tags": ["nbval-skip"]}))
        nbformat.write(nb, folder / f"{name}.ipynb")
    return folder


def test_execution_stores_a_normal_form(folder):
    nb = json.loads((folder / "good.ipynb").read_text())
    assert nb["metadata"] == {"kernelspec": execute.KERNELSPEC, "language_info": execute.LANGUAGE}
    first, second = nb["cells"]
    assert [first["execution_count"], second["execution_count"]] == [1, 2]
    assert first["outputs"] == [{"name": "stdout", "output_type": "stream", "text": ["1\n", "2\n"]}]
    assert second["outputs"][0]["execution_count"] == 2
    assert not first["metadata"]


def test_a_second_execution_changes_nothing(folder):
    before = (folder / "good.ipynb").read_bytes()
    execute.execute(folder / "good.ipynb")
    assert (folder / "good.ipynb").read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill ends the process there")
def test_ctrl_c_ends_an_execution_and_leaves_the_file_as_it_was(tmp_path):
    path = notebook(tmp_path / "long.ipynb", "1", "import time; time.sleep(60)")
    before = path.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        execute.execute(path, on_cell=lambda: os.kill(os.getpid(), signal.SIGINT))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("source", "said"), [("1 / 0", "ZeroDivisionError"), ("import os; os._exit(1)", "died"), ("while True: pass", "5")]
)
def test_a_failed_cell_leaves_the_file_as_it_was(tmp_path, capsys, source, said):
    path = notebook(tmp_path / "bad.ipynb", "1", source)
    before = path.read_bytes()
    assert main(["build", "execute", "--timeout", "5", str(path)]) == 1
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["bad.ipynb"]
    error = capsys.readouterr().err
    assert "bad.ipynb: cell 1" in error
    assert said in error


@pytest.mark.parametrize(
    "data",
    [b"", b"<<<<<<< mine\n", b"[1, 2]", b'{"a": 1}', b'{"nbformat": 4, "metadata": {}, "cells": 3}', b"\xff\xfe{"],
)
def test_no_notebook_is_a_clear_failure(tmp_path, capsys, data):
    (tmp_path / "x.ipynb").write_bytes(data)
    assert main(["build", "execute", str(tmp_path / "x.ipynb"), str(tmp_path / "none.ipynb"), str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "x.ipynb: no notebook (" in said and "none.ipynb: cannot be read (No such file" in said
    assert f"{tmp_path}: cannot be read (Is a directory)" in said and "Traceback" not in said
    assert (tmp_path / "x.ipynb").read_bytes() == data


def test_progress_bars_leave_only_their_last_state():
    bar = {"output_type": "stream", "name": "stderr", "text": "  0%\r 50%\r100%\ndone\n"}
    nb = v4.new_notebook(cells=[v4.new_code_cell("x", outputs=[nbformat.from_dict(bar)])])
    execute.normalise(nb)
    assert nb.cells[0].outputs[0].text == "100%\ndone\n"


def test_widgets_are_stored_without_their_model():
    view = {execute.WIDGET: {"model_id": "1f"}, "text/plain": "IntSlider(value=0)"}
    tqdm = {execute.WIDGET: {"model_id": "2f"}, "text/plain": "  0%|          | 0/3 [00:00<?, ?it/s]"}
    outputs = [v4.new_output("display_data", data) for data in (view, tqdm)]
    nb = v4.new_notebook(cells=[v4.new_code_cell("x", outputs=outputs)])
    execute.normalise(nb)
    assert [output.data for output in nb.cells[0].outputs] == [{"text/plain": execute.STILL}]


def test_the_runner_passes_what_is_well(folder, capsys):
    assert run_notebooks.main([str(folder), "--only", "good"]) == 0
    said = capsys.readouterr().out
    assert "[1/1] passed good.ipynb" in said
    assert "slowest 2 cells:" in said
    assert said.endswith("notebooks: 1 passed, 0 failed\n")


@pytest.mark.parametrize(
    ("name", "seconds", "said"),
    [
        ("changed", 100, "Cell outputs differ"),
        ("dead", 6, "stopped after 6 s"),
        ("skipped", 100, "1 cells were skipped"),
    ],
)
def test_the_runner_catches(folder, capsys, name, seconds, said):
    assert run_notebooks.main([str(folder), "--only", name, "--seconds", str(seconds)]) == 1
    output = capsys.readouterr().out
    assert f"FAILED {name}.ipynb" in output
    assert said in output
    assert output.endswith("notebooks: 0 passed, 1 failed\n")


def test_a_cell_that_was_not_collected_is_missed(folder, tmp_path):
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite><testcase name="good.ipynb::Cell 0" time="0.1"/></testsuite></testsuites>'
    )
    cells, failure = run_notebooks._read(report, folder / "good.ipynb")
    assert cells == [(0.1, "good.ipynb Cell 0")]
    assert failure == "2 code cells, but 1 were collected"


def test_a_cell_that_was_never_executed_is_missed(tmp_path):
    path = notebook(tmp_path / "new.ipynb", "1")
    report = tmp_path / "report.xml"
    report.write_text('<testsuites><testsuite><testcase name="new.ipynb::Cell 0" time="0.1"/></testsuite></testsuites>')
    assert "1 cells were never executed" in run_notebooks._read(report, path)[1]


def test_memory_is_capped():
    if run_notebooks._reserves_address_space() or not run_notebooks.sys.platform.startswith("linux"):
        pytest.skip("no cap here")
    code = "bytearray(2 * 2**30)"
    command = run_notebooks._limited([run_notebooks.sys.executable, "-c", code], 1)
    status, said = run_notebooks._call(command, run_notebooks._environment("."), 60, 0)
    assert status == 1
    assert "MemoryError" in said
