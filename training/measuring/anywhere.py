"""Whether `train` is worse anywhere than plain scikit-learn: one row a table.

What `train` makes of it without an option stands beside words and pairs of words with a
`LinearSVC`, and beside those with characters. As in `quality` every difference is the mean of
paired differences over splits, with its 95% interval.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np

from tagger.console import Refusing
from tagger.records import Params
from training.auxiliary import lent_unasked
from training.candidates import compared_on, params_for
from training.data import Dataset, read_dataset
from training.labelled import Reading
from training.measuring.differences import difference, gain, mean
from training.measuring.measured import Measured, trained
from training.measuring.plain import plain
from training.measuring.splits import splits_of
from training.split import split

MARGIN = -0.005
"""A table is one where training is worse if an interval lies wholly below this."""
MOST_FOR_CHARACTERS = 30_000_000
"""Characters times tags above which the baseline with characters is left out: it takes hours."""
HEADINGS = (
    *("table", "task", "rows", "tags", "words", "model", "accuracy"),
    *("weighted F1", "to words", "to words + char_wb"),
    *("macro F1", "to words", "to words + char_wb"),
    *("s", ""),
)


@dataclass(frozen=True, slots=True)
class Compared:
    """Training and both baselines on the splits of a table."""

    dataset: Dataset
    tags: int
    """Of the usual split."""
    ours: Sequence[Measured]
    words: Sequence[Measured]
    characters: Sequence[Measured]
    """None of them where they would take too long."""

    def is_worse(self) -> bool:
        """Tell whether training is worse than words, or than characters where those help."""
        for figure in ("f1", "macro_f1"):
            bases = [self.words]
            if self.characters and gain(self.characters, self.words, figure).mean > 0:
                bases.append(self.characters)
            if any(gain(self.ours, base, figure).high < MARGIN for base in bases):
                return True
        return False


def compare(dataset: Dataset, *, splits: int) -> Compared:
    """Measure training and the baselines on several splits of a dataset."""
    ours, words, characters = [], [], []
    usual = Params(task=dataset.task)
    tags = len(split(dataset, usual).tags)
    is_large = sum(map(len, dataset.labelled.texts)) * tags > MOST_FOR_CHARACTERS
    for params, parts in splits_of(dataset, usual, salt="anywhere", count=splits):
        first, *others = (params_for(name, params) for name in compared_on(parts.training.texts))
        lent = lent_unasked(dataset, parts, Reading())
        ours.append(trained(parts, first, others=others, lent=lent))
        words.append(plain(parts, params, characters=False))
        if not is_large:
            characters.append(plain(parts, params, characters=True))
    return Compared(dataset, tags, ours, words, characters)


def row_of(compared: Compared) -> tuple[str, ...]:
    """Return what stands under `HEADINGS`."""
    dataset, ours = compared.dataset, compared.ours
    texts = dataset.labelled.texts
    words = np.mean([len(text.split()) for text in texts])
    model, _ = Counter(one.model for one in ours).most_common(1)[0]
    bases = (compared.words, compared.characters)
    return (
        *(Path(dataset.source).stem, dataset.task, f"{len(texts):,}", f"{compared.tags:,}"),
        *(f"{words:.0f}", model, mean(ours, "accuracy") if dataset.task == "single" else ""),
        *(mean(ours, "f1"), *(difference(ours, base, "f1") for base in bases)),
        *(mean(ours, "macro_f1"), *(difference(ours, base, "macro_f1") for base in bases)),
        *(mean(ours, "seconds", ".0f"), "worse" if compared.is_worse() else "holds"),
    )


def _drawn(dataset: Dataset, most: int) -> Dataset:
    """Return a dataset of so many rows at most, the same ones every time."""
    places = np.random.default_rng(0).permutation(len(dataset.labelled))[:most]
    return replace(dataset, labelled=dataset.labelled.take(np.sort(places).tolist()))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


@click.command(cls=Refusing)
@click.argument("tables", nargs=-1, required=True)
@click.option("--splits", type=click.IntRange(min=2), default=5, show_default=True)
@click.option("--rows", type=click.IntRange(min=100), help="Of each table, drawn by lot; else all.")
def anywhere(tables: Sequence[str], *, splits: int, rows: int | None) -> None:
    """Set `train` beside plain scikit-learn on each of TABLES."""
    click.echo(_line(HEADINGS))
    click.echo(_line(["---"] * len(HEADINGS)))
    for table in tables:
        dataset = read_dataset(table, Reading())
        if rows:
            dataset = _drawn(dataset, rows)
        compared = compare(dataset, splits=splits)
        click.echo(_line(row_of(compared)))
