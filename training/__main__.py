"""The model owner's commands: from check to report, and all of the operator's."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.__main__ import commands as operators_commands
from tagger.__main__ import pass_gate
from tagger.console import HELP, Commands, Number, OutputFile, OutputTable, Words, as_json
from tagger.environment import open_store, prepare_environment

if __name__ == "__main__":
    prepare_environment()  # numpy and BentoML read it when they are imported

import numpy as np

from tagger import objects, printing
from tagger.errors import TaglineError
from tagger.gate import ask_gate
from tagger.wording import counted, known_names
from training.auxiliary import Lent, lent_by, lent_unasked
from training.candidates import COMPARED
from training.check import check as check_dataset
from training.data import Dataset, read_dataset
from training.evaluate import evaluate as evaluate_model
from training.labelled import Reading
from training.operate import threshold_for_precision, with_threshold
from training.options import (
    Learning,
    params_options,
    reading_options,
    split_options,
    table_argument,
    take_learning,
    take_reading,
    take_split,
    typed_for,
)
from training.progress import steps
from training.report.table import find_table
from training.split import Split, choose_tags, sides_of
from training.suspects import find_suspects, write_suspects
from training.tag_cells import one_spelling
from training.telling import (
    made_object,
    refuse_strangers,
    tell_findings,
    tell_made,
    tell_next,
    tell_reading,
    tell_report,
    tell_seen,
    tell_strange,
    tell_titles,
    tell_versus,
)
from training.versus import versus

if TYPE_CHECKING:
    from training.runs import Made

REMAINING_STEPS = 8
"""About as many steps as a training has beside those of each model."""
REPORT_STEPS = 8
"""About as many as a report has that knows its table."""


@click.group(cls=Commands, context_settings=HELP)
def commands() -> None:
    """Make runs from a table of labelled texts, and look after them.

    RUN is a run's name, the beginning of it, or `promoted`.

    TABLE is CSV, JSON, JSON lines or Parquet, packed by gzip or not: a path, a URL, or - for stdin;
    with columns `text`, or `title` and `description`, and `tags` (a list or a|b), `tag`, or one
    of 1 and 0 for each tag. Without it `check` and `train` take Tagline's own,
    training/catalogue.csv.

    Example: python -m training train my.csv --promote
    """


for _command in operators_commands.commands.values():
    commands.add_command(_command)


@commands.command()
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
        tell_findings(findings, table, typed_for(check))
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


@commands.command()
@table_argument
@reading_options
@split_options
@click.option("--strict", is_flag=True, help="End with status 1 if anything is found.")
@click.option("--propose", type=OutputFile(), help="Write the spellings it finds, for --aliases.")
@as_json
def check(
    table: str,
    *,
    strict: bool,
    propose: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Look TABLE over before training: every flaw with its rows.

    Nothing is written to the store. A table that `train` would refuse, with the same options, is
    refused (status 2).

    Example: python -m training check my.csv --propose aliases.json
    """
    dataset = read_dataset(table, take_reading(options))
    tell_reading(dataset)
    params = take_split(options, task=dataset.task)
    sides = sides_of(dataset, params)
    report = check_dataset(dataset, sides, params)
    if propose:
        content = json.dumps(report.aliases, ensure_ascii=False, indent=2)
        propose.write_text(content + "\n", encoding="utf-8")
    if as_json:
        printing.print_json(asdict(report))
    else:
        tell_report(report, proposed=propose)
    choose_tags(dataset, sides, params)
    if strict and report.findings:
        sys.exit(1)


@commands.command()
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
    tell_titles(dataset)
    for run in runs:
        tell_seen(run, dataset)
    refuse_strangers(runs, dataset)
    tell_strange(runs, dataset)
    if len(runs) == 2:
        compared = versus(runs[0], models[0], runs[1], models[1], dataset.labelled)
        if as_json:
            printing.print_json(asdict(compared))
        else:
            tell_versus(compared)
        return
    (run,) = runs
    performance = evaluate_model(models[0], dataset.labelled).performance
    if as_json:
        shown = objects.performance_object(performance)
        printing.print_json({"run_id": run.run_id, "performance": shown})
    else:
        printing.print_performance(run, performance)


