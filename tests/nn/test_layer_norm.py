"""What layer normalisation promises beside its equations, and where the layer starts."""

import torch

from lstmcourse import nn

from .layers import B, H, I, T, assert_close, make, random


def test_the_scale_of_weights_and_inputs_does_not_matter():
    """Ba et al. (2016), section 5.1: a rescaled weight matrix, or one sequence's input, changes no gate."""
    layer, x = make("layer_norm"), 10 * random(T, B, I)  # large against ε
    want = layer(x)[0]
    scales = torch.tensor([0.5, 1.0, 7.0, 100.0]).double()
    assert_close(layer(x * scales[:, None])[0], want, 1e-5)
    with torch.no_grad():
        layer.weight_ih_l0.mul_(3.0)
        layer.weight_hh_l0.mul_(50.0)
    assert_close(layer(x)[0], want, 1e-3)
    layer = make("lstm")
    assert (layer(x * scales[:, None])[0] - layer(x)[0]).abs().max() > 0.1


def test_gains_start_at_one_and_the_shift_at_zero():
    layer = nn.LayerNormLSTM(I, H, 2, bidirectional=True, forget_bias=1.0)
    for key, value in layer.named_parameters():
        if key.startswith(("gain_", "shift_")):
            assert value.eq(float(key.startswith("gain_"))).all()
    assert layer.bias_ih_l1[H : 2 * H].eq(1).all()
