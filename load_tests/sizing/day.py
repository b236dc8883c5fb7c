"""A day of callers and the autoscaler that follows them, simulated second by second.

The autoscaler is Kubernetes' with the rules of a manifest. The pods share what arrives evenly; each
second every ready pod answers as many requests as it was measured to, what is left waits up to the
pods' queue bounds, and what is beyond is refused, which takes a pod time too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DAY = 86_400
SWING = 0.7
"""Share of the mean rate by which the quietest hour lies below it, and the busiest above."""


@dataclass(frozen=True)
class Autoscaler:
    """When it asks for how many pods."""

    least: int
    most: int
    target: float
    """Cores that a pod is to use."""
    up_factor: float
    """How many times as many pods as ``up_seconds`` ago there may be."""
    up_seconds: int
    down_pods: int
    """How many pods fewer than ``down_seconds`` ago there may be."""
    down_seconds: int
    down_wait: int
    """Fewer only when nothing in so many seconds asked for more."""
    look_seconds: int = 15
    """How often it looks; this and the next two are Kubernetes' own."""
    lag_seconds: int = 30
    """Over how long the use of processors is averaged."""
    tolerance: float = 0.1
    """Share of the target by which the use must differ from it before anything is done."""


@dataclass(frozen=True)
class Pod:
    """What one pod does."""

    capacity: int
    """Requests a second."""
    queue: int
    """Requests that may wait."""
    start_seconds: int
    """From the wish for a pod to its first request."""
    refusal: float
    """Time to refuse a request, as a share of the time to answer one."""
    rates: tuple[float, ...]
    """Requests a second at which it was measured, growing."""
    cores: tuple[float, ...]
    """Cores that it used at each of these rates, never fewer at a higher one. At low rates it uses
    more than in proportion: small batches are dear."""

    def cores_at(self) -> list[float]:
        """Return the cores that it uses at 0, 1, 2 … requests a second, up to the last measured."""
        rates = np.arange(self.rates[-1] + 1)
        return list(map(float, np.interp(rates, (0, *self.rates), (0, *self.cores))))

    def rate_at(self, cores: float) -> float:
        """Return the rate at which it uses so many cores."""
        return float(np.interp(cores, (0, *self.cores), (0, *self.rates)))


@dataclass(frozen=True)
class Crowd:
    """Callers who come all at once: a link on a front page."""

    at: int
    """Second of the day."""
    factor: float
    """Times the traffic of that hour, reached within a minute, halving every ten."""


@dataclass(frozen=True)
class Day:
    """What came of a day."""

    arrived: int
    answered: int
    refused: int
    waiting: int
    """At its end."""
    refusing_seconds: int
    """Seconds in which any was refused."""
    longest_wait: float
    """Seconds."""
    pods_most: int
    pods_mean: float


def traffic(mean: float, crowds: Sequence[Crowd], *, seed: int) -> NDArray[np.int64]:
    """Draw the requests of each second of a day whose nights are quiet: (86,400,)."""
    second = np.arange(DAY)
    rate = mean * (1 - SWING * np.cos(2 * np.pi * (second / DAY - 1 / 6)))
    for crowd in crowds:
        since = second - crowd.at
        rise = np.clip(since / 60, 0, 1)
        fall = 0.5 ** np.maximum(0, (since - 60) / 600)
        rate = rate * (1 + (crowd.factor - 1) * rise * fall)
    return np.random.default_rng(seed).poisson(rate)


def simulate_day(
    arrivals: NDArray[np.int64],
    pod: Pod,
    scaler: Autoscaler,
    lost_at: Mapping[int, float] | None = None,
) -> Day:
    """Let the pods, the fewest at first, meet the arrivals of each second.

    ``lost_at`` tells what share of them goes at once, a zone's say, by the second of the day.
    """
    lost_at = lost_at or {}
    ready, starting = scaler.least, [0] * (len(arrivals) + pod.start_seconds + 1)
    backlog = answered = refused = refusing = 0
    longest = 0.0
    cores_at = pod.cores_at()
    used: list[float] = []
    wanted: list[int] = []
    asked: list[int] = []
    for second, arriving in enumerate(arrivals.tolist()):
        ready += starting[second]
        if second in lost_at:
            lost = round(ready * lost_at[second])
            ready -= lost
            starting[second + pod.start_seconds] += lost  # Kubernetes puts others in their place
        done, beyond = _served(backlog + arriving, ready, pod)
        backlog += arriving - done - beyond
        answered += done
        refused += beyond
        refusing += beyond > 0
        longest = max(longest, backlog / max(1, ready * pod.capacity))
        each = min(len(cores_at) - 1, round((done + beyond) / max(1, ready)))
        used.append(ready * cores_at[each])
        pods = wanted[-1] if wanted else scaler.least
        if second % scaler.look_seconds == scaler.look_seconds - 1:
            cores = float(np.mean(used[-scaler.lag_seconds :]))
            asked.append(_asked(cores, pods, scaler))
            target = _allowed(asked, wanted, pods, scaler)
            starting[second + pod.start_seconds] += max(0, target - pods)
            # Those that start go first, which the sum of both then shows.
            ready -= max(0, pods - target)
            pods = target
        wanted.append(pods)
    return Day(
        arrived=int(arrivals.sum()),
        answered=answered,
        refused=refused,
        waiting=backlog,
        refusing_seconds=refusing,
        longest_wait=longest,
        pods_most=max(wanted),
        pods_mean=float(np.mean(wanted)),
    )


def _served(requests: int, ready: int, pod: Pod) -> tuple[int, int]:
    """Return how many requests the ready pods answer in a second, and how many they refuse.

    What neither fits into the second nor into the queues is refused, in time that is then lost for
    answers: ``answered + pod.refusal * refused`` requests' time is what there is.
    """
    capacity, room = ready * pod.capacity, ready * pod.queue
    beyond = requests - capacity - room
    if beyond <= 0:
        return min(requests, capacity), 0
    refused = min(requests - room, math.ceil(beyond / (1 - pod.refusal)))
    return requests - room - refused, refused


def _asked(cores: float, pods: int, scaler: Autoscaler) -> int:
    """Return how many pods the use of processors asks for."""
    if abs(cores / (pods * scaler.target) - 1) <= scaler.tolerance:
        return pods
    return min(scaler.most, max(scaler.least, math.ceil(cores / scaler.target)))


def _allowed(asked: list[int], wanted: list[int], pods: int, scaler: Autoscaler) -> int:
    """Return how many pods there may be now: up at once, down slowly."""
    if asked[-1] > pods:
        before = wanted[-scaler.up_seconds] if len(wanted) >= scaler.up_seconds else scaler.least
        return max(pods, min(asked[-1], int(before * scaler.up_factor)))
    recent = max(asked[-(scaler.down_wait // scaler.look_seconds) :])
    before = wanted[-scaler.down_seconds] if len(wanted) >= scaler.down_seconds else pods
    return min(pods, max(recent, before - scaler.down_pods))
