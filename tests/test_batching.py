"""The batcher answers every item once and in order, mixes nothing, starves nobody."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.batching import Batch, Batcher, Bounds
from tagger.errors import DeadlinePassed, Overloaded
from tests.on_a_loop import on_a_loop, until

FAR = 1e9
BAD = -1
"""An item that fails the whole call that holds it."""


@dataclass
class Model:
    """Stands for a model on a virtual clock: an item costs so many seconds; every call is kept."""

    cost: float = 0.001
    now: float = 64.0
    calls: list[list[int]] = field(default_factory=list)

    def clock(self) -> float:
        """Tell the virtual time."""
        return self.now

    def run(self, items: list[int]) -> list[int]:
        """Double every item."""
        self.calls.append(items)
        self.now += self.cost * len(items)
        if BAD in items:
            raise ZeroDivisionError
        return [2 * item for item in items]

    @property
    def computed(self) -> list[int]:
        """Every item of every call."""
        return [item for call in self.calls for item in call]


def weigh(item: int) -> int:
    """Tell the weight of an item: 0 to 6."""
    return item % 7


def batcher(
    model: Model, *, watch: Callable[[Batch], None] | None = None, **bounds: Any
) -> Batcher[int, int]:
    """Make a batcher on the model's virtual clock, that never takes a thread."""
    inline: dict[str, Any] = {"inline_seconds": FAR}
    return Batcher(
        model.run, bounds=Bounds(**inline | bounds), weigh=weigh, clock=model.clock, watch=watch
    )


@dataclass(frozen=True)
class Arrival:
    """A request of a random story: how many items, which fail, when its caller leaves."""

    items: int
    bad: bool
    leaves: bool
    patience: float
    turns: int
    """Turns of the loop before the next one arrives."""


ARRIVALS = st.lists(
    st.builds(
        Arrival,
        items=st.integers(1, 40),
        bad=st.sampled_from([False, False, False, True]),
        leaves=st.sampled_from([False, False, True]),
        patience=st.sampled_from([0.004, 0.05, FAR]),
        turns=st.integers(0, 2),
    ),
    max_size=25,
)


@dataclass(frozen=True)
class Told:
    """What became of an arrival."""

    arrival: Arrival
    items: list[int]
    future: asyncio.Future[list[int]] | None
    """None where it was refused."""


async def play(arrivals: list[Arrival], tried: Batcher[int, int], model: Model) -> list[Told]:
    """Let the requests arrive and leave, and wait until nothing is left to do."""
    told = []
    for number, arrival in enumerate(arrivals):
        items = [number * 1_000 + place for place in range(arrival.items)]
        if arrival.bad:
            items[-1] = BAD
        try:
            future = tried.submit(items, model.now + arrival.patience)
        except Overloaded:
            told.append(Told(arrival, items, None))
            continue
        told.append(Told(arrival, items, future))
        for _ in range(arrival.turns):
            await asyncio.sleep(0)
        if arrival.leaves:
            future.cancel()
    await until(lambda: all(one.future is None or one.future.done() for one in told))
    await until(lambda: tried.waiting == 0)
    return told


def check_answer(one: Told, computed: list[int]) -> None:
    """Check that a caller got its own results in order, or the reason why not."""
    if one.future is None:
        assert not {*one.items} & {*computed} - {BAD}, "A refused request was computed."
    elif not one.future.cancelled():
        fault = one.future.exception()
        if fault is None:
            assert one.future.result() == [2 * item for item in one.items]
        elif isinstance(fault, DeadlinePassed):
            assert one.arrival.patience < FAR
        else:
            assert isinstance(fault, ZeroDivisionError)
            assert one.arrival.bad, "A neighbour's bad item failed this request."


@given(
    arrivals=ARRIVALS,
    most=st.integers(1, 32),
    queue=st.integers(40, 200),
    seconds=st.sampled_from([0.0005, 0.01, 1.0]),
    weight=st.integers(0, 100),
)
@on_a_loop
async def test_every_item_is_answered_once_and_in_order(
    arrivals: list[Arrival], most: int, queue: int, seconds: float, weight: int
) -> None:
    """Whatever arrives, fails or leaves: each caller gets its own results, or its own reason."""
    model = Model()
    tried = batcher(model, batch=most, queue=queue, seconds=seconds, weight=weight)
    for one in await play(arrivals, tried, model):
        check_answer(one, model.computed)
    assert max(map(len, model.calls), default=0) <= most
    if not any(arrival.bad for arrival in arrivals):
        assert len(model.computed) == len(set(model.computed)), "An item was computed twice."


