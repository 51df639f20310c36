"""Experiments: descriptions, runs that can be killed, records that say where they come from, and the committed ones."""

import json
import math
import os
import random
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from lstmcourse import data, experiments, tasks, training
from lstmcourse.commands.experiments import main
from lstmcourse.experiments import (
    EXPERIMENTS,
    ExperimentError,
    Record,
    Solved,
    _common,
    _records,
    _run,
    _sources,
    blocks,
    load,
    run,
    verdict,
    verify,
)
from lstmcourse.limits import TITLES
from lstmcourse.nn import LAYERS
from tests.experiments import toys

ROOT = Path(__file__).parents[2]


def one_thread(*_):
    """In place of worker processes: a thread of this one."""
    return ThreadPoolExecutor(1)


@pytest.fixture
def here(monkeypatch):
    """Runs stay in this process."""
    monkeypatch.setattr(_run, "_executor", one_thread)


def run_toy(folder, **kwargs):
    return run("toy", folder=folder, draft=True, **kwargs)


def numbers(record):
    """A record's rows without the time that they took."""
    return [{key: value for key, value in row.items() if key != "seconds"} for row in record.rows]


# ---- descriptions


@pytest.mark.parametrize("name", sorted(EXPERIMENTS))
def test_every_description_runs_small(name, monkeypatch):
    """Every network of the grid gives one value a net, and the same ones when asked again."""
    for name_of_set, at_hand in (("reviews", "opinions"), ("music", "chorales")):  # which need no network
        monkeypatch.setitem(data.DATASETS, name_of_set, data.DATASETS[at_hand])
    chosen = EXPERIMENTS[name]
    assert re.fullmatch("0[1-9]|1[0-5]", chosen.notebook) and len(chosen.title) < 110
    assert chosen.blocks >= 3 and (len(chosen.rates) == 2 or not chosen.pairs or name in ONE_RATE)
    for label in random.Random(name).sample(sorted(chosen.grid), 1):
        cells = [(label, chosen.rates[-1], block) for block in range(1, 2 + chosen.together)]
        arguments = _run.arguments_of(chosen, cells, 1, "cpu") | {"n": 2, "updates": 2}
        (first, *_), (second, *_) = (_run.job(chosen.function, arguments, digest_of(chosen)) for _ in range(2))
        assert first["values"] == second["values"]
        assert chosen.measure in first["values"]
        assert chosen.solved is None or chosen.solved.measure in first["values"]
        json.dumps(first["values"], allow_nan=False)


ONE_RATE = {"subsets"}  # exploratory, and said to be so


def digest_of(chosen):
    return _sources.digest(chosen.function.__module__)


def test_a_description_that_cannot_be_judged_is_refused():
    given = {"grid": {"a": {}}, "updates": 1, "rates": (0.1,), "nets": 1, "blocks": 1}
    with pytest.raises(ExperimentError, match="needs solved or measure"):
        experiments.experiment("01", "A title", **given)
    with pytest.raises(ExperimentError, match="must name cells of the grid, got 'b'"):
        experiments.experiment("01", "A title", **given, measure="m", pairs=(("a", "b"),))


def test_solved_is_a_bound_and_never_holds_for_what_did_not_come():
    assert Solved("m", at_least=2)(2) and not Solved("m", at_least=2)(1.9) and not Solved("m", at_most=2)(None)
    assert str(Solved("right", at_least=0.995)) == "right ≥ 0.995"


# ---- runs


def test_a_run_holds_every_net_of_every_block(monkeypatch, tmp_path, here):
    toys.make(monkeypatch)
    record = run_toy(tmp_path)
    assert record.blocks == [0, 1] and len(record.rows) == 2 * 2 * 3  # networks, rates, blocks and the choosing one
    assert all(len(column) == 3 for row in record.rows for column in row["values"].values())
    assert {row["block"] for row in record.rows} == {experiments.CHOOSING, 0, 1}
    expected = toys.toy("good", 3, 1000, 10, 0.2, "cpu")["score"]
    assert record.values("good", lr=0.2)[1] == [float(f"{value:.6g}") for value in expected]
    assert record.rate("good") in record.rates
    assert numbers(blocks("toy", folder=tmp_path)) == numbers(record)


def test_a_run_goes_on_where_it_was_broken_off(monkeypatch, tmp_path, here):
    toys.make(monkeypatch)
    whole = run_toy(tmp_path / "whole")
    (tmp_path / "marks").mkdir()
    broken = {"good": {"kind": "good"}, "poor": {"kind": "poor", "fail": str(tmp_path / "marks")}}
    toys.make(monkeypatch, grid=broken)
    with pytest.raises(RuntimeError, match="broken off"):
        run_toy(tmp_path / "broken")
    kept = blocks("toy", folder=tmp_path / "broken")
    assert 0 < len(kept.rows) < len(whole.rows)
    assert numbers(run_toy(tmp_path / "broken")) == numbers(whole)


