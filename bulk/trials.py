"""Jobs started in processes of their own, to be timed and to be killed."""

from __future__ import annotations

import filecmp
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click
import psutil

from bulk.partition import Job
from load_tests.results import PROJECT


@dataclass(frozen=True)
class Killed:
    """A job whose worker was killed, then all of it, and that was started again."""

    there_at_the_kill: int
    """Partitions whose answers were there when the whole job was killed."""
    done_by_the_second_start: int
    left_half_written: int
    """Unfinished files that the kills left; none is there at the end."""
    same_as_undisturbed: bool
    """Whether every file of answers is, byte for byte, that of the job that nobody disturbed."""


@contextmanager
def bulk_tag(job: Job, workers: int) -> Iterator[subprocess.Popen[str]]:
    """Start a job in a process of its own; whoever reads its lines sees it work."""
    command = (sys.executable, "-m", "bulk", "tag", str(job.source), str(job.out))
    process = subprocess.Popen(
        [*command, "--run", job.run_id, "--workers", str(workers)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        yield process


def job_rate(job: Job, workers: int) -> float:
    """Texts a second and worker, from the end of each worker's first partition to the last's."""
    with bulk_tag(job, workers) as process:
        ended = [
            (time.perf_counter(), int(line.split()[-2]))
            for line in process.stdout or ()
            if line.endswith(" rows\n")
        ]
    _check_ended(process)
    rows = sum(number for _, number in ended[workers:])
    return rows / (ended[-1][0] - ended[workers - 1][0]) / workers


def kill_and_resume(job: Job, workers: int, undisturbed: Job) -> Killed:
    """Kill a worker after a fifth of the job, all of it after half, then start it again."""
    partitions = job.partitions()
    with bulk_tag(job, workers) as process:
        lines = iter(process.stdout or ())
        _read(lines, len(partitions) // 5)
        workers_of(process.pid)[0].send_signal(signal.SIGKILL)
        _read(lines, len(partitions) * 3 // 10)
        orphans = workers_of(process.pid)
        process.kill()
    psutil.wait_procs(orphans)  # they end once they notice that their driver is gone
    there = len(partitions) - len(job.left())
    half_written = len(list(job.answers.glob(".*.unfinished")))
    with bulk_tag(job, workers) as process:
        again = [line for line in process.stdout or () if line.endswith(" rows\n")]
    _check_ended(process)
    names = [path.name for path in sorted(job.answers.iterdir())]
    _, different, missing = filecmp.cmpfiles(job.answers, undisturbed.answers, names, shallow=False)
    return Killed(
        there_at_the_kill=there,
        done_by_the_second_start=len(again),
        left_half_written=half_written,
        same_as_undisturbed=not (different or missing) and len(names) == len(partitions),
    )


def workers_of(driver: int) -> list[psutil.Process]:
    """Find the processes that a driver's own cluster computes in."""
    return [child for child in psutil.Process(driver).children(recursive=True) if _computes(child)]


def _computes(process: psutil.Process) -> bool:
    """Whether a process is a worker, not one of Python's own beside them."""
    try:
        return any("spawn_main" in part for part in process.cmdline())
    except psutil.NoSuchProcess:  # it has ended since it was listed
        return False


def _read(lines: Iterator[str], number: int) -> None:
    for _ in range(number):
        next(lines)


def _check_ended(process: subprocess.Popen[str]) -> None:
    if process.returncode != 0:
        raise click.ClickException(f"The job ended with status {process.returncode}.")
