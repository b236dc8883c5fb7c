"""`make sizing`, second half: what many callers need, written into deploy/README.md."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from string import Template

import click

from load_tests.results import ONE_POD, PROJECT, QUIET, read
from load_tests.sections import write_section
from load_tests.sizing.day import DAY, Crowd, Day, Pod, simulate_day, traffic
from load_tests.sizing.measure import OnePod
from load_tests.sizing.pods import (
    FULL,
    QUEUE,
    ZONES,
    Prices,
    autoscaled,
    need,
    production,
    refused_by,
    simulated_pod,
)
from load_tests.table import Table

PAGE = PROJECT / "deploy" / "README.md"
SECTION = "pods"
TEMPLATE = Path(__file__).with_name("page.md")
SEED = 20_261_124
PEAK = 5
"""Times the day's mean that the busiest minute of a day is taken to be."""
NOON = 12 * 3_600
CROWDS = (Crowd(at=9 * 3_600, factor=4), Crowd(at=20 * 3_600, factor=20))
"""Of the simulated day: one in the morning, a greater one in the evening."""
BUSY = " **The machine was busy: measure again before you rely on any of this.**"


def section(measured: OnePod, prices: Prices) -> str:
    """Write the section."""
    pod = simulated_pod(measured)
    scaler = production()
    at_target = pod.rate_at(scaler.target)
    small = 500_000 / DAY
    figures = {
        "capacity": f"{measured.capacity:,.0f}",
        "searches": ", ".join(f"{found:,.0f}" for found in measured.searches),
        "memory": f"{measured.memory_mib:.0f}",
        "on": measured.on.told(),
        "busy": BUSY if measured.on.load_average > QUIET else "",
        "own_start": f"{measured.start_seconds:.1f}",
        "start": str(pod.start_seconds),
        "core": f"{prices.core:g}",
        "gib": f"{prices.gib:g}",
        "small": f"{small:.1f}",
        "small_peak": f"{small * PEAK:.0f}",
        "full": f"{FULL:g}",
        **{name: f"{rule:g}" for name, rule in asdict(scaler).items()},
        "at_target": f"{at_target:,.0f}",
        "at_target_share": f"{at_target / measured.capacity:.0%}",
        "day_mean": f"{_day_mean(pod):,.0f}",
        "measured_queue": f"{measured.queue:,}",
        "queue": f"{QUEUE:,}",
        "refusal": told_refusal(measured, pod),
        "seed": str(SEED),
        "needs": needs(pod, prices).markdown(),
        "batching": batching(measured, pod).markdown(),
        "days": days(pod).markdown(),
    }
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(figures).strip()


def told_refusal(measured: OnePod, pod: Pod) -> str:
    """Say what a refusal costs, and how that is known."""
    if any(one.refused for one in measured.rounds):
        return (
            f"{pod.refusal:.2f} of the time of an answer, calculated from the rate that had most "
            "refusals, so there the two columns are near each other."
        )
    return f"none was measured, so {pod.refusal:g} of the time of an answer is assumed."


def needs(pod: Pod, prices: Prices) -> Table:
    """Lay out what three rates need."""
    rates = (
        ("500,000 a day", 500_000 / DAY * PEAK),
        ("1,000/s", 1_000.0),
        ("100,000/s", 100_000.0),
    )
    found = [(name, rate, need(rate, pod.capacity, prices)) for name, rate in rates]
    return Table(
        [
            *("callers", "requests/s at the peak", "pods, of a core each", "GiB", "money a month"),
            "pods, if the autoscaler decides",
        ],
        [
            [
                *(name, f"{rate:,.0f}", f"{it.pods:,}", f"{it.gib:,.1f}"),
                *(f"{it.money_a_month:,.0f}", f"{autoscaled(rate, pod):,}"),
            ]
            for name, rate, it in found
        ],
    )


def batching(measured: OnePod, pod: Pod) -> Table:
    """Lay out how full batches are at each load of one pod, and what the simulated one refuses."""
    simulated = replace(pod, queue=measured.queue)
    return Table(
        [
            *("requests/s a pod", "of its capacity", "p50 ms", "p99 ms", "texts a batch"),
            *("CPU us a request", "cores used", "refused", "refused, simulated", "not counted"),
        ],
        [
            [
                f"{one.rate:,.0f}",
                f"{one.rate / measured.capacity:.0%}",
                f"{one.p50_ms:.2f}",
                f"{one.p99_ms:.1f}",
                f"{one.batch_texts:.1f}",
                f"{one.cpu_us:.0f}",
                f"{one.cores:.2f}",
                f"{one.refused / one.arrived:.1%}",
                f"{refused_by(simulated, one):.1%}",
                str(one.uncounted),
            ]
            for one in measured.rounds
        ],
        words=0,
    )


def days(pod: Pod) -> Table:
    """Lay out the simulated days: as production/ is set, and otherwise."""
    quiet, crowded = (traffic(_day_mean(pod), crowds, seed=SEED) for crowds in ((), CROWDS))
    scaler = production()
    others = {
        f"at least {2 * scaler.least} pods": replace(scaler, least=2 * scaler.least),
        f"at most {2 * scaler.most}": replace(scaler, most=2 * scaler.most),
        f"{scaler.most} pods always": replace(scaler, least=scaler.most),
    }
    plans = (
        ("a day as others", simulate_day(quiet, pod, scaler)),
        ("a zone lost at noon", simulate_day(quiet, pod, scaler, {NOON: 1 / ZONES})),
        ("two flash crowds", simulate_day(crowded, pod, scaler)),
        *((f"the same, {name}", simulate_day(crowded, pod, one)) for name, one in others.items()),
    )
    return Table(
        ["day", "refused", "seconds with refusals", "longest wait s", "most pods", "mean pods"],
        [[name, *_told(day)] for name, day in plans],
    )


def _day_mean(pod: Pod) -> float:
    """Return the mean traffic of the simulated day: two pods' work, so three are near enough."""
    return 2 * pod.rate_at(production().target)


def _told(day: Day) -> list[str]:
    return [
        f"{day.refused / day.arrived:.3%}",
        str(day.refusing_seconds),
        f"{day.longest_wait:.1f}",
        str(day.pods_most),
        f"{day.pods_mean:.1f}",
    ]


@click.command()
@click.option("--core-hour", default=0.04, show_default=True, help="Price of a core for an hour.")
@click.option("--gib-hour", default=0.005, show_default=True, help="Of a GiB of memory.")
def main(*, core_hour: float, gib_hour: float) -> None:
    """Write the section of deploy/README.md from what was measured.

    Example: python -m load_tests.sizing.page --core-hour 0.031
    """
    found = section(read(OnePod, ONE_POD), Prices(core_hour, gib_hour))
    write_section(PAGE, SECTION, [found])
    click.echo(f"Written: {PAGE.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()
