"""A kernel that is killed while a network trains, and one in the middle of an exercise, cost no progress."""

import os
import signal
import time

import pytest
from jupyter_client.manager import KernelManager

from lstmcourse.exercises import _state
from tests.notebooks.pages import ROOT

PASS = """
import numpy as np
from lstmcourse import check, hint
def bits(p):
    return -np.mean(np.log2(p))
hint("E0.1")
check("E0.1", bits)
"""
TRAIN = """
import numpy as np, torch
from lstmcourse import nn, tasks, training
torch.manual_seed(0)
model, rng = training.Net(nn.PeepholeLSTM(2, 4), 1), np.random.default_rng(0)
adam = torch.optim.Adam(model.parameters())
history = training.resume("run", model, adam, rng)
print("at step", history.steps)
"""
FIT = """
training.fit(model, lambda _: tasks.adding(rng, 4, 6), training.mse, optimizer=adam, history=history, steps=10**6,
             every=5, after=training.checkpoints("run", rng), progress=False)
"""
HANG = """
def answer(p):
    open("in the answer", "w").close()
    while True:
        pass
from lstmcourse import check
check("E0.1", answer)
"""


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """A function that starts a kernel: (run, kill). run(code) gives what it printed, kill(code, file) ends it with
    SIGKILL while it runs the code, once the file is there."""
    monkeypatch.setenv("LSTMCOURSE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    managers = []

    def start():
        manager = KernelManager()
        manager.start_kernel(cwd=str(tmp_path))
        managers.append(manager)
        client = manager.blocking_client()
        client.start_channels()
        client.wait_for_ready(timeout=120)

        def run(code):
            said = []
            hook = lambda message: said.append(message["content"].get("text", ""))
            reply = client.execute_interactive(code, timeout=120, output_hook=hook)
            assert reply["content"]["status"] == "ok", reply["content"]
            return "".join(said)

        def kill(code, file):
            client.execute(code)
            deadline = time.monotonic() + 120
            while not (tmp_path / file).exists():
                assert time.monotonic() < deadline
                time.sleep(0.05)
            os.kill(manager.provisioner.pid, signal.SIGKILL)
            client.stop_channels()

        return run, kill

    yield start
    for manager in managers:
        manager.shutdown_kernel(now=True)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_progress_and_training_go_on_after_a_kernel_was_killed(kernel):
    run, kill = kernel()
    run(PASS)
    before = _state.load()
    (entry,) = before.values()
    assert (entry["attempts"], entry["passes"], entry["hints"]) == (1, 1, 1)
    assert run(TRAIN) == "at step 0\n"
    kill(FIT, "run")
    run, kill = kernel()
    said = run(TRAIN)
    assert int(said.removeprefix("at step ")) >= 5, said
    kill(HANG, "in the answer")
    assert _state.load() == before
