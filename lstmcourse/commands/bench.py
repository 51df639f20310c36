"""``python -m lstmcourse bench``: how fast is every layer, in every way that it has, against torch.nn?

All candidates of a size run in one process in turn, in an order that is shuffled anew each round, so that a busy
machine slows all of them alike. On a CPU with one thread CPU time is counted, else the wall clock. The figure is the
median, as a ratio to torch.nn.LSTM's median of the same size; the smallest and largest stand beside it. What is
otherwise on a GPU stands in `_bench_cuda`.
"""

import argparse
import os
import random
import re
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from lstmcourse import _record

MAIN = ("rnn", "lstm97", "lstm", "peephole", "coupled", "gru", "gru_reset_before", "fgr")
BASE = "torch.nn.LSTM"


class Size(NamedTuple):
    """One setting: T steps of B sequences of I features, H units; rounds: how often each candidate runs."""

    name: str
    T: int
    B: int
    I: int
    H: int
    rounds: int
    dtype: str = "float32"
    packed: bool = False
    layers: tuple[str, ...] = MAIN  # () for all
    tuned: bool = True  # after tune_allocator(); e0 comes before it
    ways: tuple[str, ...] = ()  # () for all

    def __str__(self) -> str:
        packed = ", packed" if self.packed else ""
        return f"{self.name}: (T, B, I, H) = ({self.T}, {self.B}, {self.I}, {self.H}), {self.dtype}{packed}"


SIZES = (
    Size("e0", 784, 32, 1, 128, 5, layers=("lstm", "peephole", "gru"), tuned=False),
    Size("a", 100, 32, 64, 128, 15, layers=()),
    Size("b", 200, 16, 32, 64, 15, layers=()),
    Size("c", 100, 64, 128, 256, 7),
    Size("d", 50, 128, 256, 512, 5),
    Size("e", 784, 32, 1, 128, 5),
    Size("a64", 100, 32, 64, 128, 9, dtype="float64"),
    Size("ap", 100, 32, 64, 128, 9, packed=True),
)
QUICK = (Size("quick", 40, 16, 32, 64, 3),)


class Candidate(NamedTuple):
    """Something to time: ``forward()`` without gradients, and ``both()``, forward and backward, where it has one."""

    name: str
    way: str
    forward: Callable[[], Any]
    both: Callable[[], Any] | None


# ---- who runs


