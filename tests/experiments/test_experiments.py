"""Experiments: the registry, honest records, and what the committed figures must go on saying."""

import json
import math
import platform
import re
import statistics
from pathlib import Path

import numpy as np
import pytest
import torch

from lstmcourse import experiments, tasks, training
from lstmcourse.commands.experiments import main
from lstmcourse.experiments import ExperimentError, _registry, load, run
from lstmcourse.nn import LAYERS
from lstmcourse.reference import CELLS

SMALL = {"n": 2, "steps": 2, "seeds": 1, "T": 12, "lengths": (6, 8)}


@pytest.fixture
def toy(monkeypatch):
    """A registered experiment that takes no time."""
    monkeypatch.setattr(_registry, "EXPERIMENTS", dict(_registry.EXPERIMENTS))

    @experiments._registry.experiment("00", "A toy")
    def toy(n=3, seed=0):
        return {"rows": [{"cell": "lstm", "values": list(range(n)), "solved_at": None}]}

    return toy


def settings(name):
    return {key: value for key, value in SMALL.items() if key in experiments.EXPERIMENTS[name].settings}


@pytest.mark.parametrize("name", sorted(experiments.EXPERIMENTS))
def test_every_experiment_runs_small_and_writes_what_load_reads(name, tmp_path):
    record = run(name, tmp_path, **settings(name))
    assert load(name, tmp_path) == json.loads(json.dumps(record))
    names = {cell.name for cell in CELLS} | {"sigma", "tanh"}
    assert record["result"]["rows"] and all(row["cell"] in names for row in record["result"]["rows"])
    assert record["settings"] == experiments.EXPERIMENTS[name].settings | settings(name)
    assert re.fullmatch("0[2-8]", record["notebook"]) and len(record["title"]) < 110
    assert (tmp_path / f"{name}.json").stat().st_size < 20_000


def test_a_small_run_is_the_same_every_time(tmp_path):
    small = {"n": 1, "steps": 2, "T": 6}
    first, second = (run("adding_variants", tmp_path, **small)["result"] for _ in range(2))
    assert first == second != run("adding_variants", tmp_path, **small, seed=5)["result"]


