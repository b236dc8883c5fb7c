"""How far the simulated pod agrees with the measured one: a section of load_tests/README.md."""

from __future__ import annotations

from collections.abc import Iterator

from load_tests.results import ONE_POD, read
from load_tests.sizing.measure import OnePod
from load_tests.sizing.pod import Costs
from load_tests.table import Table

JUDGED = (0.5, 1.2)
"""Shares of the capacity between which the simulation is judged."""


def check_section() -> Iterator[str]:
    """Tell in how far simulation and measurement agree, and what each rate shows."""
    measured = read(OnePod, ONE_POD)
    yield agreement(measured)
    yield (
        f"One real pod (`bentoml serve`, its queue set to {measured.queue} texts) and the "
        "simulated one meet the same arrivals, which come when they will (open loop). The "
        "simulation knows nothing of the measured times but five costs, fitted to the pod's "
        f"processor time over all these rates: {costs(measured.costs)}. It knows no pauses of the "
        "machine or of other processes, which the measured p99 has."
    )
    yield checked(measured).markdown()
    yield (
        "The generator has the other core. The last column must be 0: requests that found all of "
        "its connections waiting, answers that were neither 200 nor a refusal, and all of a rate "
        "at which the generator had work for more than 0.7 of the time and so might be what is "
        "measured."
    )
    yield (
        "wrk over 64 connections, each of which waits for its answer, finds "
        f"{measured.closed_capacity:,.0f} requests/s: its requests come together, since they were "
        "answered together. The public's do not, so that number is not used."
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


def costs(found: Costs) -> str:
    """Tell the five costs."""
    return (
        f"{found.wake * 1e6:.0f} us to wake a loop that slept, {found.batch * 1e6:.0f} us a batch, "
        f"{found.text * 1e6:.0f} us a text, {found.request * 1e6:.0f} us a request beside its "
        f"text, {found.refusal * 1e6:.0f} us a refusal"
    )


def checked(measured: OnePod) -> Table:
    """Lay out what was simulated beside what was measured."""
    figures = ("p50 ms", "p99 ms", "refused", "batch")
    sides = [f"{figure} {side}" for figure in figures for side in ("measured", "simulated")]
    return Table(
        ["requests/s", "of the capacity", *sides, "not counted"],
        [
            [
                f"{one.rate:,.0f}",
                f"{one.rate / measured.capacity:.0%}",
                *(f"{side.p50_ms:.2f}" for side in (one.measured, one.simulated)),
                *(f"{side.p99_ms:.1f}" for side in (one.measured, one.simulated)),
                *(f"{side.refused_share:.1%}" for side in (one.measured, one.simulated)),
                *(f"{side.batch_texts:.1f}" for side in (one.measured, one.simulated)),
                str(one.uncounted),
            ]
            for one in measured.rounds
        ],
        words=0,
    )
