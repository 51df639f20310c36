"""Whole models through torch.onnx.export: our layers become standard operators, of any length and batch."""

import logging
import warnings
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest
import torch
from torch.export import Dim

from lstmcourse import convert
from lstmcourse.nn import LAYERS

from .layers import random

pytest.importorskip("onnxscript", reason="torch.onnx.export needs onnxscript: the extra [onnx]")
if tuple(int(n) for n in torch.__version__.split(".")[:2]) < (2, 6):
    pytest.skip("torch.onnx.export takes a translation table since torch 2.6", allow_module_level=True)

I, H, SYMBOLS = 8, 40, 11  # 4·H·H is more than the exporter folds into constants


class Model(torch.nn.Module):
    """Symbols (B, T) -> scores (B, T, 3) and the layer's final state."""

    def __init__(self, layer):
        super().__init__()
        self.embedding, self.layer = torch.nn.Embedding(SYMBOLS, I), layer
        self.readout = torch.nn.Linear(layer.hidden_size * layer._directions, 3)

    def forward(self, x, hx=None):
        output, state = self.layer(self.embedding(x), hx)
        return self.readout(output), state


def model(name, *args, **kwargs):
    """With torch's own small weights, which let rounding errors die out: what is left is float32's."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Model(LAYERS[name](I, H, *args, batch_first=True, **kwargs)).eval()


def exported(module, *args, **options):
    registration = logging.getLogger("torch.onnx._internal.exporter._registration")  # says that torchvision is missing
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        patch.setattr(registration, "disabled", True)
        table = convert.onnx_translations()
        program = torch.onnx.export(module, args, dynamo=True, custom_translation_table=table, verbose=False, **options)
    return program.model_proto


def symbols(batch, steps):
    return torch.randint(SYMBOLS, (batch, steps), generator=torch.Generator().manual_seed(batch))


@pytest.mark.parametrize(
    ("made", "states"),
    [
        (model("peephole", 2, bidirectional=True, dropout=0.5), False),
        (model("gru", bias=False, impl="scan"), True),
    ],
    ids=["peephole", "gru"],
)
def test_a_model_is_a_handful_of_nodes_and_equal_in_onnxruntime(made, states):
    layer = made.layer
    n, D = layer.num_layers, layer._directions
    B, T = Dim("B"), Dim("T")

    def arguments(batch, steps):
        return symbols(batch, steps), *([random(n * D, batch, H, dtype=torch.float32)] if states else [])

    shapes = {"x": {0: B, 1: T}} | ({"hx": {1: B}} if states else {})
    proto = exported(made, *arguments(2, 5), dynamic_shapes=shapes)
    kinds = [node.op_type for node in proto.graph.node]
    assert sum(kind in ("LSTM", "GRU") for kind in kinds) == n
    assert len(kinds) < 20
    session = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    for batch, steps in ((3, 17), (1, 1)):
        args = arguments(batch, steps)
        feed = dict(zip([i.name for i in session.get_inputs()], [t.numpy() for t in args], strict=True))
        scores, final = made(*args)
        want = [scores, *(final if isinstance(final, tuple) else (final,))]
        for got, tensor in zip(session.run(None, feed), want, strict=True):
            np.testing.assert_allclose(got, tensor.detach(), atol=1e-6)


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"cell": "fgr", "names": "weight_ih"}, "no ONNX operator computes 'fgr': its gates see the gates of the step"),
        ({"xs": SimpleNamespace(dtype="DOUBLE")}, "the layer must be of float32, .* got DOUBLE"),
        ({"names": "weight_ih,weight_hh,weight_hr"}, "ONNX's LSTM has no projection, and the layer has proj_size"),
        ({"weights": [SimpleNamespace(name="clone", producer=lambda: "dropout")]}, "these are computed: clone"),
        ({"mask": "mask"}, r"packed sequences are no ONNX input; to_onnx\(layer, lengths=True\)"),
    ],
)
def test_what_is_no_operator_is_refused(changed, match):
    """By the translation; torch.onnx.export raises its own error with this one as the cause."""
    from onnxscript import ir

    (translate,) = convert.onnx_translations().values()
    given = {"cell": "lstm", "impl": "auto", "names": "weight_ih,weight_hh", "bidirectional": False, "hx": []}
    given |= {"xs": SimpleNamespace(dtype=ir.DataType.FLOAT), "weights": []}
    with pytest.raises(ValueError, match=match):
        translate(**given | changed)
