"""What each candidate is worth on a table, beside words and characters in scikit-learn alone.

Labels are noisy and tables small, so every figure is the mean of paired differences over splits,
with its 95% interval (Student's t; the splits share texts, so it is somewhat too narrow). Times are
of the processor, so that a busy machine tells the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import click
from rich import box
from rich.console import Console
from rich.table import Table

from tagger.console import Refusing
from tagger.records import Params, Task
from training.auxiliary import lent_unasked
from training.candidates import CANDIDATES, compared_on, params_for
from training.data import read_dataset
from training.labelled import Reading
from training.measuring.differences import difference, mean
from training.measuring.measured import Measured, trained
from training.measuring.plain import plain
from training.measuring.splits import splits_of

BASELINE = "word + char_wb"
ALONE = "as train chooses, alone"
"""Without Tagline's own table, which some splits may have the tags for and others not."""
HEADINGS = (
    *("model", "weighted F1", "to baseline", "macro F1", "to baseline"),
    *("Brier skill", "slope", "s", "us a text"),
)


def chosen(candidates: Sequence[Measured]) -> Measured:
    """Return the candidate that training chooses, which takes the time of them all."""
    best = max(candidates, key=lambda one: one.folds_f1)
    return replace(best, seconds=sum(one.seconds for one in candidates))


def show(measured: dict[str, list[Measured]]) -> Table:
    """Lay out every model beside the baseline, in Markdown."""
    table = Table(*HEADINGS, box=box.MARKDOWN)
    base = measured[BASELINE]
    for name, ours in measured.items():
        table.add_row(
            name,
            mean(ours, "f1"),
            difference(ours, base, "f1"),
            mean(ours, "macro_f1"),
            difference(ours, base, "macro_f1"),
            mean(ours, "brier_skill"),
            mean(ours, "slope", ".2f"),
            mean(ours, "seconds", ".1f"),
            mean(ours, "microseconds", ".0f"),
        )
    return table


@click.command(cls=Refusing)
@click.argument("table")
@click.option("--task", type=click.Choice(get_args(Task)), help="Any tags, or one.")
@click.option("--splits", type=click.IntRange(min=2), default=5, show_default=True)
@click.option("--min-support", type=click.IntRange(min=2), default=10, show_default=True)
def quality(table: str, *, task: Task | None, splits: int, min_support: int) -> None:
    """Set every model beside plain scikit-learn on TABLE."""
    dataset = read_dataset(table, Reading())
    usual = Params(task=task or dataset.task, min_support=min_support)
    measured: dict[str, list[Measured]] = {}
    helps = False
    for params, parts in splits_of(dataset, usual, salt="quality", count=splits):
        row = {
            BASELINE: plain(parts, params, characters=True),
            "word": plain(parts, params, characters=False),
            **{name: trained(parts, params_for(name, params)) for name in CANDIDATES},
        }
        tried = [row[name] for name in compared_on(parts.training.texts)]
        row[ALONE] = chosen(tried)
        if lent := lent_unasked(dataset, parts, Reading()):
            helps = True
            helped = replace(params_for(row[ALONE].model, params), auxiliary=True)
            tried.append(trained(parts, helped, lent=lent))
        row["as train chooses"] = chosen(tried)
        for name, found in row.items():
            measured.setdefault(name, []).append(found)
    if not helps:  # both are the same
        del measured[ALONE]
    Console(width=160).print(show(measured))
