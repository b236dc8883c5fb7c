"""Whether a job's answers are complete: every row of every partition, once, in its place."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from bulk.partition import Job
from tagger.errors import FaultyRows
from tagger.sources import find_source
from tagger.tables import Row, read_rows
from tagger.tag_table import ADDED
from tagger.writing import cell


def check(job: Job) -> int:
    """Compare the answers with the partitions, row by row, and return the number of rows.

    An answer keeps the columns of its row, so no ids have to be remembered: a billion rows are
    checked in the memory that one takes.

    Raises
    ------
    FaultyRows
        A partition has no answers, or a row none, two, or another's.
    """
    return sum(_check_partition(job, name) for name in job.partitions())


def _check_partition(job: Job, partition: str) -> int:
    """Give the number of rows."""
    if not job.answer(partition).exists():
        raise FaultyRows(f"{partition} has no answers yet: start the job again.")
    number = 0
    again = f"Remove {job.answer(partition)} and start the job again."
    for number, (row, answer) in enumerate(_pairs(job, partition), start=1):
        if row is None or answer is None or not _kept(row).items() <= _kept(answer).items():
            raise FaultyRows(f"Row {number} of {partition} and its answer do not match. {again}")
        if not answer.values.keys() >= set(ADDED):
            raise FaultyRows(f"Row {number} of {partition} has no answer. {again}")
    return number


def _kept(row: Row) -> dict[str, str]:
    """Return what an answer keeps of a row, the same whether it was read from CSV or JSON."""
    return {name: cell(value) for name, value in row.values.items() if name not in ADDED}


def _pairs(job: Job, partition: str) -> Iterator[tuple[Row | None, Row | None]]:
    """Pair the rows of a partition with those of its answers; None where one ends early."""
    rows = read_rows(find_source(str(job.source / partition)))
    answer = job.answer(partition)  # an empty file if the partition names columns and has no rows
    answers = read_rows(find_source(str(answer))) if answer.stat().st_size else ()
    return zip_longest(rows, answers)
