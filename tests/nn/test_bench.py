"""The benchmark measures everything, tells where, and survives Ctrl-C. No test asserts how fast anything is."""

import argparse
import json
import platform
import time
from importlib.metadata import version

import pytest
import torch

from lstmcourse.__main__ import main
from lstmcourse.commands import _bench_cuda, bench
from lstmcourse.convert import OPERATORS
from lstmcourse.nn import LAYERS

TINY = bench.Size("tiny", 4, 2, 3, 5, 2, layers=())


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    monkeypatch.setattr(bench, "QUICK", (TINY,))
    monkeypatch.setattr("lstmcourse.tune.tune_allocator", lambda: True)  # the test process keeps its own


def test_every_layer_is_timed_in_every_way(tmp_path, capsys):
    file = tmp_path / "bench.json"
    assert main(["bench", "--quick", "--json", str(file)]) == 0
    record = json.loads(file.read_text(encoding="utf-8"))
    (result,) = record["results"]
    ways: dict[str, set] = {}
    for row in result["rows"]:
        ways.setdefault(row["name"], set()).add(row["way"])
        for which in ("forward", "both"):
            if which in row:
                got = row[which]
                assert 0 < got["min"] <= got["ms"] <= got["max"]
    assert {"torch.nn.LSTM", "torch.nn.GRU", "torch.nn.RNN", *LAYERS} == set(ways)
    for name, layer in LAYERS.items():
        expected = {*layer.ways()[1:], "NumPy reference", *(["onnxruntime"] if name in OPERATORS else [])}
        assert ways[name] == expected
    said = capsys.readouterr().out
    assert "tiny: (T, B, I, H) = (4, 2, 3, 5), float32: torch.nn.LSTM" in said
    assert all(name in said for name in ways)


def test_it_says_where_it_ran_but_not_on_which_host(tmp_path, capsys):
    file = tmp_path / "bench.json"
    assert main(["bench", "--quick", "--layers", "lstm", "--rounds", "1", "--json", str(file)]) == 0
    made = json.loads(file.read_text(encoding="utf-8"))["provenance"]
    assert made["versions"]["torch"] == version("torch")
    assert made["machine"]["threads"] == 1
    assert made["time"] == "CPU time"
    assert made["command"] == "python -m lstmcourse bench --quick --threads 1 --device cpu --json bench.json " + (
        "--layers lstm --rounds 1"
    )
    for text in (capsys.readouterr().out, file.read_text(encoding="utf-8")):
        assert platform.node() not in text
        assert str(tmp_path) not in text


def test_packed_and_double_precision():
    for size in (TINY._replace(packed=True), TINY._replace(dtype="float64")):
        found = bench.candidates(size._replace(layers=("lstm", "gru")))
        rows = bench.measure(found, 1, bench.clock(1), lambda: None)
        assert all(len(row["forward"]) == 1 for row in rows)
        assert {row["way"] for row in rows} >= {"", "loop", "scan", "vendor"}


def test_ctrl_c_prints_what_is_there(monkeypatch, capsys, tmp_path):
    ticks = iter(range(10**6))

    def clock(threads):
        def read():
            now = next(ticks)
            if now == 40:  # in the middle of the second round
                raise KeyboardInterrupt
            return float(now)

        return read

    monkeypatch.setattr(bench, "clock", clock)
    monkeypatch.setattr(bench, "QUICK", (TINY, TINY))
    file = tmp_path / "bench.json"
    assert main(["bench", "--quick", "--layers", "lstm", "--json", str(file)]) == 130
    out, err = capsys.readouterr()
    assert out.count("tiny:") == 1
    assert "stopped: this is what was measured" in err
    assert len(json.loads(file.read_text(encoding="utf-8"))["results"]) == 1


def test_ctrl_c_before_the_first_figure(monkeypatch, capsys):
    def interrupted(threads):
        return lambda: (_ for _ in ()).throw(KeyboardInterrupt)

    monkeypatch.setattr(bench, "clock", interrupted)
    assert main(["bench", "--quick", "--layers", "lstm"]) == 130
    assert "tiny:" not in capsys.readouterr().out


def test_rows_without_the_base_have_no_ratio():
    rows = [{"name": "lstm", "way": "loop", "forward": [1.0], "both": []}]
    (row,) = bench.summary(rows)
    assert row["forward"]["ratio"] is None
    assert bench.table(TINY, [row])


@pytest.mark.parametrize(
    "options,said",
    [
        (["--sizes", "z"], "--sizes must be of"),
        (["--layers", "lstn"], "--layers must be of"),
        (["--threads", "0"], "--threads must be at least 1, got 0"),
        (["--rounds", "0"], "--rounds must be at least 1, got 0"),
        (["--device", "cpu:0"], "--device must be cpu, or cuda where there is one, got 'cpu:0'"),
        (["--device", "cuda", "--minutes", "0"], "--minutes must be positive, got 0.0"),
        (["--resume"], "--minutes and --resume are for --device cuda"),
        (["--device", "tpu"], "--device must be cpu, or cuda where there is one, got 'tpu'"),
    ],
)
def test_options_that_do_not_fit_are_named(options, said, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["bench", *options])
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err


def test_more_threads_are_timed_by_the_wall():
    assert bench.clock(1) is bench.time.process_time
    assert bench.clock(2) is bench.time.perf_counter
    before = torch.get_num_threads()
    args = arguments(None, quick=True, threads=2, layers="lstm", rounds=1)
    assert bench.run(args) == 0
    assert torch.get_num_threads() == before


# ---- on a GPU


