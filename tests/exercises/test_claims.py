"""claim: the verdict is printed, or nothing gets past it."""

import numpy as np
import pytest
import torch

from lstmcourse import ClaimError, _shown, claim, proof


@pytest.mark.parametrize("ok", [True, np.bool_(True), np.array([True]), torch.tensor(True), torch.tensor([[True]])])
def test_a_claim_that_holds_is_printed(ok, capsys):
    claim("one is less than two", ok)
    assert capsys.readouterr().out == "✓ one is less than two\n"


@pytest.mark.parametrize("ok", [False, np.bool_(False), torch.tensor(False)])
def test_a_claim_that_fails_raises(ok, capsys):
    with pytest.raises(ClaimError, match=r"^✗ two is less than one$"):
        claim("two is less than one", ok)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("ok", "got"),
    [
        (np.array([True, True]), r"ndarray of shape \(2,\)"),
        (torch.ones(2, 3, dtype=torch.bool), r"Tensor of shape \(2, 3\)"),
        ("yes", "str 'yes'"),
        (0.3, "float 0.3"),
        (None, "NoneType None"),
    ],
)
def test_what_is_no_verdict_is_refused(ok, got):
    with pytest.raises(TypeError, match=rf"ok must be one true or false value .* got {got}$"):
        claim("something", ok)


@pytest.mark.parametrize("text", ["", "  ", None, True])
def test_a_claim_needs_a_sentence(text):
    with pytest.raises(TypeError, match="text must be a sentence"):
        claim(text, True)


@pytest.mark.parametrize("folder", [".", "deeper"])
def test_in_the_learners_copy_a_claim_that_fails_is_told_and_never_raises(tmp_path, monkeypatch, capsys, folder):
    (tmp_path / "deeper").mkdir()
    monkeypatch.chdir(tmp_path / folder)
    with pytest.raises(ClaimError):
        claim("two is less than one", False)
    (tmp_path / _shown.COPY).write_text("{}")
    claim("two is less than one", False)
    proof({"one is one": True, "one is two": False, "two is three": False})
    assert capsys.readouterr().out == "✗ two is less than one\n✗ one is two\n✗ two is three\n"


def test_in_the_learners_copy_a_claim_wraps_between_words(tmp_path, monkeypatch, capsys):
    shown = []
    monkeypatch.setattr("lstmcourse._shown.in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    monkeypatch.chdir(tmp_path)
    claim("one is less than two", True)
    assert capsys.readouterr().out == "✓ one is less than two\n" and not shown
    (tmp_path / _shown.COPY).write_text("{}")
    claim("one is less than two", True)
    claim("two is less than one", False)
    assert [data["text/plain"] for data in shown] == ["✓ one is less than two", "✗ two is less than one"]
    assert all("overflow-wrap:anywhere" in data["text/html"] for data in shown) and not capsys.readouterr().out
