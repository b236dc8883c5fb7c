"""`make sizing`, second half: what many callers need, written into deploy/SIZING.md."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

import click
import numpy as np

from load_tests.results import ONE_POD, PROJECT, QUIET, read
from load_tests.sizing.day import DAY, Autoscaler, Crowd, Day, Loss, Pod, simulate, traffic
from load_tests.sizing.measure import OnePod
from load_tests.sizing.pod import Bounds, Costs

PAGE = PROJECT / "deploy" / "SIZING.md"
TEMPLATE = Path(__file__).with_name("page.md")
SEED = 20_261_124
ZONES = 3
PEAK = 5
"""Times the day's mean that the busiest minute of a day is taken to be."""
FULL = 0.6
"""Share of its capacity that a pod is to answer at the peak: the rest is for what is not even."""
GIB_A_POD = 0.375
"""Memory that deploy/kubernetes/base requests for a pod; a core goes with it."""
HOURS_A_MONTH = 730
SCHEDULE_SECONDS = 5
"""Taken for a node to be chosen and the container made, its image there already."""
PROBE_SECONDS = 2
"""At most between two looks of the readiness probe."""
CROWDS = (Crowd(at=9 * 3_600, factor=4), Crowd(at=20 * 3_600, factor=20))
"""Of the simulated day: one in the morning, a greater one in the evening."""
DEAREST_REFUSAL = 0.95
"""As a share of an answer; where both cost the same a pod beyond its capacity answers nobody."""
JUDGED = (0.5, 1.2)
"""Shares of the capacity between which the simulation is judged."""
BUSY = (
    " **The machine was busy (load average {:.1f}): measure again before you rely on any of this.**"
)


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
    """Find the pods for a peak of ``rate`` requests a second, by two rules.

    None has to answer more than a share of its capacity; and with a zone's share of the pods gone,
    the others can still answer all. Never fewer than a pod a zone.
    """
    by_share = rate / (capacity * FULL)
    without_a_zone = rate / capacity * ZONES / (ZONES - 1)
    pods = max(ZONES, math.ceil(max(by_share, without_a_zone)))
    gib = pods * GIB_A_POD
    return Need(pods, gib, (pods * prices.core + gib * prices.gib) * HOURS_A_MONTH)


def autoscaled(rate: float, pod: Pod) -> int:
    """Return the pods that the autoscaler asks for at a rate, if it may have as many as it likes.

    It looks at processors, and a pod that answers few texts a batch uses more of its core than of
    its capacity; so it asks for more pods than the rate needs.
    """
    return max(Autoscaler.least, math.ceil(rate / pod.rate_at(Autoscaler.target)))


def simulated_pod(measured: OnePod) -> Pod:
    """Make the pod of the simulated days out of what was measured."""
    cores = [one.rate * one.cpu_us * 1e-6 for one in measured.rounds]
    return Pod(
        capacity=int(measured.capacity),
        queue=Bounds().queue,
        start_seconds=math.ceil(measured.start_seconds) + SCHEDULE_SECONDS + PROBE_SECONDS,
        refusal=min(DEAREST_REFUSAL, measured.costs.refusal * measured.capacity),
        rates=tuple(one.rate for one in measured.rounds),
        cores=tuple(np.maximum.accumulate(cores).tolist()),
    )


def page(measured: OnePod, prices: Prices) -> str:
    """Write the page."""
    pod = simulated_pod(measured)
    at_target = pod.rate_at(Autoscaler.target)
    small = 500_000 / DAY
    busy = measured.on.load_average
    figures = {
        "capacity": f"{measured.capacity:,.0f}",
        "closed_capacity": f"{measured.closed_capacity:,.0f}",
        "memory": f"{measured.memory_mib:.0f}",
        "machine": measured.on.machine,
        "commit": measured.on.commit,
        "measured_at": measured.on.measured_at[:10],
        "busy": BUSY.format(busy) if busy > QUIET else "",
        "own_start": f"{measured.start_seconds:.1f}",
        "start": str(pod.start_seconds),
        "core": f"{prices.core:g}",
        "gib": f"{prices.gib:g}",
        "small": f"{small:.1f}",
        "small_peak": f"{small * PEAK:.0f}",
        "full": f"{FULL:g}",
        "target": f"{Autoscaler.target:g}",
        "at_target": f"{at_target:,.0f}",
        "at_target_share": f"{at_target / measured.capacity:.0%}",
        "day_mean": f"{_day_mean(pod):,.0f}",
        "costs": _costs(measured.costs),
        "refusal_share": f"{pod.refusal:.2f}",
        "queue": str(measured.queue),
        "seed": str(SEED),
        "needs": needs(pod, prices),
        "batching": batching(measured),
        "agreement": agreement(measured),
        "checked": checked(measured),
        "days": days(pod),
    }
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(figures)


def _costs(costs: Costs) -> str:
    return (
        f"{costs.wake * 1e6:.0f} us to wake a loop that slept, {costs.batch * 1e6:.0f} us a batch, "
        f"{costs.text * 1e6:.0f} us a text, {costs.request * 1e6:.0f} us a request beside its "
        f"text, {costs.refusal * 1e6:.0f} us a refusal"
    )


