"""The training loop and its checkpoints: exact resumption, honest interruption, clear errors."""

import errno
import json
import math
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from lstmcourse import checkpoint, tasks, training
from lstmcourse.checkpoint import CheckpointError
from lstmcourse.ensemble import Ensemble
from lstmcourse.nn import CELLS, LAYERS
from lstmcourse.training import DivergedError, History, Net, fit


def make(seed=0, dropout=0.0, outputs=1, inputs=2):
    torch.manual_seed(seed)
    return Net(nn.LSTM(inputs, 5, num_layers=2 if dropout else 1, dropout=dropout), outputs)


def adding(rng, T=8):
    return lambda _: tasks.adding(rng, 6, T)


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def run(model, seed=1, **arguments):
    rng = np.random.default_rng(seed)
    return fit(model, adding(rng), training.mse, progress=False, **{"steps": 10, "lr": 0.01} | arguments)


def test_a_net_learns_and_the_history_tells():
    model, test = make(), tasks.adding(np.random.default_rng(9), 200, 4)
    rng = np.random.default_rng(0)
    score = training.score(training.mse, test)
    history = fit(
        model, lambda _: tasks.adding(rng, 32, 4), training.mse, steps=300, lr=0.03, evaluate=score, every=100,
        progress=False,
    )  # fmt: skip
    assert history.steps == len(history.loss) == len(history.grad_norm) == 300
    assert [step for step, _ in history.evaluations] == [100, 200, 300]
    assert history.evaluations[-1][1] < tasks.ADDING_BASELINE / 4
    assert history.evaluations[-1][1] == score(model)
    assert not history.interrupted and not history.stopped and history.seconds > 0
    assert repr(history).startswith("History(300 steps, loss ") and "done" in repr(history)
    assert model.training


def test_a_net_reads_what_its_layer_gives_out():
    layers = (LAYERS["lstm"](2, 5, proj_size=3), nn.GRU(2, 5, bidirectional=True))
    assert [Net(layer, 4)(torch.zeros(3, 1, 2))[0].shape[-1] for layer in layers] == [4, 4]


def test_the_same_seed_gives_the_same_run():
    first, second, other = make(), make(), make()
    assert run(first).loss == run(second).loss
    run(other, seed=2)
    assert torch.equal(weights(first), weights(second)) and not torch.equal(weights(first), weights(other))


def test_clipping_scales_the_global_norm_and_records_it_before():
    steps = {}
    for clip in (1e-3, None):
        model = make()
        optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
        before = weights(model)
        history = run(model, steps=1, optimizer=optimizer, clip=clip)
        steps[clip] = (weights(model) - before).norm().item(), history.grad_norm[0]
    assert steps[1e-3][1] == steps[None][1] == pytest.approx(steps[None][0], rel=1e-5)
    assert steps[1e-3][0] == pytest.approx(1e-3, rel=1e-3) and steps[None][1] > 1e-2


