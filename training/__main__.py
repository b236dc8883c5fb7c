"""The model owner's commands: train, check, evaluate, operate, and all of the operator's."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.__main__ import Commands, as_json, open_store, pass_gate, prepare_environment
from tagger.__main__ import commands as operators_commands

if TYPE_CHECKING:
    from tagger.records import Params, Run
    from tagger.store import Store
    from training.check import Finding
    from training.data import Dataset, Reading
    from training.progress import Step
    from training.runs import Made
    from training.split import Split

CATALOGUE = Path(__file__).parent / "catalogue.csv"
"""The embedded table."""


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Make runs from a table of labelled texts, and look after them.

    TABLE is CSV, JSON, JSON lines or Parquet, packed by gzip or not: a path, a URL, or - for stdin;
    with columns `text`, or `title` and `description`, and `tags` (a list or a|b) or `tag`.

    Example: python -m training train my.csv --promote
    """


for _command in operators_commands.commands.values():
    commands.add_command(_command)

table_argument = click.argument("table", default=str(CATALOGUE), metavar="[TABLE]")


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how a table is to be read."""
    options = (
        click.option("--text-column", help="Where the texts are, if not in `text`."),
        click.option("--title-column", help="Where the titles are, if not in `title`."),
        click.option("--description-column", help="Where the descriptions are."),
        click.option("--tags-column", help="Where the tags are, if not in `tags` or `tag`."),
        click.option("--separator", default="|", show_default=True, help="Between tags in a cell."),
        click.option("--encoding", help="Of the table, by Python's name; found if not given."),
        click.option(
            "--aliases",
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            help='JSON: {"other spelling": "tag"}, as `check --propose` writes it.',
        ),
        click.option("--corrections", help="A table whose tags take the place of TABLE's."),
    )
    return _with_options(command, options)


def params_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that become the run's params."""
    options = (
        click.option("--task", type=click.Choice(["multi", "single"]), help="Any tags, or one."),
        click.option("--min-support", type=click.IntRange(min=2), help="Training texts of a tag."),
        click.option(
            "--test-share", type=click.FloatRange(0.05, 0.5), help="Kept back for the test."
        ),
        click.option("--salt", help="Of the hash that splits the texts."),
        click.option("--folds", type=click.IntRange(min=2, max=20), help="For the thresholds."),
        click.option(
            "--regularization", type=click.FloatRange(1e-4, 1e4), help="C of the learner."
        ),
        click.option("--seed", type=click.IntRange(min=0), help="Of all that is drawn by chance."),
    )
    return _with_options(command, options)


def _with_options(
    command: Callable[..., Any], options: Sequence[Callable[..., Any]]
) -> Callable[..., Any]:
    """Decorate from the last on, so that --help lists them in their order."""
    for option in reversed(options):
        command = option(command)
    return command


REMAINING_STEPS = 9
"""About as many steps as a training has beside its folds."""


@commands.command()
@table_argument
@reading_options
@params_options
@click.option("--licence", help="Of the table, kept in the run.")
@click.option(
    "--suspects",
    type=click.Path(path_type=Path),
    help="Write the rows whose tags look missing or wrong, to correct and give to --corrections.",
)
@click.option("--strict", is_flag=True, help="Train only a table in which `check` finds nothing.")
@click.option("--promote", is_flag=True, help="Promote the run if the gate lets it pass.")
@click.option("--force", is_flag=True, help="Promote it even if the gate refuses.")
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
    """Train a run on TABLE (default: the embedded one) and keep it in the store.

    The first run is promoted by itself, a later one with --promote, unless it is worse than the
    promoted run (status 3; the run is kept).

    Example: python -m training train my.csv --min-support 20 --promote
    """
    from tagger import printing
    from tagger.compare import ask_gate
    from training.check import check as check_dataset
    from training.progress import steps

    store = open_store()
    if if_empty and store.runs():
        return
    reading = _reading(options)
    _, notes = printing.consoles()
    with steps(notes, expected=REMAINING_STEPS + (options["folds"] or 4)) as step:
        dataset, parts, params = _read_and_split(table, reading, options, step)
        step("Check")
        findings = check_dataset(dataset, min_support=params.min_support).findings
        _tell_findings(findings, table)
        if strict and findings:
            sys.exit(1)
        # scikit-learn takes two seconds to import: a table that is refused is refused before.
        from training.runs import make_run

        made = make_run(parts, parts.describe(dataset, licence=licence), params, step=step)
        step("Write the run")
        promoted = store.write(made.run, made.model, made.exam)
    if suspects:
        _write_suspects(suspects, dataset, parts, made)
    if not promote or promoted:
        _tell_made(made.run, parts, promoted=promoted, as_json=as_json)
        return
    gate = ask_gate(store, made.run.run_id)
    passes = force or gate.refusal is None
    if passes:
        pass_gate(store, made.run.run_id, gate, force=force)
    _tell_made(made.run, parts, promoted=passes, as_json=as_json)
    if gate.comparison and not as_json:
        printing.print_comparison(gate.comparison)
    if gate.refusal and not passes:
        raise gate.refusal