def wall(call):
    """In place of CUDA events, where there is no GPU: the same form, on the CPU."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1e3


def arguments(file, **given):
    options = dict(quick=False, threads=1, device="cpu", json=file, sizes=None, layers=None, rounds=None)
    return argparse.Namespace(**options | dict(minutes=None, resume=False) | given)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this is what is said where there is no CUDA device")
def test_without_a_cuda_device_the_command_says_so_with_a_status_of_its_own(tmp_path, capsys):
    file = tmp_path / "bench_cuda.json"
    assert main(["bench", "--device", "cuda", "--json", str(file)]) == _bench_cuda.NO_DEVICE == 3
    out, err = capsys.readouterr()
    assert not out and not file.exists()
    assert err.startswith("no CUDA device: ") and err.endswith(f"(torch {torch.__version__}); nothing was measured\n")


def test_the_grid_for_a_gpu_varies_one_size_at_a_time():
    grid = _bench_cuda.sizes()
    assert len({size.name for size in grid}) == len(grid)
    for which, values in (("T", {100, 784, 1024}), ("B", {16, 64, 256}), ("H", {64, 128, 256, 512, 768, 1024})):
        assert {getattr(size, which) for size in grid} == values
    assert [size.dtype for size in grid] == sorted((size.dtype for size in grid), reverse=True)  # float32 first


def test_a_record_of_a_gpu_run_has_steps_limits_and_what_made_it(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(_bench_cuda, "WARM", 3)
    file, size = tmp_path / "bench_cuda.json", TINY._replace(layers=("lstm", "gru"))
    assert _bench_cuda.run(arguments(file), [size], wall) == 0
    record = json.loads(file.read_text(encoding="utf-8"))
    assert record["provenance"]["time"] == "CUDA events"
    assert set(record["provenance"]["machine"]) >= {"device", "driver", "cuda", "rates", "tf32"}
    assert record["provenance"]["commit"]
    (entry,) = record["results"]
    assert {row["name"] for row in entry["rows"]} == {"torch.nn.LSTM", "torch.nn.GRU", "torch.nn.RNN", "lstm", "gru"}
    for row in entry["rows"]:
        assert row["warm"] == 3
        for which in ("forward", "both"):
            assert row[which]["us_per_step"] == pytest.approx(row[which]["ms"] * 1e3 / size.T, abs=0.3)
            assert row[which]["limit_us"] >= 0
    assert "µs a step" in capsys.readouterr().out


def test_a_run_that_is_out_of_time_keeps_what_it_has_and_goes_on(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(_bench_cuda, "WARM", 3)
    file = tmp_path / "bench_cuda.json"
    wanted = [TINY._replace(name=name, layers=("gru",)) for name in "ab"]
    began = iter([0.0, 1.0, 2.0, 3.0])  # begun, before the first size, after its first round, before the second size

    class Clock:
        perf_counter = staticmethod(time.perf_counter)
        monotonic = staticmethod(lambda: next(began, 1000.0))

    monkeypatch.setattr(_bench_cuda, "time", Clock)
    assert _bench_cuda.run(arguments(file, minutes=2.5 / 60), wanted, wall) == _bench_cuda.OUT_OF_TIME == 4
    assert "1 of 2 sizes are left; the same command with --resume goes on" in capsys.readouterr().err
    first = json.loads(file.read_text(encoding="utf-8"))["results"]
    assert [entry["size"]["name"] for entry in first] == ["a"]
    monkeypatch.setattr(_bench_cuda, "time", time)
    assert _bench_cuda.run(arguments(file, resume=True), wanted, wall) == 0
    both = json.loads(file.read_text(encoding="utf-8"))["results"]
    assert both[0] == first[0] and both[1]["size"]["name"] == "b"
    monkeypatch.setattr(_bench_cuda._record, "commit", lambda: "another")
    with pytest.raises(ValueError, match=r"--resume: bench_cuda\.json was made by commit .*, not another"):
        _bench_cuda.run(arguments(file, resume=True), wanted, wall)
    with pytest.raises(ValueError, match="--resume needs --json FILE"):
        _bench_cuda.run(arguments(None, resume=True), wanted, wall)


def test_the_limit_is_the_products_and_one_kernel_a_step():
    size = TINY._replace(T=10, B=2, I=3, H=5)
    known = {"float32": 1e6, "kernel_us": 500.0}  # a flop takes 1 µs
    x, h = 2 * 4 * 2 * 5 * 3, 2 * 4 * 2 * 5 * 5
    assert _bench_cuda.limit(size, 4, known) == {"forward": x + 500, "both": x + 500 + 500 + h + 2 * x}
    assert _bench_cuda.limit(size, 4, known | {"kernel_us": 1.0})["forward"] == x + h


@pytest.mark.cuda
def test_on_cuda(tmp_path):
    file = tmp_path / "bench.json"
    assert main(["bench", "--quick", "--layers", "lstm,peephole", "--device", "cuda", "--json", str(file)]) == 0
    made = json.loads(file.read_text(encoding="utf-8"))["provenance"]
    assert made["machine"]["device"] == torch.cuda.get_device_name()


def test_the_committed_run_is_whole():
    from lstmcourse import experiments  # needs SciPy, which a machine with a GPU may lack

    record = experiments.load("bench_cpu")
    assert record["provenance"]["machine"]["threads"] == 1
    assert [r["size"]["name"] for r in record["results"]] == [size.name for size in bench.SIZES]
    for result, size in zip(record["results"], bench.SIZES, strict=True):
        timed = {row["name"] for row in result["rows"]}
        assert timed >= set(size.layers or bench.MAIN)  # a younger cell waits for the next run
