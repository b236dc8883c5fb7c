"""kill -9 or a fault of the disk leaves the store as before, or as after; never between."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from multiprocessing import get_context
from pathlib import Path

import bentoml
import pytest
from bentoml._internal.models import ModelStore

from tagger.errors import TaglineError
from tagger.store import Store
from tests.runs import TABLE, made_run, named, put, store_of_two
from tests.serving import PROJECT, environment


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a store in which ``second`` is promoted, was ``first`` and never ``other``."""
    home = tmp_path_factory.mktemp("template")
    store = store_of_two(home)
    store.promote("second")
    put(store, named("other"))
    return home


def write(store: Store) -> None:
    """Add a run."""
    put(store, named("third"))


def promote(store: Store) -> None:
    """Promote a run that the history does not know yet."""
    store.promote("other")


def rollback(store: Store) -> None:
    """Go back."""
    store.rollback()


def delete(store: Store) -> None:
    """Take a run away."""
    store.delete("first")


ACTIONS = [write, promote, rollback, delete]
TOUCHES = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate", "fcntl.flock"}
"""Python's audit events by which a process touches files; each comes before its deed."""


DONE, REFUSED, BORNE = 0, 3, 4
"""Of an action that was denied a touch: it made no such touch, it said what was denied, or it went
on without, as where a folder was to be made that is there."""


def _before_touch(number: int, home: Path, deed: Callable[[], None]) -> None:
    """Have something done before this process touches the store for the ``number``-th time."""
    touches = count(1)

    def hear(event: str, arguments: tuple[object, ...]) -> None:
        ours = event == "fcntl.flock" or str(home) in str(arguments[0])
        if event in TOUCHES and ours and next(touches) == number:
            deed()

    sys.addaudithook(hear)


def _die_before(number: int, home: Path, action: Callable[[Store], None]) -> None:
    """Act, but be killed before a touch."""
    _before_touch(number, home, lambda: os.kill(os.getpid(), signal.SIGKILL))
    action(Store(home))


def _deny(number: int, home: Path, action: Callable[[Store], None]) -> None:
    """Act, but be denied a touch; say by the exit status what came of it."""
    denied = []

    def deny() -> None:
        denied.append(number)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    _before_touch(number, home, deny)
    try:
        action(Store(home))
    except TaglineError:
        sys.exit(REFUSED)
    sys.exit(BORNE if denied else DONE)


def _die_after(seconds: float, home: Path, action: Callable[[Store], None]) -> None:
    """Act, but be killed after so many seconds, wherever that is."""
    signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, seconds)
    action(Store(home))


def end_of(target: Callable[..., None], *arguments: object) -> int:
    """Run a function in a process of its own; return its exit status, or minus the last signal."""
    process = get_context("fork").Process(target=target, args=arguments)
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def sight_of(store: Store) -> tuple[tuple[str, ...], str | None]:
    """Say which runs a store holds and which is promoted, having read each of them whole."""
    readable, unreadable = store.survey()
    assert unreadable == {}
    for run in readable:
        store.model(run.run_id)
        store.exam(run.run_id)
    assert not store.moved_by_others()
    listed = bentoml.models.list(_model_store=ModelStore(store.folder.parent))
    assert {model.tag.version for model in listed} == set(store.run_ids())
    return tuple(store.run_ids()), store.promoted()


@contextmanager
def copied(template: Path, to: Path) -> Iterator[Store]:
    """Give a copy of a store for a while."""
    shutil.copytree(template, to)
    yield Store(to)
    shutil.rmtree(to)


@pytest.mark.parametrize("action", ACTIONS)
def test_killed_at_every_step(
    template: Path, tmp_path: Path, action: Callable[[Store], None]
) -> None:
    """Killed before any of its touches, an action is not done, or done; done again, it succeeds."""
    with copied(template, tmp_path / "done") as store:
        before = sight_of(store)
        action(store)
        after = sight_of(store)
    assert before != after
    kills = 0
    sights = set()
    while True:
        with copied(template, tmp_path / f"killed-{kills}") as store:
            home = store.folder.parent.parent
            end = end_of(_die_before, kills + 1, home, action)
            if end == 0:
                break
            assert end == -signal.SIGKILL
            kills += 1
            sight = sight_of(store)
            assert sight in (before, after)
            sights.add(sight)
            if sight == before:
                action(store)
                assert sight_of(store) == after
                assert not any((home / "unfinished").iterdir())
    assert kills >= 5
    assert before in sights


