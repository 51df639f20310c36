"""`shakespeare`, `jsb` and `imdb`: sets that much is published about, to compare one's figures with.

No notebook needs them; they are fetched when asked for by name.
"""

import json
import tarfile
from collections.abc import Callable

import numpy as np

from ._card import Arrays, Card, DataSet, sha256
from ._download import Download, members
from ._rolls import SPLITS, rolls
from .text import encode

GITHUB = "https://raw.githubusercontent.com"
SHAKESPEARE = Download(
    data="shakespeare",
    file="tinyshakespeare.txt",
    hash="sha256:86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    size="1.1 MB",
    url=f"{GITHUB}/karpathy/char-rnn/6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/input.txt",
    instead='data.load("text") is at hand without it',
)
JSB = Download(
    data="jsb",
    file="jsb-chorales-quarter.json",
    hash="sha256:2db9329f1881a1d3f49703ec556bf1d6f84b4f6c1d702c156536e93cf31e1c91",
    size="0.4 MB",
    url=f"{GITHUB}/czhuang/JSB-Chorales-dataset/9a7f733ddb4ed91f48da64ac7f0f621c34aadd4d/jsb-chorales-quarter.json",
)
IMDB = Download(
    data="imdb",
    file="aclImdb_v1.tar.gz",
    hash="md5:7c2ac02c03563afcf9b574c7e56c153a",
    size="84 MB",
    url="https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
    instead='data.load("opinions") is at hand without it',
)


def make_shakespeare() -> Arrays:
    """Arrays: numbers (1115394,) uint8 and symbols (65,) str, as `text` has them.

    Raises DataUnavailable where the file has not been fetched.
    """
    return encode(SHAKESPEARE.read().decode("ascii"))


def make_jsb() -> Arrays:
    """Arrays: roll (frames, 88) bool, the keys that sound in each quarter; piece (frames,) int16, whose number 0 … 381
    it is; split (382,) uint8, the piece's place in `SPLITS`, as Boulanger-Lewandowski et al. (2012) divided them.
    Raises DataUnavailable where the file has not been fetched.
    """
    parts = json.loads(JSB.read())
    pieces = [piece for split in SPLITS for piece in parts[split]]
    return rolls(pieces, np.repeat(np.arange(len(SPLITS), dtype=np.uint8), [len(parts[split]) for split in SPLITS]))


def make_imdb() -> Arrays:
    """Arrays: letters (n,) uint8, all reviews in UTF-8 one after the other; ends (50000,) int64, where each ends;
    good (50000,) bool; test (50000,) bool. Raises DataUnavailable where the archive has not been fetched, or is none.
    """
    reviews, good, test = [], [], []
    try:
        for name, contents in members(IMDB.read(), "aclImdb/t"):
            _, split, kind, *_ = [*name.split("/"), "", ""]
            if kind in ("pos", "neg"):
                reviews.append(contents)
                good.append(kind == "pos")
                test.append(split == "test")
    except tarfile.TarError as error:
        raise IMDB.unavailable(f"cannot be read ({error})") from error
    letters = np.frombuffer(b"".join(reviews), np.uint8)
    ends = np.cumsum([len(review) for review in reviews], dtype=np.int64)
    return {"letters": letters, "ends": ends, "good": np.array(good), "test": np.array(test)}


def _describe(name: str, title: str, source: str, licence: str, split: str, unit: str, key: str) -> Callable:
    def describe(arrays: Arrays) -> Card:
        return Card(name, title, source, "1", licence, sha256(arrays), len(arrays[key]), unit, split)

    return describe


DATA = {
    "shakespeare": DataSet(
        make_shakespeare,
        _describe(
            name="shakespeare",
            title="tiny Shakespeare, parts of his plays",
            source="github.com/karpathy/char-rnn",
            licence="public domain",
            split="train: the first 90 %, test: the rest",
            unit="characters",
            key="numbers",
        ),
        download=SHAKESPEARE,
        needed=False,
    ),
    "jsb": DataSet(
        make_jsb,
        _describe(
            name="jsb",
            title="Bach's chorales in quarters",
            source="github.com/czhuang/JSB-Chorales-dataset, after Boulanger-Lewandowski et al. 2012",
            licence="none stated",
            split="229 pieces for training, 76 for validation, 77 for testing",
            unit="frames",
            key="roll",
        ),
        cache="jsb",
        download=JSB,
        needed=False,
    ),
    "imdb": DataSet(
        make_imdb,
        _describe(
            name="imdb",
            title="long film reviews, good or bad",
            source="Maas et al. 2011, ai.stanford.edu/~amaas/data/sentiment",
            licence="for research",
            split="25,000 for training, 25,000 for testing",
            unit="reviews",
            key="ends",
        ),
        cache="imdb",
        download=IMDB,
        needed=False,
    ),
}
