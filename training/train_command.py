"""The command `train`: from a table to a run in the store, promoted if the gate lets it pass."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from tagger import printing
from tagger.console import as_json
from tagger.environment import open_store
from tagger.errors import TaglineError
from tagger.gate import ask_gate
from tagger.option_types import OutputTable, Words
from tagger.promote_command import pass_gate
from tagger.wording import counted
from training.auxiliary import Lent, lent_by, lent_unasked
from training.candidates import COMPARED
from training.check import check as check_dataset
from training.check_command import check
from training.data import Dataset, read_dataset
from training.findings import Finding
from training.labelled import Reading
from training.options import typed_for
from training.progress import steps
from training.reading_options import reading_options, table_argument, take_reading, tell_reading
from training.sides import sides_of
from training.split import Split, choose_tags
from training.suspects import find_suspects, write_suspects
from training.train_summary import made_object, tell_made, tell_next
from training.training_options import Learning, params_options, take_learning

if TYPE_CHECKING:
    from training.runs import Made

REMAINING_STEPS = 8
"""About as many steps as a training has beside those of each model."""


@click.command()
@table_argument
@reading_options
@params_options
@click.option("--licence", type=Words(), help="Of the table, kept in the run.")
@click.option(
    "--suspects",
    type=OutputTable(),
    help="Write the rows whose tags look missing or wrong, to correct and give to --corrections.",
)
@click.option("--strict", is_flag=True, help="Train only a table in which `check` finds nothing.")
@click.option("--promote", is_flag=True, help="Promote the run if the gate lets it pass.")
@click.option("--force", is_flag=True, help="Promote the run even if the gate refuses.")
@click.option("--if-empty", is_flag=True, help="Train only if the store holds no run.")
@as_json
def train(
    table: str,
    *,
    licence: str | None,
    suspects: Path | None,
    strict: bool,
    promote: bool,
    force: bool,
    if_empty: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Train a run on TABLE and keep it in the store.

    The first run is promoted by itself, a later one with --promote, unless it is worse than the
    promoted run (status 3; the run is kept).

    Example: python -m training train my.csv --min-support 20 --promote
    """
    store = open_store()
    if if_empty and store.runs():
        return
    reading, learning = take_reading(options), take_learning(options)
    _refuse_overwriting(suspects, table, reading.corrections, learning.also)
    with steps(printing.notes(), expected=_expected_steps(learning)) as step:
        step("Read the table")
        dataset = read_dataset(table, reading)
        tell_reading(dataset)
        params, *others = learning.candidates(dataset.labelled.texts, task=dataset.task)
        step("Check")
        sides = sides_of(dataset, params)
        findings = check_dataset(dataset, sides, params).findings
        _tell_findings(findings, table, typed_for(check))
        step("Split by the hash of each text")
        parts = choose_tags(dataset, sides, params)
        lent = _lent(dataset, parts, reading, learning)
        if strict and findings:
            printing.note("Not trained: mend what was found, or leave out --strict.")
            sys.exit(1)
        store.refuse_unwritable()
        # scikit-learn takes two seconds to import: a table that is refused is refused before.
        from training.runs import make_run

        made = make_run(
            dataset, parts, params, licence=licence, others=others, lent=lent, step=step
        )
        step("Write the run")
        promoted = store.write(made.run, made.model, made.exam)
    if suspects:
        _write_suspects(suspects, dataset, parts, made)
    gate, refusal = None, None
    if (promote or force) and not promoted:
        gate = ask_gate(store, made.run.run_id)
        try:
            pass_gate(store, made.run.run_id, gate, force=force)
            promoted = True
        except TaglineError as fault:
            refusal = fault
    if as_json:
        printing.print_json(made_object(made, parts, promoted=promoted))
    else:
        tell_made(made, parts, compares=learning.compares, asked=learning.also is not None)
        if gate and gate.comparison:
            printing.print_comparison(gate.comparison)
        tell_next(made.run.run_id, promoted=promoted, refused=refusal is not None, goes_on=if_empty)
    if refusal:
        raise refusal


def _lent(dataset: Dataset, parts: Split, reading: Reading, learning: Learning) -> Lent | None:
    """Read the other table that was asked for, or Tagline's own if it may help."""
    if learning.also is not None:
        return lent_by(learning.also, dataset, parts, reading)
    if learning.alone or not learning.compares:
        return None
    return lent_unasked(dataset, parts, reading)


def _expected_steps(learning: Learning) -> int:
    models = len(COMPARED) + 1 + (learning.also is not None) if learning.compares else 1
    return REMAINING_STEPS + models * (learning.params.folds + 1)


def _refuse_overwriting(suspects: Path | None, *tables: str | None) -> None:
    for table in filter(None, tables):
        if suspects and suspects.resolve() == Path(table).resolve():
            raise click.UsageError(f"--suspects would overwrite {table}: name another file.")


def _write_suspects(path: Path, dataset: Dataset, parts: Split, made: Made) -> None:
    """Write the suspects of both sides, each by scores of a model that had not seen the text."""
    found = find_suspects(
        dataset.labelled.at((*parts.training.numbers, *parts.test.numbers)),
        np.concatenate((made.out_of_fold, made.test_scores)),
        made.run.tags,
        made.model.policy.thresholds,
    )
    if found:
        write_suspects(path, found)
    written = f", written to {path}" if found else ""
    printing.note(f"{counted(len(found), 'row')} with tags that look missing or wrong{written}.")


def _tell_findings(findings: Sequence[Finding], table: str, options: Sequence[str]) -> None:
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
