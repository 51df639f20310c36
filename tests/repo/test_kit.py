"""The kit for laptops without a network: what it asks for, what it writes, how it goes on. pip is a stand-in here."""

import subprocess
import tomllib
from collections import namedtuple
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from lstmcourse.__main__ import main
from lstmcourse.commands import kit
from lstmcourse.commands.kit import _wheels
from lstmcourse.commands.kit._wheels import MACHINES, Target
from tests.notebooks.pages import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WINDOWS = Target("windows-x86_64", "3.12")
LINUX = Target("linux-x86_64", "3.11")
Disk = namedtuple("Disk", "total used free")


def wheel(folder, name):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"wheel")


# ── the plan ──


def test_the_plan_has_the_course_and_what_builds_it_as_they_are_installed_here():
    plan = _wheels.requirements(ROOT, Target())
    course = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["course"]
    for name in {Requirement(line).name for line in course} | {"hatchling", "jupyter-server", "contourpy"}:
        assert str(plan[name].specifier) == f"=={version(name)}", name
    assert "editables" in plan and not {"pytest", "nbval", "ruff", "distributed", "lstmcourse"} & set(plan)


def test_markers_are_read_for_the_target_and_not_for_this_machine():
    windows, linux = (_wheels.requirements(ROOT, target) for target in (WINDOWS, LINUX))
    assert "pywinpty" in windows and "pywinpty" not in linux
    assert "ptyprocess" in linux and "ptyprocess" not in windows
    assert str(windows["torch"].specifier) == f"=={version('torch').partition('+')[0]}"


@pytest.mark.parametrize("name", MACHINES)
def test_a_wheel_for_the_target_meets_the_plan_and_no_other_does(name, tmp_path):
    of = {"linux": "manylinux_2_28", "macos": "macosx_11_0", "windows": "win"}
    system, machine = name.split("-")
    tag = f"{of[system]}_{machine if system != 'windows' else 'amd64'}"
    target, plan = Target(name, "3.12"), {"a": Requirement("a==1.0"), "b": Requirement("b==2.0")}
    for other in ("a-1.0-cp311-cp311-" + tag, "a-1.0-cp312-cp312-win32", "a-1.1-py3-none-any", "nothing"):
        wheel(tmp_path, other + ".whl")
    assert [one.name for one in _wheels.missing(plan, tmp_path, target)] == ["a", "b"]
    wheel(tmp_path, f"a-1.0-cp312-cp312-{tag}.whl")
    wheel(tmp_path, "b-2.0-py3-none-any.whl")
    assert _wheels.missing(plan, tmp_path, target) == []


def test_torch_comes_alone_and_the_others_in_small_batches():
    plan = list(_wheels.requirements(ROOT, WINDOWS).values())
    batches = list(_wheels.batches(plan))
    assert sorted(str(one) for batch in batches for one in batch) == sorted(map(str, plan))
    assert ["torch"] in [[one.name for one in batch] for batch in batches]
    assert max(map(len, batches)) == _wheels.BATCH


# ── pip ──


@pytest.fixture
def pip(monkeypatch):
    """A stand-in that keeps its calls, and does what `pip.does(folder)` says."""

    class Pip:
        calls, does, fails = [], staticmethod(lambda folder: None), ""

        def run(self, command, **options):
            self.calls.append(command)
            self.does(Path(command[command.index("-d") + 1]))
            return subprocess.CompletedProcess(command, bool(self.fails), "", self.fails)

    stand_in = Pip()
    stand_in.calls = []
    monkeypatch.setattr(_wheels.subprocess, "run", stand_in.run)
    return stand_in


