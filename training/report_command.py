"""The command `report`: what a run is good and bad at, as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tagger import printing
from tagger.environment import open_store
from tagger.gate import ask_gate
from tagger.option_types import OutputFile
from tagger.wording import counted
from training.options import typed_for
from training.progress import steps
from training.reading_options import reading_options, take_reading
from training.report.table import find_table
from training.train_command import train

EXPECTED_STEPS = 8
"""About as many as a report has that knows its table."""


@click.command()
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
    with steps(printing.notes(), expected=EXPECTED_STEPS) as step:
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
