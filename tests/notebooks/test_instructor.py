"""What a notebook has for those who teach from it: minutes, places to stop, polls, and help with its exercises."""

import re

import pytest
from nbformat import v4

from lstmcourse import exercises
from lstmcourse.commands.build import pages, sync

from . import test_bounds
from .pages import MAIN, code, headings, label, read, tags
from .test_notebooks_static import EMOJI, WORDS

MOST_WORDS = 120
QUOTED = r'"[^"]+\?"'
POLL = re.compile(
    r"\*\*Poll\.\*\* [^\n]+\?\n\n(?P<answers>(?:- \([a-d]\) [^\n]+\n)+)\n\*\*Next:\*\* [^\n]+", re.MULTILINE
)
ANSWER = re.compile(r"- \(([a-d])\) (✓ )?([^→\n]+) → ([^→\n]+[.?])")
STUCK = re.compile(r"\*\*Stuck on (E\d+\.\d+)\.\*\* [^\n]+\n\n(?P<mistakes>(?:- \*[^\n]+\n?)+)")
MISTAKE = re.compile(rf"- \*([^*\n]+)\*: {QUOTED}(?: [^\n]+)?")


def notes(notebook):
    return [cell for cell in notebook.cells if "instructor" in tags(cell)]


def faults(notebook):
    """What the cells for instructors lack, or have and should not."""
    cells = notes(notebook)
    if not cells or notebook.cells[1] is not cells[0] or not cells[0].source.startswith("**For the instructor**"):
        yield "the second cell is not the one for the instructor"
        return
    yield from top_faults(notebook, cells[0].source)
    polls = [cell.source for cell in cells if cell.source.startswith("**Poll.**")]
    if not 2 <= len(polls) <= 3:
        yield f"{len(polls)} polls, two or three are wanted"
    for poll in polls:
        yield from poll_faults(poll)
    yield from help_faults(notebook)
    for cell in cells:
        yield from form_faults(cell)


def top_faults(notebook, top):
    try:
        if sync.between(top, "minutes") != sync.schedule(notebook):
            yield "the minutes are not those of the sections: python -m lstmcourse build sync"
    except ValueError as error:
        yield str(error)
    titles = [title for _, title in headings(notebook)]
    stops = re.findall(rf"^\*\*Stop\*\* after \*([^*]+)\*\. Open the next session with: {QUOTED}$", top, re.MULTILINE)
    if not stops or len(stops) != top.count("**Stop**"):
        yield "no place to stop, with the question that opens the next session"
    short = re.search(r"^\*\*Short of time:\*\* (.+)$", top, re.MULTILINE)
    if not short:
        yield "not said what to leave out when time is short"
    for title in [*stops, *re.findall(r"\*([^*]+)\*", short[1] if short else "")]:
        if title not in titles:
            yield f"there is no section {title}"


def poll_faults(poll):
    what = poll.splitlines()[0][:60]
    found = POLL.fullmatch(poll)
    if not found:
        yield f"not of the form of a poll: {what}"
        return
    answers = [ANSWER.fullmatch(line) for line in found["answers"].splitlines()]
    if not all(answers):
        yield f"an answer without what is behind it: {what}"
    elif "".join(answer[1] for answer in answers) not in ("abc", "abcd"):
        yield f"not three or four answers, (a) to (d): {what}"
    elif sum(bool(answer[2]) for answer in answers) != 1:
        yield f"one answer is right, and marked: {what}"


def help_faults(notebook):
    """For each exercise a cell right behind its solution, with two to four of its mistakes and a question for each."""
    for id in pages.checks(notebook):
        places = [place for place, c in enumerate(notebook.cells) if f'solution("{id}")' in c.source]
        cell = notebook.cells[places[0] + 1] if places else None
        found = STUCK.fullmatch(cell.source) if cell is not None and "instructor" in tags(cell) else None
        if not found or found[1] != id:
            yield f"no help with {id} behind its solution"
            continue
        mistakes = [MISTAKE.fullmatch(line) for line in found["mistakes"].splitlines()]
        if not all(mistakes) or not 2 <= len(mistakes) <= 4:
            yield f"two to four mistakes of {id}, each with a question"
        for name in (mistake[1] for mistake in mistakes if mistake):
            if name not in exercises.get(id).wrong:
                yield f"{id} has no mistake {name!r} registered"


def form_faults(cell):
    text = re.sub(r"<!-- begin.*end: minutes -->", "", cell.source, flags=re.DOTALL)
    if cell.cell_type != "markdown" or not re.match(r"\*\*(For the instructor\*\*|Poll\.\*\*|Stuck on E)", text):
        yield f"neither the first, nor a poll, nor help with an exercise: {cell.id}"
    words = pages.count_words(text)
    if words > MOST_WORDS:
        yield f"{words} words, at most {MOST_WORDS}: {cell.id}"
    if re.search(r"```|^#|\]\(|<details|\*\*Predict", text, re.MULTILINE):
        yield f"code, a heading, a link, a fold or a prediction: {cell.id}"
    for span in re.findall(r"`([^`]*)`", text):
        if re.search(r"[-+*/@=]", span):
            yield f"a line of code: {span}"
    if re.search(rf"\b(?:{WORDS})\b|{EMOJI}", text, re.IGNORECASE):
        yield f"a word to avoid: {cell.id}"


