"""Any run of the past answers; a bounded number stays loaded, and nobody else waits for a load."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path

import pytest

from runners.tag_runner import MOST_LOADING
from tagger.errors import BrokenRun, DeadlinePassed, Overloaded
from tagger.store import Store
from tests.four_runs import (
    FOURTH,
    NEW,
    OLD,
    THIRD,
    Watched,
    asked,
    check_whole,
    predict,
    runner_of,
    serving,
)
from tests.on_a_loop import on_a_loop, until


def test_any_run_of_the_past_answers(four_runs: Store, tmp_path: Path) -> None:
    """Every run in the store answers, more of them than are kept loaded; a deleted one is a 404."""
    with serving(tmp_path, TAGLINE_KEPT_RUNS="1") as server:
        for _ in range(2):
            for run_id in (OLD, NEW, THIRD, FOURTH):
                assert check_whole(predict(server, run_id)) == run_id
        four_runs.delete(FOURTH)
        answer = predict(server, FOURTH)
        assert answer.status_code == 404
        assert NEW in answer.json()["detail"]
        assert check_whole(predict(server)) == OLD


def test_a_run_that_loads_slowly_is_waited_for_until_the_deadline(
    four_runs: Store, tmp_path: Path
) -> None:
    """Requests for it, and for runs that are to load after it, get their 504 in time."""
    slow = next((four_runs.folder / NEW / "model").glob("*.npz"))
    content = slow.read_bytes()
    slow.unlink()
    os.mkfifo(slow)  # reading waits until somebody writes
    with serving(tmp_path) as server:
        try:
            for run_id in (NEW, THIRD):
                asked = time.monotonic()
                answer = predict(server, run_id, seconds=0.5)
                assert answer.status_code == 504
                assert "loaded" in answer.json()["detail"]
                assert time.monotonic() - asked < 5
            assert check_whole(predict(server)) == OLD
        finally:
            slow.rename(slow.with_suffix(".fifo"))
            slow.write_bytes(content)
            slow.with_suffix(".fifo").write_bytes(content)
        assert check_whole(predict(server, FOURTH)) == FOURTH


@on_a_loop
async def test_the_run_that_nobody_asked_for_longest_is_dropped(watched: Watched) -> None:
    """As many runs as are to be kept stay loaded, those that were asked for last."""
    runner = runner_of(watched, kept=2)
    watched.loads.set()
    for run_id in (NEW, THIRD, NEW, OLD, FOURTH, NEW, THIRD):
        assert (await asked(runner, run_id)).run.run_id == run_id
    assert watched.loaded == [OLD, NEW, THIRD, FOURTH, THIRD]


@on_a_loop
async def test_runs_are_loaded_in_one_thread(watched: Watched) -> None:
    """Whatever else reads the store: in several, each kept the room of runs that it had loaded."""
    runner = runner_of(watched, kept=1)
    watched.loads.set()
    for _ in range(4):
        asks = [asked(runner, run_id) for run_id in (NEW, THIRD, FOURTH)]
        await asyncio.gather(*asks)
    assert len(set(watched.threads[1:])) == 1


@on_a_loop
async def test_a_load_that_has_begun_goes_on_after_its_caller_left(watched: Watched) -> None:
    """A run that loads longer than callers wait is there for a later one; one not begun is left."""
    runner = runner_of(watched, kept=1)
    for run_id in (NEW, THIRD):
        with pytest.raises(DeadlinePassed):
            await asked(runner, run_id, seconds=0.2)
    watched.loads.set()
    assert (await asked(runner, NEW)).run.run_id == NEW
    assert watched.loaded == [OLD, NEW]


@on_a_loop
async def test_a_run_that_is_taken_up_while_somebody_waits_for_it_is_loaded_once(
    watched: Watched,
) -> None:
    """A caller who asks for a run that is just being taken up waits for that one load of it."""
    runner = runner_of(watched, kept=1)
    watched.loads.set()
    watched.promote(NEW)
    watched.loads.clear()
    watched.loaded.clear()
    following = asyncio.create_task(runner.follow(0.01))
    await until(lambda: watched.loaded == [NEW])
    listed = watched.lists
    waiting = asyncio.create_task(asked(runner, NEW))
    await until(lambda: watched.lists > listed)
    watched.loads.set()
    assert await waiting is runner.served
    following.cancel()
    assert watched.loaded == [NEW]


@on_a_loop
async def test_only_so_many_requests_wait_for_runs_to_be_loaded(watched: Watched) -> None:
    """One too many is refused at once, the others share the load, and later ones may wait again."""
    runner = runner_of(watched, kept=2)
    for run_id in (NEW, THIRD):
        watched.loads.clear()
        asks = [asyncio.create_task(asked(runner, run_id)) for _ in range(MOST_LOADING + 1)]
        refused, waiting = await asyncio.wait(asks, return_when=asyncio.FIRST_COMPLETED)
        assert [type(ask.exception()) for ask in refused] == [Overloaded]
        watched.loads.set()
        assert {loaded.run.run_id for loaded in await asyncio.gather(*waiting)} == {run_id}
    assert watched.loaded == [OLD, NEW, THIRD]


@on_a_loop
async def test_a_run_whose_record_names_other_tags_is_not_loaded(four_runs: Store) -> None:
    """Tags of the record that are not the model's would be told with each other's figures."""
    record = four_runs.folder / NEW / "run.json"
    told = json.loads(record.read_text())
    told["run"]["tags"].reverse()
    record.write_text(json.dumps(told))
    runner = runner_of(four_runs, kept=1)
    with pytest.raises(BrokenRun, match="different tags"):
        await asked(runner, NEW)
