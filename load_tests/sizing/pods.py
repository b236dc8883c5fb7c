"""How many pods a rate of requests needs, and what one pod does, out of what was measured."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import yaml

from load_tests.results import PROJECT
from load_tests.sizing.day import Autoscaler, Pod, simulate_day
from load_tests.sizing.measure import OnePod, Round

MANIFEST = PROJECT / "deploy" / "kubernetes" / "production" / "autoscaler.yaml"
ZONES = 3
FULL = 0.6
"""Share of its capacity that a pod is to answer at the peak: the rest is for what is not even, and
for the pods of a zone that is lost."""
GIB_A_POD = 0.375
"""Memory that deploy/kubernetes/base requests for a pod; a core goes with it."""
HOURS_A_MONTH = 730
SCHEDULE_SECONDS = 5
"""Taken for a node to be chosen and the container made, its image there already."""
PROBE_SECONDS = 2
"""At most between two looks of the readiness probe."""
QUEUE = 20_000
"""Texts that may wait at a pod, as long as `TAGLINE_QUEUE_TEXTS` is not set."""
DEAREST_REFUSAL = 0.95
"""As a share of an answer; where both cost the same a pod beyond its capacity answers nobody. Taken
where no refusal was measured."""


@dataclass(frozen=True)
class Prices:
    """What an hour costs, in whatever money: inputs, not facts."""

    core: float
    gib: float


@dataclass(frozen=True)
class Need:
    """What a rate needs."""

    pods: int
    gib: float
    money_a_month: float


def need(rate: float, capacity: float, prices: Prices) -> Need:
    """Find the pods for a peak of ``rate`` requests a second, a pod a zone at least."""
    pods = max(ZONES, math.ceil(rate / (capacity * FULL)))
    gib = pods * GIB_A_POD
    return Need(pods, gib, (pods * prices.core + gib * prices.gib) * HOURS_A_MONTH)


@cache
def production() -> Autoscaler:
    """Read the rules of the autoscaler of production/."""
    spec = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["spec"]
    up, down = spec["behavior"]["scaleUp"], spec["behavior"]["scaleDown"]
    cores = spec["metrics"][0]["resource"]["target"]["averageValue"]
    return Autoscaler(
        least=spec["minReplicas"],
        most=spec["maxReplicas"],
        target=int(cores.removesuffix("m")) / 1_000,
        up_factor=1 + up["policies"][0]["value"] / 100,
        up_seconds=up["policies"][0]["periodSeconds"],
        down_pods=down["policies"][0]["value"],
        down_seconds=down["policies"][0]["periodSeconds"],
        down_wait=down["stabilizationWindowSeconds"],
    )


def autoscaled(rate: float, pod: Pod) -> int:
    """Return the pods that the autoscaler asks for at a rate, if it may have as many as it likes.

    It looks at processors, and a pod that answers few texts a batch uses more of its core than of
    its capacity; so it asks for more pods than the rate needs.
    """
    scaler = production()
    return max(scaler.least, math.ceil(rate / pod.rate_at(scaler.target)))


def simulated_pod(measured: OnePod) -> Pod:
    """Make the pod of the simulated days out of what was measured."""
    cores = [one.cores for one in measured.rounds]
    return Pod(
        capacity=int(measured.capacity),
        queue=QUEUE,
        start_seconds=math.ceil(measured.start_seconds) + SCHEDULE_SECONDS + PROBE_SECONDS,
        refusal=refusal(measured),
        rates=tuple(one.rate for one in measured.rounds),
        cores=tuple(np.maximum.accumulate(cores).tolist()),
    )


def refusal(measured: OnePod) -> float:
    """Return what a refusal costs, as a share of an answer, by the rate that had most of them.

    What the pod then answered less than its capacity went into refusing.
    """
    most = max(measured.rounds, key=lambda one: one.refused / one.seconds)
    if not most.refused:
        return DEAREST_REFUSAL
    missing = measured.capacity - most.answered / most.seconds
    return min(DEAREST_REFUSAL, max(0.0, missing / (most.refused / most.seconds)))


def refused_by(pod: Pod, measured: Round) -> float:
    """Return the share that a simulated pod refuses of what came in a round."""
    arrivals = np.full(round(measured.seconds), round(measured.rate))
    found = simulate_day(arrivals, pod, replace(production(), least=1, most=1))
    return found.refused / found.arrived
