"""Every row of the bad-input table, on both predict routes: the status, every fault, what to do."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from typing import Any

import pytest
import requests

from app.schemas import HALF, NO_BLANK, PredictRequest, Text, Titled
from tests.serving import Server

PATHS = ("/predict", "/runs/promoted/predict")
JSON = {"Content-Type": "application/json"}


def post(server: Server, path: str, body: bytes, **headers: str) -> requests.Response:
    """Send a body as it is."""
    return requests.post(f"{server.url}{path}", data=body, headers=JSON | headers, timeout=30)


def faults(answer: requests.Response) -> list[tuple[list[str | int], str]]:
    """Give where a 422 found faults, and of which type."""
    assert answer.status_code == 422, answer.text
    detail = answer.json()["detail"]
    assert all(set(fault) == {"loc", "msg", "type"} for fault in detail)
    return [(fault["loc"], fault["type"]) for fault in detail]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, [(["body", "texts"], "missing")]),
        ({"texts": []}, [(["body", "texts"], "too_short")]),
        ({"texts": [{}]}, [(["body", "texts", 0, "text"], "missing")]),
        ({"texts": [{"text": ""}]}, [(["body", "texts", 0, "text"], "blank")]),
        ({"texts": [{"text": " \n\t"}]}, [(["body", "texts", 0, "text"], "blank")]),
        ({"texts": [{"text": 5}]}, [(["body", "texts", 0, "text"], "string_type")]),
        ({"texts": ["bare"]}, [(["body", "texts", 0], "model_type")]),
        ({"texts": {"text": "x"}}, [(["body", "texts"], "list_type")]),
        (
            {"texts": [{"text": "x"}], "topk": 5},
            [(["body", "topk"], "extra_forbidden")],
        ),
        (
            {"texts": [{"text": "x"}], "k" * 1_000: 5},
            [(["body", "k" * 100], "extra_forbidden")],
        ),
        (
            {"texts": [{"text": "x", "title": "y"}]},
            [(["body", "texts", 0, "title"], "extra_forbidden")],
        ),
        ({"texts": [{"title": "x"}]}, [(["body", "texts", 0, "description"], "missing")]),
        (
            {"texts": [{"title": " ", "description": "x"}]},
            [(["body", "texts", 0, "title"], "blank")],
        ),
        ({"texts": [{"text": "x"}], "top_k": 0}, [(["body", "top_k"], "greater_than_equal")]),
        ({"texts": [{"text": "x"}], "top_k": "5"}, [(["body", "top_k"], "int_type")]),
        ({"texts": [{"text": "x"}], "top_k": 1.5}, [(["body", "top_k"], "int_type")]),
        ({"texts": [{"text": "x"}], "top_k": True}, [(["body", "top_k"], "int_type")]),
        (
            {"texts": [{"text": "x"}], "threshold": 1.5},
            [(["body", "threshold"], "less_than_equal")],
        ),
        (
            {"texts": [{"text": "x"}], "threshold": "0.5"},
            [(["body", "threshold"], "float_type")],
        ),
        ({"texts": [{"text": "x"}], "evidence": 1}, [(["body", "evidence"], "bool_type")]),
        ([], [(["body"], "model_type")]),
        (None, [(["body"], "model_type")]),
    ],
)
def test_what_is_not_as_the_contract_asks(
    server: Server, path: str, body: Any, expected: list[tuple[list[str | int], str]]
) -> None:
    """Each fault is told with its place and kind."""
    assert faults(post(server, path, json.dumps(body).encode())) == expected


def test_every_fault_is_told(server: Server) -> None:
    """Not the first fault alone: all of them, those of limits too."""
    pair = {"title": "x" * 5_000, "description": "y" * 5_000}
    texts = [{"text": ""}, {"text": "x" * 10_001}, {"text": 1}, pair]
    body = {"texts": texts, "top_k": 0, "more": 1}
    assert faults(post(server, "/predict", json.dumps(body).encode())) == [
        (["body", "texts", 1, "text"], "string_too_long"),
        (["body", "texts", 3], "string_too_long"),
        (["body", "texts", 0, "text"], "blank"),
        (["body", "texts", 2, "text"], "string_type"),
        (["body", "top_k"], "greater_than_equal"),
        (["body", "more"], "extra_forbidden"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"text": "bare"},
        ["bare"],
        {"texts": "bare"},
        {"texts": ["x"]},
        {"texts": [{"title": "x", "description": None}]},
        {"texts": [{"title": "x"}]},
    ],
)
def test_another_shape_is_told_the_right_one(server: Server, body: Any) -> None:
    """Who sends a text in a shape of their own is shown how a request looks."""
    first, *_ = post(server, "/predict", json.dumps(body).encode()).json()["detail"]
    assert '{"texts": [{"text": ' in first["msg"]
    assert 'a description, which may be ""' in first["msg"]


def test_an_unknown_field_is_told_which_there_are(server: Server) -> None:
    """Whatever may stand in a request, or in a text, is named."""
    body = {"texts": [{"title": "x", "body": "y"}], "topk": 5}
    told = post(server, "/predict", json.dumps(body).encode()).json()["detail"]
    unknown = [fault["msg"] for fault in told if fault["type"] == "extra_forbidden"]
    assert len(unknown) == 2
    fields = {*PredictRequest.model_fields, *Text.model_fields, *Titled.model_fields}
    for words in unknown:
        assert fields <= set(re.findall(r"\w+", words))


@pytest.mark.parametrize(
    ("method", "path", "unknown", "known"),
    [
        ("GET", "/runs?tpo=3&top=1", ["tpo"], "this path has top."),
        ("HEAD", "/tags?limit=3", [], ""),
        ("GET", "/tags?limit=3&limit=4&offset", ["limit", "offset"], "this path has none."),
        ("GET", "/runs/promoted/performance?Filter=overall", ["Filter"], "this path has filter."),
        ("POST", "/predict?top_k=3", ["top_k"], "options stand in the body"),
        ("POST", "/runs/promoted/predict?%74op_k=3", ["top_k"], "options stand in the body"),
    ],
)
def test_an_unknown_query_parameter_is_told_which_there_are(
    server: Server, method: str, path: str, unknown: list[str], known: str
) -> None:
    """Passed over, it would answer with more than its caller asked for."""
    body = {"texts": [{"text": "x"}]}
    answer = requests.request(method, f"{server.url}{path}", json=body, timeout=30)
    assert answer.status_code == 422
    if unknown:
        assert faults(answer) == [(["query", name], "extra_forbidden") for name in unknown]
        assert all(known in fault["msg"] for fault in answer.json()["detail"])


@pytest.mark.parametrize("path", ["/", "/ui", "/docs", "/readyz", "/metrics"])
def test_what_keeps_caches_away_is_no_fault(server: Server, path: str) -> None:
    """Monitors put a number behind an address, and links to pages what they come from."""
    assert requests.get(f"{server.url}{path}?_=1764", timeout=30).status_code == 200


def test_the_empty_list_is_told_in_words(server: Server) -> None:
    """The sentence that the contract names."""
    (fault,) = post(server, "/predict", b'{"texts": []}').json()["detail"]
    assert fault["msg"] == "List of texts to classify cannot be empty."


@pytest.mark.parametrize("path", PATHS)
def test_limits_are_named(server: Server, path: str) -> None:
    """Too many texts, and too long ones, are refused with the limit and what to do."""
    most = {"texts": [{"text": "x"}] * 1_000}
    assert post(server, path, json.dumps(most).encode()).status_code == 200
    answer = post(server, path, json.dumps({"texts": [{"text": "x"}] * 1_001}).encode())
    assert faults(answer) == [(["body", "texts"], "too_long")]
    assert "1000" in answer.json()["detail"][0]["msg"]
    blank = post(server, path, json.dumps({"texts": [{"text": ""}] * 1_001}).encode())
    assert faults(blank)[0] == (["body", "texts"], "too_long")
    long = {"texts": [{"text": "x" * 10_000}]}
    assert post(server, path, json.dumps(long).encode()).status_code == 200
    for row, field in (
        ({"text": "x" * 10_001}, ["text"]),
        ({"title": "x" * 5_000, "description": "y" * 5_000}, []),
    ):
        answer = post(server, path, json.dumps({"texts": [row]}).encode())
        assert faults(answer) == [(["body", "texts", 0, *field], "string_too_long")]
        assert "10000" in answer.json()["detail"][0]["msg"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "empty"),
        (b"{", "not JSON"),
        (b'{"texts": [{"text": "\xff"}]}', "UTF-8"),
        (b'{"texts": [{"text": "x"}], "threshold": NaN}', "NaN"),
        (b'{"texts": [{"text": "x"}], "threshold": -Infinity}', "-Infinity"),
        (b'{"texts": [{"text": "x"}], "texts": [{"text": "y"}]}', "twice"),
        (b'{"texts": [{"text": "x", "text": "y"}]}', "twice"),
        (b'{"texts": [{"te\\u0078t": "x", "text": "y"}]}', "twice"),
        (b"[" * 100_000, "too deeply"),
        (b'{"a":' * 100_000, "too deeply"),
        (b'\xef\xbb\xbf{"texts": [{"text": "x"}]}', "byte order mark"),
        (b'{"texts": [{"text": "x"}]} x', "at line 1 column 28."),
    ],
)
def test_what_is_not_json_or_means_two_things(
    server: Server, path: str, body: bytes, why: str
) -> None:
    """400, and a sentence that says why."""
    answer = post(server, path, body)
    assert answer.status_code == 400
    assert why in answer.json()["detail"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "application/json; charset=latin-1"}, 415),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Content-Type": "application/json; charset=UTF-8"}, 200),
        ({"Content-Type": 'application/json; charset="utf-8"; version=1'}, 200),
        ({"Content-Type": "application/json; version=1; charset=latin-1"}, 415),
        ({"Content-Type": "application/json;"}, 200),
        ({"Content-Type": "application/jsonp"}, 415),
        ({"Content-Type": "application/vnd.api+json"}, 200),
        ({"X-Request-Timeout": "soon"}, 422),
        ({"X-Request-Timeout": "nan"}, 422),
        ({"X-Request-Timeout": "-1"}, 422),
        ({"X-Request-Timeout": "1_0"}, 422),
        ({"X-Request-Timeout": "5"}, 200),
        ({"X-Request-Timeout": "1e-9"}, 504),
    ],
)
def test_headers(server: Server, path: str, headers: dict[str, str], status: int) -> None:
    """Other types, charsets and codings are 415, a senseless time-out 422, one that is over 504."""
    answer = post(server, path, b'{"texts": [{"text": "x"}]}', **headers)
    assert answer.status_code == status, answer.text
    assert answer.json()["status-code"] == status
    if status in (415, 504):  # and what to do
        assert re.search(": (send|give|ask) ", answer.json()["detail"])


def test_odd_but_valid_json_is_answered(server: Server) -> None:
    """Escapes, big whole numbers, any order and blanks are JSON all the same."""
    for body, text in (
        (
            b'{ "texts" : [ { "te\\u0078t" : "caf\\u00e9 \\ud83d\\ude00" } ] , "top_k" : '
            + b"9" * 400
            + b"}",
            "caf\u00e9 \N{GRINNING FACE}",
        ),
        (
            b'{"evidence": false, "texts": [{"text": "the word \\"text\\" in quotes"}]}',
            'the word "text" in quotes',
        ),
        (b'{"texts": [{"text": "text"}]}', "text"),
    ):
        answer = post(server, "/predict", body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["predictions"][0]["input_text"] == text
    endless = b'{"texts": [{"text": "text"}], "top_k": ' + b"9" * 5_000 + b"}"
    assert faults(post(server, "/predict", endless)) == [(["body", "top_k"], "int_type")]


def test_blank_is_what_the_document_says(server: Server) -> None:
    """Each blank by itself is refused, and no other character; the document's pattern says so."""
    candidates = [chr(code) for code in range(0x3100) if not 0xD800 <= code < 0xE000]
    blanks = [one for one in candidates if not re.search(NO_BLANK, one)]
    assert blanks == [one for one in candidates if one.isspace()]
    body = {"texts": [{"text": blank} for blank in blanks]}
    assert len(faults(post(server, "/predict", json.dumps(body).encode()))) == len(blanks)


