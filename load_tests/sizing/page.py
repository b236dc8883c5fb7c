"""`make sizing`, second half: what many callers need, written into deploy/SIZING.md."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

import click
from pydantic import TypeAdapter

from load_tests.results import PROJECT
from load_tests.sizing.day import DAY, Autoscaler, Crowd, Day, Loss, Pod, simulate, traffic
from load_tests.sizing.measure import ONE_POD, OnePod

PAGE = PROJECT / "deploy" / "SIZING.md"
TEMPLATE = Path(__file__).with_name("page.md")
SEED = 20_261_124
ZONES = 3
PEAK = 5
"""Times the day's mean that the busiest minute of a day is taken to be."""
GIB_A_POD = 0.375
"""Memory that deploy/kubernetes/base requests for a pod; a core goes with it."""
HOURS_A_MONTH = 730
SCHEDULE_SECONDS = 5
"""Taken for a node to be chosen and the container made, its image there already."""
PROBE_SECONDS = 2
"""At most between two looks of the readiness probe."""
CROWDS = (Crowd(at=9 * 3_600, factor=4), Crowd(at=20 * 3_600, factor=8))
"""Of the simulated day: one in the morning, a greater one in the evening."""


QUIET = 0.5
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


def need(rate: float, capacity: float, prices: Prices, *, target: float = 0.6) -> Need:
    """Find the pods for a peak of ``rate`` requests a second, by two rules.

    None uses more of its core than the autoscaler's target; and with a zone's share of the pods
    gone, the others can still answer all. Never fewer than a pod a zone.
    """
    by_target = rate / (capacity * target)
    without_a_zone = rate / capacity * ZONES / (ZONES - 1)
    pods = max(ZONES, math.ceil(max(by_target, without_a_zone)))
    gib = pods * GIB_A_POD
    return Need(pods, gib, (pods * prices.core + gib * prices.gib) * HOURS_A_MONTH)


def read_one_pod(path: Path = ONE_POD) -> OnePod:
    """Read what `load_tests.sizing.measure` wrote."""
    return TypeAdapter(OnePod).validate_json(path.read_bytes())


def page(measured: OnePod, prices: Prices) -> str:
    """Write the page."""
    start = math.ceil(measured.start_seconds) + SCHEDULE_SECONDS + PROBE_SECONDS
    pod = Pod(capacity=int(measured.capacity), queue=20_000, start_seconds=start)
    lesson = 500_000 / DAY
    figures = {
        "capacity": f"{measured.capacity:,.0f}",
        "memory": f"{measured.memory_mib:.0f}",
        "machine": measured.on.machine,
        "commit": measured.on.commit,
        "measured_at": measured.on.measured_at[:10],
        "busy": BUSY.format(measured.on.load_average) if measured.on.load_average > QUIET else "",
        "own_start": f"{measured.start_seconds:.1f}",
        "start": str(start),
        "core": f"{prices.core:g}",
        "gib": f"{prices.gib:g}",
        "lesson": f"{lesson:.1f}",
        "lesson_peak": f"{lesson * PEAK:.0f}",
        "day_mean": f"{_day_mean(pod):,.0f}",
        "request_us": f"{measured.costs.request * 1e6:.0f}",
        "refusal_us": f"{measured.costs.refusal * 1e6:.0f}",
        "batch_us": f"{measured.costs.batch * 1e6:.0f}",
        "text_us": f"{measured.costs.text * 1e6:.0f}",
        "queue": str(measured.queue),
        "seed": str(SEED),
        "needs": needs(measured.capacity, prices),
        "batching": batching(measured),
        "checked": checked(measured),
        "days": days(pod),
    }
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(figures)


def needs(capacity: float, prices: Prices) -> str:
    """Lay out what three rates need."""
    rates = (
        ("500,000 a day, the lesson's", 500_000 / DAY * PEAK),
        ("1,000/s", 1_000.0),
        ("100,000/s", 100_000.0),
    )
    found = ((name, rate, need(rate, capacity, prices)) for name, rate in rates)
    return _table(
        (name, f"{rate:,.0f}", f"{it.pods:,}", f"{it.pods:,}", f"{it.gib:,.1f}",
         f"{it.money_a_month:,.0f}")
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
        )
        for one in measured.rounds
    )


def checked(measured: OnePod) -> str:
    """Lay out what was simulated beside what was measured."""
    return _table(
        (
            f"{one.rate:,.0f}",
            *(f"{side.p50_ms:.2f}" for side in (one.measured, one.simulated)),
            *(f"{side.p99_ms:.1f}" for side in (one.measured, one.simulated)),
            *(f"{side.refused / side.arrived:.1%}" for side in (one.measured, one.simulated)),
            *(f"{side.batch_texts:.1f}" for side in (one.measured, one.simulated)),
            str(one.unsent + one.others),
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
    return 2.0 * pod.capacity * Autoscaler().target


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
    text = page(read_one_pod(), Prices(core_hour, gib_hour))
    PAGE.write_text(text, encoding="utf-8")
    click.echo(f"Written: {PAGE.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()
