"""How large weights shut a gate's gradient off."""

import numpy as np

from .. import plots
from ..probes import saturation
from ..reference import sigmoid
from ._shell import Explorer, painted, slider


def paint_saturation(axes: np.ndarray, spread: float, bias: float) -> str:
    """Draws the histogram of `saturation` beside the sigmoid with its slope."""
    data = saturation(spread, bias)
    a = np.linspace(-8, 8, 161)
    sentence = (
        f"Pre-activations with mean {bias:.2f} and spread {spread:.2f}: {data['saturated']:.0%} of the gate's values "
        f"lie outside 0.1 to 0.9, and the mean slope is {data['slope']:.3f} (at most 0.250)."
    )
    plots.activations({"f": np.asarray(data["values"])}, axes[0, 0])
    ax, gate = axes[0, 1], plots.COLOURS["f"]
    ends = max(bias - spread, -8), min(bias + spread, 8)
    ax.axvspan(*ends, color=gate, alpha=0.15, lw=0, label="mean ± spread of a")
    ax.plot(a, sigmoid(a), color=gate, label="σ(a)")
    ax.plot(a, sigmoid(a) * (1 - sigmoid(a)), color="#555555", ls=(0, (5, 1.5)), label="slope σ′(a)")
    ax.set_xlim(-8, 8)
    plots.finish(ax, "pre-activation a", "value", "", sentence)
    return sentence


def gate_saturation(spread: float = 1.0, bias: float = 0.0) -> Explorer:
    """Values and slope of σ as the spread and mean of its input move.

    ``plots.show(widgets.gate_saturation(spread=3.0).figure())`` is the still picture.
    """
    controls = lambda: dict(
        spread=slider("spread of a", spread, 0.1, 8.0, 0.1), bias=slider("mean of a (the bias)", bias, -5.0, 5.0, 0.25)
    )
    return painted("saturation", paint_saturation, controls, 2, (8.6, 3.2))