def candidates(size: Size, device: str = "cpu") -> list[Candidate]:
    """torch.nn's layers, ours in every way, the NumPy reference and onnxruntime (on a CPU, not packed)."""
    import torch

    from lstmcourse import convert
    from lstmcourse.nn import LAYERS, pack

    dtype, generator = getattr(torch, size.dtype), torch.Generator().manual_seed(0)
    x: Any = torch.randn(size.T, size.B, size.I, generator=generator).to(device, dtype)
    if size.packed:
        x = pack(x, torch.randint(size.T // 4, size.T + 1, (size.B,), generator=generator))
    made = dict(device=device, dtype=dtype)
    found = [
        _torch(f"torch.nn.{k}", "", getattr(torch.nn, k)(size.I, size.H, **made), x) for k in ("LSTM", "GRU", "RNN")
    ]
    for name in size.layers or tuple(LAYERS):
        for way in LAYERS[name].ways(torch.device(device).type)[1:]:
            if size.ways and way not in size.ways:
                continue
            options: Any = {"impl": way, **made}
            found.append(_torch(name, way, LAYERS[name](size.I, size.H, **options), x))
        if device == "cpu" and not size.packed:
            layer = LAYERS[name](size.I, size.H, dtype=dtype)
            cell, params = convert.from_torch(layer, dtype=size.dtype)
            xs = x.numpy()
            found.append(_reference(name, cell, params, xs))
            if size.dtype == "float32" and name in convert.OPERATORS:
                found += _onnxruntime(name, cell, params, xs)
    return found


def _torch(name: str, way: str, layer, x) -> Candidate:
    import torch

    data = x.data if hasattr(x, "batch_sizes") else x
    weight = torch.ones_like(_data(layer(x)[0]).detach())
    leaf = data.clone().requires_grad_()
    x_grad = x._replace(data=leaf) if hasattr(x, "batch_sizes") else leaf

    def forward():
        with torch.no_grad():
            layer(x)

    def both():
        for tensor in (leaf, *layer.parameters()):
            tensor.grad = None
        _data(layer(x_grad)[0]).backward(weight)

    return Candidate(name, way, forward, both)


def _data(output):
    return output.data if hasattr(output, "batch_sizes") else output


def _reference(name: str, cell, params, xs) -> Candidate:
    import numpy as np

    from lstmcourse import reference

    def both():
        states, caches = reference.unroll(cell, params, xs)
        zeros = np.zeros_like(states[0])
        return reference.unroll_backward(cell, params, caches, (np.ones_like(zeros), *[zeros] * (len(states) - 1)))

    return Candidate(name, "NumPy reference", lambda: reference.unroll(cell, params, xs), both)


def _onnxruntime(name: str, cell, params, xs) -> list[Candidate]:
    """One candidate, or none where onnx or onnxruntime is not installed."""
    try:
        import onnxruntime
        import torch

        from lstmcourse.convert import to_onnx

        model = to_onnx(cell, params).SerializeToString()
    except ImportError:
        return []
    import numpy as np

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = torch.get_num_threads(), 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    state = np.zeros((1, xs.shape[1], params.U.shape[1]), np.float32)
    feed = {i.name: xs if i.name == "X" else state for i in session.get_inputs()}
    return [Candidate(name, "onnxruntime", lambda: session.run(None, feed), None)]


# ---- the clock


def clock(threads: int) -> Callable[[], float]:
    """Seconds of CPU time for one thread, of the wall clock for more."""
    return time.process_time if threads == 1 else time.perf_counter


def measure(found: list[Candidate], rounds: int, read: Callable[[], float], tick: Callable[[], Any]) -> list[dict]:
    """After one round to warm up, time every candidate once a round. Ctrl-C ends it early, with what is there.

    Returns a row for each candidate: name, way, and for "forward" and "both" the milliseconds of every round; and
    "stopped", whether Ctrl-C ended it.
    """
    rows: list[dict[str, Any]] = [{"name": c.name, "way": c.way, "forward": [], "both": []} for c in found]
    order, shuffle = list(range(len(found))), random.Random(0).shuffle
    try:
        for number in range(rounds + 1):
            for k in order:
                for which in ("forward", "both"):
                    call = getattr(found[k], which)
                    if call is None:
                        continue
                    began = read()
                    call()
                    if number:
                        rows[k][which].append((read() - began) * 1e3)
                tick()
            shuffle(order)
    except KeyboardInterrupt:
        rows.append({"stopped": True})
    return rows


def summary(rows: list[dict]) -> list[dict]:
    """For each row the median, smallest and largest milliseconds, and the median's ratio to torch.nn.LSTM's."""
    base = next((row for row in rows if row["name"] == BASE), {})
    short = []
    for row in rows:
        entry: dict[str, Any] = {"name": row["name"], "way": row["way"]}
        for which in ("forward", "both"):
            if row[which]:
                median = statistics.median(row[which])
                entry[which] = {
                    "ms": round(median, 3),
                    "min": round(min(row[which]), 3),
                    "max": round(max(row[which]), 3),
                    "ratio": round(median / statistics.median(base[which]), 3) if base.get(which) else None,
                }
        short.append(entry)
    return short


def table(size: Size, rows: list[dict]) -> str:
    """The rows of one size as text: median [smallest – largest], as ratios to torch.nn.LSTM's median."""
    base: dict[str, Any] = next((row for row in rows if row["name"] == BASE), {})
    known = [which for which in ("forward", "both") if which in base]
    times = " / ".join(f"{base[which]['ms']:.2f}" for which in known)
    lines = [f"{size}: {BASE} {times} ms", f"  {'layer':<17}{'way':<16}{'forward':>22}{'forward + backward':>24}"]
    for row in rows:
        cells = (_cell(row.get(which), base[which]["ms"]) for which in known)
        lines.append(f"  {row['name']:<17}{row['way']:<16}{'  '.join(f'{cell:>22}' for cell in cells)}".rstrip())
    return "\n".join(lines)


def _cell(got: dict | None, base: float) -> str:
    return "" if got is None else f"{got['ratio']:.2f} [{got['min'] / base:.2f} – {got['max'] / base:.2f}]"


# ---- the command


def provenance(args: argparse.Namespace, seconds: float, commit: str | None) -> dict[str, Any]:
    """What made the figures, with the machine's load and what the clock counted."""
    made = _record.provenance(_command(args), seconds, commit, device=args.device, packages=("onnxruntime", "triton"))
    with suppress(OSError):
        made["machine"]["load"] = round(os.getloadavg()[0], 1)
    made["time"] = "CPU time" if args.threads == 1 else "wall clock"
    return made


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    names = ", ".join(size.name for size in SIZES if size.tuned)
    parser.add_argument("--quick", action="store_true", help="one small size, three rounds")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads of torch and NumPy (default 1)")
    parser.add_argument("--device", default="cpu", metavar="D", help="cpu (default), cuda, cuda:1 …")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE, too")
    parser.add_argument("--sizes", metavar="NAMES", help=f"of {names}, with commas between them (default all)")
    parser.add_argument("--layers", metavar="NAMES", help="layers by name, with commas between them (default all)")
    parser.add_argument("--minutes", type=float, metavar="M", help="on a GPU: begin nothing after (7)")
    parser.add_argument("--resume", action="store_true", help="on a GPU: measure what the --json file does not have")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of each size (default 3 to 15)")


def chosen(args: argparse.Namespace) -> list[Size]:
    """The sizes that the options ask for; ValueError for options that do not fit."""
    from . import _bench_cuda

    if not re.fullmatch(r"cpu|cuda(:\d+)?", args.device):
        raise ValueError(f"--device must be cpu, or cuda where there is one, got {args.device!r}")
    sizes = list(QUICK if args.quick else SIZES if args.device == "cpu" else _bench_cuda.sizes())
    if args.sizes:
        wanted = args.sizes.split(",")
        unknown = set(wanted) - {size.name for size in sizes}
        if unknown:
            raise ValueError(f"--sizes must be of {', '.join(s.name for s in sizes)}, got {sorted(unknown)[0]!r}")
        sizes = [size for size in sizes if size.name in wanted]
    if args.layers:
        from lstmcourse.nn import LAYERS

        layers = tuple(args.layers.split(","))
        unknown = set(layers) - set(LAYERS)
        if unknown:
            raise ValueError(f"--layers must be of {', '.join(LAYERS)}, got {sorted(unknown)[0]!r}")
        sizes = [size._replace(layers=layers) for size in sizes]
    for name in ("threads", "rounds"):
        value = getattr(args, name)
        if value is not None and value < 1:
            raise ValueError(f"--{name} must be at least 1, got {value}")
    if args.minutes is not None and not args.minutes > 0:
        raise ValueError(f"--minutes must be positive, got {args.minutes}")
    if args.device == "cpu" and (args.resume or args.minutes is not None):
        raise ValueError("--minutes and --resume are for --device cuda")
    return sizes if args.rounds is None else [size._replace(rounds=args.rounds) for size in sizes]


def run(args: argparse.Namespace) -> int:
    """Measure and print; 0 when all sizes were measured, 130 after Ctrl-C, which prints what is there."""
    if "numpy" not in sys.modules:  # BLAS libraries read these once, when they are loaded
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ[name] = str(args.threads)
    import torch

    from lstmcourse.tune import tune_allocator

    from . import _bench_cuda

    sizes = chosen(args)
    if args.device != "cpu":
        if not torch.cuda.is_available():
            print(_bench_cuda.no_device(), file=sys.stderr)
            return _bench_cuda.NO_DEVICE
        return _bench_cuda.run(args, sizes)
    before = torch.get_num_threads()
    torch.set_num_threads(args.threads)
    commit, began, results, status = _record.commit(), time.perf_counter(), [], 0
    try:
        for size in sizes:
            if size.tuned:
                tune_allocator()
            found = candidates(size, args.device)
            with tqdm(total=len(found) * (size.rounds + 1), desc=size.name, leave=False, file=sys.stderr) as bar:
                rows = measure(found, size.rounds, clock(args.threads), bar.update)
            if "stopped" in rows[-1]:
                status = 130
                rows.pop()
            rows = summary([row for row in rows if row["forward"] or row["both"]])
            if rows:
                print(table(size, rows), end="\n\n", flush=True)
                results.append({"size": size_of(size), "rows": rows})
            if status:
                print("stopped: this is what was measured", file=sys.stderr)
                break
    finally:
        torch.set_num_threads(before)
    made = provenance(args, time.perf_counter() - began, commit)
    record = {"provenance": made, "results": results}
    print(_footer(made))
    if args.json and results:
        _record.write(args.json, record)
    return status


def size_of(size: Size) -> dict[str, Any]:
    """A size as the record has it."""
    return size._asdict() | {"layers": list(size.layers) or "all", "ways": list(size.ways) or "all"}


def _command(args: argparse.Namespace) -> str:
    given = vars(args) | {"json": args.json and args.json.name}
    flags = [f"--{k}" for k, v in given.items() if v is True]
    options = [f"--{k} {v}" for k, v in given.items() if v is not None and not isinstance(v, bool)]
    return " ".join(["python -m lstmcourse bench", *flags, *options])


def _footer(made: dict) -> str:
    machine, versions = made["machine"], ", ".join(f"{k} {v}" for k, v in made["versions"].items())
    return (
        f"Ratios to {BASE} of the same size: {made['time']}, threads {machine['threads']}, {machine['device']}.\n"
        f"{machine['cpu']}, {machine['cores']} cores, {machine['instructions']}, load {machine.get('load')}; {versions}"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status is 0 if all was measured, 2 for options that do not fit, 130 after Ctrl-C.

    On a GPU: 3 where there is none, 4 where the time was over before all was measured.
    """
    parser = argparse.ArgumentParser(
        prog="python -m lstmcourse bench", description="how fast is every layer, against torch.nn?"
    )
    add_arguments(parser)
    args = parser.parse_args(argv)
    try:
        return run(args)
    except ValueError as error:
        parser.error(str(error))
