"""The command `evaluate`: one run on any table, or two side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from tagger import objects, printing
from tagger.columns import TITLES_ALONE
from tagger.console import as_json
from tagger.environment import open_store
from tagger.errors import TooLittleData
from tagger.records import Run
from tagger.wording import counted, listed
from training.data import Dataset, read_dataset
from training.evaluate import evaluate as evaluate_model
from training.reading_options import reading_options, take_reading, tell_reading
from training.sides import fingerprints, on_test_side
from training.versus import Versus, versus

SHOWN = 20
"""Texts on which two runs differ that are shown; --json has all."""


@click.command()
@click.argument("runs_and_table", nargs=-1, required=True, metavar="RUN [RUN] TABLE")
@reading_options
@as_json
def evaluate(runs_and_table: tuple[str, ...], *, as_json: bool, **options: Any) -> None:
    """Measure RUN on TABLE, or how much better a second one is.

    Example: python -m training evaluate promoted 20260731 new-texts.csv
    """
    if len(runs_and_table) not in (2, 3):
        raise click.UsageError("Give one run or two, then a table.")
    *names, table = runs_and_table
    store = open_store()
    runs = [store.run(store.resolve(name)) for name in names]
    models = [store.model(run.run_id) for run in runs]
    dataset = read_dataset(table, take_reading(options))
    tell_reading(dataset)
    _tell_titles_alone(dataset)
    for run in runs:
        _tell_seen_texts(run, dataset)
    _refuse_other_tags(runs, dataset)
    tell_unknown_tags(runs, dataset)
    if len(runs) == 2:
        compared = versus(runs[0], models[0], runs[1], models[1], dataset.labelled)
        if as_json:
            printing.print_json(asdict(compared))
        else:
            _print_versus(compared)
        return
    (run,) = runs
    performance = evaluate_model(models[0], dataset.labelled).performance
    if as_json:
        shown = objects.performance_object(performance)
        printing.print_json({"run_id": run.run_id, "performance": shown})
    else:
        printing.print_performance(run, performance)


def _tell_seen_texts(run: Run, dataset: Dataset) -> None:
    """Say on stderr how many of a table's texts a run may have been trained on."""
    marks = fingerprints(dataset.labelled.texts, run.params.salt)
    seen = int((~on_test_side(marks, run.params.test_share)).sum())
    printing.note(
        f"The split of {run.run_id} puts {seen} of {counted(len(marks), 'text')} on its training "
        "side: if they were in its table, it has seen them."
    )
    if lent := run.data.auxiliary:
        printing.note(f"It learnt from {lent.source} too: of that it has seen texts of both sides.")


def _tell_titles_alone(dataset: Dataset) -> None:
    """Say on stderr that titles were read without the descriptions that may stand beside them."""
    if dataset.columns.titles_alone:
        printing.note(TITLES_ALONE)


def _refuse_other_tags(runs: Sequence[Run], dataset: Dataset) -> None:
    """Refuse a table that has no tag of the runs: nothing could be measured.

    Raises
    ------
    TooLittleData
    """
    of_table = sorted({tag for tags in dataset.labelled.tags for tag in tags})
    of_runs = list(dict.fromkeys(tag for run in runs for tag in run.tags))
    if of_table and not set(of_table) & set(of_runs):
        whose = "the run" if len(runs) == 1 else "the runs"
        raise TooLittleData(
            f"{dataset.source} has no tag of {' nor of '.join(run.run_id for run in runs)}. Its "
            f"tags are {listed(of_table, most=5)}; those of {whose} are "
            f"{listed(of_runs, most=5)}. Where they are spelt otherwise, give --aliases."
        )


def tell_unknown_tags(runs: Sequence[Run], dataset: Dataset) -> None:
    """Say on stderr which tags of a table none of the runs has.

    Where each tag of the table has a column, say which of the runs' tags have none.
    """
    of_table = {tag for tags in dataset.labelled.tags for tag in tags}
    unknown = sorted(of_table.difference(*(run.tags for run in runs)))
    if unknown:
        names = " nor ".join(run.run_id for run in runs)
        printing.note(
            f"Not a tag of {names}: {listed(unknown)}. Texts are measured as if they bore no such."
        )
    absent = sorted({tag for run in runs for tag in run.tags} - of_table)
    if dataset.columns.tags.one_for_each and absent:
        printing.note(
            f"None of its columns says that a text bears {listed(absent)}: where such a tag is "
            "given, it counts as wrong."
        )


def _print_versus(versus: Versus) -> None:
    """Print two runs side by side, and the first of the texts on which they differ."""
    printing.print_comparison(versus.comparison, which="of the table")
    end = ":" if versus.differing else "."
    click.echo(f"\nThey differ on {counted(len(versus.differing), 'text')}{end}")
    for text in versus.differing[:SHOWN]:
        click.echo(f"  row {text.row}: {' '.join(text.text.split())[:100]}")
        click.echo(
            f"    true {_joined(text.tags)}; "
            f"{versus.comparison.first} {_joined(text.first)}; "
            f"{versus.comparison.second} {_joined(text.second)}"
        )
    if len(versus.differing) > SHOWN:
        click.echo(f"  {len(versus.differing) - SHOWN} more; --json has all.")


def _joined(tags: Sequence[str]) -> str:
    return "|".join(tags) or "no tag"
