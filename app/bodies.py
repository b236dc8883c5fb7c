"""The bodies of requests: read up to a length, and up to a deadline."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any

from starlette.types import Receive

from app.incoming import CallerLeft, too_large
from tagger.errors import DeadlinePassed

LOOK_SECONDS = 0.5
"""Between two looks for bodies that are overdue."""
FINISH_SECONDS = 2
"""How long a caller who has his answer may go on sending, so that he gets to read it."""


class Bodies:
    """Reads bodies, and gives up those that do not come in time.

    Overdue ones are looked for twice a second: an entry in a table costs a request 1 us, a timer of
    its own would cost 5.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._deadlines: dict[asyncio.Task[Any], float] = {}
        self._given_up: set[asyncio.Task[Any]] = set()
        self._look_is_due = False

    async def read(self, receive: Receive, deadline: float) -> bytes:
        """Read a request's body, until a moment of `time.monotonic`.

        Raises
        ------
        TooLargeBody
            As soon as it is longer than it may be; the rest is not read.
        DeadlinePassed
            It is not here in time.
        CallerLeft
            In the middle of it.
        """
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in one
        self._deadlines[task] = deadline
        if not self._look_is_due:
            self._look_later()
        try:
            return await self._read(receive)
        except asyncio.CancelledError:
            if task not in self._given_up:
                raise
            task.uncancel()
            raise DeadlinePassed(
                "The time for this request was over before its body had arrived: send it faster."
            ) from None
        finally:
            del self._deadlines[task]
            self._given_up.discard(task)

    async def _read(self, receive: Receive) -> bytes:
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise CallerLeft
            part: bytes = message.get("body", b"")
            body += part
            if len(body) > self._most:
                raise too_large(self._most)
            if not message.get("more_body"):
                return body

    def _look_later(self) -> None:
        self._look_is_due = True
        asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        self._look_is_due = False
        now = time.monotonic()
        for task, deadline in self._deadlines.items():
            if deadline < now:
                self._given_up.add(task)
                task.cancel()
        if self._deadlines:
            self._look_later()


async def let_finish(receive: Receive) -> None:
    """Read and ignore what a caller still sends, for `FINISH_SECONDS` at most."""
    with suppress(TimeoutError):
        async with asyncio.timeout(FINISH_SECONDS):
            message = await receive()
            while message["type"] == "http.request" and message.get("more_body"):
                message = await receive()
