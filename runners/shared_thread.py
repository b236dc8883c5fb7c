"""The thread for batches that would hold the loop, shared by the batchers of one model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


class SharedThread:
    """A thread for batches that would hold the loop; batchers that share it run one at a time.

    While one has a batch in it the others do not run on the loop either: what they share, a model
    say, may be for one thread at a time.
    """

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, "batches")
        self._waiting: list[Callable[[], None]] = []
        self.at_work = False
        self.batches = 0
        """That were run so far, in the thread or on the loop."""

    def run(self, work: Callable[[], Result], done: Callable[[Result], None]) -> None:
        """Do some work in the thread, and tell what came of it on the loop.

        Raises
        ------
        RuntimeError
            The system has no thread to give.
        """
        loop = asyncio.get_running_loop()

        def ended(worked: asyncio.Future[Result]) -> None:
            self.at_work = False
            waiting, self._waiting = self._waiting, []
            for turn in waiting:
                loop.call_soon(turn)
            done(worked.result())

        try:
            working = loop.run_in_executor(self._executor, work)
        except RuntimeError:
            # It holds the work all the same, and would do it first once it gets a thread.
            self._executor = ThreadPoolExecutor(1, "batches")
            raise
        working.add_done_callback(ended)
        self.at_work = True

    def afterwards(self, turn: Callable[[], None]) -> None:
        """Call back once the thread is free."""
        self._waiting.append(turn)
