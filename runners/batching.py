"""The adaptive batcher: a batch is what came while the last one ran; it knows nothing of tags.

A request brings items and gets their results, each once and in order. There is no window and no
timer: the first request arms the batcher, the batch runs at the end of the loop's turn, or of the
first turn that brings no more, and what came meanwhile is the next batch. Each batch takes a share
of every waiting request in turn, the oldest first, so that a request of a thousand items, or of
heavy ones, delays nobody.
"""

from __future__ import annotations

import asyncio
import math
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Generic, NamedTuple, TypeVar

from runners.shared_thread import SharedThread
from tagger.errors import DeadlinePassed, Overloaded

Item = TypeVar("Item")
Result = TypeVar("Result")

REST = 6
"""Turns of the loop between two batches of a long request. Another request takes about so many
from its first byte to its answer; without the rest a batch would run in each, and beside evidence
for 300 texts it would take 35 ms in place of 8."""
KNOWN = 32
"""Items to have measured before a request is refused for lack of time. After a start each of the
first costs ten times what those of full batches do: of 18 who asked for a thousand texts each, up
to ten were refused, and all would have been answered within a second."""
LATE = (
    "The time for this request was over before all of its work was done, and the rest was left: "
    "give more, or ask for less at once."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one batch and the queue may hold."""

    batch: int = 256
    """Items in a batch at most."""
    enough: int = 64
    """A batch waits for no more once it has so many items. They share what it costs by itself: a
    text costs 16 us in a batch of 16, 13 in one of 32, 10 in one of 64."""
    queue: int = 20_000
    """Items that may wait; a request beyond is refused at once."""
    promised: float = 0.8
    """A request that is expected to take a greater share of its time is refused when it comes."""
    seconds: float = 0.005
    """How long a batch should run at most: its size is found from the measured cost of an item."""
    weight: int = 65_536
    """What the items of a batch may weigh together, but for the last. By ``seconds`` they are taken
    to cost what the items before them did, and they may cost a hundred times that. A third of it
    would make batches of ordinary texts too small: of forty requests of fifty each, 8% fewer texts
    a second."""
    inline_seconds: float = 0.020
    """A batch that is expected to run longer than this runs in a thread, not on the loop. A thread
    is slower below a millisecond: two hand-overs a batch, and it fights the loop for the GIL."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What there is to tell of a batch that has run."""

    size: int
    """0 where nobody who waited was still there, or in time."""
    seconds: float
    waits: list[float]
    """Of each request whose first items were in it: seconds in the queue."""


@dataclass(slots=True, eq=False)
class _Job(Generic[Item, Result]):
    """A request in the queue: how many of its items were taken, and the results so far."""

    items: Sequence[Item]
    future: asyncio.Future[list[Result]]
    deadline: float
    arrived: float
    results: list[Result]
    taken: int = 0


class _Share(NamedTuple, Generic[Item, Result]):
    """The items of one request that are in a batch."""

    job: _Job[Item, Result]
    items: Sequence[Item]


class Batcher(Generic[Item, Result]):
    """Gather the items of concurrent requests, run them together, hand each its own results.

    Belongs to one event loop; ``run`` is never called twice at the same time.

    Parameters
    ----------
    run
        Takes the items of a batch, returns one result an item in their order.
    weigh
        Tells at a glance what an item may cost, as a length does; 0 if nothing is given.
    watch
        Told of every batch after it has run.
    thread
        Shared with those whose ``run`` is never to be called at the same time as this one's.
    clock
        Seconds that only grow; deadlines are points of it.
    """

    def __init__(
        self,
        run: Callable[[list[Item]], list[Result]],
        *,
        bounds: Bounds | None = None,
        weigh: Callable[[Item], int] = lambda item: 0,  # noqa: ARG005 - all alike
        watch: Callable[[Batch], None] | None = None,
        thread: SharedThread | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run = run
        self._bounds = bounds or Bounds()
        self._weigh = weigh
        self._watch = watch
        self._clock = clock
        self._thread = thread or SharedThread()
        self._queue: deque[_Job[Item, Result]] = deque()
        self._waiting = 0
        self._waiting_before = 0
        """Items that waited in the turn before this one, if a batch waits for more."""
        self._together = 0
        """Requests in the last batch."""
        self._latest = 0
        """The last batch's number among those of all batchers of the thread."""
        self._armed = False
        """Whether a batch runs or will run without another request."""
        self._ended: float | None = None
        """When the last batch ended, if others were left to wait for the next."""
        self._part = 1.0
        """Share of the time that batches take while requests wait; other work has the rest."""
        self._loop: asyncio.AbstractEventLoop
        # Unknown at first: the first batch holds one item, lest a slow model meet a full one.
        self._cost = math.inf
        self._learnt = 0
        """Items whose cost was measured."""

    @property
    def waiting(self) -> int:
        """Items that no batch has taken yet."""
        return self._waiting

    @property
    def size(self) -> int:
        """Items that the next batch may hold: as many as should run in the time a batch has."""
        return max(1, min(self._bounds.batch, int(self._bounds.seconds / self._cost)))

    def submit(self, items: Sequence[Item], deadline: float) -> asyncio.Future[list[Result]]:
        """Queue a request's items, at least one; cancel the future and what is left is not run.

        Raises
        ------
        Overloaded
            At once, when the queue has no room for all of them, or leaves them no time.

        The future raises `DeadlinePassed` when a batch that should hold some of the items starts
        after ``deadline``, and what ``run`` raises for these items alone.
        """
        now = self._clock()
        full = self._waiting + len(items) > self._bounds.queue
        if full or self._would_be_late(len(items), deadline - now):
            seconds = self._seconds(self._waiting) if self._cost < math.inf else 1
            if self._queue:  # what is late is dropped: the latest comer stands for all
                seconds = min(seconds, self._queue[-1].deadline - now)
            raise Overloaded(max(1, math.ceil(seconds)))
        if not self._armed:
            # Not at every request: Python 3.11 makes a system call of it, 2 us.
            self._loop = asyncio.get_running_loop()
        future: asyncio.Future[list[Result]] = self._loop.create_future()
        self._queue.append(_Job(items, future, deadline, now, []))
        self._waiting += len(items)
        if not self._armed:
            self._armed = True
            self._loop.call_soon(self._turn)
        return future

    def _would_be_late(self, items: int, seconds: float) -> bool:
        """Tell whether those who wait already leave a request too little time, by what items cost.

        Without it callers who all ask for much, evidence for a thousand texts each, are all late
        together, each having got a share of the work: of 20 at once, one was answered. A request is
        never refused for its own size alone.
        """
        if not self._waiting or self._learnt < KNOWN or seconds <= 0:
            return False
        # All get shares of the same size, so of a longer request only as much comes before.
        before = min(self._waiting, len(self._queue) * items)
        return self._seconds(before + items) > seconds * self._bounds.promised

    def _seconds(self, items: int) -> float:
        """Tell how long so many items will take, beside whatever else takes turns with them."""
        return items * self._cost / self._part

    def _turn(self) -> None:
        """Run one batch, here or in a thread, and arm the next."""
        if self._thread.at_work:
            self._thread.afterwards(self._turn)
            return
        if self._more_may_come():
            self._loop.call_soon(self._turn)
            return
        started = self._clock()
        shares = self._take(started)
        self._waiting_before, self._together = 0, len(shares)
        if not shares:
            self._armed, self._ended = False, None
            if self._watch is not None:
                self._watch(Batch(0, 0.0, []))
            return
        waits = [started - share.job.arrived for share in shares if not share.job.results]
        self._thread.batches += 1
        self._latest = self._thread.batches
        done = partial(self._finish, shares, started, waits)
        size = sum(len(share.items) for share in shares)
        if size * self._cost <= self._bounds.inline_seconds or self._cost == math.inf:
            done(self._compute(shares))
        else:
            try:
                self._thread.run(partial(self._compute, shares), done)
            except RuntimeError:  # the system has no thread to give
                done(self._compute(shares))

    def _more_may_come(self) -> bool:
        """Tell whether a batch should wait for the next turn, because this one brought more.

        It buys 13% of the rate at 64 connections: batches of 63 texts in place of 16. A caller who
        is alone never waits: the last batch held no other. Nor does anybody wait after a batch of
        another batcher: turns are long then, and each would bring more.
        """
        brought = self._waiting_before < self._waiting < self._bounds.enough
        self._waiting_before = self._waiting
        return brought and self._together > 1 and self._latest == self._thread.batches

    def _take(self, now: float) -> list[_Share[Item, Result]]:
        """Take a share of every waiting request in turn, the oldest first, up to ``size`` items.

        Of each at least one item, as far as these do not weigh too much. Requests whose caller has
        left or whose time is over leave the queue here, unrun. A request that is not through goes
        behind those that got nothing, so all get their turn.
        """
        size, room = self.size, self._bounds.weight
        jobs: list[_Job[Item, Result]] = []
        while self._queue and len(jobs) < size and room >= 0:
            job = self._queue.popleft()
            if not job.future.done() and job.deadline > now:
                jobs.append(job)
                room -= self._weigh(job.items[job.taken])
                continue
            self._waiting -= len(job.items) - job.taken
            if not job.future.done():
                job.future.set_exception(DeadlinePassed(LATE))
        more = self._more(jobs, size - len(jobs), room)
        shares = []
        for job in jobs:
            first = job.taken
            job.taken += 1 + more.get(job, 0)
            shares.append(_Share(job, job.items[first : job.taken]))
        self._waiting -= len(jobs) + sum(more.values())
        self._queue.extend(job for job in jobs if job.taken < len(job.items))
        return shares

    def _more(
        self, jobs: Sequence[_Job[Item, Result]], places: int, room: int
    ) -> dict[_Job[Item, Result], int]:
        """Share out what is left of a batch that has one item of each: how many more each gets.

        The same number and weight for all, those with the fewest items first: what they leave goes
        to the others.
        """
        more: dict[_Job[Item, Result], int] = {}
        longer = [job for job in jobs if len(job.items) - job.taken > 1]
        longer.sort(key=lambda job: len(job.items) - job.taken)
        for sharers, job in zip(range(len(longer), 0, -1), longer, strict=True):
            first = job.taken + 1
            items = job.items[first : first + places // sharers]
            weights = list(accumulate(map(self._weigh, items), initial=0))
            more[job] = bisect_right(weights, max(0, room) // sharers) - 1
            places -= more[job]
            room -= weights[more[job]]
        return more

    def _compute(self, shares: Sequence[_Share[Item, Result]]) -> list[list[Result] | Exception]:
        """Run the shares together; if that fails, each alone, so that no request fails another."""
        items = [item for share in shares for item in share.items]
        try:
            results = self._run(items)
            _check_number(items, results)
        except Exception as fault:  # noqa: BLE001 - whatever it is, its own caller is told
            if len(shares) == 1:
                return [fault]
            return [self._compute([share])[0] for share in shares]
        outcomes: list[list[Result] | Exception] = []
        first = 0
        for share in shares:
            outcomes.append(results[first : first + len(share.items)])
            first += len(share.items)
        return outcomes

    def _finish(
        self,
        shares: Sequence[_Share[Item, Result]],
        started: float,
        waits: list[float],
        outcomes: Sequence[list[Result] | Exception],
    ) -> None:
        """Hand out what came of a batch, learn what it cost, arm the next."""
        for share, outcome in zip(shares, outcomes, strict=True):
            _hand_out(share.job, outcome)
        size = sum(len(share.items) for share in shares)
        now = self._clock()
        seconds = now - started
        self._learn(max(seconds / size, 1e-9), size)
        if self._ended is not None:
            # As if it had been full: the last few items of a request wait as long as many would.
            full = max(seconds, self.size * self._cost)
            self._part += (full / (full + started - self._ended) - self._part) / 8
        if self._watch is not None:
            self._watch(Batch(size, seconds, waits))
        self._armed = bool(self._queue)
        self._ended = now if self._armed else None
        if self._armed:
            not_through = any(share.job.taken < len(share.job.items) for share in shares)
            self._rest(REST if not_through else 0)

    def _learn(self, cost: float, size: int) -> None:
        """Move what an item is taken to cost toward what it cost in a batch of so many.

        Half-way down, but up by an eighth at most, and less after a small batch: there each item
        costs too much, as it does while the machine halts for a moment. The first text after a
        start costs 1 ms, and 12 us among hundreds; believed for long, that refused eight who asked
        for a thousand each.
        """
        self._learnt += size
        if self._cost == math.inf:
            self._cost = cost
        elif cost < self._cost:
            self._cost += (cost - self._cost) / 2
        else:
            self._cost += (cost - self._cost) * min(size, 8) / 64

    def _rest(self, turns: int) -> None:
        """Let so many turns of the loop pass, then run a batch."""
        if turns:
            self._loop.call_soon(self._rest, turns - 1)
        else:
            self._loop.call_soon(self._turn)


def _check_number(items: Sequence[object], results: Sequence[object]) -> None:
    if len(results) != len(items):
        raise RuntimeError(f"{len(items)} items went in, {len(results)} results came out")


def _hand_out(job: _Job[Item, Result], outcome: list[Result] | Exception) -> None:
    """Add what came of a request's share; answer the request once all of its items are through."""
    if job.future.done():
        return
    if isinstance(outcome, Exception):
        job.future.set_exception(outcome)
    elif len(outcome) == len(job.items):
        job.future.set_result(outcome)
    else:
        job.results += outcome
        if len(job.results) == len(job.items):
            job.future.set_result(job.results)
