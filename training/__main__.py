"""The model owner's commands: train, check, evaluate, operate, and all of the operator's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.__main__ import Commands, as_json, open_store, pass_gate, prepare_environment
from tagger.__main__ import commands as operators_commands

if TYPE_CHECKING:
    from tagger.records import Params, Run
    from training.data import Dataset, Reading
    from training.progress import Step
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

table_argument = click.argument("table", default=str(CATALOGUE))


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how a table is to be read."""
    for option in (
        click.option("--text-column", help="Where the texts are, if not in `text`."),
        click.option("--title-column", help="Where the titles are, if not in `title`."),
        click.option("--description-column", help="Where the descriptions are."),
        click.option("--tags-column", help="Where the tags are, if not in `tags` or `tag`."),
        click.option("--separator", default="|", show_default=True, help="Between tags in a cell."),
        click.option("--encoding", help="Of the table, by Python's name; found if not given."),
        click.option(
            "--aliases",
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            help='JSON: {"other spelling": "tag"}, as `check --aliases-out` proposes.',
        ),
    ):
        command = option(command)
    return command


def params_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that become the run's params."""
    for option in (
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
    ):
        command = option(command)
    return command


REMAINING_STEPS = 9
"""About as many steps as a training has beside its folds."""


@commands.command()
@table_argument
@reading_options
@params_options
@click.option("--licence", help="Of the table, kept in the run.")
@click.option("--promote", is_flag=True, help="Promote the run if the gate lets it pass.")
@click.option("--force", is_flag=True, help="Promote it even if the gate refuses.")
@click.option("--if-empty", is_flag=True, help="Train only if the store holds no run.")
@as_json
def train(
    table: str,
    licence: str | None,
    *,
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
    from tagger.errors import PromotionRefused
    from training.progress import steps
    from training.runs import make_run

    store = open_store()
    if if_empty and store.runs():
        return
    reading = _reading(options)
    _, notes = printing.consoles()
    with steps(notes, expected=REMAINING_STEPS + (options["folds"] or 4)) as step:
        dataset, parts, params = _read_and_split(table, reading, options, step)
        made = make_run(parts, parts.describe(dataset, licence=licence), params, step=step)
        step("Write the run")
        promoted = store.write(made.run, made.model, made.exam)
    refusal = None
    if promote and not promoted:
        try:
            promoted = bool(pass_gate(store, made.run.run_id, force=force, quiet=as_json))
        except PromotionRefused as refused:
            refusal = refused
    _tell_made(made.run, parts, promoted=promoted, as_json=as_json)
    if refusal:
        raise refusal


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
