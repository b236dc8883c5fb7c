"""`make sizing`, first half: measure one pod, as `bentoml serve` on one core, at several rates."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

import click
import requests
from prometheus_client.parser import text_string_to_metric_families

from load_tests.capacity import capacity_of
from load_tests.open_loop import Arrivals, arrive
from load_tests.results import ONE_POD, Circumstances, write
from load_tests.running import Running, running
from load_tests.subjects import measuring, tagline

SHARES = (0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1.0, 1.1, 1.2)
"""Rates that are measured, as shares of the capacity."""
SEARCHES = 3
"""For the capacity, which is their median: one alone may meet a bad minute of the machine."""
MARGIN = 0.15
"""Share by which what a pod then answers may differ from its capacity."""
BUSIEST = 0.7
"""Share of the time that the generator may have work."""
QUEUE = 500
"""Texts that may wait: few, so that seconds of too much load fill the queue."""


@dataclass(frozen=True)
class Round:
    """What became of the requests of some seconds, one text each, that came at one rate."""

    rate: float
    arrived: int
    answered: int
    refused: int
    p50_ms: float
    """Of the answered, from arrival to answer."""
    p99_ms: float
    batch_texts: float
    """Mean size of a batch, by the server's metrics."""
    cpu_us: float
    """Processor time of the server a request that arrived."""
    uncounted: int
    """Requests that tell nothing of the server: 0 in a round that counts."""

    @property
    def seconds(self) -> float:
        """How long they came."""
        return self.arrived / self.rate

    @property
    def cores(self) -> float:
        """How many cores the server used."""
        return self.rate * self.cpu_us * 1e-6


@dataclass(frozen=True)
class OnePod:
    """What one pod was measured to do."""

    on: Circumstances
    searches: tuple[float, ...]
    """What each search for the capacity found, requests a second of one text each."""
    memory_mib: float
    start_seconds: float
    """From the start of the process to its first answer."""
    queue: int
    rounds: tuple[Round, ...]

    @property
    def capacity(self) -> float:
        """Requests a second that it keeps up with, of callers who do not wait."""
        return statistics.median(self.searches)

    def contradiction(self) -> str | None:
        """Say in what the rounds contradict the capacity, or None.

        Up to it a pod answers what arrives. Beyond it a pod answers no more than it, and mostly
        less, for refusals take time.
        """
        for one in self.rounds:
            answered = one.answered / one.seconds
            too_few = one.rate <= self.capacity and answered < (1 - MARGIN) * one.rate
            if too_few or answered > (1 + MARGIN) * self.capacity:
                return (
                    f"The pod's capacity was found to be {self.capacity:,.0f} requests/s, but of "
                    f"{one.rate:,.0f}/s it then answered {answered:,.0f}, which is more than "
                    f"{MARGIN:.0%} away. The machine was not the same throughout, so nothing is "
                    "written: measure again when nothing else runs on it."
                )
        return None


def take(server: Running, rate: float, *, seconds: float, seed: int) -> Round:
    """Let requests arrive at a rate and read what the server did meanwhile."""
    batches, used = batches_of(server), server.processor_seconds()
    found = arrive(server, per_second=rate, seconds=seconds, seed=seed)
    batches, used = batches_of(server) - batches, server.processor_seconds() - used
    return Round(
        rate=rate,
        arrived=found.arrived,
        answered=found.answered,
        refused=found.refused,
        p50_ms=found.p50_ms,
        p99_ms=found.p99_ms,
        batch_texts=found.answered / max(1, batches),
        cpu_us=used / found.arrived * 1e6,
        uncounted=uncounted(found),
    )


def batches_of(server: Running) -> float:
    """Return how many batches a server has run; the one worker tells all before it answers."""
    text = requests.get(f"{server.root}/metrics", timeout=10).text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "tagline_batch_texts_count"
    )


def uncounted(found: Arrivals) -> int:
    """Count the requests that were not answered by rule, or that the generator could not keep to.

    Where it had work most of the time it is what was measured, and all are counted.
    """
    if found.busy > BUSIEST:
        return found.arrived
    return found.failures + found.held


@click.command()
@click.option("--seconds", default=8.0, show_default=True, help="Seconds a rate.")
def main(*, seconds: float) -> None:
    """Measure one server on the promoted run of BENTOML_HOME, at rates below and above what it can.

    Example: python -m load_tests.sizing.measure
    """
    with measuring() as (ground, on):
        began = time.perf_counter()
        pod = tagline(ground, "pod", TAGLINE_QUEUE_TEXTS=str(QUEUE), TAGLINE_MAX_TEXTS="100")
        with running(pod) as server:
            start_seconds = time.perf_counter() - began
            searches = tuple(capacity_of(server) for _ in range(SEARCHES))
            capacity = statistics.median(searches)
            click.echo(
                f"{capacity:,.0f} requests/s, of searches that found {min(searches):,.0f} to "
                f"{max(searches):,.0f}, up in {start_seconds:.1f} s"
            )
            rounds = tuple(
                take(server, share * capacity, seconds=seconds, seed=number)
                for number, share in enumerate(SHARES)
            )
            memory_mib = sum(server.resident_mib())
    for one in rounds:
        click.echo(
            f"{one.rate:7,.0f}/s: p50 {one.p50_ms:.2f} ms, p99 {one.p99_ms:.2f}, refused "
            f"{one.refused}, batch {one.batch_texts:.1f}, not counted {one.uncounted}"
        )
    found = OnePod(
        on=on,
        searches=searches,
        memory_mib=memory_mib,
        start_seconds=start_seconds,
        queue=QUEUE,
        rounds=rounds,
    )
    if contradiction := found.contradiction():
        raise click.ClickException(contradiction)
    write(found, ONE_POD)


if __name__ == "__main__":
    main()
