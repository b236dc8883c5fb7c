"""A batch holds what came meanwhile, within its time, and something of everybody who waits."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.shared_thread import SharedThread
from tests.batcher_alone import FAR, Model, batcher, warm_batcher, weigh
from tests.on_a_loop import on_a_loop, until


@given(st.lists(st.integers(1, 30), min_size=1, max_size=20), st.integers(0, 60))
@on_a_loop
async def test_a_batch_weighs_no_more_than_it_may(sizes: list[int], weight: int) -> None:
    """But for one item; whoever has nothing in a batch is in the next, before the others."""
    model = Model()
    tried = await warm_batcher(model, seconds=FAR, weight=weight)
    futures = [
        tried.submit([number * 1_000 + place for place in range(size)], FAR)
        for number, size in enumerate(sizes, start=1)
    ]
    await asyncio.gather(*futures)
    left = dict(enumerate(sizes, start=1))
    for call in model.calls:
        weights = list(map(weigh, call))
        assert sum(weights) - max(weights) <= weight
        shares = {number: sum(item // 1_000 == number for item in call) for number in left}
        served = [number for number, share in shares.items() if share]
        assert served == list(left)[: len(served)]
        waited = {number: left[number] for number in left if number not in served}
        rest = {number: left[number] - shares[number] for number in served}
        left = waited | {number: size for number, size in rest.items() if size}


@on_a_loop
async def test_a_request_behind_many_heavy_items_waits_for_few_of_them() -> None:
    """Weights limit a batch even while its size still says that items are cheap."""
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
    """Each request gets a part of a batch's weight; what it leaves of its part goes to the next."""
    model = Model()
    tried = await warm_batcher(model, seconds=FAR, weight=48)
    await asyncio.gather(*(tried.submit([6] * 12, FAR) for _ in range(4)))
    assert [len(call) for call in model.calls] == [8] * 6
    model.calls.clear()
    await asyncio.gather(tried.submit([7] * 5, FAR), tried.submit([6] * 16, FAR))
    assert [len(call) for call in model.calls] == [5 + 8, 8]


@on_a_loop
async def test_a_batch_is_what_came_while_the_last_one_ran() -> None:
    """Requests of one turn of the loop are computed together, in the order they came."""
    model = Model()
    tried = await warm_batcher(model, seconds=1)
    futures = [tried.submit([number], FAR) for number in range(1, 9)]
    assert await asyncio.gather(*futures) == [[2 * number] for number in range(1, 9)]
    assert model.calls == [[1, 2, 3, 4, 5, 6, 7, 8]]


@on_a_loop
async def test_a_batch_waits_while_each_turn_brings_a_request() -> None:
    """A batch waits while each turn of the loop brings a request, up to `Bounds.enough`."""
    model = Model()
    tried = batcher(model, seconds=FAR, enough=4)
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
async def test_a_batch_does_not_wait_while_another_batcher_computes() -> None:
    """A batch starts without waiting for more requests while another batcher's batches run.

    Each of those, long as it is, would bring another request to wait for.
    """
    model, thread = Model(), SharedThread()
    tried, other = (batcher(model, seconds=0.01, thread=thread) for _ in range(2))
    await asyncio.gather(tried.submit([0], FAR), tried.submit([1], FAR), other.submit([0], FAR))
    await asyncio.gather(tried.submit([2], FAR), tried.submit([3], FAR))
    model.calls.clear()
    long, futures = other.submit([100] * 500, FAR), []
    for item in range(10):
        futures.append(tried.submit([item], FAR))
        await asyncio.sleep(0)
    await asyncio.gather(*futures)
    assert [call for call in model.calls if 100 not in call] == [[item] for item in range(10)]
    assert not long.done()


@on_a_loop
async def test_a_caller_who_is_alone_waits_for_nobody() -> None:
    """A request with no other beside it is computed in the next turn of the loop."""
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
    tried = await warm_batcher(model, batch=64, seconds=0.064)
    big = tried.submit(list(range(1_000, 2_000)), FAR)
    await until(lambda: len(model.calls) == 2)
    await tried.submit([7], FAR)
    assert len(model.calls) <= 4
    assert not big.done()
    assert await big == [2 * item for item in range(1_000, 2_000)]


@on_a_loop
async def test_between_its_batches_a_long_request_leaves_the_loop_to_others() -> None:
    """Between two batches of a long request the loop has several turns for everything else."""
    model = Model()
    tried = await warm_batcher(model, seconds=0.01)
    long = tried.submit([100] * 30, FAR)
    batches_at_each_turn = []
    while not long.done():
        await asyncio.sleep(0)
        batches_at_each_turn.append(len(model.calls))
    assert batches_at_each_turn.count(1) > 5
    assert batches_at_each_turn.count(2) > 5


@given(st.lists(st.integers(1, 30), min_size=2, max_size=30), st.integers(1, 16))
@on_a_loop
async def test_nobody_starves(sizes: list[int], most: int) -> None:
    """A request is passed over for no more batches than it takes to serve each request once."""
    model = Model()
    tried = batcher(model, batch=most, seconds=FAR)
    futures = [
        tried.submit([number * 100 + place for place in range(size)], FAR)
        for number, size in enumerate(sizes)
    ]
    await asyncio.gather(*futures)
    assert max(map(len, model.calls)) <= most
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


@pytest.mark.parametrize("sizes", [(12, 108), (108, 12)])
@on_a_loop
async def test_no_room_is_left_while_anybody_waits(sizes: tuple[int, ...]) -> None:
    """The room that a nearly finished request leaves in a batch goes to another one."""
    model = Model()
    tried = await warm_batcher(model, batch=10, seconds=0.0101)
    await asyncio.gather(*(tried.submit(list(range(size)), FAR) for size in sizes))
    assert [len(call) for call in model.calls] == [10] * 12


@on_a_loop
async def test_the_size_follows_the_measured_cost() -> None:
    """A batch holds as many items as run in its time: few of a slow model, more of a fast one."""
    model = Model(cost=0.01)
    tried = batcher(model, batch=256, seconds=0.05)
    assert tried.size == 1, "A model of unknown cost must not meet a full batch."
    await tried.submit(list(range(100)), FAR)
    assert tried.size in (4, 5)
    model.cost = 0.0001
    await tried.submit(list(range(2_000)), FAR)
    assert 200 < tried.size <= 256
    model.cost = 0.001
    await tried.submit([0], FAR)
    assert tried.size > 100, "One slow moment makes no slow model."
