"""`make sizing`, first half: measure one pod, as `bentoml serve` on one core, at several rates."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import click
import requests
from prometheus_client.parser import text_string_to_metric_families

from load_tests.capacity import ABOVE, SECONDS, capacity_of, highest_rate, kept_up
from load_tests.measure import Running, load, processor_seconds, running
from load_tests.open_loop import Arrivals, arrive
from load_tests.results import ONE_POD, Circumstances, circumstances, load_before, write
from load_tests.sizing.costs import Used, fit
from load_tests.sizing.pod import Bounds, Costs, Load, simulate_pod
from load_tests.subjects import Ground, tagline

SHARES = (0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1.0, 1.1, 1.2)
"""Rates that are measured, as shares of the capacity."""
SEARCHES = 3
"""For the capacity, which is their median: one alone may meet a bad minute of the machine."""
MARGIN = 0.15
"""Share by which what a pod then answers may differ from its capacity."""
BUSIEST = 0.7
"""Share of the time that the generator may have work."""
BOUNDS = Bounds(queue=500)
"""The queue is made short, so that seconds of too much load fill it."""


@dataclass(frozen=True)
class Round:
    """One rate, measured and simulated."""

    rate: float
    measured: Load
    simulated: Load
    batch_us: float
    """Mean time of a batch, microseconds, by the server's metrics."""
    cpu_us: float
    """Processor time of the server a request that arrived."""
    uncounted: int
    """Requests that tell nothing of the server: 0 in a round that counts."""


@dataclass(frozen=True)
class OnePod:
    """What one pod was measured to do."""

    on: Circumstances
    capacity: float
    """Requests a second, one text each, for callers who do not wait."""
    closed_capacity: float
    """The same by wrk over 64 connections, whose callers wait for their answers."""
    simulated_capacity: float
    """What the simulated pod keeps up with, by the rule of the measured one."""
    memory_mib: float
    start_seconds: float
    """From the start of the process to its first answer."""
    costs: Costs
    queue: int
    rounds: tuple[Round, ...]
    searches: tuple[float, ...] = ()
    """What each search for the capacity found."""

    def contradiction(self) -> str | None:
        """Say in what the rounds contradict the capacity, or None.

        Up to it a pod answers what arrives. Beyond it a pod answers no more than it, and mostly
        less, for refusals take time.
        """
        for one in self.rounds:
            answered = one.rate * one.measured.answered / one.measured.arrived
            too_few = one.rate <= self.capacity and answered < (1 - MARGIN) * one.rate
            if too_few or answered > (1 + MARGIN) * self.capacity:
                return (
                    f"The pod's capacity was found to be {self.capacity:,.0f} requests/s, but of "
                    f"{one.rate:,.0f}/s it then answered {answered:,.0f}, which is more than "
                    f"{MARGIN:.0%} away. The machine was not the same throughout, so nothing is "
                    "written: measure again when nothing else runs on it."
                )
        return None


@dataclass(frozen=True)
class Counters:
    """What the server and the system tell of its work, summed since its start."""

    texts: float
    batches: float
    batch_seconds: float
    cpu_seconds: float
    wakes: int

    @classmethod
    def of(cls, server: Running) -> Counters:
        """Read them; the one worker writes its metrics down before it answers."""
        text = requests.get(f"{server.root}/metrics", timeout=10).text
        sums: defaultdict[str, float] = defaultdict(float)
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                sums[sample.name] += sample.value
        tree = server.tree()
        return cls(
            texts=sums["tagline_batch_texts_sum"],
            batches=sums["tagline_batch_texts_count"],
            batch_seconds=sums["tagline_batch_seconds_sum"],
            cpu_seconds=sum(map(processor_seconds, tree)),
            wakes=sum(process.num_ctx_switches().voluntary for process in tree),
        )


@dataclass(frozen=True)
class Taken:
    """A rate as it was taken, before anything is simulated."""

    rate: float
    arrivals: Arrivals
    used: Used


def take(server: Running, rate: float, *, seconds: float, seed: int) -> Taken:
    """Let requests arrive at a rate and read what the server did meanwhile."""
    before = Counters.of(server)
    arrivals = arrive(server, per_second=rate, seconds=seconds, seed=seed)
    after = Counters.of(server)
    used = Used(
        cpu_seconds=after.cpu_seconds - before.cpu_seconds,
        wakes=after.wakes - before.wakes,
        batches=after.batches - before.batches,
        batch_seconds=after.batch_seconds - before.batch_seconds,
        answered=arrivals.answered,
        refused=arrivals.refused,
    )
    return Taken(rate, arrivals, used)


