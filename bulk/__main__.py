"""The data engineer's commands: generate, tag, check."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

from tagger.console import HELP, Commands
from tagger.environment import open_store, prepare_environment

if __name__ == "__main__":
    prepare_environment()  # numpy reads it when it is imported

from bulk.partition import Job
from tagger.columns import TextColumns
from tagger.errors import FaultyRows
from tagger.wording import counted

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
run_option = click.option(
    "--run", default="promoted", show_default=True, help="The run that answers."
)


def the_job(source: Path, out: Path, run: str, columns: TextColumns) -> Job:
    """Put a job together from what was typed; other machines see the same absolute paths."""
    store = open_store()
    return Job(
        source=source.resolve(),
        out=out.resolve(),
        models=store.folder.parent.resolve(),
        run_id=store.resolve(run),
        columns=columns,
    )


@click.group(cls=Commands, context_settings=HELP)
def commands() -> None:
    """Tag a folder of tables on a Dask cluster; started again, go on where it was.

    Example: python -m bulk tag texts/ tagged/
    """


@commands.command()
@click.argument("source", type=FOLDER)
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@run_option
@click.option("--scheduler", help="Address of a running cluster; else one is started here.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=os.cpu_count(),
    show_default=True,
    help="Processes, where no --scheduler is given.",
)
@click.option("--text-column", help="Where the texts are, if not in `text`.")
@click.option("--title-column", help="Where the titles are, if not in `title`.")
@click.option("--description-column", help="Where the descriptions are.")
def tag(
    source: Path,
    out: Path,
    *,
    run: str,
    scheduler: str | None,
    workers: int,
    text_column: str | None,
    title_column: str | None,
    description_column: str | None,
) -> None:
    """Tag each file of the folder SOURCE into one of OUT/RUN.

    Example: python -m bulk tag texts/ tagged/ --workers 8

    Example: python -m bulk tag texts/ tagged/ --scheduler tcp://scheduler:8786
    """
    from distributed import Client, LocalCluster

    from bulk.job import Done, tag_all

    def tell(done: Done) -> None:
        what = done.fault or ("was there" if done.rows is None else counted(done.rows, "row"))
        click.echo(f"{done.partition}: {what}")

    if scheduler and not re.fullmatch(r"(\w+://)?.+:\d+", scheduler):
        raise click.BadParameter(
            f"{scheduler!r} names no port. Write it as tcp://scheduler:8786.",
            param_hint="'--scheduler'",
        )
    columns = TextColumns(text_column, title_column, description_column)
    job = the_job(source, out, run, columns)
    cluster = scheduler or LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=None
    )
    with Client(cluster) as client:
        faulty = tag_all(client, job, tell)
    if not isinstance(cluster, str):
        cluster.close()
    if faulty:
        raise FaultyRows(
            f"{len(faulty)} of {counted(len(job.partitions()), 'partition')} not tagged, "
            f"{faulty[0].partition} the first. Mend them and start again: the others are done."
        )
    click.echo(f"Tagged by {job.run_id}: {counted(len(job.partitions()), 'partition')}, all.")


@commands.command()
@click.argument("source", type=FOLDER)
@click.argument("out", type=FOLDER)
@run_option
def check(source: Path, out: Path, *, run: str) -> None:
    """Check that OUT/RUN answers each row of SOURCE, in order.

    Example: python -m bulk check texts/ tagged/
    """
    from bulk.check import check as check_job

    job = the_job(source, out, run, TextColumns())
    rows = check_job(job)
    partitions = counted(len(job.partitions()), "partition")
    click.echo(f"{counted(rows, 'row')} in {partitions}: each answered once.")


@commands.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--texts", type=click.IntRange(min=1), default=1_000_000, show_default=True)
@click.option("--partitions", type=click.IntRange(min=1), default=100, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
def generate(folder: Path, *, texts: int, partitions: int, seed: int) -> None:
    """Write made-up texts into FOLDER, to try a cluster with.

    Example: python -m bulk generate texts/ --texts 1000000
    """
    from bulk.generate import write_partitions

    folder.mkdir(parents=True, exist_ok=True)
    write_partitions(folder, texts=texts, partitions=partitions, seed=seed)
    click.echo(f"{counted(texts, 'text')} in {counted(partitions, 'partition')}: {folder}")


if __name__ == "__main__":
    commands(prog_name="python -m bulk")
