"""A newly promoted run is taken up without a restart, a bad one is not; any past run answers."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import httpx
import numpy as np
import pytest
import requests
from fastapi.openapi.utils import get_openapi

from app.api import create_api
from app.envelope import Envelopes
from app.predict import writer
from runners.batching import Bounds
from runners.loaded import Loaded
from runners.tag_runner import MOST_LOADING, TagRunner, Watch
from tagger.errors import BrokenRun, DeadlinePassed, Overloaded
from tagger.history import History
from tagger.model import Model
from tagger.store import Store
from tests.edge_alone import LIMITS
from tests.on_a_loop import on_a_loop, until
from tests.runs import made_run, named, put
from tests.serving import PROJECT, Server, serve

OLD, NEW, THIRD, FOURTH = (f"2026010{day}-000000-aaaa" for day in range(1, 5))
BODY = {"texts": [{"text": "Broth, onion and pepper in a saucepan, with butter and lemon."}]}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with OLD promoted; beside it NEW and others, which give every text every tag."""
    made = Store(tmp_path / "home")
    put(made, named(OLD))
    for run_id in (NEW, THIRD, FOURTH):
        put_generous(made, run_id)
    return made


def put_generous(store: Store, run_id: str) -> None:
    """Write a run whose thresholds are 0."""
    made = named(run_id)
    nothing = np.zeros(len(made.model.tags))
    model = replace(made.model, policy=replace(made.model.policy, thresholds=nothing))
    created_at = f"{run_id[:4]}-{run_id[4:6]}-{run_id[6:8]}T00:00:00.000+00:00"
    run = replace(made.run, thresholds=tuple(nothing.tolist()), created_at=created_at)
    put(store, replace(made, model=model, run=run))


@contextmanager
def serving(tmp_path: Path, **settings: str) -> Iterator[Server]:
    """Serve the store, looking for a new run ten times a second."""
    settings = {"TAGLINE_POLL_SECONDS": "0.1"} | settings
    with serve(tmp_path / "home", tmp_path / "log", folder=PROJECT, **settings) as server:
        yield server


def predict(server: Server, run_id: str | None = None, *, seconds: float = 10) -> requests.Response:
    """Ask for tags."""
    path = f"/runs/{run_id}/predict" if run_id else "/predict"
    asked = {"X-Request-Timeout": str(seconds)}
    return requests.post(f"{server.url}{path}", json=BODY, headers=asked, timeout=30)


def check_whole(answer: requests.Response) -> str:
    """Check that an answer is wholly of one run, and give which."""
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    run_id: str = data["run_id"]
    assert run_id == answer.headers["X-Run-ID"]
    scores = data["predictions"][0]["scores"]
    generous = all(score["threshold"] == 0 for score in scores)
    every_tag = len(scores) == len(made_run().model.tags)
    assert (every_tag and generous) is (run_id != OLD)
    return run_id


def wait_until(so: Callable[[], bool]) -> None:
    """Ask again and again until something is so; the test's own time-out bounds it."""
    while not so():
        threading.Event().wait(0.02)


@pytest.mark.timeout(60)
def test_all_workers_take_up_a_promoted_run(store: Store, tmp_path: Path) -> None:
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
        store.promote(NEW)
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


def test_a_run_that_does_not_load_is_refused(store: Store, tmp_path: Path) -> None:
    """A promoted run that cannot load is told of once; the old one serves on until a good one."""
    damaged = store.folder / NEW / "model" / "check.json"
    damaged.write_text(damaged.read_text().replace("0.", "1.", 1))
    with serving(tmp_path) as server:
        promote_unseen(store, NEW)
        wait_until(lambda: server.metric("tagline_run_refused_total") == 1)
        assert check_whole(predict(server)) == OLD
        wait_until(lambda: requests.get(f"{server.url}/readyz", timeout=30).status_code == 200)
        run = requests.get(f"{server.url}/runs/{NEW}", timeout=30).json()["data"]
        assert (run["promoted"], run["served"]) == (True, False)
        store.promote(THIRD)
        wait_until(lambda: check_whole(predict(server)) == THIRD)
        assert server.metric("tagline_run_refused_total") == 1
        assert server.metric(f'tagline_served_run{{run_id="{THIRD}"}}') == 1
        assert server.metric("tagline_served_run") == 1
    log = server.log.read_text()
    assert log.count(f"Run {NEW} was promoted and is not taken up; {OLD} stays") == 1


