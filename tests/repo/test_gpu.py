"""``make test-gpu`` where there is no GPU: a clear message and a status of its own; and it ends in time."""

import pytest
import torch

from tests import gpu


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