def uncounted(found: Arrivals) -> int:
    """Count the requests that were not answered by rule, or that the generator could not keep to.

    Where it had work most of the time it is what was measured, and all are counted.
    """
    if found.busy > BUSIEST:
        return found.arrived
    return found.failures + found.held


def round_of(one: Taken, costs: Costs, *, seconds: float, seed: int) -> Round:
    """Set the same arrivals, simulated, beside what was measured."""
    found, used = one.arrivals, one.used
    return Round(
        rate=one.rate,
        measured=Load(
            arrived=found.arrived,
            answered=found.answered,
            refused=found.refused,
            p50_ms=found.p50_ms,
            p99_ms=found.p99_ms,
            batch_texts=used.answered / max(1, used.batches),
        ),
        simulated=simulate_pod(one.rate, seconds=seconds, costs=costs, bounds=BOUNDS, seed=seed),
        batch_us=used.batch_seconds / used.batches * 1e6,
        cpu_us=used.cpu_seconds / found.arrived * 1e6,
        uncounted=uncounted(found),
    )


def simulated_capacity(costs: Costs, *, most: float) -> float:
    """Find the highest rate that the simulated pod keeps up with."""

    def keeps_up(rate: float) -> bool:
        found = simulate_pod(rate, seconds=SECONDS, costs=costs, bounds=BOUNDS, seed=0)
        return kept_up(found)

    return highest_rate(keeps_up, most=most)


@click.command()
@click.option("--seconds", default=8.0, show_default=True, help="Seconds a rate.")
@click.option("--write/--no-write", "keep", default=True, help="Write load_tests/results/.")
def main(*, seconds: float, keep: bool) -> None:
    """Measure one server on the promoted run of BENTOML_HOME, at rates below and above what it can.

    Example: python -m load_tests.sizing.measure
    """
    load_average = load_before()
    with tempfile.TemporaryDirectory() as folder:
        ground = Ground.of_home(Path(folder))
        began = time.perf_counter()
        pod = tagline(ground, "pod", TAGLINE_QUEUE_TEXTS=str(BOUNDS.queue), TAGLINE_MAX_TEXTS="100")
        with running(pod, ground.folder / "log") as server:
            start_seconds = time.perf_counter() - began
            closed_capacity = load(server, seconds=3).requests_per_second
            searches = tuple(capacity_of(server) for _ in range(SEARCHES))
            capacity = statistics.median(searches)
            click.echo(
                f"{capacity:,.0f} requests/s, of searches that found {min(searches):,.0f} to "
                f"{max(searches):,.0f} ({closed_capacity:,.0f} where callers wait), up in "
                f"{start_seconds:.1f} s"
            )
            taken = [
                take(server, share * capacity, seconds=seconds, seed=number)
                for number, share in enumerate(SHARES)
            ]
            memory_mib = sum(server.resident_mib())
    costs = fit([one.used for one in taken])
    rounds = tuple(
        round_of(one, costs, seconds=seconds, seed=number) for number, one in enumerate(taken)
    )
    for one in rounds:
        click.echo(
            f"{one.rate:7,.0f}/s: p50 {one.measured.p50_ms:.2f} ms (simulated "
            f"{one.simulated.p50_ms:.2f}), p99 {one.measured.p99_ms:.2f} "
            f"({one.simulated.p99_ms:.2f}), refused {one.measured.refused} "
            f"({one.simulated.refused}), batch {one.measured.batch_texts:.1f} "
            f"({one.simulated.batch_texts:.1f}), not counted {one.uncounted}"
        )
    found = OnePod(
        on=circumstances(ground.run_id, load_average=load_average),
        capacity=capacity,
        closed_capacity=closed_capacity,
        simulated_capacity=simulated_capacity(costs, most=ABOVE * closed_capacity),
        memory_mib=memory_mib,
        start_seconds=start_seconds,
        costs=costs,
        queue=BOUNDS.queue,
        rounds=rounds,
        searches=searches,
    )
    if contradiction := found.contradiction():
        raise click.ClickException(contradiction)
    if keep:
        write(found, ONE_POD)


if __name__ == "__main__":
    main()
