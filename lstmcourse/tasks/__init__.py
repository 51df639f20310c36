"""The papers' synthetic tasks, generated from an explicit rng; NumPy only.

A task is a function (rng, batch, sizes …) -> `Batch`, time first. Its docstring names the paper, the baseline that a
net without memory reaches, and what counts as solved. `TASKS` lists them by name.
"""

from ._core import Batch, Vocabulary
from .adding import ADDING_1997_BASELINE, ADDING_BASELINE, adding, adding_1997
from .counting import ANBN, ANBNCN, accepted, anbn, anbn_all, anbncn, anbncn_all, reach
from .memory import TEMPORAL_ORDER, copy_baseline, copy_memory, temporal_order
from .reber import (
    REBER,
    continual_reber,
    embedded_reber,
    embedded_reber_string,
    encode,
    is_embedded_reber,
    legal_next,
    reber_string,
)
from .stories import GENDERS, KINGS, PRONOUNS, RULERS, TOLD, kings, kings_baseline, pronouns, pronouns_baseline, told
from .timing import interval, interval_all, timed_spikes

TASKS = {
    task.__name__: task
    for task in (
        adding,
        adding_1997,
        anbn,
        anbncn,
        continual_reber,
        copy_memory,
        embedded_reber,
        interval,
        kings,
        pronouns,
        temporal_order,
        timed_spikes,
    )
}
"""The tasks by name. All but `timed_spikes`, in which nothing is random, take (rng, batch, …)."""

__all__ = [
    "ADDING_1997_BASELINE",
    "ADDING_BASELINE",
    "ANBN",
    "ANBNCN",
    "GENDERS",
    "KINGS",
    "PRONOUNS",
    "REBER",
    "RULERS",
    "TASKS",
    "TEMPORAL_ORDER",
    "TOLD",
    "Batch",
    "Vocabulary",
    "accepted",
    "adding",
    "adding_1997",
    "anbn",
    "anbn_all",
    "anbncn",
    "anbncn_all",
    "continual_reber",
    "copy_baseline",
    "copy_memory",
    "embedded_reber",
    "embedded_reber_string",
    "encode",
    "interval",
    "interval_all",
    "is_embedded_reber",
    "kings",
    "kings_baseline",
    "legal_next",
    "pronouns",
    "pronouns_baseline",
    "reach",
    "reber_string",
    "temporal_order",
    "timed_spikes",
    "told",
]
