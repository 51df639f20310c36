"""E11.4: how much each word of a sentence moves a model's score, by hiding it."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def occlusion(score: Callable[[list[list[str]]], np.ndarray], words: list[str], hidden: str = "<unk>") -> np.ndarray:
    """By how much each word raises a model's score: the score of the sentence, less that with this one word hidden.

    score(sentences) takes n lists of words and returns n numbers. words: a sentence of T words; the same word may occur
    more than once, and each place counts by itself. hidden: what stands in a word's place while it is hidden.
    Returns effects (T,).
    """
    others = [[*words[:t], hidden, *words[t + 1 :]] for t in range(len(words))]
    whole, *without = score([words, *others])
    return whole - np.array(without)


VOCABULARY = ("good", "bad", "not", "very", "film", "and", "dull")


class Scorer:
    """A model of no meaning: each word has a weight, which what stands before it changes."""

    def __init__(self, rng: np.random.Generator):
        self.weight = dict(zip((*VOCABULARY, "<unk>", "…"), rng.normal(size=len(VOCABULARY) + 2)))

    def __call__(self, sentences: list[list[str]]) -> np.ndarray:
        """One number for each sentence."""
        scores = []
        for words in sentences:
            h = 0.3
            for word in words:
                h = np.tanh(1.1 * self.weight.get(word, 0.0) + 0.8 * h)
            scores.append(3 * h)
        return np.array(scores)


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """A model, a sentence of T words in which some occur twice, and a word to hide behind."""
    return Scorer(rng), [VOCABULARY[k] for k in rng.integers(len(VOCABULARY), size=n.T)], "…"


def _all_places(score, words, hidden="<unk>"):
    others = [[hidden if word == hide else word for word in words] for hide in words]
    whole, *without = score([words, *others])
    return whole - np.array(without)


def _never_restored(score, words, hidden="<unk>"):
    others = [[hidden] * (t + 1) + words[t + 1 :] for t in range(len(words))]
    whole, *without = score([words, *others])
    return whole - np.array(without)


def _one_after_the_other(score, words, hidden="<unk>"):
    prefixes = [words[: t + 1] for t in range(len(words))]
    scores = score(prefixes)
    return np.diff(scores, prepend=0.0)


def _alone(score, words, hidden="<unk>"):
    return np.asarray(score([[word] for word in words]))


HINTS = (
    "T + 1 sentences: the one that was given, and T copies in each of which one place is hidden. The model may score\n"
    "all of them in one call.",
    "effects[t] = score(words) − score(words with `hidden` at place t). Each place has a copy of its own; what was\n"
    "hidden before is there again.",
    """
    others = [[*words[:t], ..., *words[t + 1 :]] for t in range(len(words))]
    whole, *without = score([words, *others])
    """,
)

SYMPTOMS = {
    "words was changed in place": "words[t] = hidden changes the sentence itself: make a copy for each place.",
    "the effects add up over the sentence": "A word that was hidden has to be there again for the next place.",
    "TypeError: unhashable type: 'list'": "score takes a list of sentences, and a sentence is a list of words.",
}

WRONG = {
    "the other way": wrong(
        "whole - np.array(without)",
        "np.array(without) - whole",
        "the signs are turned round: a word that raises the score has a positive effect",
    ),
    "size only": wrong(
        "whole - np.array(without)",
        "np.abs(whole - np.array(without))",
        "the sizes are returned; the signs tell good from bad",
    ),
    "what is left": wrong(
        "whole - np.array(without)",
        "np.array(without)",
        "the scores without each word are returned; take them from the whole's",
    ),
    "left out": wrong(
        "[*words[:t], hidden, *words[t + 1 :]]",
        "words[:t] + words[t + 1 :]",
        "the word is left out, and the sentence becomes shorter; `hidden` takes its place",
    ),
    "every place of the word": wrong(
        _all_places, "a word that occurs twice is hidden at both places; each place counts by itself"
    ),
    "never restored": wrong(
        _never_restored, "what was hidden stays hidden for the next place; in each copy one word is hidden"
    ),
    "the rest hidden": wrong(
        "[*words[:t], hidden, *words[t + 1 :]]",
        "words[:t] + [hidden] * (len(words) - t)",
        "the word and all that follow are hidden; one word is",
    ),
    "the rest cut": wrong(
        "[*words[:t], hidden, *words[t + 1 :]]",
        "[*words[:t], hidden]",
        "the sentence ends at the hidden word; what follows has to stay",
    ),
    "running score": wrong(
        _one_after_the_other,
        "you give how the score moves as the words are read; asked is what hiding one of them does",
    ),
    "alone": wrong(_alone, "each word is scored as a sentence of its own; its effect depends on the others"),
    "its own blank": wrong(
        ", hidden, *words", ', "<unk>", *words', 'the word is replaced by "<unk>" and not by what `hidden` names'
    ),
    "share": wrong(
        "whole - np.array(without)",
        "(whole - np.array(without)) / whole",
        "the effects are divided by the score; they are differences",
    ),
}

exercise = Exercise(
    id="E11.4",
    title="Which words move the score",
    solution=occlusion,
    minutes=10,
    difficulty=2,
    importance=4,
    lines=3,
    can_now="say of any model that reads words which of them a score hangs on, and in which direction",
    returns={"effects": "(T,)"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=({"T": 8}, {"T": 5}, {"T": 3}, {"T": 1}),
    edges={
        "one word": lambda rng: (Scorer(rng), ["good"], "…"),
        "one word many times": lambda rng: (Scorer(rng), ["good", "good", "good"], "…"),
    },
)
