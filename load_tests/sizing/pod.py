"""One pod under open-loop arrivals, simulated: one core, one loop, batches of what came meanwhile.

A turn of the server's loop reads every request that has arrived, then runs one batch of those that
wait, then answers them. A request that finds the queue full is refused at once. Where nothing is
left to do the loop sleeps, and the next request has to wake it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from load_tests.open_loop import moments


@dataclass(frozen=True)
class Costs:
    """Processor time, seconds."""

    wake: float
    """To wake from sleep, its caches cold."""
    batch: float
    """Of a batch, whatever its size."""
    text: float
    """Of each text in a batch."""
    request: float
    """To read a request and to write its answer."""
    refusal: float
    """To read a request and to refuse it."""

    def batch_limit(self, bounds: Bounds) -> int:
        """Return how many texts a batch holds at most."""
        return max(1, min(bounds.batch, int(bounds.seconds / self.text)))


@dataclass(frozen=True)
class Bounds:
    """The server's own, as its settings `TAGLINE_QUEUE_TEXTS` and `TAGLINE_BATCH_…` set them."""

    queue: int = 20_000
    batch: int = 256
    enough: int = 64
    """Texts from which on a batch waits for no more, if the one before held more than one."""
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

    @property
    def refused_share(self) -> float:
        """Of those that arrived."""
        return self.refused / self.arrived


class SimulatedPod:
    """The state of a simulated pod while requests arrive."""

    def __init__(self, arrivals: Sequence[float], costs: Costs, bounds: Bounds) -> None:
        self._arrivals = deque(arrivals)
        self._costs = costs
        self._bounds = bounds
        self._queue: deque[float] = deque()
        self._together = 0
        self.now = 0.0
        self.latencies: list[float] = []
        self.refused = self.batches = self.wakes = 0

    def run(self) -> None:
        """Answer or refuse every request."""
        while self._arrivals or self._queue:
            if not self._queue:
                self._sleep()
            self._gather()
            self._answer_a_batch()

    def _sleep(self) -> None:
        """Let time pass until a request comes, if none is there."""
        if self._arrivals and self._arrivals[0] > self.now:
            self.now = self._arrivals[0] + self._costs.wake
            self.wakes += 1

    def _gather(self) -> None:
        """Read what has arrived, again for as long as that brings more and the batch is small."""
        before = 0
        self._read()
        while self._together > 1 and before < len(self._queue) < self._bounds.enough:
            before = len(self._queue)
            self._read()

    def _read(self) -> None:
        polled = self.now
        while self._arrivals and self._arrivals[0] <= polled:
            if len(self._queue) < self._bounds.queue:
                self._queue.append(self._arrivals[0])
                self.now += self._costs.request
            else:
                self.refused += 1
                self.now += self._costs.refusal
            self._arrivals.popleft()

    def _answer_a_batch(self) -> None:
        size = min(self._costs.batch_limit(self._bounds), len(self._queue))
        self._together = size
        if not size:
            return
        self.now += self._costs.batch + self._costs.text * size
        self.latencies += [self.now - self._queue.popleft() for _ in range(size)]
        self.batches += 1


def simulate_pod(rate: float, *, seconds: float, costs: Costs, bounds: Bounds, seed: int) -> Load:
    """Let requests arrive at random at ``rate`` a second, for so many seconds; answer them all."""
    arrivals = moments(rate, seconds, seed)
    pod = SimulatedPod(arrivals, costs, bounds)
    pod.run()
    p50, p99 = np.percentile(pod.latencies or [0], (50, 99)).tolist()
    return Load(
        arrived=len(arrivals),
        answered=len(pod.latencies),
        refused=pod.refused,
        p50_ms=p50 * 1e3,
        p99_ms=p99 * 1e3,
        batch_texts=len(pod.latencies) / max(1, pod.batches),
    )