def test_half_a_character_is_a_fault_with_its_place(server: Server) -> None:
    """A lone surrogate is valid JSON and no text: 422, wherever it stands."""
    assert faults(post(server, "/predict", b'{"texts": [{"text": "a\\ud800"}]}')) == [
        (["body", "texts", 0, "text"], "string_unicode")
    ]
    assert faults(post(server, "/predict", b'{"texts": [{"text": "a", "\\ud800": 1}]}')) == [
        (["body", "texts", 0], "string_unicode")
    ]
    answer = post(server, "/predict", b'{"texts": [{"text": "a"}], "\\ud800": 1}')
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["msg"] == HALF


def test_very_many_faults_are_counted(server: Server) -> None:
    """A thousand faults are told, and how many there are besides; so an answer stays bounded."""
    body = {f"k{number}": 0 for number in range(50_000)}
    detail = post(server, "/predict", json.dumps(body).encode()).json()["detail"]
    assert len(detail) == 1_001
    assert detail[-1]["msg"] == "And 49001 faults more."
    body = {f"k{number}": 0 for number in range(999)}
    detail = post(server, "/predict", json.dumps(body).encode()).json()["detail"]
    assert len(detail) == 1_000, "Those and the missing texts are all told."
    detail = post(server, "/predict", b'{"texts": [' + b"1," * 500_000 + b"1]}").json()["detail"]
    assert detail[0]["msg"].startswith("500001 texts are more than the 1000")
    assert detail[-1]["msg"] == "And 1 fault more.", "Texts beyond those allowed are not looked at."
    query = "&".join(f"k{number}" for number in range(2_000))
    detail = requests.get(f"{server.url}/tags?{query}", timeout=30).json()["detail"]
    assert len(detail) == 1_001
    assert detail[-1]["loc"] == ["query"]