@pytest.mark.parametrize("file", MAIN, ids=label)
def test_a_notebook_can_be_taught_from(file):
    found = list(faults(read(file)))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("file", MAIN, ids=label)
def test_the_sections_add_up_to_the_notebook(file):
    notebook = read(file)
    rows = sync.schedule(notebook).splitlines()[2:]
    facts = notebook.metadata.lstmcourse
    ends = [int(row.split("|")[4]) for row in rows]
    assert ends == sorted(ends)
    assert abs(ends[-1] - facts.reading_minutes - facts.exercise_minutes) <= 1
    assert sum(int(n) for row in rows for n in re.findall(r"E\d+\.\d+ (\d+)", row)) == facts.exercise_minutes


# ── the rules themselves ──

TOP = """**For the instructor**

<!-- begin: minutes -->
{}
<!-- end: minutes -->

**Stop** after *One step*. Open the next session with: "What is left?"

**Short of time:** leave out *One step*."""
ONE = """**Poll.** What does a forget gate of 1 do?

- (a) it forgets → reads the name and not the equation.
- (b) ✓ it keeps → it multiplies the old state.
- (c) nothing → takes the gate for a switch.

**Next:** show the equation."""
HELP = """**Stuck on E4.1.** Ask which rows each line reads.

- *coupled*: "Set i to 0. What is written?"
- *no bias*: "What comes out at input 0?\""""


def lesson(top=TOP, polls=(ONE, ONE), help=HELP, extra=()):
    """A notebook with one exercise, as somebody would teach from it."""
    texts = ["# 04 · Gates", top, "## One step", *polls]
    made = [v4.new_markdown_cell(text) for text in texts]
    made += [v4.new_code_cell('check("E4.1", lstm_step)'), v4.new_code_cell('solution("E4.1")')]
    made += [v4.new_markdown_cell(text) for text in (help, *extra)]
    for cell in made[1], *made[3 : 3 + len(polls)], *made[5 + len(polls) :]:
        cell.metadata["tags"] = ["instructor"]
    notebook = v4.new_notebook(cells=made)
    made[1].source = top.format(sync.schedule(notebook))
    return notebook


def test_a_right_lesson_has_no_fault():
    assert list(faults(lesson())) == []


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"top": TOP.replace("For the", "To the")}, "the second cell is not the one"),
        ({"top": TOP.replace("{}", "| One step | 9 | | 9 |")}, "the minutes are not those of the sections"),
        ({"top": TOP.replace("begin: minutes", "")}, "expected the markers"),
        ({"top": TOP.replace('"What is left?"', "a question")}, "no place to stop"),
        ({"top": TOP.replace("**Stop** after *One step*", "**Stop** after *Two steps*")}, "there is no section Two"),
        ({"top": TOP.replace("leave out *One step*", "leave out *More*")}, "there is no section More"),
        ({"top": TOP.replace("**Short of time:**", "Else")}, "not said what to leave out"),
        ({"polls": (ONE,)}, "1 polls"),
        ({"polls": (ONE,) * 4}, "4 polls"),
        ({"polls": (ONE, ONE.replace("**Next:**", "Next:"))}, "not of the form of a poll"),
        ({"polls": (ONE, ONE.replace(" → reads the name and not the equation", ""))}, "an answer without"),
        ({"polls": (ONE, ONE.replace("- (c) nothing → takes the gate for a switch.\n", ""))}, "not three or four"),
        ({"polls": (ONE, ONE.replace("✓ ", ""))}, "one answer is right"),
        ({"polls": (ONE, ONE.replace("(a) ", "(a) ✓ "))}, "one answer is right"),
        ({"help": HELP.replace("E4.1", "E4.2")}, "no help with E4.1"),
        ({"help": HELP.replace("coupled", "a slip that nobody makes")}, "E4.1 has no mistake 'a slip"),
        ({"help": HELP.replace('"Set i to 0. What is written?"', "Look again.")}, "two to four mistakes"),
        ({"extra": ["Some thought."]}, "neither the first, nor a poll"),
        ({"help": HELP.replace("Ask", "word " * 120)}, "145 words, at most 120"),
        ({"help": HELP.replace("Ask", "```ask```")}, "code, a heading"),
        ({"help": HELP.replace("Ask", "`c = f * c_`")}, "a line of code: c = f"),
        ({"help": HELP.replace("Ask", "A powerful question:")}, "a word to avoid"),
    ],
)
def test_a_slip_is_found(made, said):
    found = list(faults(lesson(**made)))
    assert any(fault.startswith(said) for fault in found), found


def test_what_is_for_instructors_counts_for_nothing_else():
    """Neither as time, nor as code or words of the learner's, nor for the bounds."""
    taught = lesson(extra=[HELP])
    bare = v4.new_notebook(cells=[cell for cell in taught.cells if "instructor" not in tags(cell)])
    assert pages.counts(taught) == pages.counts(bare) and len(code(taught)) == 2
    assert list(test_bounds.too_much(taught)) == list(test_bounds.too_much(bare)) == []
    long = lesson(extra=["## Key points\n" + "- a\n" * 9 + "word " * 4000])
    assert list(test_bounds.too_much(long)) == []