def test_a_fault_while_looking_at_the_store_is_not_the_last_look(
    store: Store, tmp_path: Path
) -> None:
    """A fault that nobody foresaw is told once, and a later promotion is taken up all the same."""
    history = store.folder / "history"
    before = history.read_bytes()
    with serving(tmp_path) as server:
        history.write_text("[" * 100_000)  # no fault that reading a history foresees
        (store.folder / "latest").write_text(NEW)
        wait_until(lambda: "was not looked at; serving goes on" in server.log.read_text())
        history.write_bytes(before)
        store.promote(THIRD)
        wait_until(lambda: check_whole(predict(server)) == THIRD)
    assert server.log.read_text().count("was not looked at") == 1


def test_a_store_that_vanishes_is_told(store: Store, tmp_path: Path) -> None:
    """While the store is away the loaded run serves on and one line tells; back, it is followed."""
    away = tmp_path / "away"
    with serving(tmp_path) as server:
        store.folder.rename(away)
        wait_until(lambda: "no promoted run any more" in server.log.read_text())
        assert check_whole(predict(server)) == OLD
        away.rename(store.folder)
        store.promote(NEW)
        wait_until(lambda: check_whole(predict(server)) == NEW)
    assert server.log.read_text().count("no promoted run any more") == 1


def test_a_history_that_cannot_be_read_keeps_no_server_from_starting(
    store: Store, tmp_path: Path
) -> None:
    """Only taking up a new run needs the history; the log says what to take out of it."""
    (store.folder / "history").write_text("nonsense\n")
    with serving(tmp_path) as server:
        assert check_whole(predict(server)) == OLD
    log = server.log.read_text()
    assert log.count("No promotion can be taken up") == 1
    assert "delete the one that is not" in log


def promote_unseen(store: Store, run_id: str) -> None:
    """Promote a run without the look at it that `Store.promote` takes."""
    history = History(store.folder, aside=store.folder.parent.parent)
    history.promote(run_id, previous=OLD, kind="promote", forced=True)


@pytest.mark.parametrize("before", [False, True])
def test_a_change_without_history_is_not_taken_up(
    store: Store, tmp_path: Path, *, before: bool
) -> None:
    """A `latest` that something else moved, before the start too, is warned of once and not served.

    So servers that are added, or started anew, serve what the others do.
    """
    if before:
        (store.folder / "latest").write_text(NEW)
    with serving(tmp_path) as server:
        if not before:
            (store.folder / "latest").write_text(NEW)
        wait_until(lambda: "moved it" in server.log.read_text())
        assert check_whole(predict(server)) == OLD
        store.promote(NEW)
        wait_until(lambda: check_whole(predict(server)) == NEW)
    assert server.log.read_text().count("moved it") == 1


@pytest.mark.parametrize("gone", ["history", OLD])
def test_a_start_without_the_run_promoted_last_warns(
    store: Store, logged: StringIO, gone: str
) -> None:
    """Where the history or its last run is gone, a server warns and serves what `latest` names."""
    (store.folder / "latest").write_text(NEW)
    (store.folder / gone).rename(store.folder.parent / gone)
    assert runner_of(store, kept=1).served.run.run_id == NEW
    assert logged.getvalue().count("moved it") == 1


def test_a_pinned_run_stays(store: Store, tmp_path: Path) -> None:
    """The run that TAGLINE_RUN names is served whatever is promoted; GET /runs tells both."""
    with serving(tmp_path, TAGLINE_RUN=THIRD) as server:
        assert check_whole(predict(server)) == THIRD
        store.promote(NEW)
        assert check_whole(predict(server, "promoted")) == NEW
        assert check_whole(predict(server)) == THIRD
        runs = requests.get(f"{server.url}/runs", timeout=30).json()["data"]["runs"]
        assert [run["run_id"] for run in runs] == [OLD, FOURTH, THIRD, NEW], "the newest first"
        assert {run["run_id"] for run in runs if run["promoted"]} == {NEW}
        assert {run["run_id"] for run in runs if run["served"]} == {THIRD}


