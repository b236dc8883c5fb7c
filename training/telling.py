"""What the model owner's commands tell of a training, a check and two runs on one table."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tagger import objects, printing
from tagger.columns import TITLES_ALONE
from tagger.errors import TooLittleData
from tagger.records import Run
from tagger.wording import counted, listed, rounded_down
from training.candidates import CLEARLY, name_of
from training.check import Report
from training.data import Dataset
from training.findings import Finding
from training.labelled import rows_named
from training.split import Split, fingerprints, on_test_side
from training.versus import Versus

if TYPE_CHECKING:
    from training.runs import Made

SHOWN = 20
"""Texts on which two runs differ that are shown; --json has all."""
SLIPS = 0.01
"""Share of a table's texts that may bear two tags only because two of its rows contradict."""
MOST_ALIKE = 5
"""Findings of one kind that are shown; --json has all."""


def tell_findings(findings: Sequence[Finding], table: str, options: Sequence[str]) -> None:
    """Say in one line on stderr what kinds of findings there are, and how to see them all."""
    if findings:
        rows: dict[str, set[int]] = {}
        for finding in findings:
            rows.setdefault(finding.kind, set()).update(finding.rows)
        found = ", ".join(
            kind + (f" ({counted(len(named), 'row')})" if named else "")
            for kind, named in rows.items()
        )
        command = shlex.join(["python", "-m", "training", "check", table, *options])
        printing.note(f"Found: {found}. See: {command}")


def tell_report(report: Report, *, proposed: Path | None) -> None:
    """Print what a check found; ``proposed`` is where aliases were written."""
    click.echo(f"{counted(report.texts, 'different text')}, {counted(len(report.tags), 'tag')}.")
    for kind, found in groupby(report.findings, key=attrgetter("kind")):
        texts = [finding.text for finding in found]
        for text in texts[:MOST_ALIKE]:
            click.echo(f"{kind}: {text}")
        if len(texts) > MOST_ALIKE:
            click.echo(f"{kind}: {len(texts) - MOST_ALIKE} more; --json has all.")
    # Joined tags come apart first: as they are, their spellings are of no use.
    if report.aliases and not any(finding.kind == "joined-tags" for finding in report.findings):
        first = "" if proposed else "check again with --propose aliases.json, then "
        click.echo(f"Next: {first}train with --aliases {proposed or 'aliases.json'}")


def made_object(made: Made, parts: Split, *, promoted: bool) -> objects.Object:
    """Show what came of a training."""
    run = made.run
    return {
        "run_id": run.run_id,
        "promoted": promoted,
        "performance": objects.performance_object(run.performance),
        "data": asdict(run.data),
        "left_out": {
            "rare_tags": dict(parts.rare),
            "tags_everywhere": list(parts.everywhere),
            "untagged_texts": parts.untagged,
            "ambiguous_rows": list(parts.ambiguous),
            "near_duplicates": len(parts.near_duplicates),
        },
        "model": run.params.model,
        "compared": [asdict(one) for one in made.compared],
        "unreached": dict(made.unreached),
    }


def tell_made(made: Made, parts: Split, *, compares: bool = False, asked: bool = False) -> None:
    """Print what came of a training.

    ``compares``: it was to compare models. ``asked``: it was to learn from another table too.
    """
    run = made.run
    printing.print_performance(run, run.performance, ends=5)
    click.echo()
    for line in (
        *_what_was_compared(made, compares=compares),
        *_what_was_lent(made, asked=asked),
        *_what_was_missed(made),
        *_what_was_left_out(parts, run),
        *_whether_one_tag_is_meant(parts, run),
    ):
        click.echo(line)


def tell_next(run_id: str, *, promoted: bool, refused: bool, goes_on: bool = False) -> None:
    """Print where a run is, and the next command to type.

    A refusal tells it by itself; what ``goes_on`` after a first run, `make serve` say, needs none.
    """
    if promoted:
        click.echo(f"Run {run_id} is in the store and promoted.")
        if not goes_on:
            click.echo("Next: make serve")
        return
    click.echo(f"Run {run_id} is in the store.")
    if not refused:
        click.echo(f"Next: python -m training promote {run_id}")


def _what_was_compared(made: Made, *, compares: bool) -> Iterator[str]:
    if len(made.compared) > 1:
        figures = ", ".join(
            f"{name_of(one.model, one.regularization, one.auxiliary)} "
            f"{one.f1:.3f} (macro {one.macro_f1:.3f}, {one.seconds:.1f} s)"
            for one in made.compared
        )
        params, lent = made.run.params, made.run.data.auxiliary
        chosen = name_of(params.model, params.regularization, lent.source if lent else None)
        yield f"Chosen by weighted F1 on folds of the training side: {chosen}."
        yield f"Compared: {figures}."
        best = max(made.compared, key=lambda one: one.f1)
        if (name := name_of(best.model, best.regularization, best.auxiliary)) != chosen:
            yield f"Less regularization has to be better by {CLEARLY}: {name} is not."
    elif compares:
        yield f"Too large to compare models on: {made.run.params.model} was taken."


