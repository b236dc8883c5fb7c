"""Tags and evidence of one run are of one model, never in two threads at once, as each asks."""

from __future__ import annotations

import threading
from pathlib import Path
from unittest.mock import Mock

from runners.batching import Bounds
from runners.tag_runner import TagRunner
from tagger.decide import PLAIN, Options
from tagger.store import Store
from tests.batcher_alone import FAR
from tests.on_a_loop import on_a_loop, until
from tests.runs import made_run, named, put
from tests.test_ready import Writing

ASKED = [("Broth and onion in a saucepan.", Options(evidence=True))]


@on_a_loop
async def test_evidence_waits_for_the_thread_that_finds_tags(tmp_path: Path) -> None:
    """Else one forgets the words that the other has just looked up: faults, or wrong scores."""
    store = Store(tmp_path)
    put(store, named("run", made_run()))
    writing, in_thread, may_end = Writing(), threading.Event(), threading.Event()
    bounds = Bounds(inline_seconds=0)  # from the second batch on
    runner = TagRunner(store, pinned=None, writer=writing, watch=Mock(), bounds=bounds, kept=1)
    runner.start()
    served = runner.served
    (written,) = await served.decided.submit(ASKED, FAR)

    def write_slowly(written: list[bytes]) -> list[bytes]:
        in_thread.set()
        assert may_end.wait(10)
        return written

    writing.change = write_slowly
    tags, evidence = served.decided.submit(ASKED, FAR), served.explained.submit(ASKED, FAR)
    await until(in_thread.is_set)
    assert served.explained.waiting == 1
    assert not evidence.done()
    may_end.set()
    assert await tags == [written]
    assert [found.tag for found in (await evidence)[0]] == ["cooking"]


@on_a_loop
async def test_each_text_of_a_batch_is_answered_by_its_own_options(tmp_path: Path) -> None:
    """Requests that ask for different things share batches, for their tags and the evidence."""
    store = Store(tmp_path)
    put(store, named("run", made_run()))
    bounds = Bounds(seconds=FAR)
    runner = TagRunner(store, pinned=None, writer=Writing(), watch=Mock(), bounds=bounds, kept=1)
    runner.start()
    served, text = runner.served, ASKED[0][0]
    every = Options(threshold=0)
    asked = [(text, options) for options in (PLAIN, every, Options(threshold=0, top_k=2), PLAIN)]
    alone = [(await served.decided.submit([one], FAR))[0] for one in asked]
    assert await served.decided.submit(asked, FAR) == alone
    assert len(set(alone)) == 3
    told = await served.explained.submit(asked, FAR)
    assert [len(found) for found in told] == [1, len(served.run.tags), 2, 1]
