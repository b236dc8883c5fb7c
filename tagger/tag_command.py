"""The command `tag`: of texts, of the lines of standard input, or of a table."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tagger.console import as_json
from tagger.environment import open_store
from tagger.option_types import Number, OutputTable

if TYPE_CHECKING:
    from tagger.columns import TextColumns
    from tagger.decide import Options

# What a command needs is imported when it is typed: numpy, pydantic and rich would delay --help.


@click.command()
@click.argument("texts", nargs=-1)
@click.option("--run", default="promoted", show_default=True, help="The run that answers.")
@click.option("--top-k", type=click.IntRange(min=1), help="The best so many tags at most.")
@click.option("--threshold", type=Number(0, 1), help="What every tag's score must reach.")
@click.option("--evidence", is_flag=True, help="Show which words earned each tag.")
@click.option(
    "--out", type=OutputTable(), help="Tag the table that TEXTS names into this .csv or .jsonl."
)
@click.option("--text-column", help="Where the texts of a table are, if not in `text`.")
@click.option("--title-column", help="Where the titles are, if not in `title`.")
@click.option("--description-column", help="Where the descriptions are.")
@as_json
def tag(
    texts: tuple[str, ...],
    *,
    run: str,
    top_k: int | None,
    threshold: float | None,
    evidence: bool,
    out: Path | None,
    text_column: str | None,
    title_column: str | None,
    description_column: str | None,
    as_json: bool,
) -> None:
    """Tag TEXTS, or the lines of stdin; with --out, a table.

    A table is CSV, JSON or JSON lines: a path, a URL, or - for stdin. Its columns are kept.

    Example: python -m tagger tag "Transformers for speech recognition"

    Example: python -m tagger tag texts.csv --out tagged.csv
    """
    from tagger import printing
    from tagger.columns import TextColumns
    from tagger.decide import Options

    options = Options(top_k=top_k, threshold=threshold, evidence=evidence)
    if out is None:
        for text in filter(os.path.isfile, texts):
            printing.note(f"{text} is tagged as a text. For the rows of that file, add --out FILE.")
        _tag_texts(texts or _lines_of_stdin(), run, options, as_json=as_json)
        return
    if len(texts) != 1:
        raise click.UsageError("With --out give one table: a path, a URL, or - for stdin.")
    columns = TextColumns(text_column, title_column, description_column)
    _tag_table(texts[0], run, options, columns=columns, out=out, as_json=as_json)


def _tag_texts(texts: tuple[str, ...], run: str, options: Options, *, as_json: bool) -> None:
    from tagger import objects, printing
    from tagger.decide import decide, predictions

    for number, text in enumerate(texts, start=1):
        if not _is_text(text):
            raise click.UsageError(
                f"Text {number} of {len(texts)} is blank, or is not UTF-8. "
                "Write what is to be tagged, or leave it out."
            )
    store = open_store()
    run_id = store.resolve(run)
    model = store.model(run_id)
    found = predictions(model, texts, decide(model.score(texts), model.policy, options), options)
    if as_json:
        shown = [objects.prediction_object(prediction) for prediction in found]
        printing.print_json({"run_id": run_id, "predictions": shown})
    else:
        printing.print_predictions(found)


def _tag_table(
    table: str, run: str, options: Options, *, columns: TextColumns, out: Path, as_json: bool
) -> None:
    from tagger import printing
    from tagger.columns import TITLES_ALONE
    from tagger.errors import TooLittleData
    from tagger.sources import find_source
    from tagger.tables import read_rows
    from tagger.tag_table import tag_table
    from tagger.wording import counted

    store = open_store()
    run_id = store.resolve(run)
    model = store.model(run_id)
    source = find_source(table)
    if next(read_rows(source), None) is None:
        raise TooLittleData(f"{source.name} holds no rows.")
    with printing.counter("rows tagged") as count:
        told = tag_table(model, source, out, columns=columns, options=options, count=count)
    if told.titles_alone:
        printing.note(TITLES_ALONE)
    if source.encoding == "cp1252":
        printing.note(
            f"{source.name} is not UTF-8 and was read as Windows-1252; if letters are wrong, "
            "save it as UTF-8."
        )
    if as_json:
        printing.print_json({"run_id": run_id, "out": str(out), **asdict(told)})
    else:
        rows = counted(told.rows, "row")
        click.echo(f"{rows} tagged by {run_id}, {told.without_text} without text.")


def _lines_of_stdin() -> tuple[str, ...]:
    """Read one text a line; bytes that are not UTF-8 become lone surrogates, as in arguments."""
    from tagger.sources import standard_input

    lines = standard_input().decode("utf-8", "surrogateescape").removesuffix("\n")
    return tuple(line.removesuffix("\r") for line in lines.split("\n"))


def _is_text(text: str) -> bool:
    """Whether a text is not blank, and was UTF-8 when it was typed."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return bool(text.strip())
