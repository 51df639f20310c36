"""What ``bench --device cuda`` does otherwise: CUDA events, another grid of sizes, a limit beside the figures.

Every size that is done is written to the file at once, and the run ends in time: what is left, --resume measures.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable
from typing import Any

from lstmcourse import _record

from . import bench
from .bench import Candidate, Size

NO_DEVICE, OUT_OF_TIME = 3, 4  # exit statuses
MINUTES = 7.0  # after which no new figure is begun, so that a run ends within eight
# Calls before the first figure: WARM, fewer where they take longer than WARM_MS, but never fewer than LEAST.
WARM, WARM_MS, LEAST = 20, 1000.0, 3

FAST = ("vendor", "scan", "graph", "fused")  # the loop is timed in short sequences alone: it takes minutes in long ones
CELLS = ("lstm", "peephole", "coupled", "gru_reset_before")
MORE = (*CELLS, "lstm97", "gru")


def sizes() -> tuple[Size, ...]:
    """T, B and H varied one at a time around (784, 64, 256), float32 before bfloat16; the most telling come first."""
    around = [(784, 64, H) for H in (256, 64, 1024, 128, 512, 768)]
    around += [(784, 16, 256), (784, 256, 256), (1024, 64, 256)]
    found = []
    for dtype, short in (("float32", "f"), ("bfloat16", "b")):
        found += [Size(f"{short}100-64-{H}", 100, 64, 64, H, 15, dtype, layers=MORE) for H in (64, 256)]
        found += [Size(f"{short}{T}-{B}-{H}", T, B, 64, H, 11, dtype, layers=CELLS, ways=FAST) for T, B, H in around]
    return tuple(found)


# ---- the clock


def events(call: Callable[[], Any]) -> float:
    """Milliseconds of a call on the device, between two CUDA events."""
    import torch

    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    call()
    end.record()
    end.synchronize()
    return begin.elapsed_time(end)


def measure(found: list[Candidate], rounds: int, timer: Callable, in_time: Callable[[], bool]) -> list[dict]:
    """Each candidate warmed up, then timed once a round, in an order shuffled anew; whole rounds, while in time.

    Returns the rows of `bench.measure`, with the number of warm-ups of each.
    """
    calls = [(k, which) for k, c in enumerate(found) for which in ("forward", "both") if getattr(c, which)]
    rows: list[dict[str, Any]] = [{"name": c.name, "way": c.way, "forward": [], "both": [], "warm": 0} for c in found]
    for k, which in calls:
        spent, n = 0.0, 0
        while n < LEAST or (n < WARM and spent < WARM_MS):
            spent, n = spent + timer(getattr(found[k], which)), n + 1
        rows[k]["warm"] = min(rows[k]["warm"] or n, n)
    shuffle = random.Random(0).shuffle
    for number in range(rounds):
        if number and not in_time():
            break
        shuffle(calls)
        for k, which in calls:
            rows[k][which].append(timer(getattr(found[k], which)))
    return rows


# ---- the limit


def rates(device: str, timer: Callable, n: int = 4096) -> dict[str, float]:
    """What this card does: FLOP/s of an n × n product in each dtype, and the microseconds of a kernel in a graph."""
    import torch

    found = {}
    for dtype in ("float32", "bfloat16"):
        a = torch.randn(n, n, device=device, dtype=getattr(torch, dtype))
        found[dtype] = 2 * n**3 / (min(timer(lambda a=a: a @ a) for _ in range(LEAST)) * 1e-3)
    if torch.device(device).type == "cuda":
        x, kernels = torch.zeros(1, device=device), 1000
        x.add_(1)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            for _ in range(kernels):
                x.add_(1)
        found["kernel_us"] = min(timer(graph.replay) for _ in range(LEAST)) * 1e3 / kernels
    return {name: float(f"{value:.4g}") for name, value in found.items()}


def limit(size: Size, rows: int, known: dict[str, float]) -> dict[str, float]:
    """The microseconds a step that no way can beat with a kernel a step, for a cell with that many rows of gates.

    t = t(W x) + max(t(U h), one kernel) forward; backward that maximum again, and the products for dW, dU and dx.
    """
    flops, kernel = known[size.dtype] * 1e-6, known.get("kernel_us", 0.0)
    x, h = 2 * rows * size.B * size.H * size.I / flops, 2 * rows * size.B * size.H**2 / flops
    forward = x + max(h, kernel)
    return {"forward": round(forward, 3), "both": round(forward + max(h, kernel) + h + 2 * x, 3)}


def result(size: Size, rows: list[dict], known: dict[str, float]) -> dict[str, Any]:
    """A size's entry of the record: `bench.summary`, with microseconds a step and the limit of each row."""
    from lstmcourse.nn import LAYERS

    entries = bench.summary(rows)
    gates = {"torch.nn.LSTM": 4, "torch.nn.GRU": 3, "torch.nn.RNN": 1}
    for entry, row in zip(entries, rows, strict=True):
        n = gates[entry["name"]] if entry["name"] in gates else len(LAYERS[entry["name"]].rows)
        least = limit(size, n, known)
        entry["warm"] = row["warm"]
        for which in ("forward", "both"):
            entry[which] |= {"us_per_step": round(entry[which]["ms"] * 1e3 / size.T, 3), "limit_us": least[which]}
    return {"size": bench.size_of(size), "rows": entries}