def test_schedule_scales_the_rate_and_gives_it_back():
    model, factors = make(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    optimizer.register_step_pre_hook(lambda o, *_: factors.append(o.param_groups[0]["lr"]))
    run(model, steps=4, optimizer=optimizer, schedule=training.linear_decay(0.2))
    assert factors == pytest.approx([0.5, 0.4, 0.3, 0.2]) and optimizer.param_groups[0]["lr"] == 0.5


def test_stop_ends_the_run_at_an_evaluation():
    history = run(make(), steps=50, every=5, evaluate=lambda m: not m.training, stop=lambda value: value)
    assert history.steps == 5 and history.stopped and history.evaluations == [(5, True)]


def test_evaluation_sees_no_gradients_and_leaves_the_mode_alone():
    model = make()
    run(model, steps=2, every=1, evaluate=lambda m: (torch.is_grad_enabled(), m.training), stop=lambda v: any(v))
    assert model.training


def test_ctrl_c_leaves_a_usable_model_and_history():
    model, reference = make(), make()
    rng = np.random.default_rng(1)

    def batch(step):
        if step == 4:
            raise KeyboardInterrupt
        return tasks.adding(rng, 6, 8)

    history = fit(model, batch, training.mse, steps=10, lr=0.01, progress=False)
    expected = run(reference, steps=4)
    assert history.interrupted and history.steps == 4 and history.loss == expected.loss
    assert torch.equal(weights(model), weights(reference)) and "interrupted" in repr(history)


def test_ctrl_c_inside_the_optimizer_keeps_the_lists_in_step():
    model = make()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def press(*_):
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(1)

    seen = []
    optimizer.register_step_post_hook(press)
    history = run(model, optimizer=optimizer)
    assert history.interrupted and history.steps == len(history.loss) == len(history.grad_norm) == 2


def test_a_loss_that_is_nan_names_the_step_and_spares_the_weights():
    model, kept = make(), []

    def loss(out, y, mask):
        kept.append(weights(model).clone())
        return training.mse(out, y, mask) * (math.nan if len(kept) == 3 else 1)

    with pytest.raises(DivergedError, match=r"^loss must be finite, got nan at step 3; the gradient norm before was "):
        fit(model, adding(np.random.default_rng(0)), loss, steps=9, progress=False)
    assert torch.equal(weights(model), kept[-1])


@pytest.mark.parametrize("clip", [None, 1.0])
def test_a_gradient_that_is_infinite_names_the_step_and_spares_the_weights(clip):
    """Clipping an infinite gradient makes it nan, and every weight with it, while the loss is still finite."""
    model, kept = make(), []

    def press(gradient):
        kept.append(weights(model).clone())
        return gradient * (math.inf if len(kept) == 3 else 1)

    model.readout.bias.register_hook(press)
    with pytest.raises(DivergedError, match=r"at step 3, where the loss .* gradients of readout\.bias: lower lr"):
        run(model, clip=clip)
    assert torch.equal(weights(model), kept[-1])


@pytest.mark.parametrize("key,named", [("layer.weight_hh_l0", r"layer\.weight_hh_l0"), ("readout.bias", "all")])
def test_a_gradient_whose_norm_alone_is_infinite_is_named_too(key, named):
    """Every entry is finite, and the sum of their squares is not; the bias has one entry, and a norm of its own."""
    model = make()
    model.get_parameter(key).register_hook(lambda gradient: torch.full_like(gradient, 1e30))
    with pytest.raises(DivergedError, match=rf"got inf at step 1, .* in the gradients of {named}: lower lr"):
        run(model)


def test_what_cannot_be_clipped_is_no_divergence():
    """torch clips no sparse gradients, with a RuntimeError as for those that are not finite."""
    embedding = torch.nn.Embedding(3, 2, sparse=True)
    embedding(torch.tensor([0, 2])).sum().backward()
    with pytest.raises(RuntimeError, match="linalg_vector_norm"):
        training._clip(embedding, 1.0)


def test_the_state_is_carried_and_detached():
    seen = []

    class Spy(Net):
        def forward(self, x, state=None):
            seen.append(state)
            return super().forward(x, state)

    torch.manual_seed(0)
    model = Spy(nn.LSTM(3, 4), 3)
    text = [k % 3 for k in range(61)]
    fit(model, training.windows(text, 2, 10, 3), training.cross_entropy, steps=4, carry=True, progress=False)
    assert [state is None for state in seen] == [True, False, False, True]  # the text ends after three windows
    assert all(not part.requires_grad for state in seen if state for part in state)


def test_a_state_that_the_model_keeps_with_its_graph_is_explained():
    class Keeping(Net):
        kept = None

        def forward(self, x, state=None):
            out, self.kept = super().forward(x, self.kept)
            return out

    batch = tasks.adding(np.random.default_rng(0), 4, 6)
    with pytest.raises(RuntimeError, match="detach such a state, as training"):
        fit(Keeping(torch.nn.LSTM(2, 4), 1), batch, training.mse, steps=2, progress=False)


def test_carrying_equals_the_unbroken_sequence():
    model = make(outputs=3, inputs=3)
    text = np.random.default_rng(0).integers(0, 3, 41)
    window = training.windows(text, 2, 5, 3)
    whole = training.windows(text, 2, 20, 3)(0)
    state, outs = None, []
    for k in range(4):
        out, state = model(torch.as_tensor(window(k).x), state)
        outs.append(out)
    torch.testing.assert_close(torch.cat(outs), model(torch.as_tensor(whole.x))[0])
    assert [window(k).extra["start"] for k in range(5)] == [True, False, False, False, True]
    np.testing.assert_array_equal(np.concatenate([window(k).y for k in range(4)]), whole.y)
    np.testing.assert_array_equal(whole.x.argmax(-1)[1:], whole.y[:-1])
    np.testing.assert_array_equal(whole.x.argmax(-1).T.ravel(), text[:40])


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_a_resumed_run_equals_an_unbroken_one_bit_for_bit(tmp_path, dropout):
    score = training.score(training.mse, tasks.adding(np.random.default_rng(9), 20, 8))
    arguments = {"evaluate": score, "every": 3, "schedule": training.linear_decay()}
    whole, first, second = make(dropout=dropout), make(dropout=dropout), make(seed=7, dropout=dropout)
    torch.manual_seed(3)
    unbroken = run(whole, **arguments)

    calls, rng = [], np.random.default_rng(1)

    def interrupted(step):
        calls.append(step)
        if step == 7:
            raise KeyboardInterrupt
        return tasks.adding(rng, 6, 8)

    file = tmp_path / "run.safetensors"
    common = {"steps": 10, "progress": False, **arguments}
    torch.manual_seed(3)
    keep = training.checkpoints(file, rng)
    fit(first, interrupted, training.mse, optimizer=torch.optim.Adam(first.parameters(), lr=0.01), after=keep, **common)
    torch.manual_seed(99)  # whatever happened in between
    rng, adam = np.random.default_rng(55), torch.optim.Adam(second.parameters(), lr=0.5)
    history = training.resume(file, second, adam, rng)
    assert history.steps == 6
    resumed = fit(second, adding(rng), training.mse, optimizer=adam, history=history, **common)
    assert calls == list(range(8)) and resumed.steps == 10 and not resumed.interrupted
    assert torch.equal(weights(second), weights(whole))
    assert resumed.loss == unbroken.loss and resumed.grad_norm == unbroken.grad_norm
    assert resumed.evaluations == unbroken.evaluations


KILLED = """
import os, random, signal, sys, time
import numpy as np, torch
from lstmcourse import tasks, training
from lstmcourse.nn import PeepholeLSTM

torch.set_num_threads(1)
STEPS = 60

def train(file, tell):
    torch.manual_seed(0)
    model = training.Net(PeepholeLSTM(2, 5, 2, dropout=0.3), 1)
    adam, rng = torch.optim.Adam(model.parameters(), lr=0.01), np.random.default_rng(1)
    history = training.resume(file, model, adam, rng)
    keep = training.checkpoints(file, rng)
    fit = dict(steps=STEPS, optimizer=adam, history=history, every=1, progress=False)
    training.fit(model, lambda _: tasks.adding(rng, 4, 6), training.mse, after=lambda run: (keep(run), tell()), **fit)

train(sys.argv[1] + "/whole", lambda: None)
kills, moments = 0, random.Random(2)
while True:
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            train(sys.argv[1] + "/killed", lambda: os.write(write, b"."))
        finally:
            os._exit(0)
    os.close(write)
    for _ in range(moments.randint(2, 4)):
        os.read(read, 1)
    time.sleep(moments.random() * 0.005)
    if kills < 10:
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    kills += os.WIFSIGNALED(status)
    os.close(read)
    if not os.WIFSIGNALED(status):
        break
print(kills)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the killed processes are forked")
def test_a_run_killed_ten_times_ends_as_the_unbroken_one(tmp_path):
    """SIGKILL after two to four steps and a moment, be it in a step or in the middle of saving."""
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path], capture_output=True, text=True, timeout=300)
    assert done.stdout == "10\n", done.stderr
    whole, killed = (checkpoint.load(tmp_path / name, two_layers()) for name in ("whole", "killed"))
    assert whole.step == killed.step == 60
    drop = lambda kept: {k: v for k, v in kept.extra.items() if k != "seconds"}
    assert drop(whole) == drop(killed)
    one, other = ((tmp_path / name).read_bytes() for name in ("whole", "killed"))
    tensors = [safetensors.torch.load(data) for data in (one, other)]
    assert tensors[0].keys() == tensors[1].keys()
    assert all(torch.equal(value, tensors[1][key]) for key, value in tensors[0].items())


def two_layers():
    return Net(LAYERS["peephole"](2, 5, 2, dropout=0.3), 1)


def test_a_batch_that_looks_batch_first_is_told():
    rng = np.random.default_rng(0)
    good = tasks.adding(rng, 6, 8)
    assert good.mask[-1].all() and not good.mask[0].any()
    flipped = tasks.Batch(*(np.swapaxes(part, 0, 1) for part in good[:3]), {})
    with pytest.warns(UserWarning, match=r"^x is read as T = 6 steps of B = 8 sequences, of which 7 count at no step"):
        fit(make(), lambda _: flipped, training.mse, steps=2, progress=False)


def test_an_interrupted_run_goes_on_from_its_history():
    first, second = make(), make()
    adam, rng = torch.optim.Adam(first.parameters(), lr=0.01), np.random.default_rng(1)
    presses = iter([False] * 4 + [True] + [False] * 9)

    def batch(step):
        if next(presses):
            raise KeyboardInterrupt
        return tasks.adding(rng, 6, 8)

    history = fit(first, batch, training.mse, steps=10, optimizer=adam, progress=False)
    assert history.interrupted and history.steps == 4
    history = fit(first, batch, training.mse, steps=10, optimizer=adam, history=history, progress=False)
    assert not history.interrupted and history.loss == run(second).loss
    assert torch.equal(weights(first), weights(second))


def test_where_there_is_no_file_nothing_is_resumed(tmp_path):
    model = make()
    before = weights(model)
    history = training.resume(tmp_path / "none", model, torch.optim.Adam(model.parameters()))
    assert history == History() and torch.equal(weights(model), before)


def test_after_is_called_with_the_run_and_its_own_rates():
    seen = []
    run(make(), steps=5, every=2, schedule=lambda done: 0.0, after=lambda r: seen.append((r.history.steps, r.rates)))
    assert seen == [(2, [0.01]), (4, [0.01]), (5, [0.01])]


def test_without_resume_a_file_is_overwritten_and_a_finished_one_ends_at_once(tmp_path):
    file = tmp_path / "new" / "run.safetensors"
    keep = training.checkpoints(file)
    run(make(), after=keep, steps=3)
    again = make()
    assert run(again, after=keep, steps=2).steps == 2
    third = make(seed=5)
    adam = torch.optim.Adam(third.parameters())
    assert run(third, optimizer=adam, history=training.resume(file, third, adam), steps=2).steps == 2
    assert torch.equal(weights(third), weights(again))
    assert [path.name for path in file.parent.iterdir()] == ["run.safetensors"]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"steps": 0}, "steps and every must be at least 1, got steps=0, every=100"),
        ({"every": 0}, "steps and every must be at least 1, got steps=10, every=0"),
        ({"clip": 0.0}, r"clip must be positive or None, got 0\.0"),
        ({"clip": math.nan}, "clip must be positive or None, got nan"),
        ({"stop": bool}, "stop needs the value of evaluate, got evaluate=None"),
        (
            {"optimizer": torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=1.0)},
            "optimizer must hold parameters of the model, got one that holds none of them",
        ),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        run(make(), **arguments)


def test_a_batch_that_is_none_or_teaches_nothing_is_named():
    model, made = make(), tasks.adding(np.random.default_rng(0), 6, 8)
    for batch, error, message in (
        (tuple(made), TypeError, "batch must be a Batch or a function of the step, got tuple"),
        (lambda step: tuple(made), TypeError, r"batch\(step\) must return a Batch, got tuple"),
        (
            made._replace(mask=made.mask & False),
            ValueError,
            "mask must be true at one step at least, got none at step 1",
        ),
        (made._replace(x=made.x * np.nan), ValueError, "x must be finite, got nan in the batch of step 1"),
        (made._replace(x=made.x + np.inf), ValueError, "x must be finite, got inf in the batch of step 1"),
    ):
        with pytest.raises(error, match=f"^{message}$"):
            fit(model, batch, training.mse, steps=2, progress=False)
    with pytest.raises(TypeError, match="float"):
        run(model, steps=2.5)


@pytest.mark.parametrize("loss", [training.mse, training.bce])
def test_answers_that_would_broadcast_are_refused(loss):
    out, mask = torch.zeros(4, 4, 1), torch.ones(4, 4, dtype=bool)
    for shape in ((4, 4), (4, 4, 2), (4, 1, 1), (4,)):
        with pytest.raises(ValueError, match=rf"^y must have shape \(4, 4, 1\) for out \(4, 4, 1\), got \({shape[0]}"):
            loss(out, torch.zeros(shape), mask)


@pytest.mark.parametrize("measure", [training.cross_entropy, training.accuracy])
def test_classes_that_would_broadcast_are_refused(measure):
    out, mask = torch.zeros(2, 4, 4, 3), torch.ones(4, 4, dtype=bool)
    for shape in ((4,), (4, 1), (4, 4, 1), (3, 4, 4), (1, 4, 4)):
        with pytest.raises(ValueError, match=r"^y must have shape \(4, 4\) for out \(2, 4, 4, 3\), got "):
            measure(out, torch.zeros(shape, dtype=torch.long), mask)


def test_a_batch_first_model_is_noticed():
    class BatchFirst(Net):
        def forward(self, x, state=None):
            return super().forward(x)[0].transpose(0, 1)

    with pytest.raises(
        ValueError, match=r"^model must return out of shape \(..., 8, 6, O\), time first, got \(6, 8, 1"
    ):
        run(BatchFirst(nn.LSTM(2, 3), 1))
    with pytest.raises(TypeError, match=r"^model must return a tensor or .*, got NoneType$"):
        run(type("Nothing", (Net,), {"forward": lambda self, x: None})(nn.LSTM(2, 3), 1))


def test_windows_refuse_short_and_foreign_text():
    with pytest.raises(ValueError, match=r"^numbers must hold at least batch · T . 1 = 21 symbols, got 20$"):
        training.windows([0] * 20, 2, 10, 3)
    with pytest.raises(ValueError, match=r"^numbers must be between 0 and 2, got 0 … 3$"):
        training.windows([0, 3] * 20, 2, 10, 3)
    for batch, T in ((0, 10), (2, 0), (-1, 5)):
        with pytest.raises(ValueError, match=rf"^batch and T must be at least 1, got batch={batch}, T={T}$"):
            training.windows([0, 1] * 20, batch, T, 3)
    for text in ("abab" * 20, [0.5] * 40, [[0, 1]] * 40):
        with pytest.raises(TypeError, match=r"^numbers must be a row of integers, got "):
            training.windows(text, 2, 5, 3)


def test_losses_equal_torchs_own_on_the_steps_that_count_and_keep_leading_dimensions():
    g = torch.Generator().manual_seed(0)
    out, mask = torch.randn(2, 4, 3, 5, generator=g), torch.rand(4, 3, generator=g) > 0.4
    numbers, marks = torch.randn(4, 3, 5, generator=g), (torch.rand(4, 3, 5, generator=g) > 0.5).float()
    classes = torch.randint(0, 5, (4, 3), generator=g)
    functional = nn.functional
    for k in range(2):
        picked = out[k][mask]
        pairs = [
            (training.mse(out, numbers, mask)[k], functional.mse_loss(picked, numbers[mask])),
            (training.cross_entropy(out, classes, mask)[k], functional.cross_entropy(picked, classes[mask])),
            (
                training.bce(out, marks, mask, weight=3.0)[k],
                5 * functional.binary_cross_entropy_with_logits(picked, marks[mask], pos_weight=torch.tensor(3.0)),
            ),
            (training.accuracy(out, classes, mask)[k], (picked.argmax(-1) == classes[mask]).float().mean()),
        ]
        for ours, theirs in pairs:
            torch.testing.assert_close(ours, theirs)
    assert training.mse(out[0], numbers, mask).shape == ()


def test_answers_takes_numpy_batches_and_models_with_and_without_state():
    batch = tasks.adding(np.random.default_rng(0), 3, 6)
    model = make()
    expected = model(torch.as_tensor(batch.x))[0]
    torch.testing.assert_close(training.answers(model, batch), expected)
    only = type(
        "Only", (nn.Module,), {"forward": lambda self, x: model(x)[0], "parameters": lambda self: model.parameters()}
    )
    torch.testing.assert_close(training.answers(only(), batch), expected)
    double = make().double()
    assert training.answers(double, batch).dtype == torch.float64


def test_history_begins_empty():
    assert repr(History()) == "History(0 steps, done)"


# ---- checkpoints


def saved(tmp_path, **arguments):
    model = make()
    optimizer = torch.optim.Adam(model.parameters())
    run(model, optimizer=optimizer, steps=2)
    return checkpoint.save(tmp_path / "a.safetensors", model, optimizer, step=2, **arguments), model, optimizer


def test_a_checkpoint_round_trip_keeps_everything(tmp_path):
    rng = np.random.default_rng(4)
    file, model, optimizer = saved(tmp_path, rng=rng, extra={"note": [1, 2.5]})
    expected, uniform = rng.random(3), torch.rand(3)
    torch.manual_seed(11)
    other = make(seed=8)
    second = torch.optim.Adam(other.parameters())
    fresh = np.random.default_rng(77)
    kept = checkpoint.load(file, other, second, rng=fresh, random_state=True)
    assert kept.step == 2 and kept.extra == {"note": [1, 2.5]} and kept.header["model"] == "Net"
    assert torch.equal(weights(model), weights(other))
    np.testing.assert_array_equal(fresh.random(3), expected)
    assert torch.equal(torch.rand(3), uniform)
    for one, two in zip(model.parameters(), other.parameters(), strict=True):
        for key, value in optimizer.state[one].items():
            assert torch.equal(value, second.state[two][key]), key


def test_nothing_in_the_file_needs_pickle(tmp_path):
    file, *_ = saved(tmp_path)
    data = file.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    assert header["__metadata__"]["format"] == checkpoint.FORMAT and len(header["__metadata__"]["sha256"]) == 64


@pytest.mark.parametrize("where", [0.3, 0.6, 0.999])
def test_one_flipped_bit_is_found(tmp_path, where):
    file, *_ = saved(tmp_path)
    data = bytearray(file.read_bytes())
    data[int(len(data) * where)] ^= 1
    file.write_bytes(data)
    with pytest.raises(CheckpointError, match=r"a\.safetensors .*(damaged|sha256)"):
        checkpoint.load(file, make())


def test_a_changed_header_is_found(tmp_path):
    file, *_ = saved(tmp_path)
    file.write_bytes(file.read_bytes().replace(b'"step":"2"', b'"step":"3"'))
    with pytest.raises(
        CheckpointError, match=r"\(\d+ bytes\) is damaged: its sha256 must be [0-9a-f]{64}, got [0-9a-f]"
    ):
        checkpoint.load(file, make())


@pytest.mark.parametrize("content", [b"", b"<html>404 Not Found</html>", b"PK\x03\x04 rather a zip", b"\x80\x04pickle"])
def test_other_files_are_refused_with_size_and_advice(tmp_path, content):
    file = tmp_path / "x.pt"
    file.write_bytes(content)
    with pytest.raises(CheckpointError, match=rf"x\.pt \({len(content)} bytes\) is damaged or no checkpoint .*: train"):
        checkpoint.load(file, make())


def test_a_pickle_is_refused_and_its_code_does_not_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "run",)

    file = tmp_path / "a.pt"
    for write in (lambda: file.write_bytes(pickle.dumps(Trap())), lambda: torch.save(make(), file)):
        write()
        with pytest.raises(CheckpointError, match="is damaged or no checkpoint"):
            checkpoint.load(file, make())
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("where, error", [("fsync", errno.ENOSPC), ("replace", errno.EROFS), ("fsync", errno.EDQUOT)])
def test_a_full_or_read_only_disk_leaves_the_file_before(tmp_path, monkeypatch, where, error):
    file, *_ = saved(tmp_path)
    before = file.read_bytes()

    def fail(*_):
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, where, fail)
    with pytest.raises(CheckpointError, match=f"^cannot write .*a.safetensors: {os.strerror(error)}$"):
        checkpoint.save(file, make(seed=5))
    assert file.read_bytes() == before and len(list(tmp_path.iterdir())) == 1
    checkpoint.load(file, make())


@pytest.mark.parametrize(
    "one, other", [("niaf_plain", "lstm"), ("nig_plain", "nog_plain"), ("gru", "gru_reset_before")]
)
def test_a_file_of_another_cell_is_refused_although_the_shapes_are_the_same(tmp_path, one, other):
    model, another = (Net(LAYERS[name](2, 5), 1) for name in (one, other))
    file, before = checkpoint.save(tmp_path / "a", model), weights(another)
    cells = model.layer.mode, another.layer.mode
    with pytest.raises(CheckpointError, match=f"^layer must be of the cell {cells[0]} as in .*, got {cells[1]}$"):
        checkpoint.load(file, another)
    assert torch.equal(weights(another), before)


def test_a_file_of_an_ensemble_of_another_cell_is_refused(tmp_path):
    file = checkpoint.save(tmp_path / "a", Ensemble("coupled", 2, 3, 1, n=2))
    checkpoint.load(file, Ensemble("coupled", 2, 3, 1, n=2))
    with pytest.raises(CheckpointError, match=r"^model must be of the cell CoupledLSTM as in .*, got LSTM97$"):
        checkpoint.load(file, Ensemble("lstm97", 2, 3, 1, n=2))


def test_torchs_lstm_and_ours_share_their_files_and_the_header_tells_the_rows(tmp_path):
    ours, theirs = Net(LAYERS["lstm"](2, 5), 1), make(seed=3)
    kept = checkpoint.load(checkpoint.save(tmp_path / "a", ours), theirs)
    assert torch.equal(weights(ours), weights(theirs))
    said = json.loads(kept.header["layers"])["layer"]
    assert said["cell"] == "LSTM" and said["rows"] == "ifgo" and (said["input_size"], said["hidden_size"]) == (2, 5)


@pytest.mark.parametrize(
    "ours, theirs, cell, rows",
    [
        (CELLS["lstm"](2, 5), torch.nn.LSTMCell(2, 5), "LSTM", "ifgo"),
        (CELLS["gru"](2, 5), torch.nn.GRUCell(2, 5), "GRU", "rzn"),
        (CELLS["rnn_relu"](2, 5), torch.nn.RNNCell(2, 5, nonlinearity="relu"), "RNN_RELU", "h"),
        (CELLS["rnn"](2, 5), torch.nn.RNNCell(2, 5), "RNN_TANH", "h"),
    ],
)
def test_cells_of_one_step_are_told_in_the_header_too(tmp_path, ours, theirs, cell, rows):
    kept = checkpoint.load(checkpoint.save(tmp_path / "a", ours), theirs)
    assert json.loads(kept.header["layers"])[""] == {"cell": cell, "rows": rows, "input_size": 2, "hidden_size": 5}
    other = CELLS["gru_reset_before" if cell == "GRU" else "noaf_plain"](2, 5)
    if ours.weight_ih.shape == other.weight_ih.shape:
        with pytest.raises(CheckpointError, match=rf"^model must be of the cell {cell} as in"):
            checkpoint.load(tmp_path / "a", other)


rates = torch.optim.lr_scheduler
SCHEDULERS = [
    lambda adam: rates.MultiStepLR(adam, [2, 5, 7], gamma=0.1),
    lambda adam: rates.OneCycleLR(adam, 0.1, total_steps=12),
    lambda adam: rates.SequentialLR(adam, [rates.ConstantLR(adam, 0.5, 2), rates.ExponentialLR(adam, 0.9)], [4]),
]


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_scheduler_goes_on_where_it_was(tmp_path, scheduler):
    def made():
        adam = torch.optim.Adam(make().parameters(), lr=0.01)
        return adam, scheduler(adam)

    def steps(adam, scheduler, n):
        found = []
        for _ in range(n):
            adam.step()
            scheduler.step()
            found.append(adam.param_groups[0]["lr"])
        return found

    first, second = made(), made()
    steps(*first, 3)
    file = checkpoint.save(tmp_path / "a", make(), first[0], scheduler=first[1])
    want = steps(*first, 6)
    checkpoint.load(file, make(), second[0], scheduler=second[1])
    assert steps(*second, 6) == want
    with pytest.raises(CheckpointError, match=r"^scheduler must be \w+ as in .*, got StepLR$"):
        checkpoint.load(file, make(), scheduler=rates.StepLR(second[0], 3))
    with pytest.raises(CheckpointError, match="holds no scheduler: save it with the scheduler, or load without"):
        checkpoint.load(checkpoint.save(tmp_path / "b", make()), make(), scheduler=second[1])


def test_a_scheduler_whose_state_is_no_numbers_is_refused(tmp_path):
    class Odd(rates.StepLR):
        def state_dict(self):
            return {"tensor": torch.zeros(2)}

    with pytest.raises(
        TypeError, match="scheduler must have a state of numbers and texts, got Odd, which holds a Tensor"
    ):
        checkpoint.save(tmp_path / "a", make(), scheduler=Odd(torch.optim.Adam(make().parameters()), 3))


def test_truncated_and_foreign_safetensors_are_refused(tmp_path):
    from safetensors.torch import save_file

    file, *_ = saved(tmp_path)
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(CheckpointError, match="is damaged or no checkpoint"):
        checkpoint.load(file, make())
    save_file({"a": torch.zeros(2)}, file)
    with pytest.raises(CheckpointError, match="must have the format 'lstmcourse checkpoint 1', got None"):
        checkpoint.load(file, make())


def test_paths_that_cannot_be_used_are_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"^cannot read .*none: No such file or directory$"):
        checkpoint.load(tmp_path / "none", make())
    with pytest.raises(CheckpointError, match=r"^cannot read .*: Is a directory$"):
        checkpoint.load(tmp_path, make())
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match=r"^cannot write .*file.a: (Not a directory|File exists)$"):
        checkpoint.save(tmp_path / "file" / "a", make())
    (tmp_path / "folder").mkdir()
    with pytest.raises(CheckpointError, match=r"^cannot write .*folder: Is a directory$"):
        checkpoint.save(tmp_path / "folder", make())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"], "no temporary file is left"


def test_a_save_that_is_broken_off_leaves_the_old_file(tmp_path, monkeypatch):
    file, *_ = saved(tmp_path)
    before = file.read_bytes()

    def press(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", press)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.save(file, make(seed=5))
    assert file.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda: Net(nn.LSTM(2, 6), 1), r"layer\.weight_ih_l0 must have shape \(24, 2\), got \(20, 2\) from "),
        (lambda: Net(nn.LSTM(2, 5, bias=False), 1), r"holds layer\.bias_hh_l0, which the model has not"),
        (lambda: Net(nn.LSTM(2, 5, num_layers=2), 1), r"holds no layer\.weight_ih_l1, which the model has"),
        (lambda: make().double(), r"layer\.weight_ih_l0 must have dtype torch\.float64, got torch\.float32 from "),
    ],
)
def test_weights_that_do_not_fit_are_named_and_change_nothing(tmp_path, change, message):
    file, *_ = saved(tmp_path)
    model = change()
    before = weights(model)
    with pytest.raises(CheckpointError, match=message):
        checkpoint.load(file, model)
    assert torch.equal(weights(model), before)


def test_weights_that_are_not_finite_are_refused(tmp_path):
    model = make()
    with torch.no_grad():
        model.readout.bias.fill_(math.nan)
    file = checkpoint.save(tmp_path / "nan", model)
    with pytest.raises(CheckpointError, match=r"^readout\.bias must be finite, got nan or inf from "):
        checkpoint.load(file, make())


def test_an_optimizer_with_another_kind_of_state_is_refused(tmp_path):
    model = make()
    lbfgs = torch.optim.LBFGS(model.parameters())

    def closure():
        loss = model(torch.ones(2, 1, 2))[0].square().sum()
        loss.backward()
        return loss

    lbfgs.step(closure)
    with pytest.raises(TypeError, match="optimizer must have a state of tensors and numbers, got LBFGS, whose "):
        checkpoint.save(tmp_path / "file", model, lbfgs)
    assert not list(tmp_path.iterdir())


def test_an_optimizer_that_is_not_there_or_another_is_refused(tmp_path):
    model = make()
    plain = checkpoint.save(tmp_path / "plain", model)
    adam = torch.optim.Adam(model.parameters())
    with pytest.raises(CheckpointError, match="holds no optimizer: save it with the optimizer, or load without"):
        checkpoint.load(plain, model, adam)
    with pytest.raises(CheckpointError, match="holds no state of an rng"):
        checkpoint.load(plain, model, rng=np.random.default_rng())
    full = checkpoint.save(tmp_path / "full", model, adam)
    with pytest.raises(CheckpointError, match=r"optimizer must be Adam as in .*, got SGD"):
        checkpoint.load(full, model, torch.optim.SGD(model.parameters(), lr=1))
    with pytest.raises(CheckpointError, match=r"optimizer must have groups of \[6\] parameters as in .*, got \[4\]"):
        checkpoint.load(full, model, torch.optim.Adam(model.layer.parameters()))


def test_an_rng_of_another_kind_is_refused_and_changes_nothing(tmp_path):
    file, kept = tmp_path / "a", make(seed=1)
    checkpoint.save(file, make(), rng=np.random.default_rng(0))
    before = weights(kept)
    with pytest.raises(CheckpointError, match=r"^rng must be a PCG64 as in .*, got Philox$"):
        checkpoint.load(file, kept, rng=np.random.Generator(np.random.Philox(0)))
    assert torch.equal(weights(kept), before)
    with pytest.raises(TypeError, match=r"^rng must be a numpy.random.Generator, got int$"):
        checkpoint.save(file, make(), rng=3)
