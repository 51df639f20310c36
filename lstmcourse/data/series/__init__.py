"""`series`: two time series of the public domain, the yearly sunspots and the weekly CO2 of Mauna Loa.

Both files stand here as statsmodels 0.15.0 distributes them (statsmodels/datasets), each with the words that it is in
the public domain.

sunspots.csv: the yearly number of sunspots, 1700 to 2008, of the National Geophysical Data Center.
co2.csv: atmospheric CO2 at Mauna Loa, weekly averages in ppm, March 1958 to December 2001; 59 weeks have none. C. D.
Keeling and T. P. Whorf (2004), Atmospheric CO2 concentrations derived from flask air samples at sites in the SIO
network, in Trends: A Compendium of Data on Global Change, Carbon Dioxide Information Analysis Center.
"""

import csv
import hashlib
from pathlib import Path

import numpy as np

from .._card import Arrays, Card, DataSet, sha256
from .._download import DataUnavailable

FILES = {
    "sunspots.csv": "f67889b1d9002cd5227f0e0ef54e35b419cdd85a31279adef6f73fb41e5c0a9b",
    "co2.csv": "16695fa2786e53414e5a6b54767a3fdf5de99cfbc68617f69d1362d92776a92f",
}
HERE = Path(__file__).parent


def make() -> Arrays:
    """Arrays: year (309,) int and sunspots (309,) float; week (2284,) datetime64[D] and co2 (2284,) float, nan where
    no average was taken. Raises DataUnavailable for a file that is missing or not as it was.
    """
    (_, *sunspots), (_, *co2) = (_rows(name) for name in FILES)
    days = [f"{day[:4]}-{day[4:6]}-{day[6:]}" for day, _ in co2]
    return {
        "year": np.array([int(year) for year, _ in sunspots]),
        "sunspots": np.array([float(spots) for _, spots in sunspots]),
        "week": np.array(days, dtype="datetime64[D]"),
        "co2": np.array([float(ppm or "nan") for _, ppm in co2]),
    }


def describe(arrays: Arrays) -> Card:
    """The card."""
    return Card(
        name="series",
        title="yearly sunspots and the weekly CO2 of Mauna Loa",
        source="National Geophysical Data Center; Keeling and Whorf 2004; both as in statsmodels",
        version="statsmodels 0.15.0",
        licence="public domain",
        sha256=sha256(arrays),
        n=len(arrays["sunspots"]) + len(arrays["co2"]),
        unit=f"numbers, {len(arrays['sunspots'])} years and {len(arrays['co2'])} weeks",
        split="by time: what is forecast comes after what was trained on",
    )


def _rows(name: str) -> list[list[str]]:
    try:
        contents = (HERE / name).read_bytes().replace(b"\r\n", b"\n")  # as git may write it on Windows
    except OSError:
        contents = b""
    if hashlib.sha256(contents).hexdigest() != FILES[name]:
        raise DataUnavailable(f"series needs {name} of the package as it was: git checkout {HERE}, or install anew")
    return list(csv.reader(contents.decode("ascii").splitlines()))


DATA = DataSet(make, describe)
