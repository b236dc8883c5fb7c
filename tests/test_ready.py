"""A server is ready while its run's check texts come back right through the batcher."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest.mock import Mock

import pytest

from app.predict import writer
from runners.batching import Bounds
from runners.loaded import Writer
from runners.tag_runner import TagRunner
from tagger.decide import Decisions
from tagger.model import Model
from tagger.store import Store
from tests.on_a_loop import on_a_loop
from tests.runs import made_run, named, put

RUN_ID = "20260101-000000-aaaa"


class Writing:
    """Writes answers rightly, until it is told to fail."""

    def __init__(self) -> None:
        self.change: Callable[[list[bytes]], list[bytes]] = lambda written: written

    def __call__(self, model: Model) -> Writer:
        """Make the writer of a model."""
        write = writer(model)

        def changed(texts: Sequence[str], decisions: Decisions) -> list[bytes]:
            return self.change(write(texts, decisions))

        return changed


def failing(_written: list[bytes]) -> list[bytes]:
    """Break down."""
    raise MemoryError


@pytest.mark.parametrize(
    "change",
    [failing, lambda written: written[::-1], lambda written: [b"{}" for _ in written]],
)
@on_a_loop
async def test_readiness_ends_when_the_check_texts_fail(
    tmp_path: Path, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    """Ready with right answers; not with faults, mixed or other answers; ready again after."""
    store = Store(tmp_path)
    put(store, named(RUN_ID, made_run()))
    writing = Writing()
    runner = TagRunner(store, pinned=None, writer=writing, watch=Mock(), bounds=Bounds(), kept=1)
    runner.start()
    right = writing.change
    for changed, ready in ((right, True), (change, False), (right, True)):
        writing.change = changed
        assert await runner.served.is_right(time.monotonic() + 30) is ready


@on_a_loop
async def test_a_full_queue_is_no_illness(tmp_path: Path) -> None:
    """A server with plenty of work is ready: to take it from the balancer would not help."""
    store = Store(tmp_path)
    put(store, named(RUN_ID, made_run()))
    runner = TagRunner(
        store, pinned=None, writer=writer, watch=Mock(), bounds=Bounds(queue=1), kept=1
    )
    runner.start()
    assert await runner.served.is_right(time.monotonic() + 30)