def test_more_blocks_are_added_to_those_that_are_there(monkeypatch, tmp_path, here):
    toys.make(monkeypatch)
    one, lines = run_toy(tmp_path, blocks=1), []
    three = run_toy(tmp_path, blocks=3, report=lines.append)
    assert one.blocks == [0] and three.blocks == [0, 1, 2] and len(lines) == 8
    assert re.fullmatch(r"block [12], (good|poor), rate 0\.[12]: 0 s; 7 cells left, about 0 min", lines[0])
    assert lines[-1].endswith("all cells are done")


def test_the_control_trains_what_it_is_for_three_times_as_long(monkeypatch, tmp_path, here):
    toys.make(monkeypatch)
    run_toy(tmp_path)
    control = run_toy(tmp_path, updates_times=3)
    assert control.data["settings"]["updates"] == 30 and {row["name"] for row in control.rows} == {"poor"}
    assert numbers(blocks("toy", 3, tmp_path)) == numbers(control)
    shown = experiments.show(blocks("toy", folder=tmp_path), control)
    assert "30 updates:" in shown.splitlines()[5] and "30 updates:" not in shown.splitlines()[3]
    toys.make(monkeypatch, control=())
    with pytest.raises(ExperimentError, match="toy has no control"):
        run_toy(tmp_path, updates_times=3)


KILLED = """
import os, random, signal, sys, time
from pathlib import Path
from lstmcourse.experiments import _run, run
from tests.experiments import test_experiments as ours, toys

folder, patch = Path(sys.argv[1]), type("Patch", (), {"setitem": lambda self, where, k, v: where.__setitem__(k, v)})()
toys.make(patch, grid={kind: {"kind": kind, "sleep": 0.03} for kind in ("good", "poor")}, blocks=8)
_run._executor = ours.one_thread
rng, kills, seen = random.Random(0), 0, []
while True:
    pid = os.fork()
    if not pid:
        run("toy", folder=folder, draft=True)
        os._exit(0)
    if kills == 10:
        assert os.waitpid(pid, 0)[1] == 0
        break
    before = len(ours.rows_in(folder / "toy.json"))
    while len(ours.rows_in(folder / "toy.json")) == before:
        time.sleep(0.005)
    time.sleep(rng.uniform(0, 0.08))
    os.kill(pid, signal.SIGKILL)
    kills += os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    seen.append(len(ours.rows_in(folder / "toy.json")))
print(seen)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_run_killed_ten_times_ends_with_the_same_numbers(monkeypatch, tmp_path, here):
    """SIGKILL at random moments: each time a whole record is on disk, nothing of it gets lost, the end is the same."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "killed")], capture_output=True, text=True, timeout=300, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert len(seen) == 10 and seen == sorted(seen) and 10 <= seen[-1] < 36
    toys.make(monkeypatch, blocks=8)
    assert numbers(Record({"rows": rows_in(tmp_path / "killed" / "toy.json")} | BARE)) == numbers(run_toy(tmp_path))


BARE = {"settings": {"grid": {}, "rates": [], "nets": 3, "solved": None, "measure": "score", "pairs": []}}


def rows_in(path):
    """The rows that a record on disk has; it must be whole."""
    return json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else []


def test_a_worker_process_that_dies_is_replaced(monkeypatch, tmp_path):
    (tmp_path / "marks").mkdir()
    toys.make(monkeypatch, grid={"poor": {"kind": "poor", "die": str(tmp_path / "marks")}}, pairs=())
    record = run_toy(tmp_path / "out", workers=2)
    assert record.blocks == [0, 1] and (tmp_path / "marks" / "poor").exists()
    toys.make(monkeypatch, grid={"poor": {"kind": "poor"}}, pairs=())
    monkeypatch.setattr(_run, "_executor", one_thread)
    assert numbers(record) == numbers(run_toy(tmp_path / "again"))


def test_a_cluster_gives_the_same_numbers_though_a_worker_is_killed(monkeypatch, tmp_path):
    """Two worker processes of Dask, one of which is killed in the middle, behind the interface that local ones have."""
    distributed = pytest.importorskip("distributed")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    grid = {kind: {"kind": kind, "sleep": 0.2} for kind in ("good", "poor")}
    toys.make(monkeypatch, grid=grid)
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, protocol="tcp") as cluster:
        pids = list(distributed.Client(cluster).run(os.getpid).values())
        killed = []

        def kill(_):
            if not killed:
                os.kill(pids[0], signal.SIGKILL)
                killed.append(pids[0])

        record = run_toy(tmp_path / "cluster", scheduler=cluster.scheduler_address, report=kill)
    monkeypatch.setattr(_run, "_executor", one_thread)
    assert killed and numbers(record) == numbers(run_toy(tmp_path / "here"))


# ---- what a record says, and refuses


def test_only_a_clean_tree_makes_a_record(monkeypatch, tmp_path, here):
    toys.make(monkeypatch)
    monkeypatch.setattr(_sources, "tree", lambda: _sources.Tree("c" * 40, ("lstmcourse/ensemble.py",)))
    with pytest.raises(
        ExperimentError, match=r"only a clean tree makes a record, and lstmcourse/ensemble\.py is changed"
    ):
        run("toy", folder=tmp_path)
    with pytest.raises(ExperimentError, match="a draft must go to a folder of its own"):
        run("toy", draft=True)
    monkeypatch.setattr(_sources, "tree", lambda: _sources.Tree("c" * 40, ()))
    made = run("toy", folder=tmp_path).data["provenance"]
    assert (
        made["commit"] == "c" * 40
        and not made["draft"]
        and made["sources"] == _sources.digest("tests.experiments.toys")
    )
    assert run_toy(tmp_path / "draft").data["provenance"]["commit"] is None


