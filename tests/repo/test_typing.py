"""What a user's type checker makes of the layers. mypy reads tests/repo/user.py too: `make lint` runs it."""

import json
import subprocess
import sys
from pathlib import Path

USER = Path(__file__).with_name("user.py")


def test_pyright_takes_what_is_right_and_refuses_what_is_wrong(tmp_path):
    (tmp_path / "pyrightconfig.json").write_text(
        json.dumps(
            dict(
                include=[str(USER)],
                extraPaths=[str(USER.parents[2])],
                typeCheckingMode="standard",
                enableTypeIgnoreComments=False,
                reportUnnecessaryTypeIgnoreComment=True,
            )
        )
    )
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable, "-p", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == 1, done.stdout + done.stderr
    assert not [f"{d['range']['start']['line'] + 1}: {d['message']}" for d in report["generalDiagnostics"]]
