"""`make bulk`: a million made-up texts tagged on Dask here, with kills, checked and measured.

The rate of a core is compared, in the same run, to a bare loop over the same texts in memory, and
to `tagger tag`, which reads and writes tables in one process.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import click

from tagger.environment import open_store, prepare_environment

if __name__ == "__main__":
    prepare_environment()  # numpy reads it when it is imported

from bulk.generate import write_partitions
from bulk.partition import Job
from bulk.trials import Killed, job_rate, kill_and_resume
from load_tests.results import PROJECT, Circumstances, circumstances, write
from load_tests.sections import write_section
from load_tests.table import Table
from tagger.decide import decide
from tagger.model import Model

RESULTS = PROJECT / "bulk" / "results" / "bulk.json"
README = PROJECT / "bulk" / "README.md"
SECTION = "measured"
PACKAGES = ("dask", "distributed", "numpy", "pydantic")
AT_ONCE = 256
"""Texts that the bare loop scores together, as many as `tagger tag`."""
COMPARED = 10_000
"""Rows, drawn from all partitions, whose answers are compared with those of `tagger tag`."""


@dataclass(frozen=True)
class Rates:
    """Texts a second and core."""

    bare: float
    """A loop over `Model.score` and `decide`, the texts in memory, nothing written."""
    command: float
    """`tagger tag`: rows read from JSON lines, answers written."""
    one_worker: float
    """A bulk job of one worker, from its first partition's end to its last's."""
    all_workers: float
    """The same with a worker a core, and the driver beside them: a core's share."""


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


def bare_rate(model: Model, texts: Sequence[str]) -> float:
    """Texts a second of a loop that does nothing but score and decide."""
    started = time.perf_counter()
    for first in range(0, len(texts), AT_ONCE):
        decide(model.score(texts[first : first + AT_ONCE]), model.policy)
    return len(texts) / (time.perf_counter() - started)


def command_rate(table: Path, out: Path, texts: int) -> float:
    """Texts a second of `tagger tag`, its start (measured on one row) taken off."""
    one = out.with_name("one.jsonl")
    with table.open() as rows:
        one.write_text(next(rows))
    start, whole = _tag(one, out), _tag(table, out)
    return texts / (whole - start)


def _tag(table: Path, out: Path) -> float:
    """Run `tagger tag`, and give the seconds that it took."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "tagger", "tag", str(table), "--out", str(out)],
        cwd=PROJECT,
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - started


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
    _tag(table, out)
    if out.read_text() != "".join(expected):
        raise click.ClickException("The job answers otherwise than `tagger tag`.")
    return len(expected)


def rates_of_one_core(model: Model, job: Job, folder: Path) -> tuple[float, float, float]:
    """Measure the bare loop, the command and a job of one worker; then the first two again.

    Returns texts a second of each, of the first two the mean.
    """
    joined, out = folder / "few.jsonl", folder / "few-tagged.jsonl"
    joined.write_text("".join((job.source / name).read_text() for name in job.partitions()))
    texts = [json.loads(line)["text"] for line in joined.open()]
    bare, command = [bare_rate(model, texts)], [command_rate(joined, out, len(texts))]
    one_worker = job_rate(job, 1)
    bare.append(bare_rate(model, texts))
    command.append(command_rate(joined, out, len(texts)))
    return fmean(bare), fmean(command), one_worker


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