def test_any_run_of_the_past_answers(store: Store, tmp_path: Path) -> None:
    """Every run in the store answers, more of them than are kept loaded; a deleted one is a 404."""
    with serving(tmp_path, TAGLINE_KEPT_RUNS="1") as server:
        for _ in range(2):
            for run_id in (OLD, NEW, THIRD, FOURTH):
                assert check_whole(predict(server, run_id)) == run_id
        store.delete(FOURTH)
        answer = predict(server, FOURTH)
        assert answer.status_code == 404
        assert NEW in answer.json()["detail"]
        assert check_whole(predict(server)) == OLD


def test_a_run_that_loads_slowly_is_waited_for_until_the_deadline(
    store: Store, tmp_path: Path
) -> None:
    """Requests for it, and for runs that are to load after it, get their 504 in time."""
    slow = next((store.folder / NEW / "model").glob("*.npz"))
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


class Watched(Store):
    """A store that keeps which runs were loaded, and loads none but the served one until told."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.loaded: list[str] = []
        self.loads = threading.Event()
        self.looks = 0

    def promoted(self) -> str | None:
        """Tell the promoted run."""
        self.looks += 1
        return super().promoted()

    def model(self, run_id: str) -> Model:
        """Read a model."""
        self.loaded.append(run_id)
        assert run_id == OLD or self.loads.wait(30)
        return super().model(run_id)


@pytest.fixture
def watched(store: Store) -> Watched:
    """The store, watched."""
    return Watched(store.folder.parent.parent)


def runner_of(store: Store, *, kept: int, watch: Watch | None = None) -> TagRunner:
    """Serve a store in this process."""
    watch = watch or Mock()
    runner = TagRunner(store, pinned=None, writer=writer, watch=watch, bounds=Bounds(), kept=kept)
    runner.start()
    return runner


async def asked(runner: TagRunner, run_id: str, *, seconds: float = 30) -> Loaded:
    """Ask for a run."""
    return await runner.of(run_id, time.monotonic() + seconds)


@on_a_loop
async def test_the_run_that_nobody_asked_for_longest_is_dropped(watched: Watched) -> None:
    """As many runs as are to be kept stay loaded, those that were asked for last."""
    runner = runner_of(watched, kept=2)
    watched.loads.set()
    for run_id in (NEW, THIRD, NEW, OLD, FOURTH, NEW, THIRD):
        assert (await asked(runner, run_id)).run.run_id == run_id
    assert watched.loaded == [OLD, NEW, THIRD, FOURTH, THIRD]


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
async def test_the_document_is_made_once_for_all_who_ask_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes a tenth of a second in which nobody is answered: not one for each of them."""
    written: list[str] = []

    def counted(**told: Any) -> dict[str, Any]:
        written.append(told["title"])
        return get_openapi(**told)

    monkeypatch.setattr("app.openapi.get_openapi", counted)
    api = create_api(runner_of(store, kept=1), store, Envelopes(), replace(LIMITS, seconds=60))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://x") as client:
        answers = await asyncio.gather(*(client.get("/openapi.json") for _ in range(5)))
    assert [answer.status_code for answer in answers] == [200] * 5
    assert len(written) == 1


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
    while not watched.loaded:  # noqa: ASYNC110 - a thread loads
        await asyncio.sleep(0.01)
    waiting = asyncio.create_task(asked(runner, NEW))
    await asyncio.sleep(0.2)
    watched.loads.set()
    assert await waiting is runner.served
    following.cancel()
    assert watched.loaded == [NEW]


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
    async with asyncio.timeout(30):
        while watched.loaded.count(NEW) < 3:  # noqa: ASYNC110 - a thread loads
            await asyncio.sleep(0.01)
        away.rename(missing)
        while runner.served.run.run_id != NEW:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.01)
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


@on_a_loop
async def test_a_store_that_vanishes_again_is_told_again(
    watched: Watched, tmp_path: Path, logged: StringIO
) -> None:
    """What is told once is told anew after all was well in between."""
    following = asyncio.create_task(runner_of(watched, kept=1).follow(0))

    async def vanish(*, told: int) -> None:
        away = watched.folder.rename(tmp_path / "away")
        await until(lambda: logged.getvalue().count("no promoted run any more") == told)
        away.rename(watched.folder)
        watched.looks = 0
        await until(lambda: watched.looks >= 3)

    await vanish(told=1)
    await vanish(told=2)
    following.cancel()


