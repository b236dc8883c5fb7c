"""True examples for every operation of the OpenAPI document.

Refusals come from the classes and functions that refuse requests, answers from the record of the
served run, and predictions from that run itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import orjson
from pydantic_core import to_json

from app.envelope import BY_STATUS, Envelopes, Exchange, status_of
from app.incoming import read_head, too_large
from app.queries import check_query
from app.reading import Limits, read
from app.resources import (
    param_of,
    performance_of,
    summary_of,
    tag_of,
    tags_of,
    whole_of,
)
from app.routes import BY_NAME, Unforeseen
from tagger.errors import (
    BrokenRun,
    DeadlinePassed,
    InvalidInput,
    NotReady,
    Overloaded,
    StoreError,
    TaglineError,
    UnknownFormat,
    UnknownResource,
    UnknownRun,
)
from tagger.records import Run

ADDRESS = "http://127.0.0.1:3000"
MOMENT = "2026-11-24T12:00:00.000+00:00"
Requests = Mapping[str, Mapping[str, Any]]
"""Examples of requests by their names, each with a summary and its value."""


class Examples:
    """Examples for every operation: what to send, and each answer that may come back."""

    def __init__(
        self, run: Run, limits: Limits, requests: Requests, predicted: Mapping[str, Any]
    ) -> None:
        self._run = _shortened(run)
        self._predicted = predicted
        self._requests = {name: requests[name] for name in predicted}
        self._refused = refused(limits, self._run)
        self._answers = self._data()

    def put_into(self, operation: dict[str, Any], path: str) -> None:
        """Add its examples to an operation of the document, at a path."""
        name = operation["operationId"]
        method = "POST" if "requestBody" in operation else "GET"
        exchange = Exchange(b"6f1c9f0e-1", method, f'"{ADDRESS}{self._asked(path)}"', 0)
        for parameter in operation.get("parameters", ()):
            if parameter["name"] in self._values:
                parameter["example"] = self._values[parameter["name"]]
        if "requestBody" in operation:
            operation["requestBody"]["content"]["application/json"]["examples"] = self._requests
        for status, answer in operation["responses"].items():
            answer["headers"] = _headers(name, int(status))
            content = answer.get("content", {}).get("application/json")
            if content is None:
                _describe_text(name, answer)
            elif int(status) < HTTPStatus.BAD_REQUEST and "requestBody" in operation:
                content["examples"] = self._predictions(exchange)
            elif int(status) < HTTPStatus.BAD_REQUEST:
                content["example"] = self._success(name, exchange)
            else:
                content["examples"] = self._refusals(name, int(status), exchange)

    @property
    def _values(self) -> dict[str, Any]:
        return {
            "run_id": "promoted",
            "param": "seed",
            "tag": self._run.tags[0],
            "filter": "overall",
            "top": 3,
            "X-Request-Timeout": 5,
        }

    def _asked(self, path: str) -> str:
        for name, value in self._values.items():
            path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
        return path

    def _success(self, name: str, exchange: Exchange) -> Any:
        if name not in self._answers:
            return {"openapi": "3.1.0"} if name == "document" else {"name": "tagline"}
        data = to_json(self._answers[name], by_alias=True)
        return _fixed(Envelopes().success(exchange, [data]))

    def _predictions(self, exchange: Exchange) -> dict[str, dict[str, Any]]:
        """Return what the run answers to each example of a request."""
        return {
            name: {
                "summary": request["summary"],
                "value": _fixed(
                    Envelopes().success(exchange, [orjson.dumps(self._predicted[name])])
                ),
            }
            for name, request in self._requests.items()
        }

    def _refusals(self, name: str, status: int, exchange: Exchange) -> dict[str, dict[str, Any]]:
        """Return an example of each refusal of an operation that has this status."""
        return {
            refusal.__name__: {
                "summary": (refusal.__doc__ or "").partition("\n")[0],
                "value": _fixed(Envelopes().refusal(exchange, self._fault(refusal, name)).body),
            }
            for refusal in BY_NAME[name].refusals
            if status_of(refusal) == status
        }

    def _fault(self, refusal: type[Exception], name: str) -> Exception:
        """Return an error of this class as the operation of this name raises it."""
        if refusal is InvalidInput and BY_NAME[name].query:
            return _raised(check_query, BY_NAME[name], b"nothing")
        if refusal is DeadlinePassed and BY_NAME[name].section == "Runs":
            # BentoML's own time-out, while the store hangs; `edge` puts it into the envelope.
            return DeadlinePassed(BY_STATUS[HTTPStatus.GATEWAY_TIMEOUT])
        if refusal is not UnknownResource:
            return self._refused[refusal]
        look_up = {"tag": tag_of, "param": param_of, "run_param": param_of}.get(
            name, performance_of
        )
        unknown = "nothing"
        while unknown in self._run.tags:
            unknown += " at all"
        return _raised(look_up, self._run, unknown)

    def _data(self) -> dict[str, Any]:
        """Return the ``data`` of each operation's answer, from the run's record."""
        run = self._run
        marks = {"promoted": run.run_id, "served": run.run_id}
        of_any_run = {
            "performance": performance_of(run, "overall"),
            "params": run.params,
            "param": param_of(run, "seed"),
        }
        return {
            **of_any_run,
            **{f"run_{name}": data for name, data in of_any_run.items()},
            "tags": {"tags": tags_of(run)},
            "tag": tag_of(run, run.tags[0]),
            "runs": {"runs": [summary_of(run, **marks)]},
            "run": whole_of(run, **marks),
            "health": {},
        }


def requests_of(text: str, title: str, description: str) -> Requests:
    """Return the examples of requests that send these texts."""
    pair = {"title": title, "description": description}
    return {
        "one text": {"summary": "One text", "value": {"texts": [{"text": text}]}},
        "title and description": {
            "summary": "A title and a description, and the five best tags whatever they are",
            "value": {"texts": [pair], "threshold": 0, "top_k": 5},
        },
        "evidence": {
            "summary": "Which words earned the tags",
            "value": {"texts": [{"text": text}], "evidence": True},
        },
    }


MACHINE_LEARNING = requests_of(
    "Graph neural networks in PyTorch that predict the properties of molecules.",
    "Diffusion models from scratch",
    "An illustrated guide to generating images.",
)
"""Texts of the field that Tagline's own table is about."""


