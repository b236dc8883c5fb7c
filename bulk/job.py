"""A job: all partitions that have no answers yet, over the workers of a Dask cluster.

There is no record of progress beside the answers themselves: a partition is done when its file is
there. So a job that ended, however it ended, goes on where it was when it is started again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from distributed import Client, Future, as_completed

from bulk.partition import Job, tag_partition
from tagger.errors import SettingsError, TableError

RETRIES = 2
"""Times that a partition is tried again after a fault, a network drive's say."""


@dataclass(frozen=True, slots=True)
class Done:
    """A partition that a worker is through with."""

    partition: str
    rows: int | None
    """None where its answers were there already."""
    fault: str | None = None
    """Why there are no answers."""


def tag_all(client: Client, job: Job, tell: Callable[[Done], None]) -> list[Done]:
    """Tag every partition that is left; one that cannot be tagged stops no other.

    Returns what is amiss: the partitions with a fault, none when all is well.

    Raises
    ------
    SettingsError
        A worker of the cluster has more than one thread.
    """
    _check_threads(client)
    job.answers.mkdir(parents=True, exist_ok=True)
    left = job.left()
    futures = client.map(_attempt, left, job=job, key=left, retries=RETRIES)
    ended = as_completed(futures)
    # Then nothing refers to a future once it was told, and the scheduler forgets it: when a worker
    # dies, the work that it had finished is not done again.
    del futures
    faulty = []
    for future in ended:
        done = _done(future)
        tell(done)
        if done.fault is not None:
            faulty.append(done)
    if not faulty:
        _sweep(job)
    return faulty


def _attempt(partition: str, job: Job) -> Done:
    """Tag a partition on a worker; a fault of its table is returned, since a retry cannot help."""
    try:
        return Done(partition, tag_partition(partition, job))
    except TableError as fault:
        if isinstance(fault.__cause__, OSError):
            raise
        return Done(partition, None, str(fault))


def _done(future: Future[Done]) -> Done:
    fault = future.exception()
    return future.result() if fault is None else Done(str(future.key), None, str(fault))


def _check_threads(client: Client) -> None:
    """Refuse workers whose threads would share one model; they would win nothing by it."""
    threads = client.nthreads()
    if any(number != 1 for number in threads.values()):
        raise SettingsError(
            "A worker of this cluster has more than one thread. A run is loaded once a worker and "
            "is for one thread at a time: start a worker a core, each with --nthreads 1."
        )


def _sweep(job: Job) -> None:
    """Remove what killed workers left half written; once all answers are there, nobody needs it."""
    for unfinished in job.answers.glob(".*.unfinished"):
        unfinished.unlink(missing_ok=True)
