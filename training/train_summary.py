"""What `train` tells of the run that it made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from tagger import objects, printing
from tagger.records import Run
from tagger.wording import counted, listed, rounded_down
from training.candidates import CLEARLY, name_of
from training.labelled import rows_named
from training.split import Split

if TYPE_CHECKING:
    from training.runs import Made

SLIPS = 0.01
"""Share of a table's texts that may bear two tags only because two of its rows contradict."""


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
