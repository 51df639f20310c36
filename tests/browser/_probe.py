"""A notebook with every widget of the package, on data that the test can compute for itself."""

from pathlib import Path

import nbformat
import numpy as np

from lstmcourse import equations, reference

SEED, STEPS, FEATURES, UNITS = 3, 6, 2, 3
TEXT = "def f(x):\n    return x\n"

CELLS = {
    "step": "widgets.StepThrough(reference.LSTM, p, xs)",
    "gru": "widgets.StepThrough(reference.GRU, q, xs)",
    "bias": "widgets.forget_bias()",
    "clamp": "widgets.gate_clamp(reference.LSTM, p, xs, readout=lambda h: h.sum(1))",
    "saturation": "widgets.gate_saturation()",
    "reader": "widgets.text_reader(TEXT, {'h': h, 'c': -h})",
    "words": "widgets.word_by_word(words, 'one two')",
    "log": "widgets.explore('rate', lambda rate: (diagrams.cell('rnn', theme='auto', width=200 + int(50 * rate)), "
    "f'The rate is {rate:.3f}.'), rate=widgets.slider('rate', 0.1, 0.01, 10.0, log=True))",
    "animation": "widgets.animation(reference.LSTM, reference.unroll(reference.LSTM, p, xs[:2, None])[1])",
}
SETUP = """import numpy as np
from lstmcourse import diagrams, equations, plots, reference, widgets
from tests.browser._probe import TEXT, setting, words
p, q, xs, h = setting()"""


def setting():
    """Parameters of an LSTM and of a GRU, a sequence, and activations for TEXT."""
    rng = np.random.default_rng(SEED)
    p = reference.init(reference.LSTM, FEATURES, UNITS, rng, scale=1.0)
    q = reference.init(reference.GRU, FEATURES, UNITS, rng, scale=1.0)
    return p, q, rng.normal(size=(STEPS, FEATURES)), rng.normal(size=(len(TEXT), 5))


def words(text):
    """A reader for `word_by_word` whose scores are the lengths of what has been read."""
    said = text.split()
    lengths = np.array([len(word) for word in said])
    return said, lengths.cumsum(), lengths


def write_probe(path: Path) -> None:
    """Write the notebook."""
    new = nbformat.v4
    cells = [new.new_markdown_cell("# Probe"), new.new_code_cell(SETUP)]
    for name, code in CELLS.items():
        cells += [new.new_markdown_cell(f"## {name}"), new.new_code_cell(code)]
    cells += [
        new.new_markdown_cell(f"## Equations\n\nInline ${equations.tex('f')}$ and\n\n{equations.latex('lstm')}"),
        new.new_code_cell("equations.show('gru')"),
        new.new_code_cell("plots.show(plots.bars({'lstm': 4, 'gru': 3}, title='Bars'))"),
        new.new_code_cell("diagrams.show(diagrams.cell(reference.PEEPHOLE))"),
        new.new_code_cell("diagrams.show(diagrams.cell(reference.PEEPHOLE, theme='auto'))"),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