def test_a_record_says_what_made_it_and_not_where(toy, tmp_path):
    made = run("toy", tmp_path, n=4)["provenance"]
    assert made["command"] == "python -m lstmcourse experiments run toy --set n=4"
    assert set(made) == {"command", "versions", "commit", "machine", "seconds", "date"}
    assert made["versions"]["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert made["machine"]["threads"] == torch.get_num_threads()
    assert made["commit"] is None or re.fullmatch("[0-9a-f]{40}( and changes)?", made["commit"])
    text = (tmp_path / "toy.json").read_text()
    assert str(Path.home()) not in text and (len(platform.node()) < 5 or platform.node() not in text)


def test_outside_of_git_there_is_no_commit(monkeypatch, tmp_path):
    monkeypatch.setattr(_registry, "FOLDER", tmp_path / "results")
    assert _registry._commit() is None


def test_ctrl_c_writes_nothing_and_keeps_the_old_record(toy, tmp_path, monkeypatch):
    run("toy", tmp_path)
    before = (tmp_path / "toy.json").read_text()

    def press(*_, **__):
        raise KeyboardInterrupt

    broken = experiments.EXPERIMENTS["anbn"]._replace(name="toy", function=press)
    for target, name, value in ((_registry.EXPERIMENTS, "toy", broken), (_registry.os, "replace", press)):
        with monkeypatch.context() as patch:
            (patch.setitem if isinstance(target, dict) else patch.setattr)(target, name, value)
            with pytest.raises(KeyboardInterrupt):
                run("toy", tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["toy.json"]
        assert (tmp_path / "toy.json").read_text() == before


def test_ctrl_c_while_a_net_trains_writes_nothing(tmp_path, monkeypatch):
    """training.fit keeps what it has after Ctrl-C; an experiment must not measure and publish that."""
    steps = []

    def press(*_):
        steps.append(1)
        if len(steps) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(training.tqdm, "update", press)
    for name in ("interval", "anbn", "reber", "stories"):
        steps.clear()
        with pytest.raises(KeyboardInterrupt):
            run(name, tmp_path)
        assert not list(tmp_path.iterdir()) and len(steps) == 3


def test_unknown_names_and_settings_are_named(toy, tmp_path):
    with pytest.raises(ExperimentError, match=r"^experiment must be one of adding_long, .*, got 'nonsense'$"):
        run("nonsense", tmp_path)
    with pytest.raises(ExperimentError, match=r"^settings of toy are n, seed, got m$"):
        run("toy", tmp_path, m=3)
    with pytest.raises(
        ExperimentError, match=r"^no results of toy in .*: run `python -m lstmcourse experiments run toy`$"
    ):
        load("toy", tmp_path)
    (tmp_path / "toy.json").write_text("{")
    with pytest.raises(ExperimentError, match=r"toy\.json is damaged \(.*\): run .* experiments run toy` again$"):
        load("toy", tmp_path)
    with pytest.raises(
        ExperimentError, match=r"bench_cpu in .*: run `python -m lstmcourse bench --json .*bench_cpu\.json`$"
    ):
        load("bench_cpu", tmp_path)


def test_figures_are_written_a_row_a_line_and_never_as_nan():
    value = {"rows": [{"a": 1, "b": [1.5, None]}, {"text": "aⁿ"}], "long": list(range(60)), "empty": []}
    text = _registry.dumps(value)
    assert json.loads(text) == value
    assert '  "rows": [{"a": 1, "b": [1.5, null]}, {"text": "aⁿ"}],' in text.splitlines()
    with pytest.raises(ValueError):
        _registry.dumps({"a": float("nan")})


def test_the_command_runs_shows_and_lists(toy, tmp_path, capsys):
    folder = ["--folder", str(tmp_path)]
    threads = torch.get_num_threads()
    assert main(["run", "toy", *folder, "--set", "n=2"]) == 0
    torch.set_num_threads(threads)
    ran = capsys.readouterr().out
    assert main(["show", "toy", *folder]) == 0
    assert capsys.readouterr().out == ran
    assert "A toy" in ran and "cell lstm  values 0 1  solved_at None" in ran
    assert main(["list"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in experiments.EXPERIMENTS) and "01" < listed[:2] < "09"


def test_the_command_says_what_is_wrong_in_one_line(tmp_path, capsys):
    assert main(["show", "nonsense", "--folder", str(tmp_path)]) == 1
    assert main(["run", "anbn", "--folder", str(tmp_path), "--set", "n=two"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("experiment must be one of") and lines[1].startswith("--set expects SETTING=VALUE")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "setting", "text"),
    [
        ("anbn", {"n": 0}, "n must be positive and of the kind of its default 20, got 0"),
        ("anbn", {"n": True}, "n must be positive and of the kind of its default 20, got True"),
        ("anbn", {"n": "ten"}, "n must be positive and of the kind of its default 20, got 'ten'"),
        ("anbn", {"steps": 2.5}, "steps must be positive and of the kind of its default 4000, got 2.5"),
        ("anbn", {"seed": -1}, "seed must be not negative and of the kind of its default 0, got -1"),
        ("anbn", {"lengths": [1]}, "settings of anbn are n, steps, seed, got lengths"),
        ("adding_starts", {"lengths": 10}, "lengths must be positive and of the kind of its default (10, 20, 40, 80)"),
        ("adding_starts", {"lengths": []}, "lengths must be positive"),
        ("adding_starts", {"rates": [0.1, -0.1]}, "rates must be positive"),
    ],
)
def test_a_setting_is_refused_before_anything_runs(tmp_path, name, setting, text):
    with pytest.raises(ExperimentError, match=re.escape(text)):
        run(name, tmp_path / "new", **setting)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(toy, tmp_path, capsys):
    (tmp_path / "file").touch()
    _registry.EXPERIMENTS["toy"] = _registry.EXPERIMENTS["toy"]._replace(function=lambda n=3: 1 / 0)
    assert main(["run", "toy", "--folder", str(tmp_path / "file" / "below")]) == 1
    assert capsys.readouterr().err.startswith("folder must be one that can be written, got")


@pytest.mark.parametrize("threads", ["0", "-2", "many"])
def test_threads_are_at_least_one(threads, capsys):
    with pytest.raises(SystemExit):
        main(["run", "anbn", "--threads", threads])
    assert f"argument --threads: must be at least 1, got {threads}" in capsys.readouterr().err


def test_the_sigma_candidate_only_grows():
    ensemble = experiments.train_counting(experiments.SigmaCandidateLSTM, hidden=3, n=2, steps=1, progress=False)
    with torch.no_grad():
        trace = ensemble.trace(torch.as_tensor(tasks.anbn_all([30]).x))
    assert (trace["c"] >= 0).all()


def test_measures_on_nets_made_by_hand():
    """A net that is right by construction gets full marks: the largest n, all beats."""
    from lstmcourse.ensemble import Ensemble

    ensemble = Ensemble("rnn", 4, 2, 4, 2)
    perfect = tasks.anbn_all(range(1, 101))
    ensemble.forward = lambda x: (torch.as_tensor(perfect.y).sub(0.5).expand(2, *perfect.y.shape), ())
    assert experiments.counted(ensemble) == [100, 100]
    evaluations = [(10, np.array([0.2, 1.0, 0.2])), (20, np.array([0.996, 0.5, 0.99]))]
    history = type("H", (), {"evaluations": evaluations})
    assert experiments.first_solved(history) == [20, 10, None]


def test_peepholes_start_small_and_forget_gates_open():
    from lstmcourse.experiments._common import nets

    ensemble = nets("peephole", 3, 16, 2, 5)
    assert ensemble.p_f_l0.abs().max() <= 0.1 and ensemble.p_f_l0.abs().max() > 0.08
    biases = ensemble.bias_ih_l0 + ensemble.bias_hh_l0
    assert (biases[..., 16:32] == 1).all()
    assert not (nets("gru", 3, 16, 2, 1).bias_ih_l0[..., 16:32] == 1).any()


# ---- the committed figures

RESULTS = [p for p in sorted((Path(__file__).parents[2] / "results").glob("*.json")) if not p.stem.startswith("bench_")]


def rows(name, /, **where):
    found = [row for row in load(name)["result"]["rows"] if all(row[key] == value for key, value in where.items())]
    assert found, where
    return found


def row(name, /, **where):
    (found,) = rows(name, **where)
    return found


def test_every_experiment_has_its_committed_figures_and_no_other():
    assert {path.stem for path in RESULTS} == set(experiments.EXPERIMENTS)


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_committed_figures_were_made_by_the_command_as_it_stands(path):
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["settings"] == json.loads(json.dumps(experiments.EXPERIMENTS[path.stem].settings))
    assert record["title"] == experiments.EXPERIMENTS[path.stem].title
    assert record["provenance"]["command"] == f"python -m lstmcourse experiments run {path.stem}"
    assert record["provenance"]["machine"]["threads"] == 1
    assert path.stat().st_size < 30_000


def test_peepholes_count_further_and_what_is_bounded_does_not_count():
    reach = {(r["cell"], r["hidden"]): r["reach"] for r in rows("anbn")}
    plain, peephole = (statistics.median(reach[cell, 2]) for cell in ("lstm", "peephole"))
    assert 25 < plain < peephole and sum(n == 100 for n in reach["peephole", 2]) >= 5 > max(reach["lstm", 2]) // 100
    for cell in (("coupled", 2), ("gru", 2), ("gru_reset_before", 2), ("gru", 8), ("rnn", 8)):
        assert max(reach[cell]) <= 14, cell


def test_coupled_gates_stay_below_one_and_cannot_count_on_either_base():
    for bounded, free in (("coupled", "lstm"), ("cifg", "peephole")):
        assert max(row("counting_coupled", cell=bounded)["largest_state"]) <= 1
        assert min(row("counting_coupled", cell=free)["largest_state"]) > 50
        assert max(row("counting_coupled", cell=bounded)["reach"]) <= 14
        assert statistics.median(row("counting_coupled", cell=free)["reach"]) >= 20


def fisher(a, b, n):
    """One-sided Fisher test: the chance that a or more of a + b successes fall on the first of two groups of n."""
    return sum(math.comb(n, k) * math.comb(n, a + b - k) for k in range(a, min(n, a + b) + 1)) / math.comb(2 * n, a + b)


def test_peepholes_help_to_keep_an_interval():
    perfect = {r["cell"]: r["perfect"] for r in rows("interval")}
    assert fisher(perfect["peephole"], perfect["lstm"], 30) < 0.01 and perfect["rnn"] <= 2
    assert fisher(8, 1, 10) == pytest.approx(0.002739, abs=1e-6)


def test_counting_wants_the_forget_gates_peephole_and_timing_the_output_gates():
    at_100 = {r["peepholes"]: r["reach"].count(100) for r in rows("peephole_subsets", task="counting")}
    with_f = sum(n for subset, n in at_100.items() if "f" in subset)
    assert sum(at_100.values()) == with_f and fisher(with_f, 0, 80) < 1e-5
    perfect = {r["peepholes"]: r["beyond_9"] for r in rows("peephole_subsets", task="interval")}
    assert perfect["o"] > 2 * max(perfect["i"], perfect["f"])
    for subset, cell in (("", "lstm"), ("ifo", "peephole")):  # the same nets as there
        assert (
            row("peephole_subsets", task="counting", peepholes=subset)["reach"]
            == row("counting_coupled", cell=cell)["reach"]
        )


def test_without_the_full_gradient_peepholes_do_not_help_to_count():
    median = {(r["cell"], r["gradient"]): statistics.median(r["reach"]) for r in rows("truncated_gradient")}
    assert median["peephole", "full"] > 2 * median["lstm", "full"]
    assert median["peephole", "truncated"] <= median["lstm", "truncated"] <= median["lstm", "full"]


def test_the_truncated_layer_computes_the_same_and_sends_no_error_out_of_a_gate():
    layer, full = experiments.TruncatedLSTM(3, 4), LAYERS["peephole"](3, 4)
    full.load_state_dict(layer.state_dict())
    x = torch.randn(6, 2, 3, generator=torch.Generator().manual_seed(0))
    states = []
    for net in (layer, full):
        h_0, c_0 = torch.zeros(1, 2, 4, requires_grad=True), torch.ones(1, 2, 4, requires_grad=True)
        out, _ = net(x, (h_0, c_0))
        out[-1].sum().backward()
        states.append((out.detach(), h_0.grad))
    torch.testing.assert_close(states[0][0], states[1][0])
    assert states[0][1] is None and states[1][1].abs().max() > 0
    assert layer.route(x) == "loop"


def test_the_oldest_cell_is_best_on_the_segmented_grammar():
    solved = {r["cell"]: r["solved"] for r in rows("reber", shortest=9)}
    assert solved["lstm97"] > solved["lstm"] > solved["rnn"] == 0


def test_without_a_forget_gate_the_state_grows_on_the_stream():
    old, new = (row("continual_reber", cell=cell) for cell in ("lstm97", "lstm"))
    assert min(old["late_c"]) > 50 * max(new["late_c"]) and new["solved"] == 10 > old["solved"]
    growth = np.diff(old["median_c_by_string"])
    assert (growth > 0).all() and growth.max() < 3 * np.median(growth), "about the same amount a string"


def test_the_stories_are_learnt_and_an_rnn_forgets_the_king():
    for story in experiments.stories.__globals__["STORIES"]:
        assert row("stories", story=story, cell="lstm")["solved"] >= 9
    by_distance = row("stories", story="kings", cell="rnn")["median_right_by_distance"]
    assert by_distance == sorted(by_distance, reverse=True) and by_distance[-1] < 0.95
    assert min(row("stories", story="kings", cell="lstm")["median_right_by_distance"]) > 0.99


def test_chrono_finds_the_long_lag_and_the_default_mostly_does_not():
    solved = {}
    for r in rows("adding_long"):
        solved.setdefault(r["name"], []).append(r["solved_at"])
    assert all(solved["LSTM, chrono"]) and max(solved["LSTM, chrono"]) < 1200
    assert all(solved["GRU"])
    assert solved["LSTM"].count(None) >= 2 and solved["LSTM, forget bias 1"].count(None) >= 2
    until = [r["errors"][6] for r in rows("adding_long", name="LSTM")]
    assert all(abs(error - tasks.ADDING_BASELINE) < 0.015 for error in until), "on the plateau"


def test_timed_spikes_are_a_null_result_for_peepholes():
    right = {(r["cell"], r["hidden"], r["lr"]): r["right_10_periods"] for r in rows("timed_spikes")}
    assert right["lstm", 2, 0.02] == right["peephole", 2, 0.02] == 0 < right["noaf_plain", 2, 0.02]
    assert all(right["noaf", 2, lr] <= right["noaf_plain", 2, lr] for lr in (0.02, 0.03))


def test_coupled_gates_and_grus_add_best_and_a_missing_input_gate_worst():
    solved = {r["cell"]: r["solved"] for r in rows("adding_variants")}
    assert all(solved[cell] == 10 for cell in ("coupled", "cifg", "gru", "gru_reset_before"))
    assert solved["nig"] == solved["nig_plain"] == 0
    assert all(solved[cell] < 10 for cell in ("lstm", "peephole", "noaf", "noaf_plain"))


def test_a_sigma_candidate_learns_by_heart_at_best():
    for hidden in (2, 4):
        sigma, tanh = (row("anbn_sigma_candidate", cell=c, hidden=hidden)["reach"] for c in ("sigma", "tanh"))
        assert max(sigma) <= 12 and statistics.median(tanh) > 20
