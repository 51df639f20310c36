"""The doctor finds nothing here, and in a broken environment it names the mend."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import lstmcourse
from lstmcourse.__main__ import main
from lstmcourse.commands import COMMANDS, doctor

ASCII = os.environ | {"PYTHONIOENCODING": "ascii"}


def test_this_environment_is_well(capsys):
    status = main(["doctor"])
    said = capsys.readouterr().out
    assert status == 0, said
    for name in (
        "Python",
        "numpy",
        "torch",
        "device",
        "thread",
        "NumPy = torch",
        "JupyterLab",
        "ipywidgets",
        "kernel",
    ):
        assert name in said
    assert "mend it with" not in said


def test_every_package_that_the_course_needs_is_examined():
    file = Path(__file__).parents[2] / "pyproject.toml"
    project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    needed = project["dependencies"] + project["optional-dependencies"]["course"]
    examined = {name for name, _ in doctor.checks()} | {
        "jupyterlab",
        "ipykernel",
        "nbformat",
    }  # as JupyterLab and kernel
    assert {re.match(r"[\w-]+", line)[0] for line in needed} <= examined


def test_a_missing_package_is_named_with_its_mend(capsys):
    found = doctor.examine([("x", lambda: doctor.package("no_such_package"))])
    said = capsys.readouterr().out
    assert not found[0].ok
    assert "✗ no_such_package" in said
    assert 'pip install -c constraints.txt -e ".[course,test]"' in said


def test_a_missing_optional_package_is_no_failure():
    assert doctor.package("no_such_package", required=False).ok


def test_a_check_that_raises_is_a_failed_one(capsys):
    def broken():
        raise RuntimeError("the kernel died")

    found = doctor.examine([("kernel", broken)])
    assert not found[0].ok
    assert "RuntimeError: the kernel died" in capsys.readouterr().out


def test_the_exit_status_tells(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "checks", lambda: [("x", lambda: doctor.Finding("x", False, "broken", "mend x"))])
    assert main(["doctor"]) == 1
    assert "To mend: x." in capsys.readouterr().out


def test_a_kernel_of_another_python_is_found(monkeypatch):
    monkeypatch.setattr(doctor.sys, "executable", "/usr/bin/another-python")
    monkeypatch.setattr("jupyter_client.manager.start_new_kernel", _kernel_that_says("/opt/this-python"))
    found = doctor.kernel()
    assert not found.ok
    assert "another Python: /opt/this-python" in found.detail
    assert found.mend.endswith("ipykernel install --sys-prefix")


def test_wrong_numbers_are_found(monkeypatch):
    from lstmcourse import reference

    right = reference.unroll

    def wrong(cell, p, xs, state=None):
        states, caches = right(cell, p, xs, state)
        return (states[0] * 1.001, *states[1:]), caches

    monkeypatch.setattr(reference, "unroll", wrong)
    assert not doctor.parity().ok


def _kernel_that_says(text):
    class Fake:
        def execute_interactive(self, code, timeout, output_hook):
            output_hook({"content": {"text": text}})
            return {"content": {"status": "ok"}}

        def stop_channels(self):
            pass

        def shutdown_kernel(self, now):
            pass

    return lambda **_: (Fake(), Fake())


@pytest.mark.parametrize("argv", [["--help"], ["doctor", "--help"], ["build", "--help"]])
def test_commands_explain_themselves(argv, capsys):
    with pytest.raises(SystemExit) as stop:
        main(argv)
    assert stop.value.code == 0
    assert "python -m lstmcourse" in capsys.readouterr().out


def test_an_unknown_command_is_refused():
    done = subprocess.run([sys.executable, "-m", "lstmcourse", "nope"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "invalid choice: 'nope' (choose from" in done.stderr


def test_without_a_command_all_are_listed(capsys):
    assert main([]) == 2
    assert "experiments  list, run or show" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["experiments list", "data", "--help"])
def test_the_reader_of_a_pipe_may_leave(command):
    code = "import os, sys; os.close(0); sys.exit()"  # leaves before a line was read
    reader = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    reader.wait()
    writer = [sys.executable, "-m", "lstmcourse", *command.split()]
    done = subprocess.run(writer, stdout=reader.stdin, stderr=subprocess.PIPE, text=True)
    reader.stdin.close()
    assert done.stderr == "" and done.returncode in (0, 141)  # argparse swallows it by itself


def test_an_output_that_knows_no_greek_is_no_failure():
    done = subprocess.run([sys.executable, "-m", "lstmcourse", "experiments", "list"], capture_output=True, env=ASCII)
    assert done.returncode == 0 and done.stderr == b""
    assert b"a?b?" in done.stdout


def test_a_package_that_a_command_needs_and_has_not_is_told_in_one_line(monkeypatch, capsys):
    from lstmcourse.commands import build

    def absent(argv):
        import no_such_package  # noqa: F401

    monkeypatch.setattr(build, "main", absent)
    assert main(["build"]) == 1
    said = capsys.readouterr().err
    assert (
        said.startswith("No module named 'no_such_package'. python -m lstmcourse doctor says") and "\n" not in said[:-1]
    )


def test_the_mend_works_from_any_folder(tmp_path):
    def mend(folder):
        code = "from lstmcourse.commands import doctor; print(doctor.INSTALL)"
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder).stdout

    assert mend(doctor.ROOT).startswith(doctor.PYTHON)
    assert mend(tmp_path).startswith(f"cd {doctor.HERE} && {doctor.PYTHON}")
    assert (doctor.ROOT / "constraints.txt").is_file()


def test_the_doctor_speaks_ascii_where_it_must():
    findings = "[('x', lambda: doctor.Finding('x', True, 'well')), ('y', lambda: doctor.Finding('y', False, 'ill'))]"
    code = f"from lstmcourse.commands import doctor; doctor.examine({findings})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=ASCII, check=True)
    assert [line.split()[:2] for line in done.stdout.decode().splitlines()[:2]] == [["ok", "x"], ["NO", "y"]]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_that_is_listed_is_there(name, capsys):
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    assert end.value.code == 0
    assert f"python -m lstmcourse {name}" in capsys.readouterr().out


def test_every_command_that_is_there_is_listed():
    folder = Path(lstmcourse.commands.__file__).parent
    assert set(COMMANDS) == {path.stem for path in folder.iterdir() if not path.name.startswith("_")}
