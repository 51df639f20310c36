"""`reviews`: 10,605 sentences of film reviews, each with the mean of twenty people's ratings.

The sentences are Pang and Lee's (2004), from rotten.tomatoes.com; the ratings are Hutto and Gilbert's (2014), and lie
in the source distribution of their package vaderSentiment. Nothing of them comes with the course.
"""

import tarfile

import numpy as np

from ._card import Arrays, Card, DataSet, sha256
from ._download import Download, members

TEST, SEED = 2000, 11
DOWNLOAD = Download(
    data="reviews",
    file="vaderSentiment-3.3.2.tar.gz",
    hash="sha256:5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
    size="2.4 MB, by pip",
    requirement="vaderSentiment==3.3.2",
    instead='data.load("opinions") is at hand without it',
)
INNER = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
FILE = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"


def make() -> Arrays:
    """Arrays: texts (10605,) str; ratings (10605,) float, from -4 (bad) to 4 (good); test (10605,) bool.

    Raises DataUnavailable where the distribution has not been fetched, or holds something else.
    """
    try:
        ((_, inner),) = members(DOWNLOAD.read(), INNER)
        ((_, file),) = members(inner, FILE)
        rows = [line.split("\t") for line in file.decode("utf-8").splitlines()]
        texts, ratings = np.array([text for _, _, text in rows]), np.array([float(mean) for _, mean, _ in rows])
    except (ValueError, tarfile.TarError) as error:
        raise DOWNLOAD.unavailable(f"cannot be read ({error})") from error
    test = np.zeros(len(texts), bool)
    test[np.random.default_rng(SEED).permutation(len(texts))[:TEST]] = True
    return {"texts": texts, "ratings": ratings, "test": test}


def describe(arrays: Arrays) -> Card:
    """The card."""
    return Card(
        name="reviews",
        title="sentences of film reviews, rated by people",
        source="Pang and Lee 2004 (rotten.tomatoes.com), ratings by Hutto and Gilbert 2014, from vaderSentiment",
        version="3.3.2",
        licence="MIT for the package; the sentences are their authors', for research",
        sha256=sha256(arrays),
        n=len(arrays["texts"]),
        unit="sentences",
        split=f"test: {arrays['test'].sum():,} by a permutation with seed {SEED}, train: the rest",
    )


DATA = DataSet(make, describe, cache="reviews", download=DOWNLOAD)
