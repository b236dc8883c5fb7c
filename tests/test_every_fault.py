"""Every error has its status, its words and its place in the document; none leaks the inside."""

from __future__ import annotations

import asyncio
import threading
import tracemalloc
from collections.abc import Iterator
from io import StringIO

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from app.envelope import PRIVATE, STATUS, Envelopes, status_of
from app.examples import refused
from app.logs import beside_requests
from app.routes import ROUTES, Unforeseen
from app.stopping import Stopping
from tagger import errors, records
from tests.edge_alone import LIMITS, Got, ask, asked, edge
from tests.on_a_loop import on_a_loop

ELSEWHERE = {
    errors.UnreadableTable,
    errors.MissingColumns,
    errors.FaultyRows,
    errors.TooLittleData,
    errors.UnequalScores,
    errors.UnreachableTarget,
    errors.AmbiguousRun,
    errors.ProtectedRun,
    errors.PromotionRefused,
    errors.SettingsError,
}
"""Errors of command lines and of the start: no caller meets them."""
RUN = records.Run(
    run_id="20260101-000000-abcd",
    created_at="2026-01-01T00:00:00+00:00",
    tags=("a", "b"),
    thresholds=(0.5, 0.5),
    params=records.Params(),
    performance=records.Performance(records.Overall(1, 1, 1, 1, 1, 1, 1), {}),
    data=records.Data("", "", 0, 0, 0, 0),
    versions={},
    abstain_below=0,
)