def table(size: Size, entry: dict) -> str:
    """A size's rows as text: microseconds a step, ratio to torch.nn.LSTM and the limit, forward and both."""
    lines = [f"{size}: µs a step, [ratio to {bench.BASE}], (limit)"]
    lines.append(f"  {'layer':<17}{'way':<9}{'forward':>28}{'forward + backward':>28}")
    for row in entry["rows"]:
        cells = (
            f"{g['us_per_step']:.2f} [{g['ratio']:.2f}] ({g['limit_us']:.2f})" for g in (row["forward"], row["both"])
        )
        lines.append(f"  {row['name']:<17}{row['way']:<9}{''.join(f'{cell:>28}' for cell in cells)}")
    return "\n".join(lines)


# ---- the run


def no_device() -> str:
    """Why there is no CUDA device."""
    import torch

    why = "this torch was built without CUDA" if torch.version.cuda is None else "torch.cuda.is_available() is False"
    return f"no CUDA device: {why} (torch {torch.__version__}); nothing was measured"


def begun(args: argparse.Namespace, commit: str | None) -> list[dict]:
    """With --resume the results that the file already has. ValueError where another commit made them."""
    if not args.resume:
        return []
    if args.json is None or not args.json.exists():
        raise ValueError("--resume needs --json FILE, with a FILE that is there")
    record = json.loads(args.json.read_text(encoding="utf-8"))
    if record["provenance"]["commit"] != commit:
        raise ValueError(
            f"--resume: {args.json.name} was made by commit {record['provenance']['commit']}, not {commit}"
        )
    return record["results"]


def run(args: argparse.Namespace, wanted: list[Size], timer: Callable = events) -> int:
    """Measure, print, and write each size when it is done; 0, OUT_OF_TIME or, after Ctrl-C, 130."""
    import torch

    commit, began = _record.commit(), time.monotonic()
    results = begun(args, commit)
    done = {entry["size"]["name"] for entry in results}
    in_time = lambda: time.monotonic() - began < 60 * (args.minutes or MINUTES)
    known, status = rates(args.device, timer, 4096 if torch.device(args.device).type == "cuda" else 64), 0
    tf32 = torch.backends.cuda.matmul.allow_tf32
    try:
        for size in wanted:
            if size.name in done:
                continue
            if not in_time():
                status = OUT_OF_TIME
                break
            found = [c for c in bench.candidates(size, args.device) if c.both and c.way != "NumPy reference"]
            entry = result(size, measure(found, size.rounds, timer, in_time), known)
            results.append(entry)
            print(table(size, entry), end="\n\n", flush=True)
            if args.json:
                made = bench.provenance(args, time.monotonic() - began, commit)
                made["machine"] |= {"cuda": torch.version.cuda, "driver": driver(), "rates": known, "tf32": tf32}
                _record.write(args.json, {"provenance": made | {"time": "CUDA events"}, "results": results})
    except KeyboardInterrupt:
        status = 130
    if status:
        left = sum(size.name not in {entry["size"]["name"] for entry in results} for size in wanted)
        print(f"{left} of {len(wanted)} sizes are left; the same command with --resume goes on", file=sys.stderr)
    return status


def driver() -> str | None:
    """The version of the driver, where nvidia-smi tells it."""
    import subprocess

    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout.split()
    except (OSError, subprocess.SubprocessError):
        return None
    return told[0] if told else None
