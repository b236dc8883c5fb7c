"""What many promises need: a store with a trained run, and a server on it."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tagger.store import Store
from tests.four_runs import Watched, store_of_four
from tests.runs import TABLE, store_of_two
from tests.serving import Server, run_python, serve


@dataclass(frozen=True)
class TrainedHome:
    """A BENTOML_HOME with one promoted run, trained from ``TABLE`` by the command line."""

    path: Path
    run_id: str

    def copied(self, folder: Path) -> Path:
        """Copy the store into another folder: each start wipes its home's metrics."""
        shutil.copytree(self.path / "models", folder / "models")
        return folder

    def served(self, folder: Path, **options: Any) -> AbstractContextManager[Server]:
        """Serve a copy of the store in another folder, in which the log is too."""
        return serve(self.copied(folder), folder / "log", **options)


@pytest.fixture(scope="session")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> TrainedHome:
    """Train once a session; tests that change a store copy this one."""
    home = tmp_path_factory.mktemp("trained_home")
    done = run_python("-m", "training", "train", str(TABLE), "--json", home=home)
    assert done.returncode == 0, done.stderr
    return TrainedHome(home, json.loads(done.stdout)["run_id"])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Make a BENTOML_HOME with the runs ``first``, promoted, and ``second``."""
    store_of_two(tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> Store:
    """Open the store of ``home``."""
    return Store(home)


@pytest.fixture
def four_runs(tmp_path: Path) -> Store:
    """Make a store of four runs that answers tell apart."""
    return store_of_four(tmp_path)


@pytest.fixture
def watched(four_runs: Store) -> Watched:
    """Open the same store, watched."""
    return Watched(four_runs.folder.parent.parent)


@pytest.fixture(scope="session")
def server(trained_home: TrainedHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server a session, as it is by default; tests that break something start their own."""
    with serve(trained_home.path, tmp_path_factory.mktemp("server") / "log") as running:
        yield running


@pytest.fixture
def logged() -> Iterator[StringIO]:
    """Keep what the service logs in this process; BentoML stops its logs below pytest's own."""
    logger, lines = logging.getLogger("bentoml.tagline"), StringIO()
    handler = logging.StreamHandler(lines)
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where CI=true: there, what a test needs has to be there."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which counts as a failure in CI"
    return report
