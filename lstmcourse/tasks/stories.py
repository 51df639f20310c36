"""Two small stories in which a context must be kept, and rewritten at one event: kings and pronouns."""

import numpy as np

from ._core import Batch, Vocabulary, fraction, generator, integer, one_hot

KINGS = Vocabulary(("Vikram", "Arun", "Dev", "Kiran", "dies", "who?", "feast", "harvest", "battle", "rain"))
RULERS = KINGS.words[:4]
PRONOUNS = Vocabulary(
    ("Tom", "Rafsun", "Jenny", "Mira", "___", ".", "and", "runs", "sings", "sees", "likes", "the_ball", "the_song")
)
TOLD = Vocabulary(
    (*PRONOUNS.words[:4], "he", "she", "and", ".", "near", "the_ball", "the_song", "runs", "sings", "sees", "likes")
)
GENDERS = ("he", "she")
NAMES = 4  # both vocabularies begin with four names


def kings(
    rng: np.random.Generator, batch: int, T: int, death: float = 0.05, ask: float = 0.15, guests: float = 0.2
) -> Batch:
    """The succession of kings: who rules, when the question comes?

    The first word names the first king. Then come the days of his reign: feasts and battles, the names of guests (who
    look just like kings), questions. When the king dies, the very next name is the heir's, never his own: from
    there on he rules, and all that was known before is worth nothing. Asked "who?", the net names the ruler.

    Source: after the story of a popular article on LSTM networks, in which the context must be rewritten whenever a
    king dies; generated here. Baseline: `kings_baseline`, 1/4 for a guess. Solved: 99 % of the questions right.

    death, ask, guests: the chances a day of a death, of a question, of a guest; together at most 1.
    x (T, batch, 10) one-hot in the order of `KINGS`, y (T, batch) int, the ruler 0 … 3 at each step, mask true at the
    questions; extra, all (T, batch): dies (bool), heir (bool, the step that names a new king), distance (int, steps
    since the ruler was named). Raises ValueError for T < 2, batch < 1 or chances that do not fit.
    """
    rng, B, T = generator(rng), integer("batch", batch, 1), integer("T", T, 2)
    chances = [fraction("death", death), fraction("ask", ask), fraction("guests", guests)]
    if sum(chances) > 1:
        raise ValueError(f"death + ask + guests must be at most 1, got {sum(chances)}")
    shown, ruler, heir = np.zeros((T, B), np.int64), np.zeros((T, B), np.int64), np.zeros((T, B), bool)
    shown[0] = ruler[0] = rng.integers(NAMES, size=B)
    heir[0] = True
    plain = np.arange(KINGS.index("feast"), len(KINGS))
    day = rng.choice(4, (T, B), p=[*chances, 1 - sum(chances)])
    for t in range(1, T):
        heir[t] = shown[t - 1] == KINGS.index("dies")
        ruler[t] = np.where(heir[t], (ruler[t - 1] + rng.integers(1, NAMES, B)) % NAMES, ruler[t - 1])
        words = np.stack(
            [
                np.full(B, KINGS.index("dies")),
                np.full(B, KINGS.index("who?")),
                rng.integers(NAMES, size=B),
                rng.choice(plain, B),
            ]
        )
        shown[t] = np.where(heir[t], ruler[t], words[day[t], np.arange(B)])
    extra = {"dies": shown == KINGS.index("dies"), "heir": heir, "distance": _since(heir)}
    return Batch(one_hot(shown, len(KINGS)), ruler, shown == KINGS.index("who?"), extra)


def kings_baseline(batch: Batch) -> float:
    """How often the first king's name answers the questions: what a net scores that never rewrites its context."""
    return float((batch.y == batch.y[0])[batch.mask].mean())


