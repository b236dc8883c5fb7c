"""A connection queues a limited number of requests."""

from __future__ import annotations

import re

import pytest

from app.pipelines import WAITING
from tests.serving import Server, rest_of

BODY = b'{"texts": [{"text": "Broth and onion."}]}'
HEAD = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(BODY)


def answered(server: Server, count: int) -> tuple[list[int], list[int]]:
    """Send so many requests at once; return which were answered, and which answers say to close."""
    numbered = b"".join(b"GET /?n=%d HTTP/1.1\r\nHost: x\r\n\r\n" % one for one in range(count))
    with server.connect() as connection:
        connection.sendall(numbered)
        received = b""
        while received.count(b'"data":{}}') < count and (part := connection.recv(65_536)):
            received += part
    answers = received.split(b"HTTP/1.1 200 OK\r\n")[1:]
    found = [re.search(rb"n=(\d+)", answer) for answer in answers]
    last = [place for place, answer in enumerate(answers) if b"\r\nconnection: close\r\n" in answer]
    return [int(one[1]) for one in found if one], last


@pytest.mark.parametrize("count", [2, WAITING, WAITING + 1, WAITING + 2, 5 * WAITING])
def test_answers_come_in_order_up_to_the_limit(server: Server, count: int) -> None:
    """The first requests are answered in order, and the last possible answer says to close."""
    numbers, last = answered(server, count)
    most = WAITING + 1
    assert numbers == list(range(min(count, most)))
    assert last == ([most - 1] if count >= most else [])


def test_requests_before_what_is_no_http_are_answered(server: Server) -> None:
    """Bytes that are no HTTP close the connection, but only after the answers before them."""
    received = server.send_raw((HEAD + BODY) * 2 + b"no HTTP at all\r\n\r\n")
    assert received.count(b"HTTP/1.1 200 ") == received.count(b"HTTP/1.1 ") == 2


def test_the_last_body_may_come_later(server: Server) -> None:
    """The last request that is taken is answered, although its body comes after its head."""
    with server.connect() as connection:
        connection.sendall((HEAD + BODY) * WAITING + HEAD)
        received = connection.recv(1)  # so the last head was read without its body
        connection.sendall(BODY + (HEAD + BODY) * 2)
        received += rest_of(connection)
    assert received.count(b'"status-code":200') == received.count(b'"status-code":') == WAITING + 1
