"""``make test-gpu`` where there is no GPU: a clear message and a status of its own; and it ends in time."""

import os

import pytest
import torch

from tests import gpu

# A pytest plugin that hides what a machine with torch, NumPy, threadpoolctl, tqdm and pytest need not have.
BARE = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"hypothesis", "matplotlib", "onnx", "onnxruntime", "platformdirs", "pooch",
                                      "safetensors", "scipy", "sklearn", "nbformat", "IPython", "xdist"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Hidden())
import lstmcourse.commands._bench_cuda
"""


@pytest.mark.skipif(torch.cuda.is_available(), reason="this is what is said where there is no CUDA device")
def test_without_a_cuda_device(capsys):
    assert gpu.main() == gpu.NO_DEVICE == 3
    said = capsys.readouterr().err
    assert said.startswith("no CUDA device: ") and said.endswith(f"(torch {torch.__version__}); nothing was tested\n")


def test_the_status_is_that_of_pytest_or_of_the_time_that_is_over(capfd):
    assert gpu.tests(["--version"], 120) == 0
    assert gpu.tests(["--no-such-option"], 120) == 4  # pytest's for a wrong command line
    assert gpu.tests([], 0.01) == gpu.TIME_OVER
    assert "stopped after 0 s" in capfd.readouterr().err


def test_it_needs_no_more_than_it_says(tmp_path, monkeypatch, capfd):
    (tmp_path / "bare.py").write_text(BARE, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{gpu.ROOT}")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    assert gpu.tests(["-p", "bare", "--collect-only"], 120) == 0, capfd.readouterr().out
    collected = capfd.readouterr().out
    assert "test_cuda.py" in collected and "test_graph.py" in collected
