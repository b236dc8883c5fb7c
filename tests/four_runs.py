"""A store of four runs that can be told apart by their answers, and servers on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import requests

from app.predict import writer
from runners.batching import Bounds
from runners.loaded import Loaded
from runners.tag_runner import TagRunner, Watch
from tagger.history import History
from tagger.model import Model
from tagger.store import Store
from tests.runs import made_run, named, put
from tests.serving import PROJECT, Server, serve

OLD, NEW, THIRD, FOURTH = (f"2026010{day}-000000-aaaa" for day in range(1, 5))
BODY = {"texts": [{"text": "Broth, onion and pepper in a saucepan, with butter and lemon."}]}


def store_of_four(tmp_path: Path) -> Store:
    """Make a store with OLD promoted; beside it NEW and others, which give every text every tag."""
    store = Store(tmp_path / "home")
    put(store, named(OLD))
    for run_id in (NEW, THIRD, FOURTH):
        put_generous(store, run_id)
    return store


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


def promote_unseen(store: Store, run_id: str) -> None:
    """Promote a run without the look at it that `Store.promote` takes."""
    history = History(store.folder, aside=store.folder.parent.parent)
    history.promote(run_id, previous=OLD, kind="promote", forced=True)


class Watched(Store):
    """A store that keeps which runs were loaded, and loads none but the served one until told."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.loaded: list[str] = []
        self.threads: list[int] = []
        self.loads = threading.Event()
        self.looks = 0
        self.lists = 0

    def promoted(self) -> str | None:
        """Tell the promoted run."""
        self.looks += 1
        return super().promoted()

    def run_ids(self) -> list[str]:
        """List the runs."""
        self.lists += 1
        return super().run_ids()

    def model(self, run_id: str) -> Model:
        """Read a model."""
        self.loaded.append(run_id)
        self.threads.append(threading.get_ident())
        assert run_id == OLD or self.loads.wait(30)
        return super().model(run_id)


def runner_of(store: Store, *, kept: int, watch: Watch | None = None) -> TagRunner:
    """Serve a store in this process."""
    watch = watch or Mock()
    runner = TagRunner(store, pinned=None, writer=writer, watch=watch, bounds=Bounds(), kept=kept)
    runner.start()
    return runner


async def asked(runner: TagRunner, run_id: str, *, seconds: float = 30) -> Loaded:
    """Ask for a run."""
    return await runner.of(run_id, time.monotonic() + seconds)