def _what_was_lent(made: Made, *, asked: bool) -> Iterator[str]:
    if lent := made.run.data.auxiliary:
        own = "" if asked else " That is Tagline's own table; --alone leaves it out."
        yield (
            f"Learnt from {lent.source} too, {counted(lent.rows, 'text')}, for {len(lent.tags)} of "
            f"the {len(made.run.tags)} tags.{own}"
        )
    elif asked and any(one.auxiliary for one in made.compared):
        yield "Nothing was learnt from the other table: with it folds were answered no better."
    elif asked:
        yield (
            "Nothing was learnt from the other table: the two are too large to compare with and "
            f"without it. --model {made.run.params.model} learns from it without comparing, which "
            "may take long."
        )


def _what_was_missed(made: Made) -> Iterator[str]:
    objective = made.run.params.objective
    missed = dict(made.unreached)
    if objective.startswith("precision"):
        # A precision of 0 would read as if such tags were always wrong: most are kept back.
        kept_back = [tag for tag, figure in missed.items() if not figure]
        missed = {tag: figure for tag, figure in missed.items() if figure}
        if kept_back:
            yield (
                f"For {objective}, never given on folds of the training side, or never rightly: "
                f"{listed(kept_back)}."
            )
    if missed:
        figures = ", ".join(f"{tag} ({rounded_down(figure, 2)})" for tag, figure in missed.items())
        yield f"Below {objective} on folds of the training side: {figures}."


def _what_was_left_out(parts: Split, run: Run) -> Iterator[str]:
    if parts.rare:
        rare = listed([f"{tag} ({count})" for tag, count in parts.rare.items()])
        yield f"Left out, too few training texts (--min-support): {rare}."
    if parts.everywhere:
        yield f"Left out, on every training text or all but one: {listed(parts.everywhere)}."
    if parts.untagged:
        what = "Left out" if run.task == "single" else "Taken as bearing none"
        yield f"{what}, without any of the trained tags: {counted(parts.untagged, 'text')}."
    if parts.ambiguous:
        rows = rows_named(parts.ambiguous)
        yield f"Left out, given several tags where each text is to have one: {rows}."
    if parts.near_duplicates:
        yield (
            f"Left out, near duplicates of texts of the test: "
            f"{counted(len(parts.near_duplicates), 'training text')}."
        )


def _whether_one_tag_is_meant(parts: Split, run: Run) -> Iterator[str]:
    """Say how to train where next to no text bears two tags."""
    counts = [len(some) for side in (parts.training, parts.test) for some in side.tags]
    several = sum(count > 1 for count in counts)
    if run.task == "multi" and several <= SLIPS * len(counts):
        bear = "bears" if several == 1 else "bear"
        found = f"{several} of {len(counts)} texts {bear}" if several else "No text bears"
        without = ", which leaves those out" if several else ""
        yield f"{found} two tags: where each is to get just one, train with --task single{without}."


def tell_seen(run: Run, dataset: Dataset) -> None:
    """Say on stderr how many of a table's texts a run may have been trained on."""
    marks = fingerprints(dataset.labelled.texts, run.params.salt)
    seen = int((~on_test_side(marks, run.params.test_share)).sum())
    printing.note(
        f"The split of {run.run_id} puts {seen} of {counted(len(marks), 'text')} on its training "
        "side: if they were in its table, it has seen them."
    )
    if lent := run.data.auxiliary:
        printing.note(f"It learnt from {lent.source} too: of that it has seen texts of both sides.")


def tell_reading(dataset: Dataset) -> None:
    """Say on stderr how a table was read, where that may surprise its owner."""
    tags = dataset.columns.tags
    if tags.one_for_each:
        without = json.dumps({tags.names[-1]: ""}, ensure_ascii=False)
        printing.note(
            f"Its tags are the columns that hold yes or no: {listed(tags.names)}. "
            f"To leave one out, --aliases FILE that holds {without}; if they stand in one column, "
            "--tags-column NAME."
        )
    if dataset.skipped:
        printing.note(f"Skipped, without tags: {counted(dataset.skipped, 'row')}.")


def tell_titles(dataset: Dataset) -> None:
    """Say on stderr that titles were read without the descriptions that may stand beside them."""
    if dataset.columns.titles_alone:
        printing.note(TITLES_ALONE)


def refuse_strangers(runs: Sequence[Run], dataset: Dataset) -> None:
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


def tell_strange(runs: Sequence[Run], dataset: Dataset) -> None:
    """Say on stderr which tags of a table none of the runs has.

    Where each tag of the table has a column, say which of the runs' tags have none.
    """
    of_table = {tag for tags in dataset.labelled.tags for tag in tags}
    strange = sorted(of_table.difference(*(run.tags for run in runs)))
    if strange:
        names = " nor ".join(run.run_id for run in runs)
        printing.note(
            f"Not a tag of {names}: {listed(strange)}. Texts are measured as if they bore no such."
        )
    absent = sorted({tag for run in runs for tag in run.tags} - of_table)
    if dataset.columns.tags.one_for_each and absent:
        printing.note(
            f"None of its columns says that a text bears {listed(absent)}: where such a tag is "
            "given, it counts as wrong."
        )


def tell_versus(versus: Versus) -> None:
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


def _joined(tags: Sequence[str]) -> str:
    return "|".join(tags) or "no tag"