def needs(pod: Pod, prices: Prices) -> str:
    """Lay out what three rates need."""
    rates = (
        ("500,000 a day", 500_000 / DAY * PEAK),
        ("1,000/s", 1_000.0),
        ("100,000/s", 100_000.0),
    )
    found = ((name, rate, need(rate, pod.capacity, prices)) for name, rate in rates)
    return _table(
        (name, f"{rate:,.0f}", f"{it.pods:,}", f"{it.pods:,}", f"{it.gib:,.1f}",
         f"{it.money_a_month:,.0f}", f"{autoscaled(rate, pod):,}")
        for name, rate, it in found
    )  # fmt: skip


def batching(measured: OnePod) -> str:
    """Lay out how full batches are at each load of one pod."""
    return _table(
        (
            f"{one.rate:,.0f}",
            f"{one.rate / measured.capacity:.0%}",
            f"{one.measured.batch_texts:.1f}",
            f"{one.batch_us:.0f}",
            f"{one.cpu_us:.0f}",
            f"{one.rate * one.cpu_us * 1e-6:.2f}",
        )
        for one in measured.rounds
    )


def agreement(measured: OnePod) -> str:
    """Tell in how far simulation and measurement agree, in one sentence."""
    least, most = JUDGED
    judged = [
        one
        for one in measured.rounds
        if least <= round(one.rate / measured.capacity, 2) <= most
        and one.measured.answered
        and not one.uncounted
    ]
    if not judged:
        return "No rate was measured in a way that counts: measure again."
    p50 = [one.simulated.p50_ms / one.measured.p50_ms for one in judged]
    p99 = [one.simulated.p99_ms / one.measured.p99_ms for one in judged]
    refused = [abs(one.simulated.refused_share - one.measured.refused_share) for one in judged]
    return (
        f"Capacity by simulation: {measured.simulated_capacity:,.0f}/s, "
        f"{measured.simulated_capacity / measured.capacity:.2f} of the measured one. From {least} "
        f"to {most} of the capacity the simulated p50 is {min(p50):.2f} to {max(p50):.2f} times "
        f"the measured one, the p99 {min(p99):.2f} to {max(p99):.2f} times, and the shares of "
        f"refused requests differ by {max(refused) * 100:.1f} percentage points at most."
    )


def checked(measured: OnePod) -> str:
    """Lay out what was simulated beside what was measured."""
    return _table(
        (
            f"{one.rate:,.0f}",
            f"{one.rate / measured.capacity:.0%}",
            *(f"{side.p50_ms:.2f}" for side in (one.measured, one.simulated)),
            *(f"{side.p99_ms:.1f}" for side in (one.measured, one.simulated)),
            *(f"{side.refused_share:.1%}" for side in (one.measured, one.simulated)),
            *(f"{side.batch_texts:.1f}" for side in (one.measured, one.simulated)),
            str(one.uncounted),
        )
        for one in measured.rounds
    )


def days(pod: Pod) -> str:
    """Lay out the simulated days: as production/ is set, and otherwise."""
    quiet, crowded = (traffic(_day_mean(pod), crowds, seed=SEED) for crowds in ((), CROWDS))
    production = Autoscaler()
    zone = (Loss(at=12 * 3_600, share=1 / ZONES),)
    plans = (
        ("a day as others", simulate(quiet, pod, production)),
        ("a zone lost at noon", simulate(quiet, pod, production, zone)),
        ("two flash crowds", simulate(crowded, pod, production)),
        ("the same, at least 6 pods", simulate(crowded, pod, Autoscaler(least=6))),
        ("the same, at most 24", simulate(crowded, pod, Autoscaler(most=24))),
        ("the same, 12 pods always", simulate(crowded, pod, Autoscaler(least=12))),
    )
    return _table((name, *_told(day)) for name, day in plans)


def _day_mean(pod: Pod) -> float:
    """Return the mean traffic of the simulated day: two pods' work, so three are near enough."""
    return 2 * pod.rate_at(Autoscaler.target)


def _told(day: Day) -> Sequence[str]:
    return (
        f"{day.refused / day.arrived:.3%}",
        str(day.refusing_seconds),
        f"{day.longest_wait:.1f}",
        str(day.pods_most),
        f"{day.pods_mean:.1f}",
    )


def _table(rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


@click.command()
@click.option("--core-hour", default=0.04, show_default=True, help="Price of a core for an hour.")
@click.option("--gib-hour", default=0.005, show_default=True, help="Of a GiB of memory.")
def main(*, core_hour: float, gib_hour: float) -> None:
    """Write deploy/SIZING.md from what was measured.

    Example: python -m load_tests.sizing.page --core-hour 0.031
    """
    text = page(read(OnePod, ONE_POD), Prices(core_hour, gib_hour))
    PAGE.write_text(text, encoding="utf-8")
    click.echo(f"Written: {PAGE.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()