@given(st.lists(st.integers(1, 30), min_size=1, max_size=20), st.integers(0, 60))
@on_a_loop
async def test_a_batch_weighs_no_more_than_it_may(sizes: list[int], weight: int) -> None:
    """Of what several items of a request weigh; one of each is in it, whatever that weighs."""
    model = Model()
    tried = batcher(model, seconds=FAR, weight=weight)
    await tried.submit([0], FAR)
    futures = [
        tried.submit([number * 1_000 + place for place in range(size)], FAR)
        for number, size in enumerate(sizes, start=1)
    ]
    await asyncio.gather(*futures)
    left = dict(enumerate(sizes, start=1))
    for call in model.calls[1:]:
        shares = [[item for item in call if item // 1_000 == number] for number in left]
        assert all(shares), "Everybody who waits has something in each batch."
        assert sum(sum(map(weigh, share)) for share in shares if len(share) > 1) <= weight
        left = {
            number: rest
            for (number, size), share in zip(left.items(), shares, strict=True)
            if (rest := size - len(share))
        }


@on_a_loop
async def test_heavy_items_do_not_come_at_the_price_of_light_ones() -> None:
    """One that came behind a hundred dear items, when all had been cheap, waits for few of them."""
    model = Model(cost=0.0001)
    tried = batcher(model, weight=12)
    for _ in range(100):
        await tried.submit([0], FAR)
    model.calls.clear()
    model.cost = 1
    heavy = tried.submit([6] * 100, FAR)
    assert await tried.submit([7], FAR) == [14]
    assert model.calls == [[6, 6, 7]]
    assert await heavy == [12] * 100


@on_a_loop
async def test_heavy_requests_share_what_a_batch_may_weigh() -> None:
    """All are through together; what a light one leaves of its part goes to those behind it."""
    model = Model()
    tried = batcher(model, seconds=FAR, weight=48)
    await tried.submit([0], FAR)
    model.calls.clear()
    await asyncio.gather(*(tried.submit([6] * 12, FAR) for _ in range(4)))
    assert [len(call) for call in model.calls] == [8] * 6
    model.calls.clear()
    await asyncio.gather(tried.submit([7] * 5, FAR), tried.submit([6] * 16, FAR))
    assert [len(call) for call in model.calls] == [5 + 8, 8]


@on_a_loop
async def test_a_batch_is_what_came_while_the_last_one_ran() -> None:
    """Requests of one turn of the loop are computed together, in the order they came."""
    model = Model()
    tried = batcher(model, seconds=1)
    await tried.submit([0], FAR)
    futures = [tried.submit([number], FAR) for number in range(1, 9)]
    assert await asyncio.gather(*futures) == [[2 * number] for number in range(1, 9)]
    assert model.calls == [[0], [1, 2, 3, 4, 5, 6, 7, 8]]


@on_a_loop
async def test_a_batch_waits_for_those_that_come_turn_by_turn_and_for_no_more_than_enough() -> None:
    """While each turn of the loop brings another request a batch waits, up to `Bounds.enough`."""
    model = Model()
    tried = batcher(model, enough=4)
    await asyncio.gather(tried.submit([0], FAR), tried.submit([1], FAR))
    model.calls.clear()
    futures = [tried.submit([2], FAR), tried.submit([3], FAR)]
    await until(lambda: not tried.waiting)
    assert model.calls == [[2, 3]], "their forerunners came alone, so nobody waits"
    for item in range(4, 10):
        futures.append(tried.submit([item], FAR))
        await asyncio.sleep(0)
    await asyncio.gather(*futures)
    assert model.calls[1:] == [[4, 5, 6, 7], [8, 9]]


@on_a_loop
async def test_a_caller_who_is_alone_waits_for_nobody() -> None:
    """One request after the other: each is a batch by itself in the turn after it came."""
    model = Model()
    tried = batcher(model)
    for item in range(5):
        future = tried.submit([item], FAR)
        await asyncio.sleep(0)
        assert model.calls[item:] == [[item]]
        await future


@on_a_loop
async def test_a_request_of_a_thousand_delays_nobody() -> None:
    """Beside a request of 1,000 items, one that comes later is in the very next batch."""
    model = Model()
    tried = batcher(model, batch=64, seconds=0.064)
    await tried.submit([0], FAR)
    big = tried.submit(list(range(1_000, 2_000)), FAR)
    await until(lambda: len(model.calls) == 3)
    small = tried.submit([7], FAR)
    await small
    assert len(model.calls) <= 5
    assert not big.done()
    assert await big == [2 * item for item in range(1_000, 2_000)]


@given(st.lists(st.integers(1, 30), min_size=2, max_size=30), st.integers(1, 16))
@on_a_loop
async def test_nobody_starves(sizes: list[int], most: int) -> None:
    """Between two turns of one waiting request, no other gets more than two turns."""
    model = Model()
    tried = batcher(model, batch=most, seconds=FAR)
    futures = [
        tried.submit([number * 100 + place for place in range(size)], FAR)
        for number, size in enumerate(sizes)
    ]
    await asyncio.gather(*futures)
    turns = [sorted({item // 100 for item in call}) for call in model.calls]
    left = dict(enumerate(sizes))
    since: dict[int, int] = dict.fromkeys(left, 0)
    for call, served in zip(model.calls, turns, strict=True):
        for number in list(left):
            since[number] = 0 if number in served else since[number] + 1
            left[number] -= sum(item // 100 == number for item in call)
            if not left[number]:
                del left[number]
        assert all(since[number] <= -(-len(sizes) // most) for number in left)


@on_a_loop
async def test_no_room_is_left_while_anybody_waits() -> None:
    """What one who is nearly through leaves of a batch goes to another."""
    model = Model()
    tried = batcher(model, batch=10, seconds=0.0101)
    await tried.submit([0], FAR)
    await asyncio.gather(*(tried.submit(list(range(size)), FAR) for size in (12, 108)))
    assert [len(call) for call in model.calls] == [1] + [10] * 12


@on_a_loop
async def test_the_size_follows_the_measured_cost() -> None:
    """A batch holds as many items as run in its time: few of a dear model, more of a cheap one."""
    model = Model(cost=0.01)
    tried = batcher(model, batch=256, seconds=0.05)
    assert tried.size == 1, "A model of unknown cost must not meet a full batch."
    await tried.submit(list(range(100)), FAR)
    assert tried.size in (4, 5)
    model.cost = 0.0001
    await tried.submit(list(range(2_000)), FAR)
    assert 200 < tried.size <= 256


@on_a_loop
async def test_a_full_queue_refuses_at_once_and_says_when_to_come_back() -> None:
    """What does not fit raises Overloaded with the seconds that the queue will take."""
    model = Model(cost=0.5)
    tried = batcher(model, queue=10, seconds=0.5)
    await tried.submit([0], FAR)
    waiting = tried.submit(list(range(10)), FAR)
    with pytest.raises(Overloaded) as refusal:
        tried.submit([1], FAR)
    assert refusal.value.retry_after == 5
    await waiting
    await tried.submit([1], FAR)
    with pytest.raises(Overloaded) as refusal:
        tried.submit(list(range(11)), FAR)
    assert refusal.value.retry_after == 1


@on_a_loop
async def test_of_too_many_large_requests_those_that_are_let_in_are_answered_in_time() -> None:
    """Where not all can be done in time, some are refused at once; nobody waits in vain."""
    model = Model()
    tried = batcher(model, batch=10)
    await tried.submit([0], FAR)
    answered = []
    for _ in range(20):
        with contextlib.suppress(Overloaded):
            answered.append(tried.submit(list(range(100)), model.now + 1.05))
    assert len(answered) == 8
    small = tried.submit([7], model.now + 0.05)
    await until(small.done)
    assert small.result() == [14], "what is small gets its share all the same"
    for results in await asyncio.gather(*answered):
        assert results == [2 * item for item in range(100)]


@on_a_loop
async def test_a_request_is_not_refused_for_its_own_size() -> None:
    """Where nobody waits, one that will be late is begun: what an item costs is an estimate."""
    model = Model()
    tried = batcher(model, batch=10)
    await tried.submit([0], FAR)
    with pytest.raises(DeadlinePassed):
        await tried.submit(list(range(1_000)), model.now + 0.5)


@on_a_loop
async def test_a_request_whose_time_is_over_is_not_computed() -> None:
    """A deadline is checked when the batch starts: too late is an error, and no work."""
    model = Model(cost=1)
    tried = batcher(model, batch=1, seconds=1)
    first, late = tried.submit([1], FAR), tried.submit([2], model.now + 0.5)
    await first
    too_late = tried.submit([3], model.now)
    for fault in await asyncio.gather(late, too_late, return_exceptions=True):
        assert isinstance(fault, DeadlinePassed)
    assert model.computed == [1]


@on_a_loop
async def test_a_caller_who_left_is_not_computed() -> None:
    """Items of a cancelled request that no batch has taken are never run."""
    model = Model()
    tried = batcher(model, batch=1)
    first, gone, last = (tried.submit([number], FAR) for number in (1, 2, 3))
    gone.cancel()
    await asyncio.gather(first, last)
    tried.submit([4], FAR).cancel()
    await asyncio.sleep(0)
    next_one = tried.submit([5], FAR)
    await until(next_one.done)
    assert model.computed == [1, 3, 5]


@on_a_loop
async def test_one_bad_item_fails_its_own_request_alone() -> None:
    """When a batch fails, each request is run by itself, and only the bad one fails."""
    model = Model()
    tried = batcher(model, seconds=1)
    await tried.submit([0], FAR)
    good, bad, other = (tried.submit(items, FAR) for items in ([1, 2], [BAD], [3]))
    assert await good == [2, 4]
    assert await other == [6]
    with pytest.raises(ZeroDivisionError):
        await bad


@on_a_loop
async def test_a_model_that_loses_results_is_not_believed() -> None:
    """When fewer results come back than items went in, the request fails rather than shift."""
    tried: Batcher[int, int] = Batcher(lambda items: items[1:])
    with pytest.raises(RuntimeError, match="1 items went in, 0 results came out"):
        await tried.submit([1], FAR)


@pytest.mark.parametrize(("seconds", "on_the_loop"), [(0.01, True), (1, False)])
@on_a_loop
async def test_a_slow_model_runs_in_a_thread(seconds: float, *, on_the_loop: bool) -> None:
    """A batch that is expected to be slow leaves the loop free, one at a time all the same."""
    loops: list[bool] = []

    def run(items: list[int]) -> list[int]:
        on_loop = True
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            on_loop = False
        loops.append(on_loop)
        model.now += seconds
        return items

    model = Model()
    tried = Batcher(run, bounds=Bounds(batch=1, inline_seconds=0.02), clock=model.clock)
    await tried.submit([1], FAR)
    assert await asyncio.gather(*(tried.submit([n], FAR) for n in (2, 3))) == [[2], [3]]
    assert loops == [True, on_the_loop, on_the_loop]


@on_a_loop
async def test_a_slow_model_is_run_where_the_system_gives_no_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As at a limit of processes: else no batch would ever run again, and callers would hang."""
    model = Model()
    tried = batcher(model, inline_seconds=0)

    def none_left(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    assert await tried.submit([1], model.now + FAR) == [2]  # its cost is not known yet
    with monkeypatch.context() as system:
        system.setattr(threading.Thread, "start", none_left)
        assert await asyncio.wait_for(tried.submit([2], model.now + FAR), 5) == [4]
    assert await asyncio.wait_for(tried.submit([3], model.now + FAR), 5) == [6]


@on_a_loop
async def test_who_leaves_while_a_thread_is_at_work_harms_nobody() -> None:
    """His results are dropped, and the others of his batch get theirs."""
    model, may_end = Model(cost=1), threading.Event()

    def run(items: list[int]) -> list[int]:
        assert items == [1] or may_end.wait(10)
        return model.run(items)

    bounds = Bounds(batch=2, seconds=2, inline_seconds=0.02)
    tried = Batcher(run, bounds=bounds, clock=model.clock)
    await tried.submit([1], FAR)
    gone, stays = tried.submit([2], FAR), tried.submit([3], FAR)
    await until(lambda: tried.waiting == 0)
    gone.cancel()
    may_end.set()
    assert await asyncio.wait_for(stays, 10) == [6]


@on_a_loop
async def test_whoever_watches_is_told_of_every_batch() -> None:
    """Size, seconds, waits of the requests that began, and what still waits."""
    model = Model(cost=1)
    told: list[Batch] = []
    tried = batcher(model, batch=2, seconds=2, watch=told.append)
    await asyncio.gather(tried.submit([1], FAR), tried.submit([2, 3, 4], FAR))
    assert told == [
        Batch(size=1, seconds=1, waits=[0]),
        Batch(size=2, seconds=2, waits=[1]),
        Batch(size=1, seconds=1, waits=[]),
    ]


@on_a_loop
async def test_cancelling_in_the_middle_frees_the_queue() -> None:
    """Of a request that leaves half done, the rest leaves the queue."""
    model = Model()
    tried = batcher(model, batch=10, seconds=0.01)
    await tried.submit([0], FAR)
    big = tried.submit(list(range(100)), FAR)
    await until(lambda: len(model.calls) == 3)
    big.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await big
    await until(lambda: tried.waiting == 0)
    assert len(model.computed) < 50
