"""What runs elsewhere: the workflow and the pre-commit hooks call what there is."""

import re
import shlex
import subprocess
import sys

import pytest
import yaml

from tests.notebooks.pages import ROOT

WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
STEPS = [(name, step) for name, job in WORKFLOW["jobs"].items() for step in job["steps"]]


def test_the_workflow_runs_on_a_push_a_request_and_every_week():
    when = WORKFLOW[True]  # YAML's `on`
    assert set(when) == {"push", "pull_request", "workflow_dispatch", "schedule"}
    minute, hour, day, month, weekday = when["schedule"][0]["cron"].split()
    assert (day, month, weekday) == ("*", "*", "1") and minute.isdigit() and hour.isdigit()


def test_each_job_has_what_a_job_needs():
    for name, job in WORKFLOW["jobs"].items():
        assert {"name", "runs-on", "timeout-minutes", "steps"} <= set(job), name
        assert [step["uses"].partition("@")[0] for step in job["steps"] if "uses" in step] == [
            "actions/checkout",
            "actions/setup-python",
        ]


def test_what_the_steps_run_is_there():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = [shlex.split(step["run"]) for _, step in STEPS if "run" in step]
    assert [".ci/run"] in commands
    for program, *words in commands:
        if program == "make":
            assert all(re.search(rf"^{word}:", makefile, re.MULTILINE) for word in words), words
        elif program == "python":
            assert all((ROOT / word).exists() for word in words if "/" in word), words
        else:
            assert (ROOT / program).stat().st_mode & 0o100, program


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_runs(hook):
    """Each one on the first file that it is for."""
    python, *words = shlex.split(hook["entry"])
    assert python == "python"
    files = [] if not hook.get("pass_filenames", True) else ["lstmcourse/__init__.py", "notebooks/00_start_here.ipynb"]
    if "pytest" in words:
        words = [*words, "--collect-only"]
    done = subprocess.run([sys.executable, *words, *files], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
