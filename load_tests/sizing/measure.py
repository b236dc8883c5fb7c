"""`make sizing`, first half: measure one pod, as `bentoml serve` on one core, at several rates."""

from __future__ import annotations

import os
import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import requests
import uvloop
from prometheus_client.parser import text_string_to_metric_families

from load_tests.measure import Running, load, processor_seconds, resident_mib, running
from load_tests.results import PROJECT, Circumstances, circumstances, write
from load_tests.sizing.open_loop import Answers, ask_all
from load_tests.sizing.pod import Bounds, Costs, Load, arrivals_at, load_of, simulate
from load_tests.subjects import Ground, tagline

ONE_POD = PROJECT / "load_tests" / "results" / "one_pod.json"
SHARES = (0.05, 0.2, 0.4, 0.6, 0.75, 0.9, 1.1, 1.3)
"""Rates that are measured, as shares of the capacity."""
BOUNDS = Bounds(queue=500)
"""The queue is made short, so that seconds of too much load fill it."""


@dataclass(frozen=True)
class Told:
    """What the server's own metrics tell, summed since its start."""

    texts: float
    batches: float
    batch_seconds: float


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
    unsent: int
    """Requests that the measuring process could not send in time; 0 in a round that counts."""
    others: int
    """Answers that were neither 200 nor 503."""


@dataclass(frozen=True)
class OnePod:
    """What one pod was measured to do."""

    on: Circumstances
    capacity: float
    """Requests a second, one text each: wrk over 64 connections."""
    memory_mib: float
    start_seconds: float
    """From the start of the process to its first answer."""
    costs: Costs
    queue: int
    rounds: tuple[Round, ...]


@dataclass(frozen=True)
class Taken:
    """A rate as it was taken, before anything is simulated."""

    rate: float
    answers: Answers
    arrived: int
    told: Told
    cpu_us: float


def told_by(server: Running) -> Told:
    """Read the metrics of batches; the one worker writes them down before it answers."""
    text = requests.get(f"http://127.0.0.1:{server.port}/metrics", timeout=10).text
    sums = {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.endswith(("_sum", "_count"))
    }
    return Told(
        texts=sums["tagline_batch_texts_sum"],
        batches=sums["tagline_batch_texts_count"],
        batch_seconds=sums["tagline_batch_seconds_sum"],
    )


def take(server: Running, rate: float, *, seconds: float, seed: int) -> Taken:
    """Let requests arrive at a rate and read what the server tells of them."""
    sent = [
        f"POST /predict HTTP/1.1\r\nHost: pod\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
        for body in server.subject.bodies.read_bytes().splitlines()
    ]
    moments = arrivals_at(rate, seconds=seconds, seed=seed)
    before, used = told_by(server), processor_seconds(server.tree())
    answers = uvloop.run(ask_all(server.port, sent, moments))
    used = processor_seconds(server.tree()) - used
    after = told_by(server)
    told = Told(
        after.texts - before.texts,
        after.batches - before.batches,
        after.batch_seconds - before.batch_seconds,
    )
    return Taken(rate, answers, len(moments), told, used / len(moments) * 1e6)


def costs_of(taken: list[Taken], capacity: float) -> Costs:
    """Find what requests, batches and texts cost.

    A batch and a text: the straight line through the batches' mean times over their mean sizes. A
    request: what is left of a request's time at full load. A refusal: what is left of the processor
    time of the last rate, beyond what a pod can do, when its answers are taken off.
    """
    sizes = [one.told.texts / one.told.batches for one in taken]
    seconds = [one.told.batch_seconds / one.told.batches for one in taken]
    text, batch = np.polyfit(sizes, seconds, 1).tolist()
    full = max(sizes)
    request = 1 / capacity - text - batch / full
    beyond = taken[-1]
    refused = beyond.answers.refused
    used = beyond.cpu_us * 1e-6 * beyond.arrived - len(beyond.answers.latencies) / capacity
    return Costs(
        request=max(request, 1e-6),
        refusal=max(used / refused, 1e-6) if refused else request,
        batch=max(batch, 0.0),
        text=max(text, 1e-6),
    )


def round_of(one: Taken, costs: Costs, *, seconds: float, seed: int) -> Round:
    """Set the same arrivals, simulated, beside what was measured."""
    return Round(
        rate=one.rate,
        measured=load_of(
            one.arrived,
            one.answers.latencies,
            refused=one.answers.refused,
            batches=one.told.batches,
        ),
        simulated=simulate(one.rate, seconds=seconds, costs=costs, bounds=BOUNDS, seed=seed),
        batch_us=one.told.batch_seconds / one.told.batches * 1e6,
        cpu_us=one.cpu_us,
        unsent=one.answers.unsent,
        others=one.answers.others,
    )


@click.command()
@click.option("--seconds", default=10.0, show_default=True, help="Seconds a rate.")
@click.option("--write/--no-write", "keep", default=True, help="Write load_tests/results/.")
def main(*, seconds: float, keep: bool) -> None:
    """Measure one server on the promoted run of BENTOML_HOME, at rates below and above what it can.

    Example: python -m load_tests.sizing.measure
    """
    load_average = os.getloadavg()[0]
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a connection is an open file
    os.sched_setaffinity(0, {1})  # the server has the other core
    with tempfile.TemporaryDirectory() as folder:
        ground = Ground.of_home(Path(folder))
        began = time.perf_counter()
        pod = tagline(ground, "pod", TAGLINE_QUEUE_TEXTS=str(BOUNDS.queue), TAGLINE_MAX_TEXTS="100")
        with running(pod, ground.folder / "log") as server:
            start_seconds = time.perf_counter() - began
            load(server, seconds=2)
            capacity = load(server, seconds=max(2, int(seconds / 2))).requests_per_second
            click.echo(
                f"{capacity:,.0f} requests/s over 64 connections, up in {start_seconds:.1f} s"
            )
            taken = [
                take(server, share * capacity, seconds=seconds, seed=number)
                for number, share in enumerate(SHARES)
            ]
            memory_mib = resident_mib(server)
    costs = costs_of(taken, capacity)
    rounds = tuple(
        round_of(one, costs, seconds=seconds, seed=number) for number, one in enumerate(taken)
    )
    for one in rounds:
        click.echo(
            f"{one.rate:7,.0f}/s: p50 {one.measured.p50_ms:.2f} ms (simulated "
            f"{one.simulated.p50_ms:.2f}), p99 {one.measured.p99_ms:.2f} "
            f"({one.simulated.p99_ms:.2f}), refused {one.measured.refused} "
            f"({one.simulated.refused}), batch {one.measured.batch_texts:.1f} "
            f"({one.simulated.batch_texts:.1f}), unsent {one.unsent}, others {one.others}"
        )
    if keep:
        on = circumstances(ground.run_id, load_average=load_average)
        write(OnePod(on, capacity, memory_mib, start_seconds, costs, BOUNDS.queue, rounds), ONE_POD)
        click.echo(f"Written: {ONE_POD.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()
