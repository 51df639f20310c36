"""Intervals of rates."""


def wilson(solved: int, networks: int) -> tuple[float, float]:
    """Wilson's 95 % interval for a rate (Wilson 1927): right even for 0 of n and n of n. ValueError if impossible.

    It treats the networks as independent, which within a block of seeds they are not: read it beside the range over
    blocks.
    """
    from scipy.stats import binomtest  # half a second, for those who need it

    if not 0 <= solved <= networks or networks < 1:
        raise ValueError(
            f"wilson expects 0 <= solved <= networks and networks >= 1, got solved={solved}, networks={networks}"
        )
    low, high = binomtest(solved, networks).proportion_ci(method="wilson")
    return float(low), float(high)