def raw(server: Server, head: str, body: bytes = b"") -> bytes:
    """Send a head, its line ends made those of HTTP, and a body; read until the server closes."""
    return server.send_raw(head.replace("\n", "\r\n").encode() + body)


@pytest.mark.parametrize("path", PATHS)
def test_a_body_that_is_too_large_is_not_read(server: Server, path: str) -> None:
    """413 from the announced length alone, before any byte; and in the middle of chunks."""
    announced = raw(
        server,
        f"POST {path} HTTP/1.1\nHost: x\nContent-Type: application/json\n"
        "Content-Length: 1048577\n\n",
    )
    assert announced.startswith(b"HTTP/1.1 413 ")
    assert b"1048576 bytes" in announced
    part = b"40000\r\n" + b" " * 0x40000 + b"\r\n"
    chunked = raw(
        server,
        f"POST {path} HTTP/1.1\nHost: x\nContent-Type: application/json\n"
        "Transfer-Encoding: chunked\n\n",
        part * 4 + b"1\r\n \r\n",
    )
    assert chunked.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("path", PATHS)
def test_who_sends_all_of_a_large_body_first_gets_the_answer(server: Server, path: str) -> None:
    """Python's own client, for one, reads nothing before: a reset would be all it sees."""
    for _ in range(5):
        request = urllib.request.Request(f"{server.url}{path}", b" " * 5_000_000, JSON)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=30)
        assert refused.value.code == json.load(refused.value)["status-code"] == 413


