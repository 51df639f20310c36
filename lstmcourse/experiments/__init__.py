"""Reproducible runs behind the notebooks: `list`, `run`, `show`, `status`, `verify` on the command line, `blocks` here.

An experiment is a description (`Experiment`): a grid of networks, blocks of seeds, what counts as solved, and the
comparisons. `blocks(NAME)` reads what `run(NAME)` stored, every net of every block; `verdict(record, a, b)` says by one
rule what may be claimed of it. The functions that train and measure one cell of a grid (`train_counting`, `counted` …)
are here too: a notebook runs them small.
"""

from ._figures import ODYSSEY, best_counts, odyssey, odyssey_map, rates_by_block
from ._records import Record, blocks, load
from ._registry import CHOOSING, EXPERIMENTS, Experiment, ExperimentError, Solved, experiment, find
from ._run import run
from ._tables import Comparisons, show, status
from ._verdict import Side, Verdict, compared, fisher, rank_test, verdict, wilson
from ._verify import Checked, verify
from .adding import STARTS, adding_1000, adding_long, train_adding
from .characters import character_model, ngram_bits, train_characters
from .counting import (
    SigmaCandidateLSTM,
    counted,
    counting_cells,
    counting_to_100,
    largest_state,
    sigma_candidate,
    train_counting,
)
from .gates import without
from .grammar import first_solved, outer_right, reber_cells, stream, stream_test, train_reber, train_stream
from .music import bach_chorales, chorales
from .odyssey import (
    BASES,
    OTHERS,
    odyssey_adding,
    odyssey_copying,
    odyssey_counting,
    odyssey_intervals,
    odyssey_reber,
)
from .peepholes import SUBSETS, TruncatedLSTM, subsets, train_peepholes, truncated
from .points import digits_by_points
from .reviews import reviews
from .revising import revising
from .search import draws, random_search, shares
from .sentences import gradient_by_lag, judge, judged_sentences, king_story
from .stacked import equal_units, stacked_characters, stacked_model
from .starts import RNN_STARTS, clipping, rnn_start, rnn_starts, slopes, train_rnn_start
from .stories import DISTANCES, right_by_distance, train_story, two_stories
from .succession import Held, Succession, hold, succession
from .tcn import TCN, convolution_adding, convolution_copying, recalled
from .timing import beats, intervals, intervals_kept, spikes, train_interval, train_spikes
from .variants import character_variants

__all__ = [
    "BASES",
    "CHOOSING",
    "DISTANCES",
    "EXPERIMENTS",
    "ODYSSEY",
    "OTHERS",
    "RNN_STARTS",
    "STARTS",
    "SUBSETS",
    "TCN",
    "Checked",
    "Comparisons",
    "Experiment",
    "ExperimentError",
    "Held",
    "Record",
    "Side",
    "SigmaCandidateLSTM",
    "Solved",
    "Succession",
    "TruncatedLSTM",
    "Verdict",
    "adding_1000",
    "adding_long",
    "bach_chorales",
    "beats",
    "best_counts",
    "blocks",
    "character_model",
    "character_variants",
    "chorales",
    "clipping",
    "compared",
    "convolution_adding",
    "convolution_copying",
    "counted",
    "counting_cells",
    "counting_to_100",
    "digits_by_points",
    "draws",
    "equal_units",
    "experiment",
    "find",
    "first_solved",
    "fisher",
    "gradient_by_lag",
    "hold",
    "intervals",
    "intervals_kept",
    "judge",
    "judged_sentences",
    "king_story",
    "largest_state",
    "load",
    "ngram_bits",
    "odyssey",
    "odyssey_adding",
    "odyssey_copying",
    "odyssey_counting",
    "odyssey_intervals",
    "odyssey_map",
    "odyssey_reber",
    "outer_right",
    "random_search",
    "rank_test",
    "rates_by_block",
    "reber_cells",
    "recalled",
    "reviews",
    "revising",
    "right_by_distance",
    "rnn_start",
    "rnn_starts",
    "run",
    "shares",
    "show",
    "sigma_candidate",
    "slopes",
    "spikes",
    "stacked_characters",
    "stacked_model",
    "status",
    "stream",
    "stream_test",
    "subsets",
    "succession",
    "train_adding",
    "train_characters",
    "train_counting",
    "train_interval",
    "train_peepholes",
    "train_reber",
    "train_rnn_start",
    "train_spikes",
    "train_story",
    "train_stream",
    "truncated",
    "two_stories",
    "verdict",
    "verify",
    "wilson",
    "without",
]
