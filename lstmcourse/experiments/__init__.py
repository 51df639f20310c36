"""Reproducible runs behind the notebooks: `python -m lstmcourse experiments` lists and runs them, `load(NAME)` reads.

The functions that train and measure one cell (`train_counting`, `counted` …) are here too: a notebook runs them small,
`run(NAME)` runs them over the whole grid and writes results/NAME.json with its provenance.
"""

from ._registry import EXPERIMENTS, FOLDER, Experiment, ExperimentError, find, load, run
from .adding import STARTS, adding_long, adding_variants, train_adding
from .counting import (
    SigmaCandidateLSTM,
    anbn,
    anbn_sigma_candidate,
    counted,
    counting_coupled,
    largest_state,
    train_counting,
)
from .draws import reber_draws
from .gates import reber_gates, without
from .grammar import continual_reber, first_solved, outer_right, reber, stream_test, train_reber, train_stream
from .peepholes import SUBSETS, TruncatedLSTM, peephole_subsets, train_peepholes, truncated_gradient
from .starts import RNN_STARTS, adding_starts, rnn_start, train_rnn_start
from .stories import DISTANCES, right_by_distance, stories, train_story
from .timing import beats, interval, intervals_kept, timed_spikes, train_interval, train_spikes

__all__ = [
    "DISTANCES",
    "EXPERIMENTS",
    "FOLDER",
    "RNN_STARTS",
    "STARTS",
    "SUBSETS",
    "Experiment",
    "ExperimentError",
    "SigmaCandidateLSTM",
    "TruncatedLSTM",
    "adding_long",
    "adding_starts",
    "adding_variants",
    "anbn",
    "anbn_sigma_candidate",
    "beats",
    "continual_reber",
    "counted",
    "counting_coupled",
    "find",
    "first_solved",
    "interval",
    "intervals_kept",
    "largest_state",
    "load",
    "outer_right",
    "peephole_subsets",
    "reber",
    "reber_draws",
    "reber_gates",
    "right_by_distance",
    "rnn_start",
    "run",
    "stories",
    "stream_test",
    "timed_spikes",
    "train_adding",
    "train_counting",
    "train_interval",
    "train_peepholes",
    "train_reber",
    "train_rnn_start",
    "train_spikes",
    "train_story",
    "train_stream",
    "truncated_gradient",
    "without",
]