@commands.command()
@click.argument("run")
@click.option("--tag", "tag", required=True, help="The tag whose threshold is set.")
@click.option("--precision", type=Number(0, 1), help="As low as lets it be right so often.")
@click.option("--threshold", type=Number(0, 1), help="This score.")
@as_json
def operate(
    run: str, *, tag: str, precision: float | None, threshold: float | None, as_json: bool
) -> None:
    """Set the threshold of a tag, without training.

    Makes a run that differs from RUN in that alone.

    Example: python -m training operate promoted --tag nlp --precision 0.9
    """
    if (precision is None) == (threshold is None):
        raise click.UsageError("Give either --precision or --threshold.")
    store = open_store()
    run_id, tag = store.resolve(run), one_spelling(tag)
    old, exam = store.run(run_id), store.exam(run_id)
    if tag not in old.tags:
        raise click.UsageError(f"{run_id} has no tag {tag!r}. {known_names('Tags', tag, old.tags)}")
    if threshold is None:
        threshold = threshold_for_precision(old, exam, tag=tag, precision=precision or 0)
    new, model = with_threshold(old, store.model(run_id), exam, tag=tag, threshold=threshold)
    store.write(new, model, exam)
    if as_json:
        printing.print_json(objects.run_object(new, promoted=False))
        return
    before, after = old.performance.by_tag[tag], new.performance.by_tag[tag]
    click.echo(
        f"{tag}: threshold {threshold:.6f}; on the test, on {counted(after.support, 'text')} of "
        f"it, precision {before.precision:.3f} -> {after.precision:.3f}, "
        f"recall {before.recall:.3f} -> {after.recall:.3f}"
    )
    click.echo(f"Run {new.run_id} is in the store.")
    click.echo(f"Next: python -m training promote {new.run_id}")


@commands.command()
@click.argument("run")
@click.argument("table", required=False)
@reading_options
@click.option(
    "--slice",
    "columns",
    multiple=True,
    metavar="COLUMN",
    help="Of TABLE, to judge by its values; may be repeated.",
)
@click.option("--out", type=OutputFile(), help="The file to write; report-RUN.html if not given.")
def report(
    run: str, table: str | None, *, columns: tuple[str, ...], out: Path | None, **options: Any
) -> None:
    """Write what RUN is good and bad at, as one HTML file.

    It is the run's model card. TABLE is the one that RUN was trained on, for the sections that need
    its texts; Tagline's own and a file of its name in this folder are found. Learning from parts
    of it takes about as long as the training did.

    Example: python -m training report promoted my.csv --slice language --out report.html
    """
    if columns and table in (None, "-"):
        raise click.UsageError("--slice reads one more column: give TABLE, and as a file.")
    store = open_store()
    run_id = store.resolve(run)
    with steps(printing.notes(), expected=REPORT_STEPS) as step:
        step("Read the run")
        shown, exam = store.run(run_id), store.exam(run_id)
        step("Read the table")
        reading = take_reading(options)
        known = find_table(table, shown, exam, reading)
        # scikit-learn takes two seconds to import: what is refused is refused before.
        from training.report.examined import Examined
        from training.report.gathering import gather
        from training.report.page import page

        values = {column: known.column(column, reading) for column in columns} if known else {}
        examined = Examined.of(shown, store.model(run_id), exam)
        gathered = gather(
            examined, ask_gate(store, run_id), known, values, options=typed_for(train), step=step
        )
        step("Write the report")
        path = out or Path(f"report-{run_id}.html")
        path.write_text(page(gathered), encoding="utf-8")
    click.echo(f"Written: {path}")
    if known and not known.whole:
        printing.note(
            f"{known.source} holds {counted(known.texts, 'text')} of {run_id} with the tags that "
            "they had; the other texts of the run are in its own figures alone."
        )
    if known is None:
        printing.note(
            "Without its table: give it as well for the learning curve and the doubtful rows."
        )


if __name__ == "__main__":
    commands(prog_name="python -m training")
