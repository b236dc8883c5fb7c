"""What share of texts goes without tags, by kind.

Each split trains as `train` does, and asks for the tags of the texts that it kept back, and of
texts on other subjects: ours (`out_of_domain.csv`), or those of another file.
"""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click
import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from tagger.console import Refusing
from tagger.records import Params, Task
from training.auxiliary import lent_unasked
from training.candidates import compared_on, params_for
from training.data import read_dataset
from training.fit import fit
from training.labelled import Reading
from training.measuring.splits import splits_of
from training.out_of_domain import TEXTS, abstained, texts_by_kind

UNSEEN = "unseen, of the table itself"


def show(shares: dict[str, list[float]]) -> Table:
    """Lay out the mean of the splits for every kind of text, in Markdown."""
    table = Table("texts", "abstained", box=box.MARKDOWN)
    for kind, found in shares.items():
        table.add_row(kind, f"{np.mean(found):.3f}")
    others = [np.mean(found) for kind, found in shares.items() if kind != UNSEEN]
    table.add_row("mean of the kinds", f"{np.mean(others):.3f}")
    return table


@click.command(cls=Refusing)
@click.argument("table")
@click.option(
    "--texts",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=TEXTS,
    help="A table of other subjects, with the columns kind and text.  [default: ours]",
)
@click.option("--task", type=click.Choice(get_args(Task)), help="Any tags, or one.")
@click.option("--splits", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--min-support", type=click.IntRange(min=2), default=10, show_default=True)
def unanswered(table: str, *, file: Path, task: Task | None, splits: int, min_support: int) -> None:
    """Tell what share of TABLE, and of other subjects, gets no tags."""
    of_others = texts_by_kind(file)
    dataset = read_dataset(table, Reading())
    usual = Params(task=task or dataset.task, min_support=min_support)
    shares: dict[str, list[float]] = {}
    for params, parts in splits_of(dataset, usual, salt="abstained", count=splits):
        first, *others = [params_for(name, params) for name in compared_on(parts.training.texts)]
        lent = lent_unasked(dataset, parts, Reading())
        training = parts.training
        model = fit(training.texts, training.tags, first, others=others, lent=lent).model
        for kind, texts in {UNSEEN: parts.test.texts, **of_others}.items():
            shares.setdefault(kind, []).append(abstained(model, texts))
    Console(width=80).print(show(shares))
