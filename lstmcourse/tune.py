"""A setting of the C library that makes long sequences faster."""

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h


def tune_allocator() -> bool:
    """Let this process keep freed memory for reuse instead of returning it to the system at once (glibc's mallopt).

    glibc asks the system anew for every block above 32 MiB and gives it back when it is freed; the system then clears
    each page again at its first use. A layer's buffers of a long sequence are that large, and the page faults can take
    longer than the arithmetic: nn.LSTM on (T, B, I, H) = (784, 32, 1, 128), forward and backward, was twice as fast
    after this call (results/bench_cpu.json holds both). Call it once, before the work begins. In return the process
    keeps up to 2 GiB that it has freed.

    Returns whether the setting was made: True on Linux with glibc, False elsewhere, where nothing is changed.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None or not hasattr(ctypes.CDLL(None), "gnu_get_libc_version"):
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, 1 << 30)) and bool(mallopt(M_TRIM_THRESHOLD, (1 << 31) - 1))
