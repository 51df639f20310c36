"""Files that are replaced whole, and records that say what made them."""

import json
import os
import platform
import re
import stat
import subprocess
import sys

import pytest
import torch

from lstmcourse import _files, _record


def press(*_, **__):
    raise KeyboardInterrupt


def test_a_file_is_replaced_with_its_permissions_and_its_folder_is_made(tmp_path):
    file = tmp_path / "a" / "b" / "file.txt"
    _files.write(file, "σ\n")
    assert file.read_bytes() == "σ\n".encode()
    file.chmod(0o640)
    _files.write(file, b"\x00")
    assert file.read_bytes() == b"\x00" and list(file.parent.iterdir()) == [file]
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o640


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_writing_that_is_broken_off_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, moment):
    file = tmp_path / "file.txt"
    _files.write(file, "old")
    monkeypatch.setattr(os, moment, press)
    with pytest.raises(KeyboardInterrupt):
        _files.write(file, "new")
    assert file.read_text() == "old" and list(tmp_path.iterdir()) == [file]


def test_figures_are_written_a_row_a_line_and_never_as_nan(tmp_path):
    value = {"rows": [{"a": 1, "b": [1.5, None]}, {"text": "aⁿ"}], "long": list(range(60)), "empty": []}
    _record.write(tmp_path / "record.json", value)
    text = (tmp_path / "record.json").read_text(encoding="utf-8")
    assert json.loads(text) == value and text.endswith("}\n")
    assert '  "rows": [{"a": 1, "b": [1.5, null]}, {"text": "aⁿ"}],' in text.splitlines()
    with pytest.raises(ValueError):
        _record.write(tmp_path / "record.json", {"a": float("nan")})
    assert (tmp_path / "record.json").read_text(encoding="utf-8") == text


def test_provenance_says_what_made_it_and_not_where():
    made = _record.provenance("a command", 1.26, "abc", packages=("pytest", "no-such-package"))
    assert list(made) == ["command", "versions", "commit", "machine", "seconds", "date"]
    assert list(made["versions"]) == ["python", "torch", "numpy", "lstmcourse", "pytest"]
    assert made["machine"]["threads"] == torch.get_num_threads() and made["machine"]["device"] == "cpu"
    assert made["seconds"] == 1.3
    assert len(platform.node()) < 5 or platform.node() not in json.dumps(made)


def test_the_commit_is_told_with_changes_and_none_outside_of_git(tmp_path):
    def git(*arguments):
        subprocess.run(["git", "-C", tmp_path, *arguments], check=True, capture_output=True)

    package = tmp_path / "package"
    package.mkdir()
    assert _record.commit(package) is None
    git("init", "-q")
    assert _record.commit(package) is None, "a repository that does not hold the package"
    (package / "a.py").write_text("a = 1\n")
    git("add", ".")
    git("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "a")
    clean = _record.commit(package)
    assert re.fullmatch("[0-9a-f]{40}", clean)
    (tmp_path / "beside.txt").write_text("no part of the package")
    assert _record.commit(package) == clean
    (package / "new.py").write_text("b = 1\n")
    assert _record.commit(package) == f"{clean} and changes"
