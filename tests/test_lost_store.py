"""A store that vanishes, hangs or cannot be read keeps no server from serving what it has."""

from __future__ import annotations

import asyncio
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any

import requests

from tagger.store import Store
from tests.four_runs import (
    NEW,
    OLD,
    THIRD,
    Watched,
    check_whole,
    predict,
    runner_of,
    serving,
    wait_until,
)
from tests.on_a_loop import on_a_loop, until


def test_the_store_may_vanish(four_runs: Store, tmp_path: Path) -> None:
    """With its store deleted the server goes on serving what it has in memory."""
    with serving(tmp_path) as server:
        shutil.rmtree(four_runs.folder)
        assert check_whole(predict(server)) == OLD
        assert check_whole(predict(server, OLD)) == OLD
        assert predict(server, NEW).status_code == 404
        for path in ("/performance", "/params", "/tags", "/runs", f"/runs/{OLD}", "/readyz"):
            answer: Any = requests.get(f"{server.url}{path}", timeout=30)
            assert answer.status_code == 200, path
        gone = requests.get(f"{server.url}/runs/promoted", timeout=30)
        assert gone.status_code == 404
        assert str(tmp_path) not in gone.text


def test_a_store_that_vanishes_is_told(four_runs: Store, tmp_path: Path) -> None:
    """While the store is away the loaded run serves on and one line tells; back, it is followed."""
    away = tmp_path / "away"
    with serving(tmp_path) as server:
        four_runs.folder.rename(away)
        wait_until(lambda: "no promoted run any more" in server.log.read_text())
        assert check_whole(predict(server)) == OLD
        away.rename(four_runs.folder)
        four_runs.promote(NEW)
        wait_until(lambda: check_whole(predict(server)) == NEW)
    assert server.log.read_text().count("no promoted run any more") == 1


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


def test_a_history_that_cannot_be_read_keeps_no_server_from_starting(
    four_runs: Store, tmp_path: Path
) -> None:
    """Only taking up a new run needs the history; the log says what to take out of it."""
    (four_runs.folder / "history").write_text("nonsense\n")
    with serving(tmp_path) as server:
        assert check_whole(predict(server)) == OLD
    log = server.log.read_text()
    assert log.count("No promotion can be taken up") == 1
    assert "delete the one that is not" in log


def test_a_fault_while_looking_at_the_store_is_not_the_last_look(
    four_runs: Store, tmp_path: Path
) -> None:
    """A fault that nobody foresaw is told once, and a later promotion is taken up all the same."""
    history = four_runs.folder / "history"
    before = history.read_bytes()
    with serving(tmp_path) as server:
        history.write_text("[" * 100_000)  # no fault that reading a history foresees
        (four_runs.folder / "latest").write_text(NEW)
        wait_until(lambda: "was not looked at; serving goes on" in server.log.read_text())
        history.write_bytes(before)
        four_runs.promote(THIRD)
        wait_until(lambda: check_whole(predict(server)) == THIRD)
    assert server.log.read_text().count("was not looked at") == 1


def test_a_store_that_hangs_is_told_in_time(four_runs: Store, tmp_path: Path) -> None:
    """Where the store hangs, as a network volume may, a request for its runs gets a 504 in time.

    What is in memory is answered as before.
    """
    record = four_runs.folder / NEW / "run.json"
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


def test_a_store_that_hangs_holds_up_nothing_else(four_runs: Store, tmp_path: Path) -> None:
    """However many ask for a hanging store's runs, all else is answered, and the server can end."""
    latest = four_runs.folder / "latest"
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