def test_pip_is_asked_for_the_target_and_for_the_index_of_torch(pip, tmp_path):
    pip.does = lambda folder: wheel(folder, "torch-2.0-py3-none-any.whl")
    _wheels.bring([Requirement("torch==2.0")], tmp_path, LINUX, ROOT, "https://example.org/cpu")
    said = " ".join(pip.calls[0])
    assert "--platform manylinux_2_28_x86_64 " in said and "--python-version 3.11" in said and "--no-deps" in said
    assert said.endswith("--index-url https://example.org/cpu torch==2.0")
    assert (tmp_path / "torch-2.0-py3-none-any.whl").exists() and not any((tmp_path / ".part").iterdir())
    _wheels.bring([Requirement("pywinpty>=1")], tmp_path, WINDOWS, ROOT, "https://example.org/cpu")
    assert "--no-deps" not in pip.calls[1] and "--index-url" not in pip.calls[1] and "-c" in pip.calls[1]


def test_what_pip_cannot_bring_is_told_with_its_reason(pip, tmp_path):
    pip.fails = "noise\nERROR: No matching distribution found for torch==2.0+cpu\n"
    with pytest.raises(_wheels.WheelError, match=r"torch==2\.0\+cpu for linux.* \(--torch-index URL .*No matching"):
        _wheels.bring([Requirement("torch==2.0+cpu")], tmp_path, LINUX, ROOT)


