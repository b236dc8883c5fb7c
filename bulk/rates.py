"""How many texts a second a core tags: by a bare loop, by `tagger tag`, by a job of one worker."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from bulk.partition import Job
from bulk.trials import job_rate
from load_tests.results import PROJECT
from tagger.decide import decide
from tagger.model import Model

AT_ONCE = 256
"""Texts that the bare loop scores together, as many as `tagger tag`."""


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
    start, whole = seconds_of_tag(one, out), seconds_of_tag(table, out)
    return texts / (whole - start)


def seconds_of_tag(table: Path, out: Path) -> float:
    """Run `tagger tag`, and give the seconds that it took."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "tagger", "tag", str(table), "--out", str(out)],
        cwd=PROJECT,
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - started


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
