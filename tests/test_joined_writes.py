"""Joined writes change how bytes travel and nothing else."""

from __future__ import annotations

import asyncio
from io import StringIO
from typing import Any

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http import auto

from app import joined_writes
from app.joined_writes import AT_ONCE, JoinedTransport, Outbox
from app.protocol import protocol_in_use
from tests.on_a_loop import on_a_loop, serving, until

PLAIN = auto.AutoHTTPProtocol


class Sink(asyncio.Transport):
    """A transport that keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        """Keep a write."""
        assert not self.closed
        self.writes.append(bytes(data))

    def close(self) -> None:
        """Keep that it was closed."""
        self.closed = True


@given(st.lists(st.lists(st.binary(max_size=20), max_size=4), max_size=6))
@on_a_loop
async def test_all_bytes_arrive_in_order_one_write_a_turn(turns: list[list[bytes]]) -> None:
    """What is written in a turn of the loop is sent as one write, with no byte lost or moved."""
    sink = Sink()
    transport = JoinedTransport(sink, Outbox(asyncio.get_running_loop()))
    for number, parts in enumerate(turns):
        for part in parts:
            transport.write(part)
        await asyncio.sleep(0)
        written = [b"".join(some) for some in turns[: number + 1] if some]
        assert sink.writes == written
    transport.close()


@on_a_loop
async def test_closing_sends_what_is_left() -> None:
    """No byte of an answer is lost when its connection closes in the same turn."""
    sink = Sink()
    transport = JoinedTransport(sink, Outbox(asyncio.get_running_loop()))
    transport.writelines([b"head", b"body"])
    transport.close()
    assert (sink.writes, sink.closed) == ([b"headbody"], True)
    await asyncio.sleep(0)


@on_a_loop
async def test_data_kept_for_a_lost_connection_is_dropped() -> None:
    """Data written in the turn in which the connection is lost is not sent."""
    sink = Sink()
    transport = JoinedTransport(sink, Outbox(asyncio.get_running_loop()))
    transport.write(b"head")
    transport.lose()
    await asyncio.sleep(0)
    assert sink.writes == []


@on_a_loop
async def test_large_writes_do_not_wait() -> None:
    """A large write goes to the real transport at once, behind what was kept before it."""
    sink = Sink()
    transport = JoinedTransport(sink, Outbox(asyncio.get_running_loop()))
    transport.write(b"head")
    transport.write(b"x" * (AT_ONCE + 1))
    assert sink.writes == [b"head", b"x" * (AT_ONCE + 1)]
    transport.write(b"tail")
    await asyncio.sleep(0)
    assert sink.writes[2] == b"tail"


async def echo(_scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the body that came."""
    body = (await receive())["body"]
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-length", b"%d" % len(body))],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def converse(requests: list[bytes]) -> bytes:
    """Send bytes to a uvicorn of this process over one connection; give all that comes back."""
    async with serving(echo) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in requests:
            writer.write(request)
            await writer.drain()
        answer = await reader.read()
        writer.close()
    return answer


@pytest.fixture
def plain_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put uvicorn's own class in place, also after the test."""
    monkeypatch.setattr(auto, "AutoHTTPProtocol", PLAIN)


@pytest.mark.usefixtures("plain_protocol")
@on_a_loop
async def test_uvicorn_answers_the_same_with_and_without() -> None:
    """With joined writes uvicorn sends the same bytes: small, large, pipelined and last answers."""

    def post(body: bytes, *, last: bool = False) -> bytes:
        close = b"connection: close\r\n" if last else b""
        head = b"POST / HTTP/1.1\r\nhost: x\r\n%bcontent-length: %d\r\n\r\n" % (close, len(body))
        return head + body

    requests = [post(b"a") + post(b"b"), post(b"c" * 200_000), post(b"d", last=True)]
    without = await converse(requests)
    joined_writes.install()
    assert auto.AutoHTTPProtocol is not PLAIN
    assert protocol_in_use() == PLAIN.__name__
    assert await converse(requests) == without
    assert without.count(b"HTTP/1.1 200 OK") == 4


def test_on_another_uvicorn_nothing_is_installed(
    monkeypatch: pytest.MonkeyPatch, logged: StringIO
) -> None:
    """Where uvicorn does not have the class, nothing is installed and a log line says so."""
    monkeypatch.delattr(auto, "AutoHTTPProtocol")
    joined_writes.install()
    assert not hasattr(auto, "AutoHTTPProtocol")
    assert "slower" in logged.getvalue()


@pytest.mark.usefixtures("plain_protocol")
def test_a_caller_who_leaves_costs_no_other_an_answer() -> None:
    """When a caller with waiting requests leaves, all others of the same turn are answered.

    It runs on uvloop, where a write to a closed connection raises.
    """
    joined_writes.install()
    request = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"

    async def story() -> bytes:
        left = asyncio.Event()

        async def answer(_scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await left.wait()
            headers = [(b"content-length", b"4")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"here"})

        async with serving(answer) as (server, port):
            state = server.server_state
            _, leaving = await asyncio.open_connection("127.0.0.1", port)
            leaving.write(request * 2)
            await until(lambda: len(state.tasks) == 1)
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            await until(lambda: len(state.tasks) == 2)
            leaving.close()
            await until(lambda: len(state.connections) == 1)
            left.set()
            try:
                return await asyncio.wait_for(reader.readuntil(b"here"), timeout=5)
            finally:
                writer.close()

    assert uvloop.run(asyncio.wait_for(story(), 20)).startswith(b"HTTP/1.1 200 OK\r\n")
