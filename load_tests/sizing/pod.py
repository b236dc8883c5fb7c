"""One pod under open-loop arrivals, simulated: one core, one loop, batches of what came meanwhile.

A turn of the server's loop reads every request that has arrived, then runs one batch of those that
wait, then answers them. A request that finds the queue full is refused at once.
"""

from __future__ import annotations

import random
import statistics
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Costs:
    """Processor time, seconds."""

    request: float
    """To read a request and to write its answer."""
    refusal: float
    """To read a request and to refuse it."""
    batch: float
    """Of a batch, whatever its size."""
    text: float
    """Of each text in a batch."""


@dataclass(frozen=True)
class Bounds:
    """The server's own, as its settings `TAGLINE_QUEUE_TEXTS` and `TAGLINE_BATCH_…` set them."""

    queue: int = 20_000
    batch: int = 256
    seconds: float = 0.005


@dataclass(frozen=True)
class Load:
    """How a pod took the requests of some seconds, one text each."""

    arrived: int
    answered: int
    refused: int
    p50_ms: float
    """Of the answered, from arrival to answer."""
    p99_ms: float
    batch_texts: float
    """Mean size of a batch."""


def simulate(rate: float, *, seconds: float, costs: Costs, bounds: Bounds, seed: int) -> Load:
    """Let requests arrive at random at ``rate`` a second, for so many seconds; answer them all."""
    arrivals = arrivals_at(rate, seconds=seconds, seed=seed)
    size = max(1, min(bounds.batch, int(bounds.seconds / costs.text)))
    queue: deque[float] = deque()
    latencies: list[float] = []
    refused = batches = place = 0
    now = 0.0
    while place < len(arrivals) or queue:
        if not queue:
            now = max(now, arrivals[place])
        polled = now
        while place < len(arrivals) and arrivals[place] <= polled:
            if len(queue) < bounds.queue:
                queue.append(arrivals[place])
                now += costs.request
            else:
                refused += 1
                now += costs.refusal
            place += 1
        batch = [queue.popleft() for _ in range(min(size, len(queue)))]
        if batch:
            now += costs.batch + costs.text * len(batch)
            batches += 1
            latencies += [now - arrived for arrived in batch]
    return load_of(len(arrivals), latencies, refused=refused, batches=batches)


def arrivals_at(rate: float, *, seconds: float, seed: int) -> list[float]:
    """Draw the moments of a Poisson process, in seconds from its beginning."""
    chance = random.Random(seed)
    moments = []
    moment = chance.expovariate(rate)
    while moment < seconds:
        moments.append(moment)
        moment += chance.expovariate(rate)
    return moments


def load_of(arrived: int, latencies: Sequence[float], *, refused: int, batches: float) -> Load:
    """Put together what became of requests; latencies in seconds."""
    hundredths = statistics.quantiles(latencies, n=100) if len(latencies) > 1 else [0.0] * 99
    return Load(
        arrived=arrived,
        answered=len(latencies),
        refused=refused,
        p50_ms=hundredths[49] * 1e3,
        p99_ms=hundredths[98] * 1e3,
        batch_texts=len(latencies) / max(1, batches),
    )