def in_words_of(sample: str) -> Requests:
    """Return the examples of requests that send a text of words that a run knows."""
    title, _, description = sample.partition(" ")
    return requests_of(sample, title, description)


def refused(limits: Limits, run: Run) -> dict[type[Exception], Exception]:
    """Return an error of every class that a caller can meet, each with a true message."""
    faults = (
        _raised(read, b"texts", limits),
        _raised(read, b'{"texts": []}', limits),
        _raised(read_head, [(b"content-type", b"text/plain")], limits),
        too_large(limits.body_bytes),
        _raised(param_of, run, "nothing"),
        UnknownRun("nothing", [run.run_id]),
        BrokenRun("run.json cannot be read."),
        UnknownFormat("The run was written in format 0."),
        StoreError("The model store cannot be read."),
        Overloaded(1),
        NotReady("The server is starting. Try again in a second."),
        DeadlinePassed(
            "The time for this request was over before all of its work was done, and the rest was "
            "left: give more, or ask for less at once."
        ),
        Unforeseen(),
    )
    return {type(fault): fault for fault in faults}


def _raised(refuse: Callable[..., object], *asked: object) -> Exception:
    try:
        refuse(*asked)
    except TaglineError as fault:
        return fault
    raise AssertionError(f"{asked} is refused by nobody.")


def _headers(name: str, status: int) -> dict[str, Any]:
    """Describe the headers of an answer."""
    found = {"X-Request-ID": ("Of this request: yours, or one that was made.", "string")}
    if name in ("predict", "run_predict") and status == HTTPStatus.OK:
        found["X-Run-ID"] = ("The run that gave the tags.", "string")
    if BY_NAME[name].cached and status in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
        found["ETag"] = ("Send it as If-None-Match, to be told when nothing is new.", "string")
    if status == HTTPStatus.SERVICE_UNAVAILABLE and BY_NAME[name].refusals:
        found["Retry-After"] = ("After how many seconds to try again.", "integer")
    return {
        header: {"description": words, "schema": {"type": kind}}
        for header, (words, kind) in found.items()
    }


def _describe_text(name: str, answer: dict[str, Any]) -> None:
    for media, content in answer.get("content", {}).items():
        content["schema"] = {"type": "string"}
        if name in ("livez", "readyz"):
            content.setdefault("example", "\n")
        elif media == "text/plain":
            content["example"] = "# HELP tagline_queue_texts Texts that wait for a batch\n"
        else:
            content["example"] = "<!doctype html>"


def _shortened(run: Run) -> Run:
    """Return a run with only its first two tags, so that examples stay short."""
    few = run.tags[:2]
    performance = replace(
        run.performance, by_tag={tag: run.performance.by_tag[tag] for tag in few}, slices={}
    )
    return replace(run, tags=few, thresholds=run.thresholds[:2], performance=performance)


def _fixed(envelope: bytes) -> Any:
    """Parse an envelope and fix its timestamp, so that the document is always the same."""
    return orjson.loads(envelope) | {"timestamp": MOMENT}