def leaves(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    """Every class below one that has none below itself."""
    for child in kind.__subclasses__():
        if child.__subclasses__():
            yield from leaves(child)
        else:
            yield child


def within_tree() -> list[type[BaseException]]:
    """Every leaf of the error tree."""
    return [kind for kind in leaves(errors.TaglineError) if kind.__module__ == errors.__name__]


def test_every_error_has_a_status_or_meets_no_caller() -> None:
    """The tree is covered: a class that is added needs its place in the table."""
    assert set(within_tree()) - STATUS.keys() == ELSEWHERE


def test_every_error_is_documented() -> None:
    """Each class that a caller can meet stands at some operation, with an example of its own."""
    documented = {kind for route in ROUTES for kind in route.refusals}
    # Any path may meet a wrong method or host, and an empty store ends the start.
    assert set(STATUS) - documented == {errors.WrongMethod, errors.WrongHost, errors.NoRun}
    assert documented <= set(refused(LIMITS, RUN))


@pytest.mark.parametrize("kind", [*STATUS, Unforeseen], ids=lambda kind: kind.__name__)
def test_every_error_is_answered_in_the_envelope(kind: type[Exception]) -> None:
    """Raised in the middle of a prediction, each becomes its status, in words for the caller."""
    samples = refused(LIMITS, RUN) | {
        errors.WrongMethod: errors.WrongMethod("PUT", "/x", ("GET",)),
        errors.WrongHost: errors.WrongHost(),
        errors.NoRun: errors.NoRun("store"),
        errors.Overloaded: errors.Overloaded(7),
    }
    fault = samples[kind]
    answer = ask(edge(fault=fault), "POST", "/predict", body=b"{}")
    body = answer.json()
    assert answer.status == body["status-code"] == status_of(kind)
    assert body["detail"]
    assert "x-request-id" in answer.headers
    if kind in PRIVATE:
        assert str(fault) not in str(body["detail"])
    if answer.status == 503:
        assert answer.headers["retry-after"] == ("7" if kind is errors.Overloaded else "1")


def test_an_unforeseen_fault_tells_nothing_but_the_id(logged: StringIO) -> None:
    """500 with the request's id; the trace is in the log, without the fault's own words."""
    answer = ask(
        edge(fault=KeyError("a caller's secret")),
        "POST",
        "/predict",
        body=b"{}",
        headers=[(b"x-request-id", b"mine")],
    )
    assert answer.status == 500
    assert "mine" in answer.json()["detail"]
    assert "secret" not in answer.body.decode()
    assert "KeyError" in logged.getvalue()
    assert "mine" in logged.getvalue()
    assert "edge_alone.py" in logged.getvalue()
    assert "secret" not in logged.getvalue()


@on_a_loop
async def test_what_fails_in_no_request_is_logged_all_the_same(logged: StringIO) -> None:
    """The log has its kind and place and not its words; what was foreseen is not there."""

    def fail(fault: Exception) -> None:
        raise fault

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(beside_requests)
    loop.call_soon(fail, KeyError("a caller's secret"))
    loop.call_soon(fail, errors.DeadlinePassed("foreseen"))
    await asyncio.sleep(0)
    loop.call_exception_handler({"message": "A socket was left open"})
    assert logged.getvalue().count("Beside the requests") == 2
    assert "KeyError\n" in logged.getvalue()
    assert "in fail" in logged.getvalue()
    assert "A socket was left open" in logged.getvalue()
    assert "secret" not in logged.getvalue()


def answering(
    status: int, *, raises: bool = False, headers: tuple[bytes, bytes] | None = None
) -> ASGIApp:
    """Make an application that answers as BentoML does: in a shape of its own."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        head = [headers] if headers else []
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": b'{"error":', "more_body": True})
        await send({"type": "http.response.body", "body": b'"inside"}'})
        if raises:
            raise ValueError("inside")

    return app


@pytest.mark.parametrize("status", [400, 404, 405, 429, 500, 503, 504])
@pytest.mark.parametrize("raises", [False, True])
@pytest.mark.parametrize(("kept", "value"), [("allow", "GET"), ("retry-after", "7")])
def test_answers_of_bentoml_get_the_envelope(
    status: int, kept: str, value: str, *, raises: bool
) -> None:
    """Whatever the inner layers refuse in a shape of their own is told in ours, once."""
    header = (kept.encode(), value.encode())
    answer = ask(edge(answering(status, raises=raises, headers=header)))
    body = answer.json()
    assert body["status-code"] == answer.status == (500 if raises else status)
    assert body["detail"]
    assert "inside" not in answer.body.decode()
    assert raises or answer.headers[kept] == value


@pytest.mark.parametrize(("addresses", "longer"), [(1_000, 60_000), (10_000, 0)])
def test_few_and_short_addresses_are_kept(addresses: int, longer: int) -> None:
    """Whoever asks for long ones, or for thousands, takes no memory."""
    envelopes = Envelopes()
    tracemalloc.start()
    for number in range(addresses):
        query = b"%d" % number + b"x" * longer
        scope = {"scheme": "http", "raw_path": b"/runs", "query_string": query}
        envelopes.url(scope, b"x")
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 1_000_000


def test_probes_keep_their_own_form() -> None:
    """What a supervisor reads is BentoML's, refusals too."""
    answer = ask(edge(answering(503)), path="/readyz")
    assert answer == Got(503, answer.headers, b'{"error":"inside"}')


def test_an_answer_that_has_begun_is_not_answered_again() -> None:
    """A fault after the first byte goes to the server, which closes; never two answers in one."""
    with pytest.raises(ValueError, match="inside"):
        ask(edge(answering(200, raises=True)))


def test_while_draining_every_answer_closes_its_connection() -> None:
    """Answers of the edge and of inner layers tell the client to come by another connection."""
    stopping = Stopping(0, rest_seconds=1, supervisor=0)
    stopping.draining = True
    for path in ("/runs", "/nowhere", "/livez"):
        answer = ask(edge(answering(200), stopping=stopping), path=path)
        assert answer.headers["connection"] == "close"


@on_a_loop
async def test_an_answer_goes_out_as_it_is_where_the_system_gives_no_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As at a limit of processes: to compress it is a courtesy."""

    def none_left(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    fault = errors.BadJson("What was wrong, told at length. " * 50)
    gzip = [(b"accept-encoding", b"gzip")]
    with monkeypatch.context() as system:
        system.setattr(threading.Thread, "start", none_left)
        answer = await asked(edge(fault=fault), "POST", "/predict", body=b"{}", headers=gzip)
    assert answer.status == 400
    assert answer.json()["detail"] == str(fault)
