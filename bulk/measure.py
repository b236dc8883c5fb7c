"""`make bulk`: a million made-up texts tagged on Dask here, with kills, checked and measured.

The rate of a core is compared, in the same run, to a bare loop and to `tagger tag`: see `rates`.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from tagger.environment import open_store, prepare_environment

if __name__ == "__main__":
    prepare_environment()  # numpy reads it when it is imported

from bulk.generate import write_partitions
from bulk.partition import Job
from bulk.rates import Rates, rates_of_one_core, seconds_of_tag
from bulk.trials import Killed, job_rate, kill_and_resume
from load_tests.results import PROJECT, Circumstances, circumstances, write
from load_tests.sections import write_section
from load_tests.table import Table

RESULTS = PROJECT / "bulk" / "results" / "bulk.json"
README = PROJECT / "bulk" / "README.md"
SECTION = "measured"
PACKAGES = ("dask", "distributed", "numpy", "pydantic")
COMPARED = 10_000
"""Rows, drawn from all partitions, whose answers are compared with those of `tagger tag`."""


@dataclass(frozen=True)
class Measured:
    """What `make bulk` found."""

    on: Circumstances
    texts: int
    partitions: int
    workers: int
    rates: Rates
    bulk_to_bare: float
    """One worker's rate to the bare loop's."""
    bulk_to_command: float
    """One worker's rate to that of `tagger tag`: what the engine costs."""
    job_seconds: float
    """The undisturbed job whole, the start of Dask included."""
    killed: Killed
    rows_answered: int
    ids: int
    """Different ids among them."""
    answers_compared: int
    """With those of `tagger tag` on other neighbours; all were equal."""

    def is_complete(self) -> bool:
        """Tell whether nothing was lost and nothing done twice, kills or not."""
        killed = self.killed
        return (
            killed.same_as_undisturbed
            and killed.there_at_the_kill + killed.done_by_the_second_start == self.partitions
            and self.rows_answered == self.ids == self.texts
        )


def different_ids(job: Job) -> tuple[int, int]:
    """Count the answers and the different ids among them."""
    ids = [
        json.loads(line)["id"]
        for partition in job.partitions()
        for line in job.answer(partition).open()
    ]
    return len(ids), len(set(ids))


def compare_with_command(job: Job, folder: Path, *, rows: int) -> int:
    """Tag rows from all partitions by `tagger tag`, among other neighbours; all must be equal."""
    chance = random.Random(0)  # noqa: S311 - a sample
    partitions = job.partitions()
    table, out = folder / "sample.jsonl", folder / "sample-tagged.jsonl"
    expected = []
    with table.open("w") as sample:
        for partition in partitions:
            texts = (job.source / partition).read_text().splitlines(keepends=True)
            answers = job.answer(partition).read_text().splitlines(keepends=True)
            for place in chance.sample(range(len(texts)), max(1, rows // len(partitions))):
                sample.write(texts[place])
                expected.append(answers[place])
    seconds_of_tag(table, out)
    if out.read_text() != "".join(expected):
        raise click.ClickException("The job answers otherwise than `tagger tag`.")
    return len(expected)


def measure(folder: Path, *, texts: int, partitions: int, workers: int) -> Measured:
    """Measure everything on made-up texts and the promoted run of BENTOML_HOME."""
    load_average = os.getloadavg()[0]
    store = open_store()
    run_id = store.resolve("promoted")
    source, few = folder / "texts", folder / "few"
    source.mkdir()
    few.mkdir()

    def job(name: str, source: Path) -> Job:
        return Job(source, folder / name, store.folder.parent.resolve(), run_id)

    click.echo(f"Making {texts} texts")
    write_partitions(source, texts=texts, partitions=partitions, seed=0)
    for path in sorted(source.iterdir())[: max(4, partitions // 5)]:
        (few / path.name).hardlink_to(path)

    click.echo("One core: the bare loop, the command, a job of one worker; then the first two")
    of_one_core = rates_of_one_core(store.model(run_id), job("one", few), folder)

    click.echo(f"All texts, {workers} workers, undisturbed")
    whole = job("whole", source)
    started = time.perf_counter()
    rates = Rates(*of_one_core, job_rate(whole, workers))
    job_seconds = time.perf_counter() - started

    click.echo("The same with a worker killed, then all of it, then started again")
    disturbed = job("disturbed", source)
    killed = kill_and_resume(disturbed, workers, whole)

    click.echo("Are the answers complete, and those of `tagger tag`?")
    rows, ids = different_ids(disturbed)
    compared = compare_with_command(disturbed, folder, rows=min(texts, COMPARED))
    return Measured(
        on=circumstances(run_id, load_average=load_average, packages=PACKAGES),
        texts=texts,
        partitions=partitions,
        workers=workers,
        rates=rates,
        bulk_to_bare=rates.one_worker / rates.bare,
        bulk_to_command=rates.one_worker / rates.command,
        job_seconds=job_seconds,
        killed=killed,
        rows_answered=rows,
        ids=ids,
        answers_compared=compared,
    )


@click.command()
@click.option("--texts", default=1_000_000, show_default=True)
@click.option("--partitions", default=100, show_default=True)
@click.option("--workers", default=os.cpu_count() or 1, show_default=True)
@click.option("--write/--no-write", "keep", default=True, help="Write bulk/results/.")
def main(*, texts: int, partitions: int, workers: int, keep: bool) -> None:
    """Tag made-up texts by the promoted run of BENTOML_HOME, kill, resume, check, measure.

    Example: make bulk OPTIONS="--texts 100000"
    """
    with tempfile.TemporaryDirectory(dir=PROJECT / ".cache") as scratch:
        found = measure(Path(scratch), texts=texts, partitions=partitions, workers=workers)
    paragraphs = list(section(found))
    click.echo("\n\n".join(paragraphs))
    if not found.is_complete():
        raise click.ClickException(
            "Something was lost or done twice: see above. Nothing is written."
        )
    if keep:
        write(found, RESULTS)
        write_section(README, SECTION, paragraphs)


def section(found: Measured) -> Iterator[str]:
    """Tell what was found, as the README shows it."""
    rates, killed = found.rates, found.killed
    yield found.on.told()
    yield Table(
        ["what", "texts/s a core"],
        [
            [
                "bare loop: `Model.score` and `decide`, nothing read or written",
                f"{rates.bare:,.0f}",
            ],
            ["`python -m tagger tag FILE --out FILE`", f"{rates.command:,.0f}"],
            ["a job of one worker", f"{rates.one_worker:,.0f}"],
            [f"the job of {found.workers} workers", f"{rates.all_workers:,.0f}"],
        ],
    ).markdown()
    yield (
        f"One worker reaches {found.bulk_to_bare:.2f} of the bare loop and "
        f"{found.bulk_to_command:.2f} of the command: what a job costs beside them is reading and "
        f"writing JSON lines, and Dask. {found.texts:,} texts took {found.job_seconds:.0f} s, the "
        "start included."
    )
    same = "are" if killed.same_as_undisturbed else "are NOT"
    yield (
        f"Killed with {killed.there_at_the_kill} of {found.partitions} partitions done and "
        f"{killed.left_half_written} half written, the second start did the other "
        f"{killed.done_by_the_second_start}; the files {same} byte for byte those of an "
        f"undisturbed job. {found.rows_answered:,} rows are answered, with {found.ids:,} different "
        f"ids, and {found.answers_compared:,} answers compared are those of `tagger tag`."
    )


if __name__ == "__main__":
    main()
