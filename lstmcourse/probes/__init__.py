"""Instruments for looking inside a recurrent network: gates over time, gradients over lags, Jacobians, units, clamps.

All of them work on the NumPy reference in float64, where nothing underflows before 1e-308. A ``model`` is a layer of
`lstmcourse.nn`, a torch.nn.RNN, LSTM or GRU, or a pair (cell, params).
"""

from ._clamps import SQUASHINGS, clamp, held, saturation
from ._gradients import (
    arriving_gradients,
    forget_bias_curves,
    gradient_against_lag,
    jacobians,
    lyapunov,
    spectral_radius,
)
from ._traces import gate_traces
from ._units import Unit, find_unit, unit_scores

__all__ = [
    "SQUASHINGS", "Unit", "arriving_gradients", "clamp", "find_unit", "forget_bias_curves", "gate_traces",
    "gradient_against_lag", "held", "jacobians", "lyapunov", "saturation", "spectral_radius", "unit_scores",
]  # fmt: skip
