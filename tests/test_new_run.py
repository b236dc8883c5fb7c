"""A newly promoted run is taken up without a restart, and a bad one is not."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from io import StringIO
from pathlib import Path
from unittest.mock import Mock

import pytest
import requests

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
    promote_unseen,
    runner_of,
    serving,
    wait_until,
)
from tests.on_a_loop import on_a_loop, until
from tests.serving import Server


@pytest.mark.timeout(60)
def test_all_workers_take_up_a_promoted_run(four_runs: Store, tmp_path: Path) -> None:
    """Under load every worker changes to a promoted run; no request fails or is of two runs."""
    with serving(tmp_path, TAGLINE_WORKERS="2") as server:
        seen: list[str] = []
        over = threading.Event()
        failures: list[BaseException] = []

        def call() -> None:
            try:
                while not over.is_set():
                    seen.append(check_whole(predict(server)))
            except BaseException as failure:
                failures.append(failure)
                raise

        callers = [threading.Thread(target=call) for _ in range(4)]
        for caller in callers:
            caller.start()
        server.wait_for_workers(2)
        wait_until(lambda: len(seen) > 20)
        assert set(seen) == {OLD}
        four_runs.promote(NEW)
        wait_until(lambda: server.metric(f'tagline_served_run{{run_id="{OLD}"}}') == 0)
        seen.clear()
        wait_until(lambda: len(seen) > 20)
        over.set()
        for caller in callers:
            caller.join()
        assert not failures
        assert set(seen[4:]) == {NEW}
        run = requests.get(f"{server.url}/runs/{NEW}", timeout=30).json()["data"]
        assert run["promoted"] is run["served"] is True


def test_a_run_that_does_not_load_is_refused(four_runs: Store, tmp_path: Path) -> None:
    """A promoted run that cannot load is told of once; the old one serves on until a good one."""
    damaged = four_runs.folder / NEW / "model" / "check.json"
    damaged.write_text(damaged.read_text().replace("0.", "1.", 1))
    with serving(tmp_path) as server:
        promote_unseen(four_runs, NEW)
        wait_until(lambda: server.metric("tagline_run_refused_total") == 1)
        assert check_whole(predict(server)) == OLD
        wait_until(lambda: requests.get(f"{server.url}/readyz", timeout=30).status_code == 200)
        run = requests.get(f"{server.url}/runs/{NEW}", timeout=30).json()["data"]
        assert (run["promoted"], run["served"]) == (True, False)
        four_runs.promote(THIRD)
        wait_until(lambda: check_whole(predict(server)) == THIRD)
        assert server.metric("tagline_run_refused_total") == 1
        assert server.metric(f'tagline_served_run{{run_id="{THIRD}"}}') == 1
        assert server.metric("tagline_served_run") == 1
    log = server.log.read_text()
    assert log.count(f"Run {NEW} was promoted and is not taken up; {OLD} stays") == 1


@on_a_loop
async def test_a_promoted_run_that_is_loaded_is_not_loaded_again(watched: Watched) -> None:
    """Whoever tries a run before promoting it need not have room for it twice."""
    runner = runner_of(watched, kept=1)
    watched.loads.set()
    tried = await asked(runner, NEW)
    promote_unseen(watched, NEW)
    following = asyncio.create_task(runner.follow(0))
    await until(lambda: runner.served.run.run_id == NEW)
    following.cancel()
    assert runner.served is tried
    assert watched.loaded == [OLD, NEW]


@on_a_loop
async def test_a_promoted_run_that_could_not_be_loaded_is_tried_again(
    watched: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker whose store failed once takes the promoted run up later, not never."""
    monkeypatch.setattr("runners.tag_runner.RETRY_SECONDS", 0)
    watch = Mock()
    runner = runner_of(watched, kept=1, watch=watch)
    watched.loads.set()
    missing = watched.folder / NEW / "model" / "weights.npz"
    away = missing.rename(tmp_path / missing.name)
    promote_unseen(watched, NEW)
    following = asyncio.create_task(runner.follow(0.01))
    await until(lambda: watched.loaded.count(NEW) >= 3)
    away.rename(missing)
    await until(lambda: runner.served.run.run_id == NEW)
    following.cancel()
    watch.refused.assert_called_once()