def test_a_run_is_not_continued_with_other_settings_sources_or_versions(monkeypatch, tmp_path, here):
    toys.make(monkeypatch)
    run_toy(tmp_path, blocks=1)
    with monkeypatch.context() as patch:
        toys.make(patch, nets=4)
        with pytest.raises(ExperimentError, match="was begun with other settings"):
            run_toy(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(_sources, "digest", lambda *_: "another")
        with pytest.raises(ExperimentError, match="was begun with other sources: go on at commit None"):
            run_toy(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(_run, "machine", lambda device: {"torch": "0.1"})
        with pytest.raises(ExperimentError, match="was begun with other machine or versions"):
            run_toy(tmp_path)


def test_a_worker_with_other_sources_is_refused():
    with pytest.raises(ExperimentError, match="this worker has other sources"):
        _run.job(toys.toy, {"kind": "good", "n": 1, "seed": 0, "updates": 1, "lr": 0.1, "device": "cpu"}, "other")


def test_sources_are_the_modules_that_a_run_uses_and_no_others():
    used = set(_sources.modules("lstmcourse.experiments.timing"))
    assert {"lstmcourse.ensemble", "lstmcourse.training", "lstmcourse.tasks.timing", "lstmcourse.nn.lstm"} <= used
    assert not any(
        name.split(".")[1] in ("widgets", "plots", "exercises", "diagrams") for name in used - {"lstmcourse"}
    )
    changed = {}

    def read(path):
        text = _sources.on_disk(path)
        return text if text is None else text + changed.get(path, "")

    before = _sources.digest("lstmcourse.experiments.timing", read)
    assert before == _sources.digest("lstmcourse.experiments.timing")
    changed["lstmcourse/widgets.py"] = changed["lstmcourse/widgets/__init__.py"] = "# another line\n"
    assert _sources.digest("lstmcourse.experiments.timing", read) == before
    changed["lstmcourse/nn/lstm.py"] = "# another line\n"
    assert _sources.digest("lstmcourse.experiments.timing", read) != before


def test_every_module_that_a_run_loads_is_among_its_sources():
    """The imports read from the source miss none that Python makes in `nn` and `tasks`."""
    code = (
        "import sys; from lstmcourse.experiments import _sources, EXPERIMENTS\n"
        "made = {n for n in sys.modules if n.startswith('lstmcourse.nn') or n.startswith('lstmcourse.tasks')}\n"
        "used = set().union(*(_sources.modules(e.function.__module__) for e in EXPERIMENTS.values()))\n"
        "print(sorted(made - used))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_what_is_wrong_is_said_before_anything_runs(monkeypatch, tmp_path, here):
    toys.make(monkeypatch, function=lambda **_: 1 / 0)
    with pytest.raises(ExperimentError, match=r"^experiment must be one of adding_1000, .*, got 'nonsense'$"):
        run("nonsense")
    for argument, value in (("blocks", 0), ("workers", True), ("updates_times", 1.5)):
        with pytest.raises(ExperimentError, match=f"{argument} must be an integer of at least 1, got {value}"):
            run_toy(tmp_path, **{argument: value})
    (tmp_path / "file").touch()
    with pytest.raises(ExperimentError, match="folder must be one that can be written, got"):
        run_toy(tmp_path / "file" / "below")
    with pytest.raises(ExperimentError, match=r"no results of toy in .*: run `python -m .* experiments run toy`"):
        blocks("toy", folder=tmp_path)
    (tmp_path / "toy.json").write_text("{")
    with pytest.raises(ExperimentError, match=r"toy\.json is damaged .*: remove it"):
        blocks("toy", folder=tmp_path)
    with pytest.raises(ExperimentError, match="anbn was a run of one block of seeds; counting_cells took its place"):
        run("anbn")
    assert set(experiments._registry.FORMER.values()) <= set(EXPERIMENTS)
    with pytest.raises(ExperimentError, match="no results of nonsense"):
        load("nonsense", tmp_path)


def test_ctrl_c_while_a_net_trains_is_no_result(monkeypatch):
    """training.fit keeps what it has after Ctrl-C; an experiment must not measure and store that."""
    steps = []

    def press(*_):
        steps.append(1)
        if len(steps) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(training.tqdm, "update", press)
    with pytest.raises(KeyboardInterrupt):
        experiments.train_counting("lstm", n=1, steps=10, progress=False)
    assert len(steps) == 3


# ---- the rule


def record_of(a, b, nets=10, rates=(0.1,), **extra):
    """A record whose networks a and b have solved so many nets in each block."""
    rows = [
        {"name": name, "lr": lr, "block": block, "seconds": 1.0, "values": {"m": [1.0] * k + [0.0] * (nets - k)}}
        for name, counts in (("a", a), ("b", b))
        for lr in rates
        for block, k in enumerate(counts)
    ]
    settings = {"grid": {"a": {}, "b": {}}, "names": ["a", "b"], "rates": rates, "nets": nets, "updates": 5}
    settings |= {"solved": {"measure": "m", "at_least": 0.5}, "measure": "m", "pairs": [["a", "b"]], "updates_times": 1}
    return Record({"name": "toy", "settings": settings | extra, "rows": rows})


def test_the_rule_for_differences():
    stable = verdict(record_of([9, 8, 10, 9, 8], [3, 2, 5, 4, 3]), "a", "b")
    assert stable.differs and stable.stable and stable.ahead == 1 and "a stable difference: 5 of 5" in str(stable)
    tie = verdict(record_of([8, 8, 12, 12, 12], [8, 5, 7, 4, 3], nets=30), "a", "b")  # intervals, five blocks of thirty
    assert tie.p == pytest.approx(0.00156, abs=1e-5)
    assert tie.differs and not tie.stable and "4 of 5 blocks show its sign, none turns it round" in str(tie)
    turned = verdict(record_of([9, 9, 9, 9, 2], [3, 2, 3, 4, 3]), "a", "b")
    assert turned.p < 0.05 and not turned.differs and "no claim: 1 of 5 blocks turn it round" in str(turned)
    few = verdict(record_of([9, 8, 10], [3, 2, 5]), "a", "b")
    assert few.p < 0.001 and not few.differs and "no claim yet: 3 of 3 blocks show its sign, and it takes 5" in str(few)
    none = verdict(record_of([5, 4, 6], [4, 4, 5]), "b", "a")
    assert not none.differs and none.ahead == -1 and str(none).endswith("no difference shown")


def test_counts_are_compared_by_the_same_rule_and_shown_as_one_table():
    a, b = [9, 8, 10, 9, 8], [3, 2, 5, 4, 3]
    record = record_of(a, b, pairs=[["a", "b"]] * 2)
    table = experiments.Comparisons(
        {"a v b": (record.counts("a"), record.counts("b")), "<one>": ([(9, 10)], [(1, 10)])}
    )
    told, few = table.verdicts.values()
    rule = verdict(record, "a", "b")
    assert (told.p, told.looks, told.signs, told.said) == (rule.p, 2, rule.signs, rule.said)
    assert few.p_adjusted < 0.05 and not few.differs
    assert "44 of 50 v 17 of 50" in str(table) and "9 8 10 9 8 v 3 2 5 4 3" in str(table)
    assert [row[-1] for row in table.body] == ["shown", "not shown"]
    page = table._repr_html_()
    assert '<th scope="row" style="text-align:left">&lt;one&gt;</th>' in page and page.count("<tr>") == 3


def test_several_looks_need_a_smaller_p():
    counts = [8, 7, 9, 8, 7], [6, 5, 5, 6, 5]
    one, many = record_of(*counts), record_of(*counts, pairs=[["a", "b"]] * 10)
    assert verdict(one, "a", "b").differs and not verdict(many, "a", "b").differs
    assert verdict(many, "a", "b").p_adjusted == pytest.approx(10 * verdict(one, "a", "b").p)
    assert "times 10 looks" in str(verdict(many, "a", "b"))


def test_the_rate_is_chosen_on_the_block_of_other_seeds_and_the_other_rate_is_told():
    record = record_of([9] * 5, [3] * 5, rates=(0.1, 0.2))
    for row in record.rows:
        if row["name"] == "a" and row["lr"] == 0.2:
            row["values"]["m"] = [0.0] * 10
    for name, lr, k in (("a", 0.1, 9), ("a", 0.2, 0), ("b", 0.1, 2), ("b", 0.2, 4)):
        values = {"m": [1.0] * k + [0.0] * (10 - k)}
        record.rows.append({"name": name, "lr": lr, "block": experiments.CHOOSING, "seconds": 1.0, "values": values})
    assert (record.rate("a"), record.rate("b")) == (0.1, 0.2)
    found = verdict(record, "a", "b")
    assert found.differs and found.by_rate == {0.1: 1, 0.2: -1} and "at rate 0.2 the other is ahead" in str(found)
    assert record.blocks == [0, 1, 2, 3, 4]


def with_rates(counts, chosen):
    """A record of a and b at two rates: counts {(name, rate): solved a block}; chosen: {name: rate}."""
    record = record_of([0] * 5, [0] * 5, rates=(0.1, 0.2))
    for row in record.rows:
        k = counts[row["name"], row["lr"]]
        row["values"]["m"] = [1.0] * k + [0.0] * (10 - k)
    for name, lr in counts:
        values = {"m": [float(lr == chosen[name])] * 10}
        record.rows.append({"name": name, "lr": lr, "block": experiments.CHOOSING, "seconds": 1.0, "values": values})
    return record


def test_the_one_behind_is_judged_at_the_rate_that_serves_it_best():
    """A rate chosen on few nets had made a difference: 14 of 25 v 2, where the other rate gives 12."""
    counts = {("a", 0.1): 3, ("a", 0.2): 8, ("b", 0.1): 1, ("b", 0.2): 7}
    found = verdict(with_rates(counts, {"a": 0.2, "b": 0.1}), "a", "b")
    assert (found.a.lr, found.b.lr, found.ahead) == (0.2, 0.2, 1) and not found.differs
    swapped = verdict(with_rates(counts, {"a": 0.2, "b": 0.1}), "b", "a")
    assert (swapped.p, swapped.ahead) == (found.p, -1)
    held = verdict(with_rates(counts, {"a": 0.2, "b": 0.1}), "a", "b", lr=0.1)
    assert (held.a.lr, held.b.lr) == (0.1, 0.1)


def test_ahead_by_the_rate_alone_is_no_difference():
    counts = {("a", 0.1): 1, ("a", 0.2): 9, ("b", 0.1): 8, ("b", 0.2): 2}
    found = verdict(with_rates(counts, {"a": 0.1, "b": 0.2}), "a", "b")
    assert (found.ahead, found.p, found.differs) == (0, 1.0, False) and "no difference shown" in str(found)


def test_measures_are_compared_by_their_ranks():
    record = record_of([5] * 5, [5] * 5, solved=None)
    for row in record.rows:
        row["values"]["m"] = [1.0 + row["block"], 1.5] if row["name"] == "a" else [7.0, None]
    found = verdict(record, "a", "b")
    assert found.stable and found.a.medians == [1.25, 1.75, 2.25, 2.75, 3.25] and found.b.median == 7.0


def test_the_tests_are_those_of_the_textbooks():
    assert experiments.fisher((8, 10), (1, 10)) == pytest.approx(2 * 0.002739, abs=2e-6)
    low, high = experiments.wilson(8, 10)
    assert (low, high) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    from scipy.stats import mannwhitneyu, permutation_test, rankdata

    rng = np.random.default_rng(0)
    a, b = rng.normal(size=7), rng.normal(1, size=6)
    assert experiments.rank_test(a, b) == pytest.approx(mannwhitneyu(a, b, method="exact").pvalue)
    tied = rankdata([1, 1, 2, 3, 3, 3, 5, 5])
    distance = lambda x, y: abs(np.sum(x) - len(x) * np.mean(tied))
    every = permutation_test((tied[:4], tied[4:]), distance, alternative="greater", n_resamples=math.inf)
    assert experiments.rank_test(tied[:4], tied[4:]) == pytest.approx(every.pvalue)


# ---- figures


def test_the_figure_shows_every_block_and_says_it():
    ax = experiments.rates_by_block(record_of([9, 8, 9], [3, 2, 5]), ["b", "a"], title="Toys")
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [sorted(dot.get_xdata()) for dot in dots] == [[0.2, 0.3, 0.5], [0.8, 0.9, 0.9]]
    assert len(set(dots[1].get_ydata())) == 2, "two blocks with one rate do not cover each other"
    assert ax.alt.startswith("Toys. Rates by block. b: 10 of 30, interval 19% to 51%, by block 3, 2, 5; a: 26 of 30")


def test_each_cell_counts_at_the_better_of_its_rates(monkeypatch, tmp_path, here):
    toys.make(monkeypatch)
    run_toy(tmp_path)
    record = blocks("toy", folder=tmp_path)
    best = experiments.best_counts(record)
    assert list(best) == ["good", "poor"]
    by_rate = [sum(k for k, _ in record.counts("good", lr)) for lr in record.rates]
    assert sum(k for k, _ in best["good"]) == max(by_rate) > min(by_rate)


def made_up(folder, task, solves):
    """A record of the grid: solves(cell, lr) of five nets, in the block that chooses and in two others."""
    chosen = EXPERIMENTS[f"odyssey_{task}"]
    good, bad = (1.0, 0.0) if chosen.solved.at_most is None else (0.0, 1.0)
    good, bad = 100 * good, 100 * bad
    rows = [
        {"name": cell, "lr": lr, "block": block, "seconds": 1.0,
         "values": {chosen.measure: [good] * (k := solves(cell, lr)) + [bad] * (5 - k)}}
        for cell in chosen.grid for lr in chosen.rates for block in (experiments.CHOOSING, 0, 1)
    ]  # fmt: skip
    data = {"name": chosen.name, "settings": _records.settings_of(chosen, 1), "rows": rows}
    _records.write(_records.path_of(chosen.name, 1, folder), data)


def test_the_map_of_the_grid_shows_what_is_there_each_base_by_itself(tmp_path):
    with pytest.raises(ExperimentError, match="run `python -m lstmcourse experiments run odyssey_counting`"):
        experiments.odyssey_map(folder=tmp_path)
    made_up(tmp_path, "adding", lambda cell, lr: 5 if lr == 0.01 else 1)
    made_up(tmp_path, "copying", lambda cell, lr: {"nig": 0, "gru": 2}.get(cell, 4 if lr == 0.03 else 3))
    assert list(experiments.odyssey(tmp_path)) == ["adding", "copying"]
    ax = experiments.odyssey_map({("nig", "copying"): -1, ("gru", "adding"): 0}, tmp_path)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["adding", "copying"]
    rows = [label.get_text() for label in ax.get_yticklabels()]
    assert set(rows) == {TITLES[cell] for cell in EXPERIMENTS["odyssey_adding"].grid} and len(rows) == 18
    assert rows[0] == "LSTM" and rows[7] == "peephole LSTM"
    assert rows[14] == "peephole, no input gate", "within a base the best comes first"
    shown = {text.get_position(): text.get_text() for text in ax.texts}
    heads = {place: words for place, words in shown.items() if "%" not in words}
    assert [words for _, words in sorted(heads.items(), key=lambda item: item[0][1])] == [
        "LSTM and its variants", "peephole LSTM and its variants", "other cells",
    ]  # fmt: skip
    assert shown[0, 1] == "100%" and shown[1, 1] == "80%"  # each at the better of its rates
    assert shown[1, 16] == "0% ▼" and sum("▼" in words or "▲" in words for words in shown.values()) == 1
    assert "peephole, no input gate: adding 100%, copying 0% ▼" in ax.alt


# ---- verify


def test_verify_finds_what_is_not_as_stored(monkeypatch, tmp_path, here):
    toys.make(monkeypatch)
    run_toy(tmp_path)
    checked = verify(tmp_path, share=0.5, seed=0)
    assert sum(one.nets for one in checked) == 18 and all(one.ok and one.exact and one.same == 3 for one in checked)
    path = tmp_path / "toy.json"
    data = json.loads(path.read_text())
    data["rows"][4]["values"]["score"][1] += 1e-5
    _records.write(path, data)
    checked, lines = verify(tmp_path, share=1.0, report=(lines := []).append), lines
    assert [one.same for one in checked if not one.ok] == [2]
    assert sum(line.startswith("NOT as stored: toy, ") and "2 of 3 nets" in line for line in lines) == 1
    with pytest.raises(ExperimentError, match="there is nothing to verify"):
        verify(tmp_path / "nothing")


def elsewhere(kind, n, seed, updates, lr, device):
    """A run whose data somebody else has."""
    raise data.DataUnavailable("music is not on this machine")


def test_verify_passes_over_a_record_whose_data_are_elsewhere(monkeypatch, tmp_path, here):
    toys.make(monkeypatch)
    run_toy(tmp_path)
    toys.make(monkeypatch, function=elsewhere)
    checked, lines = verify(tmp_path, share=1.0, report=(lines := []).append), lines
    assert checked == [] and set(lines) == {"passed over: toy: music is not on this machine"}


def test_verify_keeps_to_its_minutes_and_judges_another_machine_by_counts(monkeypatch, tmp_path, here):
    toys.make(monkeypatch, nets=20)
    run_toy(tmp_path)
    assert verify(tmp_path, minutes=0) == []
    path = tmp_path / "toy.json"
    data = json.loads(path.read_text())
    data["provenance"]["machine"]["torch"] = "2.0"
    for row in data["rows"]:
        row["values"]["score"][0] = 0.9 if row["values"]["score"][0] >= 0.8 else 0.1
    _records.write(path, data)
    checked = verify(tmp_path, share=1.0)
    assert all(one.ok and not one.exact and one.same == 19 for one in checked)
    for row in data["rows"]:
        row["values"]["score"] = [float(row["name"] == "poor")] * 20
    _records.write(path, data)
    assert not all(one.ok for one in verify(tmp_path, share=1.0))


def test_verify_judges_measures_of_other_sources_by_their_range(monkeypatch, tmp_path, here):
    toys.make(monkeypatch, solved=None)
    run_toy(tmp_path)
    path = tmp_path / "toy.json"
    data = json.loads(path.read_text())
    data["provenance"]["sources"] = "others"
    for row in data["rows"]:
        row["values"]["score"][0] *= 1.0001
    _records.write(path, data)
    checked = verify(tmp_path, share=1.0)
    assert all(one.ok and not one.exact and one.same == 2 for one in checked)
    for row in data["rows"]:
        row["values"]["score"] = [value + 100 for value in row["values"]["score"]]
    _records.write(path, data)
    assert not any(one.ok for one in verify(tmp_path, share=1.0))


# ---- blocks trained together


def together(kind, n, seed, updates, lr, device):
    columns = [toys.toy(kind, n, first, updates, lr, device) for first in seed]
    return {key: [value for column in columns for value in column[key]] for key in columns[0]}


def test_blocks_trained_together_are_stored_and_verified_block_by_block(monkeypatch, tmp_path, here):
    toys.make(monkeypatch)
    apart = run_toy(tmp_path / "apart")
    toys.make(monkeypatch, function=together, together=True)
    with pytest.raises(ExperimentError, match="blocks must be 2, since toy trains them together, got 1"):
        run_toy(tmp_path, blocks=1)
    record = run_toy(tmp_path, report=(lines := []).append)
    assert numbers(record) == numbers(apart)
    assert len(lines) == 4 and lines[0].startswith("all blocks, good, rate 0.1: ")
    checked = verify(tmp_path, share=0.1, seed=0)  # one portion is more than a tenth
    assert len(checked) == 3 and all(one.ok and one.exact and one.same == 3 for one in checked)
    with pytest.raises(ExperimentError, match="score must have a value for each of 9 nets, got 3"):
        _run.job(toys.toy, {"kind": "good", "n": 3, "seed": (0, 1, 2), "updates": 1, "lr": 0.1, "device": "cpu"}, TOYS)


TOYS = _sources.digest(toys.__name__)


@pytest.mark.parametrize("name", [name for name, one in sorted(EXPERIMENTS.items()) if one.together])
def test_a_block_is_the_same_alone_and_together(name):
    """Every net of a block, but for rounding: the same starts, the same data, no exchange between the blocks."""
    chosen = EXPERIMENTS[name]
    kind = "gru" if "gru" in chosen.grid else next(iter(chosen.grid))
    given = dict(chosen.grid[kind]) | {"n": 2, "updates": 3, "lr": 0.01, "device": "cpu"}
    alone, both = chosen.function(seed=(1000,), **given), chosen.function(seed=(0, 1000), **given)
    for measure, values in alone.items():
        np.testing.assert_allclose(np.array(both[measure][2:], float), np.array(values, float), rtol=1e-4, atol=1e-5)


def test_batches_of_several_blocks_are_padded_and_repeated_for_each_net():
    short, long = (tasks.embedded_reber(np.random.default_rng(k), 3, 9, high) for k, high in ((0, 12), (1, 40)))
    one = _common.apart([short, long], 2)
    (T, B), t = long.mask.shape, len(short.mask)
    assert one.x.shape == (T, 4, B, 7) and one.mask.shape == one.extra["outer"].shape == (4, T, B) and t < T
    np.testing.assert_array_equal(one.x[:t, 1], short.x)
    np.testing.assert_array_equal(one.y[3], long.y)
    assert not one.mask[:2, t:].any()
    out = torch.randn(4, T, B, 7)
    y, mask = torch.as_tensor(one.y), torch.as_tensor(one.mask)
    for loss in (training.cross_entropy, training.accuracy):
        expected = [loss(out[k], y[k], mask[k]) for k in range(4)]
        torch.testing.assert_close(loss(out, y, mask), torch.stack(expected))


# ---- the command


def test_the_command_runs_shows_lists_and_tells_the_status(monkeypatch, tmp_path, here, capsys):
    toys.make(monkeypatch)
    folder = ["--folder", str(tmp_path)]
    assert main(["run", "toy", *folder, "--draft", "--blocks", "1"]) == 0
    ran = capsys.readouterr().out
    assert main(["show", "toy", *folder]) == 0
    shown = capsys.readouterr().out
    assert ran.endswith(shown) and "A toy" in shown and "solved: score ≥ 0.8" in shown and "of 3 (" in shown
    assert main(["list"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in EXPERIMENTS)
    assert main(["status", *folder]) == 0
    state = next(line for line in capsys.readouterr().out.splitlines() if "toy" in line)
    assert state.endswith("8 of 12 cells, 0 min left")
    assert main(["verify", *folder, "--share", "1"]) == 0
    assert "24 nets in 8 cells: 24 have the same numbers; 0 cells are not as stored" in capsys.readouterr().out
    assert main(["show", "nonsense", *folder]) == 1
    assert capsys.readouterr().err.startswith("experiment must be one of")
    with pytest.raises(SystemExit):
        main(["run", "toy", "--blocks", "0"])


# ---- what the functions measure


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


def test_negative_biases_are_those_of_2000_on_both_gates():
    ensemble = experiments.train_stream("lstm97", n=1, steps=1, lr=1e-9, progress=False, negative=True)
    biases = (ensemble.bias_ih_l0 + ensemble.bias_hh_l0).detach()[0, 0]
    expected = torch.tensor([-0.5, -0.5, -1, -1, -1.5, -1.5, -2, -2])
    rows = LAYERS["lstm97"].rows
    for gate in "io":
        at = 8 * rows.index(gate)
        torch.testing.assert_close(biases[at : at + 8], expected, atol=1e-6, rtol=0)


def test_training_flushes_what_is_denormal_and_nothing_else_does():
    """A result that ends on long lags would else take four times as long."""
    from lstmcourse.experiments._common import fit

    tiny = lambda: (torch.full((1,), 1e-30) * 1e-10).item()
    seen = []
    model = training.Net(LAYERS["rnn"](4, 2), 4)
    fit(model, tasks.anbn_all([1]), training.bce, steps=1, evaluate=lambda _: seen.append(tiny()), progress=False)
    assert seen == [0.0] and tiny() > 0


def test_slopes_are_those_of_the_starts():
    """With U = 0.8 Q every step takes a fifth of the gradient at least; the identity under small inputs keeps it."""
    assert max(experiments.slopes(experiments.rnn_start("orthogonal", n=2, gain=0.8))) < np.log(0.8)
    assert min(experiments.slopes(experiments.rnn_start("identity", n=2))) > -0.05


def test_a_net_that_runs_away_is_left_there():
    values = experiments.clipping(None, n=4, seed=0, updates=60, lr=2.0, device="cpu")
    assert any(at is not None for at in values["ran_away_at"])
    for at, error in zip(values["ran_away_at"], values["error"], strict=True):
        assert (at is None) == (error is not None)


def test_the_convolution_sees_its_reach_and_nothing_that_comes_later():
    torch.manual_seed(0)  # some starts have a dead ReLU on the longest path
    net = experiments.TCN(2, 6, levels=3, outputs=1)
    x = torch.randn(60, 1, 2, generator=torch.Generator().manual_seed(0), requires_grad=True)
    net(x)[40].sum().backward()
    seen = x.grad.abs().sum((1, 2)).nonzero().flatten()
    assert net.reach == 29 and seen.max() == 40 and seen.min() == 40 - 28


def test_shares_find_what_the_error_depends_on():
    grid = experiments.draws(30)
    rows = [
        {"name": name, "lr": 1.0, "block": 0, "seconds": 1.0, "values": {"error": [settings["rate"] ** 2] * 2}}
        for name, settings in grid.items()
    ]
    record = record_of([], [], rates=(1.0,), grid=grid, names=list(grid), measure="error")
    record.rows.extend(rows)
    found = experiments.shares(record, grid=6)
    assert found["rate"] > 0.8 and max(value for name, value in found.items() if name != "rate") < 0.1
    assert len(found) == 4 + 6


def test_the_odyssey_compares_each_variant_with_its_own_base():
    for name in ("adding", "copying", "counting", "intervals", "reber"):
        chosen = EXPERIMENTS[f"odyssey_{name}"]
        assert set(chosen.grid) <= set(LAYERS) and chosen.nets * chosen.blocks >= 10
        for variant, base in chosen.pairs:
            if variant.endswith("_plain") or variant == "coupled":
                assert base == "lstm"
            elif variant in experiments.BASES["peephole"]:
                assert base == "peephole"


def test_ngram_tables_do_better_the_more_they_see():
    bits = experiments.ngram_bits(3)
    assert bits[0] > bits[1] > bits[2] > 2


# ---- the committed records

COMMITTED = sorted((ROOT / "results" / "blocks").glob("*.json"))


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_a_committed_record_is_whole_and_from_a_clean_tree(path):
    name, _, times = path.stem.rpartition("_x")
    record = blocks(name, int(times)) if times.isdigit() and name else blocks(path.stem)
    made, settings = record.data["provenance"], record.data["settings"]
    assert not made["draft"] and re.fullmatch("[0-9a-f]{40}", made["commit"])
    numbers = sorted({row["block"] for row in record.rows} - {experiments.CHOOSING})
    assert record.blocks == numbers == list(range(len(numbers))) and len(numbers) >= 3
    if len(record.rates) > 1 and settings["updates_times"] == 1:
        assert all(record.rate(label) in record.rates for label in settings["names"])
    text = path.read_text(encoding="utf-8")
    assert str(Path.home()) not in text and path.stat().st_size < 200_000
    try:
        then = _sources.at_commit(made["commit"])
    except LookupError:
        pytest.skip("this clone's history is too short to hold the record's commit")
    chosen = EXPERIMENTS[record.data["name"]]
    assert made["sources"] == _sources.digest(chosen.function.__module__, then), "not the sources of its commit"


# ---- what lies beside the records of blocks, and the tests of two tasks


def test_no_record_of_one_block_is_left():
    """A benchmark, other projects' tests, and a text that a long run wrote."""
    assert {path.stem for path in (ROOT / "results").glob("*.json")} == {"bench_cpu", "others", "writing"}
    writing = load("writing")
    assert writing["result"]["rows"] and re.fullmatch("[0-9a-f]{40}", writing["provenance"]["commit"])


def test_a_succession_has_its_death_its_heir_and_its_question_where_it_says():
    story = experiments.succession(np.random.default_rng(0), 50, days=9, dies=4)
    words = story.words(3)
    assert len(words) == 9 and words[3] == "dies" and words[-1] == "who?" and words.count("dies") == 1
    assert words[0] == tasks.KINGS.words[story.old[3]] and words[4] == tasks.KINGS.words[story.heir[3]]
    assert (story.old != story.heir).all() and (story.x.sum(-1) == 1).all()
    with pytest.raises(ValueError, match="dies must be 2 to 7, got 8"):
        experiments.succession(np.random.default_rng(0), 2, days=9, dies=8)


def test_hold_answers_as_the_nets_do_and_holds_the_days_it_is_told():
    nets, _ = experiments.train_story("kings", "lstm", hidden=3, n=2, steps=1, progress=False)
    story = experiments.succession(np.random.default_rng(0), 20, days=9, dies=4)
    free, shut = experiments.hold(nets, story), experiments.hold(nets, story, "i", 0.0, day=5, until=7)
    with torch.no_grad():
        named = nets(torch.as_tensor(story.x, dtype=torch.float32))[0][:, -1].argmax(-1).numpy()
    assert np.allclose(free.heir, (named == story.heir).mean(1)) and np.allclose(free.old, (named == story.old).mean(1))
    assert free.traces["f"].shape == (2, 9, 20, 3)
    days = np.isclose(shut.traces["i"], 0).all((0, 2, 3))
    assert np.flatnonzero(days).tolist() == [4, 5, 6]  # days 5 to 7
    assert np.allclose(free.traces["c"][:, :4], shut.traces["c"][:, :4])
