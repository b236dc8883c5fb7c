"""Short rounds that alternate between servers, and what they come to.

The same program wanders by a tenth within minutes on a shared machine. So every server has its turn
in every round, and what counts is its ratio to the baseline of the same round.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from rich.console import Console
from rich.progress import track

from load_tests.results import Row
from load_tests.running import Subject, running
from load_tests.table import Table
from load_tests.wrk import Sample, load


def measure(
    subjects: Sequence[Subject], *, rounds: int, seconds: int, connections: int = 64
) -> dict[str, list[Sample]]:
    """Start all servers; load each once a round, after a round that warms them up.

    Returns each server's samples by its name, one a round.
    """
    with ExitStack() as stack:
        servers = [stack.enter_context(running(subject)) for subject in subjects]
        for server in servers:
            load(server, seconds=1, connections=connections)
        samples: dict[str, list[Sample]] = {subject.name: [] for subject in subjects}
        for _ in track(range(rounds), "Rounds", console=Console(stderr=True)):
            for server in servers:
                sample = load(server, seconds=seconds, connections=connections)
                samples[server.subject.name].append(sample)
    return samples


def summarise(subject: Subject, samples: Mapping[str, Sequence[Sample]], baseline: str) -> Row:
    """Put a server's rounds together, each as a ratio to the baseline's of the same round."""
    own = samples[subject.name]
    ratios = [
        sample.requests_per_second / base.requests_per_second
        for sample, base in zip(own, samples[baseline], strict=True)
    ]
    quarters = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else [ratios[0]] * 3
    return Row(
        name=subject.name,
        note=subject.note,
        requests_per_second=statistics.median(s.requests_per_second for s in own),
        p50_ms=statistics.median(s.p50_ms for s in own),
        p99_ms=statistics.median(s.p99_ms for s in own),
        cpu_us=statistics.median(s.cpu_us for s in own),
        memory_mib=own[-1].memory_mib,
        failures=sum(s.failures for s in own),
        ratio=statistics.median(ratios),
        ratio_quartiles=(quarters[0], quarters[2]),
        ratio_range=(min(ratios), max(ratios)),
    )


def table(rows: Sequence[Row]) -> Table:
    """Lay out the rows."""
    head = ["", "ratio", "quartiles", "range", "requests/s", "p50 ms", "p99 ms", "CPU us", "MiB"]
    return Table(
        [*head, "failures"],
        [
            [
                row.title,
                f"{row.ratio:.2f}",
                "{:.2f} to {:.2f}".format(*row.ratio_quartiles),
                "{:.2f} to {:.2f}".format(*row.ratio_range),
                f"{row.requests_per_second:,.0f}",
                f"{row.p50_ms:.1f}",
                f"{row.p99_ms:.1f}",
                f"{row.cpu_us:.0f}",
                f"{row.memory_mib:,.0f}",
                str(row.failures),
            ]
            for row in rows
        ],
    )
