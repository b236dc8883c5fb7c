"""The batcher answers each item once and in order, or says at once or in time why it does not."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.batching import Batch, Batcher, Bounds
from runners.shared_thread import SharedThread
from tagger.errors import DeadlinePassed, Overloaded
from tests.batcher_alone import BAD, FAR, Model, batcher, warm_batcher
from tests.on_a_loop import on_a_loop, until


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


@on_a_loop
async def test_a_full_queue_refuses_at_once_and_says_when_to_come_back() -> None:
    """A request that does not fit raises Overloaded with the seconds that the queue will take."""
    model = Model(cost=0.5)
    tried = batcher(model, queue=10, seconds=0.5)
    with pytest.raises(Overloaded) as refusal:
        tried.submit(list(range(11)), FAR)
    assert refusal.value.retry_after == 1, "What the queue will take is not known yet."
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
    late = tried.submit(list(range(10)), model.now + 3)
    with pytest.raises(Overloaded) as refusal:
        tried.submit([1], FAR)
    assert refusal.value.retry_after == 3, "Then the queue is empty, whoever was answered."
    with pytest.raises(DeadlinePassed):
        await late


@on_a_loop
async def test_every_large_request_that_is_accepted_is_answered_in_time() -> None:
    """Some of too many large requests are refused at once; a small one is still accepted."""
    model = Model()
    tried = batcher(model, batch=10)
    await tried.submit([0] * 100, FAR)
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


@pytest.mark.parametrize("before", [(300,), (13,) * 100], ids=["full batches", "small ones"])
@on_a_loop
async def test_who_is_let_in_is_answered_in_time_beside_other_work(before: tuple[int, ...]) -> None:
    """Batches of another batcher, which take turns with these, take time as well."""
    model, thread = Model(), SharedThread()
    tried, other = (batcher(model, batch=10, seconds=FAR, thread=thread) for _ in range(2))
    beside = other.submit([0] * 2_000, FAR)
    for size in before:
        await tried.submit([0] * size, FAR)
    beside.cancel()
    await until(lambda: other.waiting == 0)
    beside = other.submit([0] * 2_000, FAR)
    answered = []
    for _ in range(20):
        with contextlib.suppress(Overloaded):
            answered.append(tried.submit([1] * 100, model.now + 2.1))
    assert 6 <= len(answered) <= 9
    assert await asyncio.gather(*answered) == [[2] * 100] * len(answered)
    beside.cancel()


@pytest.mark.parametrize(
    "costs",
    [
        pytest.param((1,), id="just started"),
        pytest.param((1, *[0.0001] * 40), id="cold"),
        pytest.param((*[0.0001] * 40, 1), id="halted"),
    ],
)
@on_a_loop
async def test_one_slow_batch_makes_no_later_request_refused(costs: tuple[float, ...]) -> None:
    """One slow text, after a start or while the machine halts, says little about the next ones."""
    model = Model()
    tried = batcher(model)
    for model.cost in costs:
        await tried.submit([0], FAR)
    model.cost = 0.0001
    futures = [tried.submit([1] * 100, model.now + 10) for _ in range(2)]
    assert await asyncio.gather(*futures) == [[2] * 100] * 2


@pytest.mark.parametrize("leaves", [False, True])
@on_a_loop
async def test_a_pause_makes_no_later_request_refused(*, leaves: bool) -> None:
    """Neither one between two batches of a request, nor those after callers left in the midst."""
    model = Model(cost=0.0001)
    tried = batcher(model, batch=50, seconds=FAR)
    await tried.submit([0] * 50, FAR)
    for _ in range(30 if leaves else 1):
        begun = tried.submit([0] * 100, FAR)
        await until(lambda: tried.waiting == 50)
        if leaves:
            begun.cancel()
            await until(lambda: tried.waiting == 0)
        model.now += 10
        if not leaves:
            await begun
    futures = [tried.submit([1] * 1_000, model.now + 10) for _ in range(20)]
    assert await asyncio.gather(*futures) == [[2] * 1_000] * 20


@on_a_loop
async def test_a_request_is_not_refused_for_its_own_size() -> None:
    """With an empty queue a request is begun even if it will be late: its cost is an estimate."""
    model = Model()
    tried = batcher(model, batch=10)
    await tried.submit([0] * 100, FAR)
    with pytest.raises(DeadlinePassed):
        await tried.submit(list(range(1_000)), model.now + 0.5)


@on_a_loop
async def test_a_request_whose_time_is_over_is_not_computed() -> None:
    """A request whose deadline has passed when its batch starts gets an error and no work."""
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
    """Items of a cancelled request that are in no batch yet are never computed."""
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
    tried = await warm_batcher(model, seconds=1)
    good, bad, other = (tried.submit(items, FAR) for items in ([1, 2], [BAD], [3]))
    assert await good == [2, 4]
    assert await other == [6]
    with pytest.raises(ZeroDivisionError):
        await bad


@on_a_loop
async def test_a_model_that_returns_too_few_results_fails_the_request() -> None:
    """Fewer results than items are an error, since they could be anybody's."""
    tried: Batcher[int, int] = Batcher(lambda items: items[1:])
    with pytest.raises(RuntimeError, match="1 items went in, 0 results came out"):
        await tried.submit([1], FAR)


