"""How a table is to be read: its options, and what is told where their lack may surprise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import click

from tagger import printing
from tagger.columns import TextColumns
from tagger.wording import counted, listed
from training.auxiliary import CATALOGUE
from training.data import Dataset
from training.labelled import Reading, Untagged
from training.options import Command, with_options
from training.tag_cells import one_spelling

table_argument = click.argument("table", default=str(CATALOGUE), metavar="[TABLE]")


def reading_options(command: Command) -> Command:
    """Add the options that say how a table is to be read; `take_reading` takes them."""
    options = (
        click.option("--text-column", help="Where the texts are, if not in `text`."),
        click.option("--title-column", help="Where the titles are, if not in `title`."),
        click.option("--description-column", help="Where the descriptions are."),
        click.option("--tags-column", help="Where the tags are, if not in `tags` or `tag`."),
        click.option(
            "--separator",
            default="|",
            show_default=True,
            callback=_not_empty,
            help="Between tags in a cell.",
        ),
        click.option(
            "--untagged",
            type=click.Choice(get_args(Untagged)),
            help="What a row without tags is: a fault, to be skipped, or one that bears none. "
            "If not given, a fault; where each tag has a column, one that bears none.",
        ),
        click.option("--encoding", help="Of the table, by Python's name; found if not given."),
        click.option(
            "--aliases",
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            help='JSON: {"other spelling": "tag"}, as `check --propose` writes it.',
        ),
        click.option("--corrections", help="A table whose tags take the place of TABLE's."),
    )
    return with_options(command, options)


def _not_empty(_: click.Context, __: click.Parameter, value: str) -> str:
    if not value:
        raise click.BadParameter("It is empty. Leave it out for tags written a|b.")
    return value


def take_reading(options: dict[str, Any]) -> Reading:
    """Take the options about reading out of all that were typed."""
    aliases = options.pop("aliases")
    return Reading(
        columns=TextColumns(
            text=options.pop("text_column"),
            title=options.pop("title_column"),
            description=options.pop("description_column"),
        ),
        tags=options.pop("tags_column"),
        separator=options.pop("separator"),
        untagged=options.pop("untagged"),
        encoding=options.pop("encoding"),
        aliases=_aliases(aliases) if aliases else {},
        corrections=options.pop("corrections"),
    )


def _aliases(path: Path) -> dict[str, str]:
    try:
        aliases = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as fault:
        raise click.UsageError(f"--aliases: {path} is no JSON ({fault}).") from fault
    if not isinstance(aliases, dict) or not all(isinstance(tag, str) for tag in aliases.values()):
        raise click.UsageError(f'--aliases: {path} must hold one object: {{"spelling": "tag"}}.')
    return {one_spelling(other): tag for other, tag in aliases.items()}


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
    if dataset.corrected is not None:
        printing.note(f"Given other tags by --corrections: {counted(dataset.corrected, 'text')}.")
