"""A request whose head does not come to its end, in time and in length, is given up."""

from __future__ import annotations

import json
import select
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import TrainedHome
from tests.serving import Server, rest_of, serve

WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def quick_server(
    trained_home: TrainedHome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that gives requests one second."""
    folder: Path = tmp_path_factory.mktemp("quick")
    home = trained_home.copied(folder)
    with serve(home, folder / "log", TAGLINE_TIMEOUT_SECONDS="1") as server:
        yield server


@pytest.mark.parametrize("before", [b"", WHOLE])
def test_half_a_head_is_refused_in_the_envelope(quick_server: Server, before: bytes) -> None:
    """408, be it a connection's first request or a later one."""
    with quick_server.connect() as connection:
        if before:
            connection.sendall(before)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\n")
        head, _, body = rest_of(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"x-request-id: " in head
    assert json.loads(body)["status-code"] == 408


def test_a_head_that_comes_by_drops_is_refused(quick_server: Server) -> None:
    """Sending a little from time to time does not keep a connection."""
    with quick_server.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        for _ in range(100):
            connection.sendall(b"X: y\r\n")
            if select.select([connection], [], [], 0.1)[0]:
                break
        assert connection.recv(65_536).startswith(b"HTTP/1.1 408 ")


def test_a_connection_that_says_nothing_is_closed(quick_server: Server) -> None:
    """Without an answer, for there was no request."""
    with quick_server.connect() as connection:
        assert rest_of(connection) == b""


def test_whoever_sends_whole_requests_is_kept(quick_server: Server) -> None:
    """Pauses between requests are not unfinished heads."""
    with quick_server.connect() as connection:
        for _ in range(4):
            connection.sendall(WHOLE)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
            assert select.select([connection], [], [], 1)[0] == []


def test_a_body_behind_its_answer_is_no_head(quick_server: Server) -> None:
    """A refusal may be there before the body; the connection then ends without another answer."""
    with quick_server.connect() as connection:
        connection.sendall(b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 404 ")
        connection.sendall(b"late")
        assert rest_of(connection) == b""


@pytest.mark.parametrize("before", [b"", WHOLE])
@pytest.mark.parametrize("begun", [b"GET /", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nX: "])
def test_a_head_without_an_end_is_refused(
    quick_server: Server, before: bytes, begun: bytes
) -> None:
    """431 before much of it was read; who goes on sending for a while gets to see it."""
    with quick_server.connect() as connection:
        if before:
            connection.sendall(before)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
        connection.sendall(begun + b"x" * 1_000_000)
        head, _, body = rest_of(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert b"x-request-id: " in head
    refusal = json.loads(body)
    assert refusal["status-code"] == 431
    assert "65536 bytes" in refusal["detail"]


@pytest.mark.parametrize("before", [b"", WHOLE])
@pytest.mark.parametrize("first", [100, 50_000, 66_000, 100_000])
def test_a_long_head_is_refused_however_it_comes(
    quick_server: Server, before: bytes, first: int
) -> None:
    """With its end in the same piece too: else it would hang on the network whether it is."""
    head = b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 66_000 + b"\r\n\r\n"
    with quick_server.connect() as connection:
        if before:
            connection.sendall(before)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
        connection.sendall(head[:first])
        select.select([connection], [], [], 0.1)
        connection.sendall(head[first:])
        assert rest_of(connection).startswith(b"HTTP/1.1 431 ")


def test_many_short_heads_are_no_long_one(quick_server: Server) -> None:
    """However many requests a caller sends without waiting for their answers."""
    one = b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 1_000 + b"\r\n\r\n"
    body = b'{"texts": [{"text": "onion"}]}'.ljust(60_000)
    post = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n" + body
    with quick_server.connect() as connection:
        connection.sendall(90 * one + post + one[:500])
        select.select([connection], [], [], 0.1)
        connection.sendall(one[500:-2] + b"Connection: close\r\n\r\n")
        assert rest_of(connection).count(b"HTTP/1.1 200 ") == 92


def test_a_head_of_some_length_is_read(quick_server: Server) -> None:
    """Cookies and tokens take kilobytes, and may come in pieces."""
    with quick_server.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 30_000)
        assert select.select([connection], [], [], 0.1)[0] == []
        connection.sendall(b"x" * 30_000 + b"\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("line", [b"POST /predict", b"GET /livez"])
@pytest.mark.parametrize("field", [b"x" * 6, b"x: y\r\n"])
def test_fields_without_an_end_behind_a_body_end_the_connection(
    quick_server: Server, line: bytes, field: bytes
) -> None:
    """Before the answer and behind it: they would be kept, and copied with each piece."""
    head = b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    with quick_server.connect() as connection, pytest.raises(ConnectionError):
        # 24 MB: of 4 the kernel's buffers may hold all, and nobody learns of the end.
        connection.sendall(line + head + field * 4_000_000)


def test_nobody_gets_more_time_than_the_setting(quick_server: Server) -> None:
    """Whatever time a request asks for, its body is not waited for any longer."""
    with quick_server.connect() as connection:
        head = b"POST /predict HTTP/1.1\r\nHost: x\r\nX-Request-Timeout: 1000\r\n"
        connection.sendall(head + b"Content-Length: 4\r\nConnection: close\r\n\r\n")
        assert rest_of(connection).startswith(b"HTTP/1.1 504 ")


def test_a_body_in_one_long_chunk_is_no_head(quick_server: Server) -> None:
    """What comes of a body, in pieces, is not counted with the heads."""
    body = b'{"texts": [{"text": "onion"}]}'.ljust(400_000)
    with quick_server.connect() as connection:
        for _ in range(2):
            connection.sendall(
                b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            connection.sendall(b"%x\r\n%b\r\n0\r\nX: y\r\n\r\n" % (len(body), body))
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")


def test_fields_behind_a_body_are_none_of_its_head(quick_server: Server) -> None:
    """Else what a request means would depend on whether all of it came at once."""
    with quick_server.connect() as connection:
        connection.sendall(
            b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            b'1e\r\n{"texts": [{"text": "onion"}]}\r\n'
            b"0\r\nContent-Type: text/plain\r\nX-Request-ID: behind\r\n\r\n"
        )
        answer = connection.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"behind" not in answer


def test_answers_that_are_owed_come_before_the_end(quick_server: Server) -> None:
    """A head without an end behind other requests takes none of their answers along."""
    with quick_server.connect() as connection:
        connection.sendall(3 * WHOLE + b"GET /" + b"x" * 300_000)
        assert rest_of(connection).count(b"HTTP/1.1 200 ") == 3