@pytest.mark.parametrize("action", [write, promote, delete])
def test_denied_at_every_step(
    template: Path, tmp_path: Path, action: Callable[[Store], None]
) -> None:
    """Whatever the disk denies is told, and the action is done or not done, never between."""
    with copied(template, tmp_path / "done") as store:
        before = sight_of(store)
        action(store)
        after = sight_of(store)
    denied = 0
    ends = Counter[int]()
    while True:
        with copied(template, tmp_path / f"denied-{denied}") as store:
            end = end_of(_deny, denied + 1, store.folder.parent.parent, action)
            if end == DONE:
                break
            denied += 1
            ends[end] += 1
            sight = sight_of(store)
            assert sight == after if end == BORNE else sight in (before, after)
            if sight == before:
                action(store)
                assert sight_of(store) == after
    assert set(ends) <= {REFUSED, BORNE}
    assert ends[REFUSED] >= 5


def test_a_first_run_is_there_and_promoted_or_not_there(tmp_path: Path) -> None:
    """Killed at any touch of writing a first run, a store is empty, or holds it promoted."""
    made_run()
    kills = 0
    while True:
        home = tmp_path / f"home-{kills}"
        end = end_of(_die_before, kills + 1, home, write)
        store = Store(home)
        if end == 0:
            assert sight_of(store) == (("third",), "third")
            break
        kills += 1
        if store.folder.parent.exists():
            assert sight_of(store) in (((), None), (("third",), "third"))
        if not store.run_ids():
            write(store)
            assert sight_of(store) == (("third",), "third")
    assert kills >= 10


def test_killed_at_any_moment(template: Path, tmp_path: Path) -> None:
    """Of 60 actions killed at random moments each was not done, or done, and none hurt a run."""
    chance = random.Random(13)
    killed = 0
    with copied(template, tmp_path / "store") as store:
        home = store.folder.parent.parent
        for number in range(60):
            action = chance.choice(ACTIONS)
            before = sight_of(store)
            end = end_of(_die_after, chance.uniform(0.0005, 0.03), home, action)
            killed += end == -signal.SIGKILL
            runs, promoted = sight_of(store)
            assert promoted in (before[1], "first", "other")
            assert set(runs) ^ set(before[0]) <= {"third", "first"}, number
            if "first" not in runs:
                put(store, named("first"))
            if "third" in runs:
                store.delete("third")
            store.promote("second")
    assert killed >= 20


def train_until(step: str | None, home: Path) -> list[str]:
    """Train, but be killed when a step begins; return the steps that were named until then."""
    process = subprocess.Popen(
        [sys.executable, "-m", "training", "train", str(TABLE)],
        cwd=PROJECT,
        env=environment(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    named_steps = []
    with process:
        for line in process.stderr or ():
            named_steps.append(line.strip())
            if line.strip() == step:
                process.kill()
    assert process.returncode == (0 if step is None else -signal.SIGKILL)
    return named_steps


def test_a_training_killed_at_each_named_step(template: Path, tmp_path: Path) -> None:
    """Killed at any step that it names, a training leaves the store as before, open to the next."""
    with copied(template, tmp_path / "whole") as store:
        steps = train_until(None, store.folder.parent.parent)
        assert len(store.run_ids()) == 4
    assert len(steps) >= 8
    for step in [step for step in steps if step.endswith(" 1 of 4") or "fold" not in step]:
        with copied(template, tmp_path / "killed") as store:
            before = sight_of(store)
            train_until(step, store.folder.parent.parent)
            runs, promoted = sight_of(store)
            assert promoted == before[1]
            assert set(before[0]) <= set(runs)
            assert len(runs) <= len(before[0]) + (step == steps[-1])
            put(store, named("third"))
            store.promote("third")
            assert sight_of(store)[1] == "third"
