"""What belonged to a closed connection or a refused request is freed at once.

It must not wait for the garbage collector, which the service seldom runs.
"""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http import auto

from app import (
    joined_writes,
    keep_alive,
    long_heads,
    malformed,
    pipelines,
    unfinished,
    upgrades,
)
from app.edge import WATCHED_FROM
from app.envelope import Envelopes
from app.incoming import while_connected
from app.metrics import Metrics
from tagger.errors import BadJson
from tests.edge_alone import Unanswered, asked, edge
from tests.on_a_loop import on_a_loop, serving, until

REQUEST = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nx"
OFFER = REQUEST.replace(b"\r\n\r\n", b"\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n")
SLOW = REQUEST.replace(b"POST / ", b"POST /slow ")


@pytest.fixture
def layered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """All of the service's layers on uvicorn's protocol, with the garbage collector off."""
    monkeypatch.setattr(auto, "AutoHTTPProtocol", auto.AutoHTTPProtocol)
    refusals = malformed.Refusals(Envelopes(), Metrics("tagline", "test"))
    malformed.install(refusals)
    pipelines.install()
    unfinished.install(refusals, seconds=60)
    upgrades.install()
    long_heads.install(refusals, body_bytes=1 << 20)
    keep_alive.install(75)
    joined_writes.install()
    gc.disable()
    yield
    gc.enable()


def left_over(sent: bytes, answers: int) -> int:
    """Send these bytes on 20 connections, and close each after so many answers.

    Return how many of the connections' objects are still in memory then.
    """
    seen: dict[int, weakref.ref[Any]] = {}
    left = asyncio.Event()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        if scope["path"] == "/slow":
            await left.wait()
        headers = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body"})

    async def talk(server: uvicorn.Server, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        for _ in range(answers):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 ")
        seen.update((id(one), weakref.ref(one)) for one in server.server_state.connections)
        writer.close()
        await writer.wait_closed()

    async def story() -> None:
        async with serving(answer) as (server, port):
            for _ in range(20):
                await talk(server, port)
            left.set()
            await until(lambda: not server.server_state.connections | server.server_state.tasks)

    asyncio.run(story())
    assert seen
    return sum(ref() is not None for ref in seen.values())


@pytest.mark.parametrize(
    ("sent", "answers"),
    [
        (REQUEST, 1),
        (REQUEST * 3, 3),
        (OFFER, 1),
        (REQUEST + SLOW + REQUEST * 2, 1),
        (REQUEST + SLOW + REQUEST * (pipelines.WAITING + 5), 1),
        (REQUEST + b"POST / HT", 1),
    ],
    ids=["one", "pipelined", "offer", "left waiting", "left too many", "half"],
)
@pytest.mark.usefixtures("layered")
def test_a_closed_connection_is_freed(sent: bytes, answers: int) -> None:
    """A connection's objects are freed when it is closed, whatever waited on it."""
    assert left_over(sent, answers) == 0


class Slow:
    """A Runner, its served run without tags, and a batcher in one, whose work takes a second."""

    served: Any = property(lambda self: self)
    run: Any = served
    decided: Any = served
    tags = ()
    work: asyncio.Future[list[bytes]]

    async def of(self, _run_id: str, _deadline: float) -> Any:
        """Give itself."""
        return self

    def submit(self, _items: Any, _deadline: float) -> asyncio.Future[list[bytes]]:
        """Begin the work."""
        loop = asyncio.get_running_loop()
        self.work = loop.create_future()
        loop.call_later(1, self.work.set_result, [b"{}"])
        return self.work


@pytest.mark.parametrize("path", ["/predict", "/runs/any/predict"])
@on_a_loop
async def test_the_work_for_a_caller_who_left_is_cancelled(path: str) -> None:
    """When the caller of a large request leaves, its work is cancelled and nothing is answered."""
    runner, body = Slow(), b'{"texts": [{"text": "onion"}]}'.ljust(WATCHED_FROM)
    with pytest.raises(Unanswered):
        await asked(edge(runner=runner), "POST", path, body=body)
    await asyncio.sleep(0)
    assert runner.work.cancelled()


def test_the_refusal_of_a_large_request_is_freed() -> None:
    """An error raised while the caller is watched is freed, and with it the request's body."""

    async def refuse() -> list[bytes]:
        raise BadJson("It is none.")

    async def receive() -> Message:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def story() -> BadJson | None:
        try:
            await while_connected(refuse(), receive)
        except BadJson as refusal:
            seen = weakref.ref(refusal)
        await asyncio.sleep(0)
        return seen()

    gc.disable()
    try:
        assert asyncio.run(story()) is None
    finally:
        gc.enable()