@pytest.mark.parametrize(("cost", "on_the_loop"), [(0.009, True), (0.015, False)])
@on_a_loop
async def test_a_slow_model_runs_in_a_thread(cost: float, *, on_the_loop: bool) -> None:
    """A batch that is expected to be slow runs in a thread, one at a time, off the loop."""
    model, alone = Model(cost), threading.Lock()
    on_loop: list[bool] = []

    def run(items: list[int]) -> list[int]:
        assert alone.acquire(blocking=False)
        on_loop.append(threading.current_thread() is threading.main_thread())
        threading.Event().wait(0.01)
        alone.release()
        return model.run(items)

    bounds = Bounds(batch=2, seconds=FAR, inline_seconds=0.02)
    tried = Batcher(run, bounds=bounds, clock=model.clock)
    await tried.submit([1], FAR)
    assert await asyncio.gather(*(tried.submit([n, n], FAR) for n in (2, 3))) == [[4, 4], [6, 6]]
    assert model.calls == [[1], [2, 3], [2, 3]]
    assert on_loop == [True, on_the_loop, on_the_loop]


@on_a_loop
async def test_a_slow_batch_runs_on_the_loop_where_no_thread_can_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At a limit of processes, say, a slow batch is run on the loop, and only once."""
    model = Model()
    tried = batcher(model, inline_seconds=0)

    def none_left(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    assert await tried.submit([1], model.now + FAR) == [2]  # its cost is not known yet
    with monkeypatch.context() as system:
        system.setattr(threading.Thread, "start", none_left)
        assert await asyncio.wait_for(tried.submit([2], model.now + FAR), 5) == [4]
    assert await asyncio.wait_for(tried.submit([3], model.now + FAR), 5) == [6]
    assert model.calls == [[1], [2], [3]]


@on_a_loop
async def test_a_caller_may_leave_while_a_thread_computes_his_batch() -> None:
    """His results are dropped, and the others of the batch get theirs."""
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
async def test_a_watcher_is_told_of_every_batch() -> None:
    """It is told the size, the seconds, and how long the requests that began had waited."""
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
    """The rest of a request that is cancelled half done leaves the queue, and a watcher is told."""
    model = Model()
    told: list[Batch] = []
    tried = await warm_batcher(model, batch=10, seconds=0.01, watch=told.append)
    big = tried.submit(list(range(100)), FAR)
    await until(lambda: len(model.calls) == 2)
    big.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await big
    await until(lambda: told[-1] == Batch(size=0, seconds=0, waits=[]))
    assert tried.waiting == 0
    assert len(model.computed) < 50
