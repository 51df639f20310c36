"""How fast the gradient fades, while the forget bias moves."""

import numpy as np

from .. import plots
from ..diagrams import number
from ..probes import forget_bias_curves
from ._shell import Explorer, painted, slider


def paint_forget_bias(axes: np.ndarray, bias: float, radius: float, steps: int) -> str:
    """Draws `forget_bias_curves` and says what is left at the end."""
    data = forget_bias_curves(bias, radius, steps)
    f = data["f"]
    curves = {"lstm": data["lstm"], "rnn": data["rnn"]}
    ax = plots.gradient_against_lag(curves, axes[0, 0], predicted={"lstm": f, "rnn": radius})
    ax.set_ylim(1e-12, 100.0)
    half = f"{np.log(0.5) / np.log(f):.1f} steps" if f < 1 else "for ever"
    left, rest = data["lstm"][-1], data["rnn"][-1]
    return (
        f"Forget bias {bias:.2f}, spectral radius {radius:.2f}, {steps} steps: the forget gates average {f:.2f}, "
        f"a half-life of {half}; at the last lag {number(left)} of the LSTM's gradient is left, "
        f"{number(rest)} of the RNN's."
    )


def forget_bias(bias: float = 1.0, radius: float = 0.9, steps: int = 50) -> Explorer:
    """Gradient against lag while the forget bias, the spectral radius of the simple network and the length move.

    ``plots.show(widgets.forget_bias(bias=1.0).figure())`` is the still picture.
    """
    controls = lambda: dict(
        bias=slider("forget bias", bias, -2.0, 6.0, 0.25),
        radius=slider("spectral radius (RNN)", radius, 0.5, 1.3, 0.05),
        steps=slider("steps T", steps, 10, 200, 10),
    )
    return painted("forget-bias", paint_forget_bias, controls)
