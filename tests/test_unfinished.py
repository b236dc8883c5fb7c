"""A request whose head does not end, in time or within 64 KiB, is given up."""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import TrainedHome
from tests.serving import Server, rest_of

WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def quick_server(
    trained_home: TrainedHome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that gives requests one second."""
    folder: Path = tmp_path_factory.mktemp("quick")
    with trained_home.served(folder, TAGLINE_TIMEOUT_SECONDS="1") as server:
        yield server


def connected(server: Server, before: bytes) -> socket.socket:
    """Connect, and have an earlier request answered on the connection, if there is one."""
    connection = server.connect()
    if before:
        connection.sendall(before)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
    return connection


@pytest.mark.parametrize("before", [b"", WHOLE])
def test_half_a_head_is_refused_in_the_envelope(quick_server: Server, before: bytes) -> None:
    """A head that does not end in time gets a 408, as the first request and as a later one."""
    with connected(quick_server, before) as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\n")
        head, _, body = rest_of(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"x-request-id: " in head
    assert json.loads(body)["status-code"] == 408


def test_a_head_sent_line_by_line_is_refused_too(quick_server: Server) -> None:
    """A caller who sends a header line from time to time gets the 408 all the same."""
    with quick_server.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        for _ in range(100):
            connection.sendall(b"X: y\r\n")
            if select.select([connection], [], [], 0.1)[0]:
                break
        assert connection.recv(65_536).startswith(b"HTTP/1.1 408 ")


def test_a_connection_that_says_nothing_is_closed(quick_server: Server) -> None:
    """A connection on which nothing is sent is closed without an answer."""
    assert quick_server.send_raw(b"") == b""


def test_pauses_between_whole_requests_close_nothing(quick_server: Server) -> None:
    """A connection that sends whole requests stays open through pauses of a second."""
    with quick_server.connect() as connection:
        for _ in range(4):
            connection.sendall(WHOLE)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
            assert select.select([connection], [], [], 1)[0] == []


def test_a_body_that_comes_after_its_answer_is_no_head(quick_server: Server) -> None:
    """Where a refusal was sent before the body came, the connection ends without another answer."""
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
    """A head of 1 MB without an end gets a 431, and its caller gets to read it while sending."""
    with connected(quick_server, before) as connection:
        connection.sendall(begun + b"x" * 1_000_000)
        head, _, body = rest_of(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert b"x-request-id: " in head
    refusal = json.loads(body)
    assert refusal["status-code"] == 431
    assert "65536 bytes" in refusal["detail"]


@pytest.mark.parametrize("before", [b"", WHOLE])
@pytest.mark.parametrize("first", [100, 50_000, 66_000, 100_000])
def test_a_long_head_is_refused_wherever_it_is_cut(
    quick_server: Server, before: bytes, first: int
) -> None:
    """A whole head above the limit gets a 431 wherever the network cuts it into pieces."""
    head = b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 66_000 + b"\r\n\r\n"
    with connected(quick_server, before) as connection:
        connection.sendall(head[:first])
        select.select([connection], [], [], 0.1)
        connection.sendall(head[first:])
        assert rest_of(connection).startswith(b"HTTP/1.1 431 ")


def test_many_short_heads_are_not_one_long_one(quick_server: Server) -> None:
    """Pipelined requests are all answered, although their heads together exceed the limit."""
    one = b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 1_000 + b"\r\n\r\n"
    body = b'{"texts": [{"text": "onion"}]}'.ljust(60_000)
    post = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n" + body
    with quick_server.connect() as connection:
        connection.sendall(90 * one + post + one[:500])
        select.select([connection], [], [], 0.1)
        connection.sendall(one[500:-2] + b"Connection: close\r\n\r\n")
        assert rest_of(connection).count(b"HTTP/1.1 200 ") == 92


def test_a_head_within_the_limit_is_read(quick_server: Server) -> None:
    """A head of 60 KB in two pieces, as cookies and tokens may need, is answered."""
    with quick_server.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 30_000)
        assert select.select([connection], [], [], 0.1)[0] == []
        connection.sendall(b"x" * 30_000 + b"\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("line", [b"POST /predict", b"GET /livez"])
@pytest.mark.parametrize("field", [b"x" * 6, b"x: y\r\n"])
def test_trailer_fields_without_an_end_end_the_connection(
    quick_server: Server, line: bytes, field: bytes
) -> None:
    """A caller who sends trailer fields without an end is cut off, before his answer or after."""
    head = b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    with quick_server.connect() as connection, pytest.raises(ConnectionError):
        # 24 MB: of 4 the kernel's buffers may hold all, and nobody learns of the end.
        connection.sendall(line + head + field * 4_000_000)


def test_nobody_gets_more_time_than_the_setting(quick_server: Server) -> None:
    """A body is waited for as long as the setting says, whatever the request asks for."""
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nX-Request-Timeout: 1000\r\n"
    answer = quick_server.send_raw(head + b"Content-Length: 4\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 504 ")


def test_a_long_chunk_of_a_body_is_no_head(quick_server: Server) -> None:
    """A chunk longer than the limit on heads is read, and its request answered."""
    body = b'{"texts": [{"text": "onion"}]}'.ljust(400_000)
    with quick_server.connect() as connection:
        for _ in range(2):
            connection.sendall(
                b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            connection.sendall(b"%x\r\n%b\r\n0\r\nX: y\r\n\r\n" % (len(body), body))
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")


def test_trailer_fields_are_no_headers(quick_server: Server) -> None:
    """Trailer fields change nothing in how a request is understood."""
    with quick_server.connect() as connection:
        connection.sendall(
            b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            b'1e\r\n{"texts": [{"text": "onion"}]}\r\n'
            b"0\r\nContent-Type: text/plain\r\nX-Request-ID: behind\r\n\r\n"
        )
        answer = connection.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"behind" not in answer


def test_requests_before_a_head_without_an_end_are_answered(quick_server: Server) -> None:
    """The connection closes only after the answers to whole requests that came before."""
    answers = quick_server.send_raw(3 * WHOLE + b"GET /" + b"x" * 300_000)
    assert answers.count(b"HTTP/1.1 200 ") == 3
