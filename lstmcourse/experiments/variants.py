"""The other variants on the text of `characters`: those that `character_model` leaves out."""

from typing import Any

from ._registry import experiment
from .characters import train_characters

VARIANTS = (
    *("nig_plain", "nog_plain", "niaf_plain", "noaf_plain"),
    *("nig", "nfg", "nog", "niaf", "noaf", "cifg", "fgr"),
)


@experiment(
    "08",
    "A character model of Python's documentation: eleven more variants, a thousand updates each",
    grid={name: {"cell": name} for name in VARIANTS},
    updates=1000,
    rates=(0.004, 0.008),
    nets=1,
    blocks=3,
    measure="bits",
)
def character_variants(
    cell: str, n: int, seed: int, updates: int, lr: float, device: str, hidden: int = 96
) -> dict[str, list[Any]]:
    """As `character_model`, by bits alone; three blocks of one net each place a variant and compare nothing."""
    nets = [train_characters(cell, seed + k, updates, lr, hidden, device)[1] for k in range(n)]
    return {measure: [net[measure] for net in nets] for measure in ("bits", "bits_train", "weights")}
