"""Is a sentence's opinion good or bad? Words as numbers, a network that reads them, and what counting them achieves.

(sentences, good), test = (sentiment.labelled("opinions").part(held) for held in (False, True))
number = sentiment.vocabulary(sentences)
model = sentiment.Reader(nn.LSTM(32, 32, bidirectional=True), 2 + len(number))
losses = list(sentiment.train(model, *sentiment.padded(sentences, number), good, updates=500))
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.nn.utils.rnn import pad_packed_sequence

from . import data
from .nn import Recurrent, pack
from .training import linear_decay

PADDING, UNKNOWN = 0, 1
NEUTRAL = 0.5  # a mean rating nearer to 0 is neither good nor bad

Sentence = list[str]


class Labelled(NamedTuple):
    """Sentences, each a list of words; good (n,) bool, the label; test (n,) bool, those not to be trained on."""

    sentences: list[Sentence]
    good: np.ndarray
    test: np.ndarray

    def part(self, test: bool) -> tuple[list[Sentence], np.ndarray]:
        """The sentences and labels for training, or those for testing."""
        chosen = [words for words, held in zip(self.sentences, self.test, strict=True) if held == test]
        return chosen, self.good[self.test == test]


def labelled(name: str) -> Labelled:
    """The data set `name`, reviews or opinions, without those rated between -0.5 and 0.5; no sentence is empty.

    Raises what `data.load` does.
    """
    arrays, _ = data.load(name)
    clear = np.abs(arrays["ratings"]) >= NEUTRAL
    return Labelled(
        [words(text) for text in arrays["texts"][clear]], arrays["ratings"][clear] > 0, arrays["test"][clear]
    )


def words(text: str) -> Sentence:
    """The words of a text in small letters, and its marks, each by itself."""
    return re.findall(r"[^\W_]+(?:['’][^\W_]+)*|[.,;:!?]", text.lower())


def vocabulary(sentences: Sequence[Sentence], least: int = 2) -> dict[str, int]:
    """A number for each word that occurs at least so often, the most frequent first, from 2 on."""
    counts = Counter(word for sentence in sentences for word in sentence)
    return {word: 2 + k for k, word in enumerate(word for word, n in counts.most_common() if n >= least)}


def padded(sentences: Sequence[Sentence], number: Mapping[str, int]) -> tuple[Tensor, Tensor]:
    """x (T, B) and lengths (B,): the words' numbers, `UNKNOWN` for others, filled up with `PADDING`.

    ValueError for no sentence.
    """
    if not sentences:
        raise ValueError("padded expects at least one sentence, got none")
    lengths = torch.tensor([len(sentence) for sentence in sentences])
    x = torch.full((int(lengths.max()), len(sentences)), PADDING)
    for k, sentence in enumerate(sentences):
        x[: len(sentence), k] = torch.tensor([number.get(word, UNKNOWN) for word in sentence])
    return x, lengths


def batches(lengths: Tensor, size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """The numbers of all sentences once, `size` at a time, at random, but those of similar length together.

    What is padded is computed for nothing, and so there is little of it.
    """
    made: list[Tensor] = []
    for chunk in torch.randperm(len(lengths), generator=generator).split(16 * size):
        made += chunk[lengths[chunk].argsort()].split(size)
    for k in torch.randperm(len(made), generator=generator).tolist():
        yield made[k]


class Reader(nn.Module):
    """A network that reads a sentence and gives one logit: above 0 it says good.

    layer: a recurrent layer of `lstmcourse.nn`, time first, one or two directions; its input size is that of the
    embedding. words: how many numbers there are, padding and unknown included. pool: what is made of the outputs,
    "mean" or "max" over the valid steps, "ends", where each of two directions has read everything, or "last", the last
    valid step. dropout: of the embedded words and of the vector for the sentence. ValueError for another pool, and for
    "ends" of one direction.
    """

    def __init__(self, layer: Recurrent, words: int, pool: str = "mean", dropout: float = 0.5):
        super().__init__()
        if pool not in POOLS:
            raise ValueError(f"pool must be one of {', '.join(POOLS)}, got {pool!r}")
        if pool == "ends" and not layer.bidirectional:
            raise ValueError("pool 'ends' needs a layer of two directions, got one: take 'last'")
        self.layer, self.pool = layer, pool
        self.embedding = nn.Embedding(words, layer.input_size, padding_idx=PADDING)
        nn.init.normal_(self.embedding.weight, std=0.1)
        directions = 2 if layer.bidirectional else 1
        self.dropout, self.out = nn.Dropout(dropout), nn.Linear(directions * layer.hidden_size, 1)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """x (T, B) word numbers, lengths (B,) -> logits (B,)."""
        packed, _ = self.layer(pack(self.dropout(self.embedding(x)), lengths))
        out, _ = pad_packed_sequence(packed, total_length=len(x))
        return self.out(self.dropout(POOLS[self.pool](out, lengths))).squeeze(1)


def mean_valid(out: Tensor, lengths: Tensor) -> Tensor:
    """The mean of out (T, B, H) over each sequence's valid steps, (B, H)."""
    return out.masked_fill(~_valid(out, lengths), 0).sum(dim=0) / lengths[:, None]