def test_exactly_as_much_as_is_allowed_is_read(server: Server) -> None:
    """A body of just the limit is answered."""
    body = b'{"texts": [{"text": "x"}]}'.ljust(1 << 20)
    assert post(server, "/predict", body).status_code == 200


def test_no_word_of_a_caller_is_logged(server: Server) -> None:
    """Neither answered nor refused requests leave their texts in the log."""
    secret = "zebrasecret"
    for body in (
        {"texts": [{"text": secret}]},
        {"texts": [{"text": secret, secret: 1}]},
        {"texts": [{"text": secret}], "top_k": secret},
    ):
        post(server, "/predict", json.dumps(body).encode())
    post(server, "/predict", secret.encode())
    requests.get(f"{server.url}/tags/{secret}", timeout=30)
    assert secret not in server.log.read_text()


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("BREW / HTTP/1.1\nHost: x\n\n", b""),
        ("no HTTP at all\n\n", b""),
        ("POST /predict HTTP/1.1\nHost: x\nContent-Length: many\n\n", b""),
        ("POST /predict HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n", b"no length\r\n"),
    ],
)
def test_what_is_no_http_is_refused_in_the_envelope(server: Server, head: str, body: bytes) -> None:
    """What reaches no application gets the same shape, and one line in the log."""
    logged_before = server.log.read_text().count("Invalid HTTP request")
    answer = raw(server, head, body)
    received, _, envelope = answer.partition(b"\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n")
    assert b"x-request-id: " in received
    told = json.loads(envelope)
    assert (told["message"], told["status-code"]) == ("Bad Request", 400)
    assert told["detail"]
    assert logged_soon(server, "Invalid HTTP request", logged_before + 1) == logged_before + 1


def logged_soon(server: Server, words: str, times: int) -> int:
    """Count words in the log once they are there so often: a container's comes by way of a pipe."""
    deadline = time.monotonic() + 10
    while (found := server.log.read_text().count(words)) < times and time.monotonic() < deadline:
        requests.get(f"{server.url}/livez", timeout=30)
    return found


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("sent", [b"", b'{"texts": ['])
def test_a_body_that_does_not_come_in_time(server: Server, path: str, sent: bytes) -> None:
    """A caller who stops in the middle of a body gets a 504, not a connection that hangs."""
    answer = raw(
        server,
        f"POST {path} HTTP/1.1\nHost: x\nContent-Type: application/json\n"
        "X-Request-Timeout: 0.2\nContent-Length: 100\nConnection: close\n\n",
        sent,
    )
    assert answer.startswith(b"HTTP/1.1 504 ")
    assert b"body" in answer