def pronouns(rng: np.random.Generator, batch: int, T: int, new: float = 0.3, people: float = 0.5) -> Batch:
    """He or she? The gender of the subject decides the pronoun; a new subject replaces it.

    Sentences such as "Jenny sees Tom and ___ sings . ___ likes the_ball . Tom runs .": a name at the beginning of a
    sentence is the new subject (chance `new` a sentence; the first sentence always names one), a name after a verb
    is not (chance `people` that the object is a person and no thing). At each ___ the answer is he or she.

    Source: after the example of popular articles (Jenny is replaced when Rafsun arrives), themselves after Olah 2015;
    generated here. Baseline: half of the pronouns right; `pronouns_baseline` takes the last name's gender.
    Solved: 99 % of the pronouns right.

    x (T, batch, 13) one-hot in the order of `PRONOUNS`, y (T, batch) int, the subject's gender 0 (he) or 1 (she) at
    each step, mask true at ___; extra, all (T, batch): subject (bool, the step that names a new subject), distance
    (int, steps since). Raises ValueError for T < 4, batch < 1 or chances outside 0 … 1.
    """
    rng, B, T = generator(rng), integer("batch", batch, 1), integer("T", T, 4)
    fraction("new", new), fraction("people", people)
    shown, gender, subject = np.zeros((T, B), np.int64), np.zeros((T, B), np.int64), np.zeros((T, B), bool)
    for k in range(B):
        words: list[int] = []
        while len(words) < T:
            words += _sentence(rng, 1.0 if not words else new, people, words, subject[:, k])
        shown[:, k] = words[:T]
        starts = np.flatnonzero(subject[:, k])
        gender[:, k] = shown[starts[np.searchsorted(starts, np.arange(T), "right") - 1], k] // 2
    extra = {"subject": subject, "distance": _since(subject)}
    return Batch(one_hot(shown, len(PRONOUNS)), gender, shown == PRONOUNS.index("___"), extra)


def pronouns_baseline(batch: Batch) -> float:
    """How often the gender of the last name, subject or not, is right: a context without a rule for what to keep."""
    shown = batch.x.argmax(-1)
    last = np.maximum.accumulate(np.where(shown < NAMES, np.arange(len(shown))[:, None], 0), axis=0)
    return float((np.take_along_axis(shown, last, 0) // 2 == batch.y)[batch.mask].mean())


def told(
    rng: np.random.Generator, length: int, new: float = 0.3, people: float = 0.5, near: float = 0.6
) -> tuple[np.ndarray, np.ndarray]:
    """A text for a language model, in which the pronouns are written out.

    Sentences such as "Jenny sees Tom near the_ball and she runs ." in the words of `TOLD`. The subject of a sentence is
    a name (chance `new`, and in the first sentence) or the pronoun of the subject before; after "and" stands its
    pronoun. Objects, and what stands after "near", are persons (chance `people`) or things and change nothing; after
    each clause comes one more "near" with chance `near`.

    Source: after the example of popular articles, themselves after Olah 2015; generated here.
    Returns the words' numbers and the gender, 0 (he) or 1 (she), of the subject: (length,) int each. Raises ValueError
    for length < 1, chances outside 0 … 1, and near = 1.
    """
    rng, length = generator(rng), integer("length", length, 1)
    fraction("new", new), fraction("people", people)
    if fraction("near", near) == 1:
        raise ValueError("near must be below 1, or no sentence ends; got 1")
    index = TOLD.index
    verbs, things = [index(verb) for verb in ("runs", "sings", "sees", "likes")], [index("the_ball"), index("the_song")]
    words: list[int] = []
    genders: list[int] = []

    def whom() -> int:
        return int(rng.integers(NAMES)) if rng.random() < people else things[rng.integers(2)]

    while len(words) < length:
        if not words or rng.random() < new:
            sentence = [int(rng.integers(NAMES))]
            gender = sentence[0] // 2
        else:
            sentence = [NAMES + gender]
        for clause in range(rng.integers(1, 4)):
            sentence += [index("and"), NAMES + gender] if clause else []
            sentence.append(verbs[rng.integers(4)])
            sentence += [whom()] if sentence[-1] in verbs[2:] else []
            while rng.random() < near:
                sentence += [index("near"), whom()]
        words += [*sentence, index(".")]
        genders += [gender] * (len(sentence) + 1)
    return np.array(words[:length]), np.array(genders[:length])


def _sentence(rng: np.random.Generator, new: float, people: float, words: list[int], subject: np.ndarray) -> list[int]:
    """The numbers of one sentence's words; marks its subject in the (T,) row when it is new."""
    index = PRONOUNS.index
    if rng.random() < new:
        subject[len(words)] = True
        sentence = [int(rng.integers(NAMES))]
    else:
        sentence = [index("___")]
    for _ in range(rng.integers(1, 4)):
        verb = rng.choice(("runs", "sings", "sees", "likes"))
        sentence.append(index(verb))
        if verb in ("sees", "likes"):
            person = rng.random() < people
            sentence.append(int(rng.integers(NAMES)) if person else index(rng.choice(("the_ball", "the_song"))))
        sentence += [index("and"), index("___")]
    return [*sentence[:-2], index(".")]


def _since(event: np.ndarray) -> np.ndarray:
    """(T, B) bool, true in row 0 -> (T, B) int, steps since the last event."""
    steps = np.arange(len(event))[:, None]
    return steps - np.maximum.accumulate(np.where(event, steps, 0), axis=0)