# ── the stick ──


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A clone of three files, a plan of nine wheels, and pip, data and pages that work; `stick()` makes the kit."""
    clone = tmp_path / "clone"
    for name in ("Makefile", "notebooks/00.ipynb", "old.txt"):
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text(name)
    monkeypatch.setattr(
        kit, "tracked", lambda root: [p.relative_to(root).as_posix() for p in root.rglob("*.*")] + ["Makefile"]
    )
    plan = {f"p{k}": Requirement(f"p{k}==1.{k}") for k in range(9)}
    monkeypatch.setattr(_wheels, "requirements", lambda root, target: plan)
    brought = []

    def bring(batch, folder, target, root, torch_index):
        brought.append([one.name for one in batch])
        for one in batch:
            wheel(folder, f"{one.name}-1.{one.name[1:]}-py3-none-any.whl")

    monkeypatch.setattr(_wheels, "bring", bring)
    monkeypatch.setattr(_wheels, "build", lambda root, folder: wheel(folder, "lstmcourse-0-py3-none-any.whl"))
    monkeypatch.setattr(kit, "bring_data", lambda folder: wheel(folder, "reviews.tar.gz"))
    monkeypatch.setattr(kit, "build_pages", lambda name, out: name == "site")
    out = tmp_path / "stick"
    Small = namedtuple("Small", "clone out plan brought stick")
    return Small(clone, out, plan, brought, lambda: kit.make(clone, out, [Target()]))


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_stick_has_the_course_its_wheels_and_data_and_says_what_to_do(small, capsys):
    small.stick()
    course = {
        "Makefile",
        "notebooks/00.ipynb",
        "old.txt",
        "data/reviews.tar.gz",
        "wheels/lstmcourse-0-py3-none-any.whl",
    }
    course |= {f"wheels/p{k}-1.{k}-py3-none-any.whl" for k in range(9)}
    assert files(small.out) == {"README.txt", "kit.json"} | {f"course/{name}" for name in course}
    text = (small.out / "README.txt").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 16
    for words in ("make lab", "--no-index --find-links wheels", "site/index.html", "doctor"):
        assert words in text
    assert "slides" not in text
    assert "course/wheels" in capsys.readouterr().out


def test_a_second_run_brings_what_is_new_and_removes_what_is_gone(small):
    small.stick()
    (small.clone / "old.txt").unlink()
    (small.clone / "new.txt").write_text("new")
    small.plan["p3"] = Requirement("p3==2.3")
    wheel(small.out / "course" / "wheels", "p3-2.3-py3-none-any.whl")
    small.plan["p9"] = Requirement("p9==1.9")
    small.brought.clear()
    small.stick()
    assert small.brought == [["p9"]]
    left = files(small.out / "course")
    assert "new.txt" in left and "old.txt" not in left
    assert "wheels/p3-2.3-py3-none-any.whl" in left and "wheels/p3-1.3-py3-none-any.whl" not in left


def test_a_run_that_was_broken_off_goes_on_where_it_was(small, monkeypatch):
    bring = _wheels.bring

    def broken(batch, *rest):
        if len(batch) < _wheels.BATCH:
            raise KeyboardInterrupt
        bring(batch, *rest)

    monkeypatch.setattr(_wheels, "bring", broken)
    with pytest.raises(KeyboardInterrupt):
        small.stick()
    assert not (small.out / "README.txt").exists()
    monkeypatch.setattr(_wheels, "bring", bring)
    small.stick()
    assert [len(batch) for batch in small.brought] == [8, 1]


def test_a_disk_that_is_too_small_is_told_before_and_on_the_way(small, monkeypatch):
    monkeypatch.setattr(kit.shutil, "disk_usage", lambda out: Disk(2, 1, 1))
    with pytest.raises(kit.KitError, match=r"stick has 0\.0 MB free, and the kit needs .* MB more at least"):
        small.stick()
    assert not small.brought
    monkeypatch.setattr(kit.shutil, "disk_usage", lambda out: Disk(10**9, 1, 10**9))

    def is_full(*_):
        raise _wheels.WheelError("pip could not bring p0: ERROR: [Errno 28] No space left on device")

    monkeypatch.setattr(_wheels, "bring", is_full)
    with pytest.raises(kit.KitError, match=r"is full: 1\.0 GB are free. What is there stays"):
        small.stick()


def test_a_folder_with_other_things_in_it_is_left_alone(small):
    small.out.mkdir()
    (small.out / "photo.jpg").write_text("mine")
    with pytest.raises(kit.KitError, match="OUT must be an empty folder, a new one, or a kit that was begun"):
        small.stick()
    assert files(small.out) == {"photo.jpg"}


def test_the_clone_is_copied_as_git_has_it(tmp_path):
    if subprocess.run(["git", "-C", ROOT, "ls-files"], capture_output=True).returncode:
        pytest.skip("there is no git here")
    names = kit.tracked(ROOT)
    assert {"Makefile", "constraints.txt", "notebooks/00_start_here.ipynb", "lstmcourse/__init__.py"} <= set(names)
    with pytest.raises(kit.KitError, match="kit needs a clone of the course and git"):
        kit.tracked(tmp_path)


def test_data_that_cannot_be_had_are_told_and_left_out(monkeypatch, tmp_path, capsys):
    from lstmcourse.data import _download

    def no_network(download, part):
        raise download.unavailable("could not be fetched")

    monkeypatch.setattr(_download, "_by_pip", no_network)
    monkeypatch.setattr(_download, "_by_url", no_network)
    kit.bring_data(tmp_path)
    assert "left out: reviews could not be fetched" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["OUT", "--python", "3.12"], "--python needs --platform"),
        (["OUT", "--platform", "linux-x86_64", "--python", "3.9"], "--python must be 3.11 or newer"),
        (["OUT", "--platform", "amiga"], "invalid choice: 'amiga'"),
    ],
)
def test_what_is_asked_wrongly_is_refused(arguments, says, capsys):
    with pytest.raises(SystemExit):
        main(["kit", *arguments])
    assert says in capsys.readouterr().err


# ── from the stick ──


def test_lab_reads_the_data_that_lie_beside_it(monkeypatch, tmp_path):
    import os

    from lstmcourse.commands import lab

    seen = {}
    (tmp_path / "data").mkdir()
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setattr(lab.pages, "ROOT", tmp_path)
    monkeypatch.setattr(lab.learner, "build", lambda root, fresh: None)
    monkeypatch.setattr(lab.data, "fetch_missing", lambda: seen.update(fetch=os.environ["LSTMCOURSE_DATA"]))
    monkeypatch.setattr(
        lab.subprocess,
        "Popen",
        lambda command, cwd, env: seen.update(env=env["LSTMCOURSE_DATA"]) or namedtuple("Server", "wait")(lambda: 0),
    )
    monkeypatch.setattr(lab.os, "environ", {})
    assert lab.main([]) == 0
    assert seen == {"fetch": str(tmp_path / "data"), "env": str(tmp_path / "data")}
