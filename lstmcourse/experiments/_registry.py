"""What an experiment is: a grid of networks, one pure function over blocks of seeds, and what counts as solved."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

Cell = tuple[str, float, int]  # of a grid: name, rate, block
CHOOSING = -1
"""The number of the block on which learning rates are chosen; its seeds serve for nothing else."""


class ExperimentError(Exception):
    """An experiment, or its record, is not there or cannot be used; the text says what to do."""


class Solved(NamedTuple):
    """What counts as solved: a measure of each net, and the least or the most that it may be. None never counts."""

    measure: str
    at_least: float | None = None
    at_most: float | None = None

    def __call__(self, value: float | None) -> bool:
        """Whether a net with this value of the measure has solved the task."""
        if value is None:
            return False
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    def __str__(self) -> str:
        bounds = [
            f"{sign} {bound:g}" for sign, bound in (("≥", self.at_least), ("≤", self.at_most)) if bound is not None
        ]
        return f"{self.measure} {' and '.join(bounds)}"


class Experiment(NamedTuple):
    """One experiment.

    function: function(n=, seed=, updates=, lr=, device=, **grid[name]) -> {measure: one value a net}; it reads nothing
        else and changes nothing, so that the same arguments on the same machine give the same numbers.
    grid: the networks compared, by the name that tables and verdicts give them.
    rates: the learning rates; with more than one, each network's own is chosen on a block of other seeds.
    nets, blocks: block b trains `nets` networks from the seeds 1000 b, 1000 b + 1, …
    solved: what counts as solved; None where networks are compared by `measure` alone.
    pairs: the comparisons, named before anything was run; how many there are is their multiplicity.
    control: the names that are trained again with three times the updates before one says that they do not learn.
    together: all blocks of a network and rate are trained as one batch of nets, which takes a third of the time. seed
        is then the tuple of the blocks' first seeds, and each measure has n values a block, block by block. A net
        depends on its own seed and its block's data alone, but for rounding: how many nets there are decides which
        kernel multiplies them.
    """

    name: str
    notebook: str
    title: str
    function: Callable[..., dict[str, list]]
    grid: Mapping[str, Mapping[str, Any]]
    updates: int
    rates: tuple[float, ...]
    nets: int
    blocks: int
    solved: Solved | None
    measure: str
    pairs: tuple[tuple[str, str], ...]
    control: tuple[str, ...]
    together: bool = False

    def names(self, times: int = 1) -> tuple[str, ...]:
        """The networks that are trained: the grid's, or with several times the updates the control's."""
        return self.control if times > 1 else tuple(self.grid)

    def cells(self, times: int = 1, blocks: int | None = None) -> list[Cell]:
        """The cells of the grid in the order in which they are run and stored; first the block that chooses rates."""
        choosing = [CHOOSING] * (len(self.rates) > 1 and times == 1)
        numbers = (*choosing, *range(blocks or self.blocks))
        return [(name, lr, block) for block in numbers for name in self.names(times) for lr in self.rates]

    def jobs(self, cells: list[Cell]) -> list[list[Cell]]:
        """The cells in the portions in which they are trained: each by itself, or all blocks of a network and rate."""
        if not self.together:
            return [[cell] for cell in cells]
        kinds = dict.fromkeys((name, lr) for name, lr, _ in cells)
        return [[cell for cell in cells if cell[:2] == kind] for kind in kinds]

    def seed(self, block: int) -> int:
        """The first seed of a block."""
        return 900_000 if block == CHOOSING else 1000 * block


EXPERIMENTS: dict[str, Experiment] = {}


def experiment(
    notebook: str,
    title: str,
    *,
    grid: Mapping[str, Mapping[str, Any]],
    updates: int,
    rates: tuple[float, ...],
    nets: int,
    blocks: int,
    solved: Solved | None = None,
    measure: str | None = None,
    pairs: tuple[tuple[str, str], ...] = (),
    control: tuple[str, ...] = (),
    together: bool = False,
) -> Callable:
    """Register the decorated function as the experiment of its own name; see `Experiment` for the arguments."""
    if not measure and not solved:
        raise ExperimentError("an experiment needs solved or measure, got neither")
    unknown = sorted({name for pair in pairs for name in pair}.union(control) - set(grid))
    if unknown:
        raise ExperimentError(f"pairs and control must name cells of the grid, got {unknown[0]!r}")

    def register(function: Callable[..., dict[str, list]]) -> Callable[..., dict[str, list]]:
        EXPERIMENTS[function.__name__] = Experiment(
            function.__name__, notebook, title, function, grid, updates, rates, nets, blocks,
            solved, measure or cast(Solved, solved).measure, pairs, control, together,
        )  # fmt: skip
        return function

    return register


FORMER = {
    "adding_starts": "rnn_starts",
    "adding_variants": "odyssey_adding",
    "anbn": "counting_cells",
    "anbn_sigma_candidate": "sigma_candidate",
    "continual_reber": "stream",
    "counting_coupled": "counting_cells",
    "interval": "intervals",
    "peephole_subsets": "subsets",
    "reber": "reber_cells",
    "reber_draws": "reber_cells",
    "reber_gates": "reber_cells",
    "stories": "two_stories",
    "timed_spikes": "spikes",
    "truncated_gradient": "truncated",
}
"""Runs of one block of seeds, and the experiments that took their places."""


def find(name: str) -> Experiment:
    """The experiment of that name, or an ExperimentError that lists the names."""
    if name in FORMER:
        raise ExperimentError(f"{name} was a run of one block of seeds; {FORMER[name]} took its place")
    if name not in EXPERIMENTS:
        raise ExperimentError(f"experiment must be one of {', '.join(sorted(EXPERIMENTS))}, got {name!r}")
    return EXPERIMENTS[name]