def _read_and_split(
    table: str, reading: Reading, options: dict[str, Any], step: Step
) -> tuple[Dataset, Split, Params]:
    """Read a table and split it by the params that were typed, or are usual."""
    from tagger.records import Params
    from training.data import read_dataset
    from training.split import split

    step("Read the table")
    dataset = read_dataset(table, reading)
    typed = {name: value for name, value in options.items() if value is not None}
    params = Params(**({"task": dataset.task} | typed))
    step("Split by the hash of each text")
    return dataset, split(dataset, params), params


def _tell_made(run: Run, parts: Split, *, promoted: bool, as_json: bool) -> None:
    """Print what came of a training, and the next command to type."""
    from tagger import objects, printing

    if as_json:
        printing.print_json(
            {
                "run_id": run.run_id,
                "promoted": promoted,
                "performance": objects.performance_object(run.performance),
                "data": asdict(run.data),
                "left_out": asdict(parts.left_out),
            }
        )
        return
    printing.print_performance(
        run.performance, dict(zip(run.tags, run.thresholds, strict=True)), ends=5
    )
    click.echo()
    for line in _what_was_left_out(parts):
        click.echo(line)
    click.echo(f"Run {run.run_id} is in the store{' and promoted' if promoted else ''}.")
    click.echo("Next: make serve" if promoted else f"Next: python -m training promote {run.run_id}")


def _what_was_left_out(parts: Split) -> Iterator[str]:
    if parts.rare:
        named = ", ".join(f"{tag} ({count})" for tag, count in list(parts.rare.items())[:10])
        more = f" and {len(parts.rare) - 10} more" if len(parts.rare) > 10 else ""
        yield f"Left out, too few training texts (--min-support): {named}{more}."
    if parts.untagged:
        yield f"{parts.untagged} texts bear none of the trained tags."
    if parts.near_duplicates:
        yield (
            f"{len(parts.near_duplicates)} training texts were left out, "
            "near duplicates of texts of the test."
        )


def _write_suspects(path: Path, dataset: Dataset, parts: Split, made: Made) -> None:
    """Write the suspects of both sides: neither's scores are of a model that had seen the text."""
    import numpy as np

    from tagger import printing
    from training.suspects import find_suspects, write_suspects

    numbers = (*parts.training.numbers, *parts.test.numbers)
    found = find_suspects(
        dataset.labelled.at(numbers),
        np.concatenate((made.out_of_fold, made.test_scores)),
        made.run.tags,
        made.model.policy.thresholds,
    )
    if found:
        write_suspects(path, found)
    printing.note(
        f"{len(found)} rows whose tags look missing or wrong{f': {path}' if found else ''}."
    )


def _tell_findings(findings: Sequence[Finding], table: str) -> None:
    """Say in a line what was found: `check` tells it all."""
    from tagger import printing

    if findings:
        kinds = Counter(finding.kind for finding in findings)
        counted = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        printing.note(f"Found: {counted}. See: python -m training check {table}")


