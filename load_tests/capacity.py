"""A server's capacity for callers who do not wait: the highest rate at which no backlog grows.

wrk's rate is another number, and mostly a higher one: its connections were answered together, so
they ask together, and a server that works in batches is asked in batches. Callers of the public
come one by one.
"""

from __future__ import annotations

from collections.abc import Callable

import click

from load_tests.open_loop import Arrivals, arrive
from load_tests.running import Running
from load_tests.wrk import load

SECONDS = 4
"""Of one look at a rate."""
P99_MS = 100
REFUSED = 0.01
"""Share of the requests that may be refused. At 11,000 a second for four seconds, a rate that is 3%
too high makes the last callers wait 120 ms, or fills a queue of 500 and has 2% refused; a pause of
the machine of 80 ms has less than 1% refused."""
STEPS = 6
TRIES = 2
"""A rate is too high when it fails twice: a machine that stood still for a moment is no limit of
the server's."""
CONNECTIONS = 256
"""Of wrk: they keep a server busy all the time."""
HELD_SECONDS = 8
"""A rate found counts when it is kept up with for so long."""
LESS = 0.95
"""What is tried next, as a share of a rate that was not held."""
LEAST = 0.5
"""Share of the rate found below which it is the machine that pauses: one came down to 73 a second
so, in 13 minutes, of a server that takes 8,000."""
ABOVE = 1.2
"""How far above wrk's rate to look."""


def kept_up(found: Arrivals) -> bool:
    """Tell whether a server kept up with what arrived."""
    return found.p99_ms <= P99_MS and found.answered >= (1 - REFUSED) * found.arrived


def highest_rate(keeps_up: Callable[[float], bool], *, most: float) -> float:
    """Halve what is between the rates that are kept up with and those that are not."""
    low, high = 0.0, most
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if keeps_up(middle) else (low, middle)
    return low


def held_rate(rate: float, holds: Callable[[float], bool]) -> float:
    """Come down from a rate to one that holds; a good moment of the machine was no capacity.

    Raises
    ------
    click.ClickException
        None down to `LEAST` of it holds.
    """
    lower = rate
    while lower > LEAST * rate:
        if holds(lower):
            return lower
        lower *= LESS
    raise click.ClickException(
        f"No rate from {rate:,.0f} requests/s down to half of it was kept up with: something else "
        "takes this machine's time. Measure again when it is quiet."
    )


def capacity_of(server: Running) -> float:
    """Find the requests a second that a server keeps up with, in about a minute."""

    def keeps_up(rate: float) -> bool:
        return any(
            kept_up(arrive(server, per_second=rate, seconds=SECONDS, seed=seed))
            for seed in range(TRIES)
        )

    def holds(rate: float) -> bool:
        return kept_up(arrive(server, per_second=rate, seconds=HELD_SECONDS, seed=TRIES))

    closed = load(server, seconds=2, connections=CONNECTIONS).requests_per_second
    return held_rate(highest_rate(keeps_up, most=ABOVE * closed), holds)