@on_a_loop
async def test_a_run_whose_record_names_other_tags_is_not_loaded(store: Store) -> None:
    """Tags of the record that are not the model's would be told with each other's figures."""
    record = store.folder / NEW / "run.json"
    told = json.loads(record.read_text())
    told["run"]["tags"].reverse()
    record.write_text(json.dumps(told))
    runner = runner_of(store, kept=1)
    with pytest.raises(BrokenRun, match="different tags"):
        await asked(runner, NEW)


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


def test_the_store_may_vanish(store: Store, tmp_path: Path) -> None:
    """With its store deleted the server goes on serving what it has in memory."""
    with serving(tmp_path) as server:
        shutil.rmtree(store.folder)
        assert check_whole(predict(server)) == OLD
        assert check_whole(predict(server, OLD)) == OLD
        assert predict(server, NEW).status_code == 404
        for path in ("/performance", "/params", "/tags", "/runs", f"/runs/{OLD}", "/readyz"):
            answer: Any = requests.get(f"{server.url}{path}", timeout=30)
            assert answer.status_code == 200, path
        gone = requests.get(f"{server.url}/runs/promoted", timeout=30)
        assert gone.status_code == 404
        assert str(tmp_path) not in gone.text


def test_a_store_that_hangs_is_told_in_time(store: Store, tmp_path: Path) -> None:
    """Where the store hangs, as a network volume may, a request for its runs gets a 504 in time.

    What is in memory is answered as before.
    """
    record = store.folder / NEW / "run.json"
    with serving(tmp_path, TAGLINE_TIMEOUT_SECONDS="1") as server:
        record.unlink()
        os.mkfifo(record)
        document = requests.get(f"{server.url}/openapi.json", timeout=30).json()
        for path, asked in (("/runs", "/runs"), ("/runs/{run_id}", f"/runs/{NEW}")):
            late = requests.get(f"{server.url}{asked}", timeout=30)
            told = document["paths"][path]["get"]["responses"]["504"]["content"]
            (example,) = told["application/json"]["examples"].values()
            assert late.status_code == 504
            assert late.json()["detail"] == example["value"]["detail"]
        assert check_whole(predict(server)) == OLD
        os.close(os.open(record, os.O_RDWR))  # lets its readers go


def test_a_store_that_hangs_holds_up_nothing_else(store: Store, tmp_path: Path) -> None:
    """However many ask for a hanging store's runs, all else is answered, and the server can end."""
    latest = store.folder / "latest"
    with serving(tmp_path, TAGLINE_TIMEOUT_SECONDS="1", TAGLINE_DRAIN_SECONDS="0") as server:
        latest.unlink()
        os.mkfifo(latest)
        with ThreadPoolExecutor(16) as callers:
            for answer in callers.map(
                lambda _: predict(server, "promoted", seconds=0.5), range(16)
            ):
                assert answer.status_code == 504
        answer = requests.post(
            f"{server.url}/predict",
            json={"texts": [{"text": "onion broth with butter"}] * 20},
            headers={"Accept-Encoding": "gzip"},
            timeout=10,
        )
        assert answer.headers["Content-Encoding"] == "gzip"
        assert server.stop() == 0


def taken_up(server: Server, runs: int) -> bool:
    """Ask for tags, and whether so many runs were taken up by then."""
    check_whole(predict(server))
    return server.metric("tagline_run_taken_up_total") == runs


@pytest.mark.timeout(200)
def test_a_hundred_promotions_leak_nothing(store: Store, tmp_path: Path) -> None:
    """After 20 promotions under load the worker grows by less than two runs through 80 more."""
    with serving(tmp_path, TAGLINE_POLL_SECONDS="0.02") as server:
        (worker,) = server.workers()
        grown = 0
        for number in range(1, 101):
            store.promote(NEW if number % 2 else OLD)
            wait_until(partial(taken_up, server, number))
            if number == 20:
                grown = -worker.memory_info().rss
        grown += worker.memory_info().rss
        assert grown < 20 << 20, f"{grown >> 20} MiB"
