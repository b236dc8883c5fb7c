"""Requests that come when they come are each accounted for once, from the moment they were due."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle
from threading import Thread
from unittest.mock import Mock

import click
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from load_tests import capacity
from load_tests.capacity import LESS, SECONDS, held_rate, highest_rate, kept_up
from load_tests.open_loop import Arrivals, Generator, moments
from tests.fitting import untimed

ANSWER = b"HTTP/1.1 %b X\r\nContent-Length: 4\r\n\r\nbody"
CLOSED, LAST = b"", b"200 "
"""The connection is closed in the place of an answer, or after one of 200."""


class Peer(Thread):
    """The other end of one connection: gives each request the next answer, in pieces."""

    def __init__(self, end: socket.socket, answers: Iterator[bytes], pause: float) -> None:
        super().__init__()
        self._end = end
        self._answers = answers
        self._pause = pause

    def run(self) -> None:
        """Answer until the caller, `CLOSED` or `LAST` ends it."""
        with self._end:
            while self._end.recv(1_024):
                status = next(self._answers)
                if status == CLOSED:
                    return
                whole = ANSWER % status.strip()
                for piece in (whole[:30], whole[30:-2], whole[-2:]):
                    self._end.sendall(piece)
                    time.sleep(self._pause)
                if status == LAST:
                    return


@contextmanager
def generator(due: list[float], *peers: list[bytes], pause: float = 0) -> Iterator[Generator]:
    """Make one with a connection a list of answers, which come round and round.

    ``pause``: seconds between the pieces of each.
    """
    made = Generator([b"request"], due)
    threads = []
    with ExitStack() as ends:
        for answers in peers:
            own, other = socket.socketpair()
            made.connect(ends.enter_context(own))
            threads.append(Peer(other, cycle(answers), pause))
            threads[-1].start()
        yield made
    for thread in threads:
        thread.join()


@untimed
@given(
    st.lists(
        st.lists(
            st.sampled_from([b"200", b"429", b"503", b"500", CLOSED, LAST]), min_size=1, max_size=4
        ),
        min_size=1,
        max_size=4,
    )
)
def test_every_request_is_accounted_for_once(peers: list[list[bytes]]) -> None:
    """Answered, refused, or a failure, whatever the server does with its connections."""
    due = [0.0] * 30
    with generator(due, *peers) as made:
        made.run()
    assert len(made.latencies) + made.refused + made.failures == len(due)


def test_what_comes_back_is_told_apart() -> None:
    """200 is an answer, 429 and 503 are refusals, another status or none is a failure."""
    with generator([0.0] * 6, [b"200", b"503", b"429", b"500", b"200", CLOSED], pause=0.01) as made:
        made.run()
    assert (len(made.latencies), made.refused, made.failures) == (2, 2, 2)


def test_a_connection_that_is_closed_between_requests_is_done_without() -> None:
    """The next request goes by another; and while none is due the generator is not busy."""
    with generator([0.0, 0.5], [b"200"], [LAST]) as made:
        made.run()
    assert (len(made.latencies), made.failures) == (2, 0)
    assert made.busy_seconds < 0.25


def test_a_request_that_waits_for_a_connection_counts_from_when_it_was_due() -> None:
    """So a slow server hides no wait; and how many had to wait is told."""
    with generator([-2.0, -1.0], [b"200"], pause=0.01) as made:
        made.run()
    assert made.latencies[0] >= 2
    assert made.latencies[1] >= 1
    assert made.held == 1


def test_requests_arrive_at_the_rate_that_was_asked_for() -> None:
    """So many a second over the whole time, never in step, and the same for the same seed."""
    due = moments(1_000, 20, seed=0)
    assert len(due) / due[-1] == pytest.approx(1_000, rel=0.05)
    assert np.std(np.diff(due)) == pytest.approx(1 / 1_000, rel=0.1)
    assert due == moments(1_000, 20, seed=0) != moments(1_000, 20, seed=1)


@given(st.floats(1, 1_000))
def test_the_capacity_is_the_highest_rate_that_is_kept_up_with(true: float) -> None:
    """To a sixty-fourth of where the search ends."""
    found = highest_rate(lambda rate: rate <= true, most=1_000)
    assert found <= true <= found + 1_000 / 64


@pytest.mark.parametrize("pauses", [1, 2])
def test_a_rate_is_too_high_when_it_fails_twice(
    monkeypatch: pytest.MonkeyPatch, pauses: int
) -> None:
    """A machine that stands still at the first look at a rate is no limit of the server's."""
    looks = Counter[float]()

    def arrive(_: object, *, per_second: float, seconds: float, seed: int) -> Arrivals:
        looks[per_second] += 1
        still = seconds == SECONDS and looks[per_second] <= pauses
        return arrivals(p99_ms=1_000 if still or per_second > 600 else 1)

    monkeypatch.setattr(capacity, "load", lambda *_, **__: Mock(requests_per_second=1_000))
    monkeypatch.setattr(capacity, "arrive", arrive)
    if pauses == 1:
        assert capacity.capacity_of(Mock()) == pytest.approx(600, rel=0.05)
    else:
        with pytest.raises(click.ClickException, match="No rate from 0"):
            capacity.capacity_of(Mock())


def test_a_capacity_is_a_rate_that_holds() -> None:
    """A rate found in a good moment is lowered until it holds; one that holds stays."""
    assert held_rate(800, lambda rate: rate <= 800) == 800
    assert 700 * LESS < held_rate(800, lambda rate: rate <= 700) <= 700
    with pytest.raises(click.ClickException, match="No rate from 800 requests/s down to half"):
        held_rate(800, lambda rate: rate <= 390)


@pytest.mark.parametrize(
    ("answered", "p99_ms", "kept"),
    [(10_000, 20, True), (9_910, 99, True), (9_890, 20, False), (10_000, 101, False)],
    ids=["all", "after a pause of the machine", "too much", "a growing backlog"],
)
def test_a_rate_is_kept_up_with_where_nearly_all_are_answered_soon(
    answered: int, p99_ms: float, *, kept: bool
) -> None:
    """A short pause refuses less than one in a hundred; a rate that is too high refuses more."""
    assert kept_up(arrivals(answered=answered, p99_ms=p99_ms)) == kept


def arrivals(*, p99_ms: float, answered: int = 10_000) -> Arrivals:
    """Tell what came of ten thousand requests."""
    return Arrivals(
        arrived=10_000,
        answered=answered,
        refused=10_000 - answered,
        failures=0,
        answered_per_second=2_500,
        p50_ms=1,
        p99_ms=p99_ms,
        held=0,
        busy=0.2,
    )
