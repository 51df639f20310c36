"""The benchmark measures everything, tells where, and survives Ctrl-C. No test asserts how fast anything is."""

import argparse
import json
import platform
from importlib.metadata import version

import pytest
import torch

from lstmcourse import experiments
from lstmcourse.__main__ import main
from lstmcourse.commands import bench
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
        rows = bench.measure(found, 1, bench.clock("cpu", 1), lambda: None)
        assert all(len(row["forward"]) == 1 for row in rows)
        assert {row["way"] for row in rows} >= {"", "loop", "scan", "vendor"}


def test_ctrl_c_prints_what_is_there(monkeypatch, capsys, tmp_path):
    ticks = iter(range(10**6))

    def clock(device, threads):
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
    def interrupted(device, threads):
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
        (["--device", "tpu"], "--device must be cpu, or cuda where there is one, got 'tpu'"),
    ],
)
def test_options_that_do_not_fit_are_named(options, said, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["bench", *options])
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err


def test_more_threads_are_timed_by_the_wall():
    assert bench.clock("cpu", 1) is bench.time.process_time
    assert bench.clock("cpu", 2) is bench.time.perf_counter
    before = torch.get_num_threads()
    args = argparse.Namespace(quick=True, threads=2, device="cpu", json=None, sizes=None, layers="lstm", rounds=1)
    assert bench.run(args) == 0
    assert torch.get_num_threads() == before


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_cuda(tmp_path):
    file = tmp_path / "bench.json"
    assert main(["bench", "--quick", "--device", "cuda", "--json", str(file)]) == 0
    made = json.loads(file.read_text(encoding="utf-8"))["provenance"]
    assert made["machine"]["device"] == torch.cuda.get_device_name()


def test_the_committed_run_is_whole():
    record = experiments.load("bench_cpu")
    assert record["provenance"]["machine"]["threads"] == 1
    assert [r["size"]["name"] for r in record["results"]] == [size.name for size in bench.SIZES]
    for result, size in zip(record["results"], bench.SIZES, strict=True):
        timed = {row["name"] for row in result["rows"]}
        assert timed >= set(size.layers or bench.MAIN)  # a younger cell waits for the next run