def max_valid(out: Tensor, lengths: Tensor) -> Tensor:
    """The largest value of each unit of out (T, B, H) over each sequence's valid steps, (B, H)."""
    return out.masked_fill(~_valid(out, lengths), -torch.inf).amax(dim=0)


def ends(out: Tensor, lengths: Tensor) -> Tensor:
    """out (T, B, 2H) where each direction has read everything, (B, 2H). Of one direction, pass `last`."""
    H = out.shape[2] // 2
    return torch.cat([last(out, lengths)[:, :H], out[0, :, H:]], dim=1)


def last(out: Tensor, lengths: Tensor) -> Tensor:
    """out (T, B, H) at each sequence's last valid step, (B, H)."""
    return out[lengths - 1, torch.arange(len(lengths), device=out.device)]


def _valid(out: Tensor, lengths: Tensor) -> Tensor:
    return (torch.arange(len(out), device=out.device)[:, None] < lengths)[:, :, None]


POOLS = {"mean": mean_valid, "max": max_valid, "ends": ends, "last": last}


def train(
    model: nn.Module, x: Tensor, lengths: Tensor, good: np.ndarray, updates: int, lr: float = 4e-3, seed: int = 0
) -> Iterator[float]:
    """Train with Adam on batches of 32, the gradient clipped to 1; yields each update's loss, in nats.

    model(x, lengths) returns logits; x (T, n) and lengths (n,) are as `padded` makes them. The rate falls in a straight
    line to a twentieth. seed: of the order of the sentences; dropout takes torch's own random numbers.
    """
    optimizer, order = torch.optim.Adam(model.parameters(), lr), torch.Generator().manual_seed(seed)
    y, rate = torch.from_numpy(good).float().to(x.device), linear_decay()
    readings = itertools.chain.from_iterable(batches(lengths.cpu(), 32, order) for _ in itertools.count())
    model.train()
    for update, batch in enumerate(itertools.islice(readings, updates)):
        optimizer.param_groups[0]["lr"] = lr * rate(update / updates)
        n = lengths[batch]
        loss = binary_cross_entropy_with_logits(model(x[: n.max(), batch], n), y[batch])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        yield loss.item()


@torch.no_grad()
def logits(model: nn.Module, x: Tensor, lengths: Tensor, size: int = 500) -> np.ndarray:
    """The model's logits for many sentences, in eval mode: (n,)."""
    was, _ = model.training, model.eval()
    parts = [model(x[:, k : k + size], lengths[k : k + size]) for k in range(0, len(lengths), size)]
    model.train(was)
    return torch.cat(parts).cpu().numpy()


def by_counting(train: list[Sentence], good: np.ndarray, test: list[Sentence], tf_idf: bool = True) -> np.ndarray:
    """What a logistic regression on the words of sentences says of others, (n,) bool.

    On the counts of single words; tf_idf: on words and pairs of neighbours, each weighted by how few sentences have it.
    """
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    words: dict[str, Any] = dict(tokenizer=list, preprocessor=list, token_pattern=None, min_df=2)
    if tf_idf:
        vectors, strength = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, **words), 4.0
    else:
        vectors, strength = CountVectorizer(**words), 0.3
    model = LogisticRegression(C=strength, max_iter=1000).fit(vectors.fit_transform(train), good)
    return model.predict(vectors.transform(test))