@on_a_loop
async def test_a_promoted_run_that_could_not_be_loaded_is_not_read_at_each_look(
    watched: Watched, tmp_path: Path
) -> None:
    """It is left for a while, unless somebody promotes it anew."""
    runner = runner_of(watched, kept=1)
    watched.loads.set()
    missing = watched.folder / NEW / "model" / "weights.npz"
    away = missing.rename(tmp_path / missing.name)
    promote_unseen(watched, NEW)
    following = asyncio.create_task(runner.follow(0))
    watched.looks = 0
    await until(lambda: watched.looks >= 5)
    assert watched.loaded == [OLD, NEW]
    away.rename(missing)
    promote_unseen(watched, NEW)
    await until(lambda: runner.served.run.run_id == NEW)
    following.cancel()


@pytest.mark.parametrize("before", [False, True])
def test_a_change_without_history_is_not_taken_up(
    four_runs: Store, tmp_path: Path, *, before: bool
) -> None:
    """A `latest` that something else moved, before the start too, is warned of once and not served.

    So servers that are added, or started anew, serve what the others do.
    """
    if before:
        (four_runs.folder / "latest").write_text(NEW)
    with serving(tmp_path) as server:
        if not before:
            (four_runs.folder / "latest").write_text(NEW)
        wait_until(lambda: "moved it" in server.log.read_text())
        assert check_whole(predict(server)) == OLD
        four_runs.promote(NEW)
        wait_until(lambda: check_whole(predict(server)) == NEW)
    assert server.log.read_text().count("moved it") == 1


@pytest.mark.parametrize("gone", ["history", OLD])
def test_a_start_without_the_run_promoted_last_warns(
    four_runs: Store, logged: StringIO, gone: str
) -> None:
    """Where the history or its last run is gone, a server warns and serves what `latest` names."""
    (four_runs.folder / "latest").write_text(NEW)
    (four_runs.folder / gone).rename(four_runs.folder.parent / gone)
    assert runner_of(four_runs, kept=1).served.run.run_id == NEW
    assert logged.getvalue().count("moved it") == 1


def test_a_pinned_run_stays(four_runs: Store, tmp_path: Path) -> None:
    """The run that TAGLINE_RUN names is served whatever is promoted; GET /runs tells both."""
    with serving(tmp_path, TAGLINE_RUN=THIRD) as server:
        assert check_whole(predict(server)) == THIRD
        four_runs.promote(NEW)
        assert check_whole(predict(server, "promoted")) == NEW
        assert check_whole(predict(server)) == THIRD
        runs = requests.get(f"{server.url}/runs", timeout=30).json()["data"]["runs"]
        assert [run["run_id"] for run in runs] == [OLD, FOURTH, THIRD, NEW], "the newest first"
        assert {run["run_id"] for run in runs if run["promoted"]} == {NEW}
        assert {run["run_id"] for run in runs if run["served"]} == {THIRD}


def taken_up(server: Server, runs: int) -> bool:
    """Ask for tags, and whether so many runs were taken up by then."""
    check_whole(predict(server))
    return server.metric("tagline_run_taken_up_total") == runs


@pytest.mark.timeout(200)
def test_a_hundred_promotions_leak_nothing(four_runs: Store, tmp_path: Path) -> None:
    """After 20 promotions under load the worker grows by less than two runs through 80 more."""
    with serving(tmp_path, TAGLINE_POLL_SECONDS="0.02") as server:
        (worker,) = server.workers()
        grown = 0
        for number in range(1, 101):
            four_runs.promote(NEW if number % 2 else OLD)
            wait_until(partial(taken_up, server, number))
            if number == 20:
                grown = -worker.memory_info().rss
        grown += worker.memory_info().rss
        assert grown < 20 << 20, f"{grown >> 20} MiB"
