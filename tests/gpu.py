"""``make test-gpu``: the layers' tests on a CUDA device, within eight minutes.

Needs Python with torch, NumPy, threadpoolctl, tqdm and pytest, and no network. Exit status: pytest's, 3 where there is
no CUDA device, 124 where the time was over.
"""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 450.0
NO_DEVICE, TIME_OVER = 3, 124


def main(argv: Sequence[str] = (), seconds: float = SECONDS) -> int:
    """argv: further arguments of pytest."""
    sys.path.insert(0, str(ROOT))
    import torch

    from lstmcourse.commands import _bench_cuda

    if not torch.cuda.is_available():
        print(_bench_cuda.no_device().replace("measured", "tested"), file=sys.stderr)
        return NO_DEVICE
    return tests([*argv], seconds)


def files() -> list[str]:
    """The files with marked tests: others import what such a machine need not have, Hypothesis or onnx."""
    found = sorted((ROOT / "tests" / "nn").glob("test_*.py"))
    return [str(path) for path in found if re.search(r"pytest\.mark\.(cuda|kernels)", path.read_text(encoding="utf-8"))]


def tests(arguments: list[str], seconds: float) -> int:
    """Pytest over the marked tests; what had run when the time was over is in its output."""
    marked = "-m", "cuda or kernels"
    command = [sys.executable, "-m", "pytest", *files(), *marked, "-q", "--durations=10", *arguments]
    try:
        return subprocess.run(command, cwd=ROOT, timeout=seconds).returncode
    except subprocess.TimeoutExpired:
        print(f"stopped after {seconds:.0f} s", file=sys.stderr)
        return TIME_OVER


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