@commands.command()
@table_argument
@reading_options
@click.option(
    "--min-support",
    type=click.IntRange(min=2),
    default=10,
    show_default=True,
    help="Texts without which a tag is called rare.",
)
@click.option("--strict", is_flag=True, help="End with status 1 if anything is found.")
@click.option("--propose", type=click.Path(path_type=Path), help="Write the aliases proposed.")
@as_json
def check(
    table: str,
    *,
    min_support: int,
    strict: bool,
    propose: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Look TABLE over before training: every flaw with its rows. Nothing is written to the store.

    Example: python -m training check my.csv --propose aliases.json
    """
    from tagger import printing
    from training.check import check as check_dataset
    from training.data import read_dataset

    report = check_dataset(read_dataset(table, _reading(options)), min_support=min_support)
    if propose:
        content = json.dumps(report.aliases, ensure_ascii=False, indent=2)
        propose.write_text(content + "\n", encoding="utf-8")
    if as_json:
        printing.print_json(asdict(report))
    else:
        click.echo(f"{report.texts} different texts, {len(report.tags)} tags.")
        for finding in report.findings:
            click.echo(f"{finding.kind}: {finding.text}")
        if report.aliases and not propose:
            click.echo("Next: --propose aliases.json, then train with --aliases aliases.json")
    if strict and report.findings:
        sys.exit(1)


@commands.command()
@click.argument("runs_and_table", nargs=-1, required=True, metavar="RUN [RUN] TABLE")
@reading_options
@as_json
def evaluate(runs_and_table: tuple[str, ...], *, as_json: bool, **options: Any) -> None:
    """Measure RUN on TABLE; of two runs, also how much better the second is than the first.

    Example: python -m training evaluate promoted 20260731 new-texts.csv
    """
    from tagger import objects, printing
    from training.data import read_dataset
    from training.evaluate import evaluate as evaluate_model

    if len(runs_and_table) not in (2, 3):
        raise click.UsageError("Give one run or two, then a table.")
    *names, table = runs_and_table
    store = open_store()
    run_ids = [store.resolve(name) for name in names]
    dataset = read_dataset(table, _reading(options))
    if len(run_ids) == 2:
        _evaluate_two(store, run_ids[0], run_ids[1], dataset, as_json=as_json)
        return
    run = store.run(run_ids[0])
    performance = evaluate_model(store.model(run.run_id), dataset.labelled).performance
    _note_seen(run, dataset)
    if as_json:
        shown = objects.performance_object(performance)
        printing.print_json({"run_id": run.run_id, "performance": shown})
    else:
        printing.print_performance(performance, dict(zip(run.tags, run.thresholds, strict=True)))


def _evaluate_two(
    store: Store, first_id: str, second_id: str, dataset: Dataset, *, as_json: bool
) -> None:
    from tagger import printing
    from training.versus import versus

    first, second = store.run(first_id), store.run(second_id)
    for run in (first, second):
        _note_seen(run, dataset)
    compared = versus(
        first, store.model(first_id), second, store.model(second_id), dataset.labelled
    )
    if as_json:
        printing.print_json(asdict(compared))
        return
    printing.print_comparison(compared.comparison)
    click.echo(f"\nThey differ on {len(compared.differing)} texts:")
    for text in compared.differing[:20]:
        click.echo(f"  row {text.row}: {text.text[:100]}")
        click.echo(
            f"    true {'|'.join(text.tags)}; {first_id} {'|'.join(text.first)}; "
            f"{second_id} {'|'.join(text.second)}"
        )


def _note_seen(run: Run, dataset: Dataset) -> None:
    """Say how much of a table a run may have been trained on."""
    from tagger import printing
    from training.split import fingerprints, on_test_side

    marks = fingerprints(dataset.labelled.texts, run.params.salt)
    seen = int((~on_test_side(marks, run.params.test_share)).sum())
    printing.note(
        f"{seen} of {len(marks)} texts fall to the training side of {run.run_id}'s split: if they "
        "were in its table, it has seen them."
    )


@commands.command()
@click.argument("run")
@click.option("--tag", "tag", required=True, help="The tag whose threshold is set.")
@click.option("--precision", type=click.FloatRange(0, 1), help="To be right so often.")
@click.option("--threshold", type=click.FloatRange(0, 1), help="To this score.")
@as_json
def operate(
    run: str, *, tag: str, precision: float | None, threshold: float | None, as_json: bool
) -> None:
    """Make a run that differs from RUN in the threshold of one tag, without training.

    Example: python -m training operate promoted --tag nlp --precision 0.9
    """
    from tagger import objects, printing
    from tagger.errors import known_names
    from training.operate import threshold_for_precision, with_threshold

    if (precision is None) == (threshold is None):
        raise click.UsageError("Give either --precision or --threshold.")
    store = open_store()
    run_id = store.resolve(run)
    old, exam = store.run(run_id), store.exam(run_id)
    if tag not in old.tags:
        raise click.UsageError(f"{run_id} has no tag {tag!r}. {known_names('Tags', tag, old.tags)}")
    if threshold is None:
        threshold = threshold_for_precision(exam.training, old.tags.index(tag), precision or 0)
    new, model = with_threshold(old, store.model(run_id), exam, tag=tag, threshold=threshold)
    store.write(new, model, exam)
    if as_json:
        printing.print_json(objects.run_object(new, promoted=False, served=False))
        return
    before, after = old.performance.by_tag[tag], new.performance.by_tag[tag]
    click.echo(
        f"{tag}: threshold {threshold:.6f}; on the test, precision {before.precision:.3f} -> "
        f"{after.precision:.3f}, recall {before.recall:.3f} -> {after.recall:.3f}"
    )
    click.echo(f"Run {new.run_id} is in the store.")
    click.echo(f"Next: python -m training promote {new.run_id}")


def _reading(options: dict[str, Any]) -> Reading:
    """Take the options about reading out of all that were typed."""
    from tagger.columns import TextColumns
    from training.data import Reading

    aliases = options.pop("aliases")
    return Reading(
        columns=TextColumns(
            text=options.pop("text_column"),
            title=options.pop("title_column"),
            description=options.pop("description_column"),
        ),
        tags=options.pop("tags_column"),
        separator=options.pop("separator"),
        corrections=options.pop("corrections"),
        encoding=options.pop("encoding"),
        aliases=_aliases(aliases) if aliases else {},
    )


def _aliases(path: Path) -> dict[str, str]:
    try:
        aliases = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as fault:
        raise click.UsageError(f"--aliases: {path} is no JSON ({fault}).") from fault
    if not isinstance(aliases, dict) or not all(isinstance(tag, str) for tag in aliases.values()):
        raise click.UsageError(f'--aliases: {path} must hold one object: {{"spelling": "tag"}}.')
    return aliases


if __name__ == "__main__":
    prepare_environment()
    commands(prog_name="python -m training")
