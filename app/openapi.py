"""The document: every route, every status it can answer, with shapes and examples that are true.

FastAPI writes the shapes from `schemas`. Here stand the words, the routes that `edge` and BentoML
answer, which FastAPI never sees, and the examples: refusals are made by the very classes and
functions that refuse, answers from the record of the run that is served.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated, Any

import orjson
from annotated_types import Gt
from fastapi import APIRouter, Header
from fastapi import Path as PathParameter
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, PlainTextResponse
from pydantic.json_schema import SkipJsonSchema
from starlette.routing import BaseRoute

from app import schemas
from app.envelope import STATUS, Envelopes, Exchange
from app.resources import (
    param_of,
    performance_of,
    summary_of,
    tag_of,
    tags_of,
    whole_of,
    whole_performance_of,
)
from app.schemas import InvalidRefusal, Predictions, PredictRequest, Refusal, Success
from tagger.errors import (
    BadJson,
    BrokenRun,
    DeadlinePassed,
    Fault,
    InvalidInput,
    NotReady,
    Overloaded,
    StoreError,
    TooLargeBody,
    UnknownFormat,
    UnknownResource,
    UnknownRun,
    UnsupportedMedia,
)
from tagger.records import Params, Run

VERSION = "0.1.0"
ADDRESS = "http://127.0.0.1:3000"
MOMENT = "2026-11-24T12:00:00.000+00:00"
TEXT = "Transfer learning with transformers for text classification."
DESCRIPTION = """\
Tagline gives texts their tags. Send texts to `POST /predict`; everything else tells what the tagger
was trained with and how good it is.

Every JSON answer has the same envelope: what came of the request in words (`message`) and as a
number (`status-code`), when and where, and `data`. A refusal has `detail` in place of `data`: what
was wrong, and what to do.

Send `X-Request-ID` to find a request again in logs; it comes back with the answer, as one that the
server made does where you sent none.
"""
SECTIONS = (
    ("Tags", "Give texts their tags."),
    ("Served run", "The tagger that answers: how good it is, and what it was trained with."),
    ("Runs", "Every training run that is kept, the served one among them."),
    ("Server", "Whether it is here, ready, and how it fares."),
    ("Pages", "For people, and this document."),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a request may hold, as the document tells it."""

    texts: int
    text_length: int
    body_bytes: int


class Unforeseen(Exception):  # noqa: N818 - stands for any exception at all
    """A failure of the server that nobody foresaw."""


STORE = (StoreError, Unforeseen)
RUN = (UnknownRun, BrokenRun, UnknownFormat, StoreError, Unforeseen)
PREDICT = (
    BadJson,
    TooLargeBody,
    UnsupportedMedia,
    InvalidInput,
    Unforeseen,
    Overloaded,
    NotReady,
    DeadlinePassed,
)
Refusals = Sequence[type[Exception]]


@dataclass(frozen=True, slots=True)
class Operation:
    """What the document says of a route beside its function's own docstring."""

    section: str
    summary: str
    answer: Any = None
    refusals: Refusals = (Unforeseen,)
    cached: bool = True
    """Whether it has an ETag, so that 304 is an answer."""


OPERATIONS = {
    "predict": Operation("Tags", "Tag texts", Success[Predictions], PREDICT, cached=False),
    "run_predict": Operation(
        "Tags",
        "Tag texts by another run",
        Success[Predictions],
        (*PREDICT, UnknownRun, BrokenRun, UnknownFormat, StoreError),
        cached=False,
    ),
    "performance": Operation(
        "Served run",
        "Performance",
        Success[schemas.Performance | schemas.Part],
        (UnknownResource, Unforeseen),
    ),
    "params": Operation("Served run", "Parameters", Success[Params]),
    "param": Operation(
        "Served run", "One parameter", Success[schemas.OneParam], (UnknownResource, Unforeseen)
    ),
    "tags": Operation("Served run", "Tags", Success[schemas.Tags]),
    "tag": Operation(
        "Served run", "One tag", Success[schemas.TagEntry], (UnknownResource, Unforeseen)
    ),
    "runs": Operation("Runs", "All runs", Success[schemas.Runs], (InvalidInput, *STORE)),
    "run": Operation("Runs", "One run", Success[schemas.WholeRun], RUN),
    "run_performance": Operation(
        "Runs",
        "Performance of a run",
        Success[schemas.Performance | schemas.Part],
        (UnknownResource, *RUN),
    ),
    "run_params": Operation("Runs", "Parameters of a run", Success[Params], RUN),
    "run_param": Operation(
        "Runs", "One parameter of a run", Success[schemas.OneParam], (UnknownResource, *RUN)
    ),
    "health": Operation("Server", "Health", Success[schemas.Empty], cached=False),
    "livez": Operation("Server", "Alive?", refusals=(), cached=False),
    "readyz": Operation("Server", "Ready?", refusals=(), cached=False),
    "metrics": Operation("Server", "Metrics", refusals=(), cached=False),
    "schema": Operation(
        "Server", "For BentoML's clients", dict[str, Any], refusals=(), cached=False
    ),
    "document": Operation("Pages", "This document", dict[str, Any]),
    "ui": Operation("Pages", "The page for people", refusals=()),
    "docs": Operation("Pages", "The API, to try out", refusals=()),
    "redoc": Operation("Pages", "The API, to read", refusals=()),
}


def described(name: str) -> dict[str, Any]:
    """Give what FastAPI's decorators take, of one operation."""
    operation = OPERATIONS[name]
    responses: dict[int, dict[str, Any]] = {
        status: {
            "description": HTTPStatus(status).phrase,
            "model": InvalidRefusal if status == HTTPStatus.UNPROCESSABLE_ENTITY else Refusal,
        }
        for status in sorted({_status(refusal) for refusal in operation.refusals})
    }
    if operation.cached:
        responses[304] = {"description": "You have it already: the ETag that you sent still fits."}
    return {
        "operation_id": name,
        "summary": operation.summary,
        "tags": [operation.section],
        "response_model": operation.answer,
        "responses": responses,
        "response_description": "What was asked for.",
    }


def _status(refusal: type[Exception]) -> int:
    return next((status for kind, status in STATUS.items() if kind is refusal), 500)


Timeout = Annotated[
    Annotated[float, Gt(0)] | SkipJsonSchema[None],
    Header(
        alias="X-Request-Timeout",
        description="Seconds that you will wait. Work that has not begun by then is not done.",
    ),
]


def elsewhere() -> APIRouter:
    """Make the routes that edge and BentoML answer; here they only stand in the document."""
    router = APIRouter()

    @router.post("/predict", **described("predict"))
    def predict(body: PredictRequest, x_request_timeout: Timeout = None) -> None:
        """Give each text its tags, best first, by the run that is served.

        Without options a text gets every tag whose score reaches the tag's own threshold. It may
        get none; and where it is unlike everything that the tagger has seen, `abstained` says so.
        """

    @router.post("/runs/{run_id}/predict", **described("run_predict"))
    def run_predict(
        body: PredictRequest,
        run_id: Annotated[str, PathParameter(description="A run's id, or `promoted`.")],
        x_request_timeout: Timeout = None,
    ) -> None:
        """Give each text its tags, as `POST /predict` does, by any run.

        The first request to a run waits until it is loaded; a few runs stay so.
        """

    @router.get("/livez", response_class=PlainTextResponse, **described("livez"))
    def livez() -> None:
        """Tell that the process is alive. A supervisor restarts it when this does not answer."""

    @router.get("/readyz", response_class=PlainTextResponse, **described("readyz"))
    def readyz() -> None:
        """Tell whether it is ready for work: the run's own check texts come back right.

        Answers 503 while it starts and from the moment that it is told to stop.
        """

    @router.get("/metrics", response_class=PlainTextResponse, **described("metrics"))
    def metrics() -> None:
        """Give counts and times in the form of Prometheus."""

    @router.get("/schema.json", **described("schema"))
    def schema() -> None:
        """Describe the service to `bentoml.SyncHTTPClient` and `AsyncHTTPClient`."""

    @router.get("/ui", response_class=HTMLResponse, **described("ui"))
    def ui() -> None:
        """Show the page for people: paste a text, see its tags and which words earned them."""

    @router.get("/docs", response_class=HTMLResponse, **described("docs"))
    def docs() -> None:
        """Show this document as a page on which every route can be tried out."""

    @router.get("/redoc", response_class=HTMLResponse, **described("redoc"))
    def redoc() -> None:
        """Show this document as a page for reading."""

    return router


class Document:
    """The document of one server, written once for each run that is served."""

    def __init__(self, routes: Sequence[BaseRoute], limits: Limits) -> None:
        self._routes = routes
        self._limits = limits
        self._of_run = ""
        self._written = b""

    def written(self, run: Run) -> bytes:
        """Give the document as JSON, its examples from this run."""
        if run.run_id != self._of_run:
            self._written = orjson.dumps(self.document(run))
            self._of_run = run.run_id
        return self._written

    def document(self, run: Run) -> dict[str, Any]:
        """Write the document."""
        document = get_openapi(
            title="Tagline",
            version=VERSION,
            openapi_version="3.1.0",
            summary="Texts in, tags out.",
            description=DESCRIPTION,
            routes=[*elsewhere().routes, *self._routes],
            tags=[{"name": name, "description": words} for name, words in SECTIONS],
            servers=[{"url": "/", "description": "This server."}],
            license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        )
        self._tell_limits(document["components"]["schemas"])
        examples = Examples(run, self._limits)
        for path, operations in document["paths"].items():
            for operation in operations.values():
                _without_idle_faults(operation)
                examples.put_into(operation, path)
        for name in ("HTTPValidationError", "ValidationError"):
            document["components"]["schemas"].pop(name, None)
        return document

    def _tell_limits(self, found: dict[str, Any]) -> None:
        """Tell what settings allow, where `schemas` knows shapes alone."""
        found["PredictRequest"]["properties"]["texts"]["maxItems"] = self._limits.texts
        found["Text"]["properties"]["text"]["maxLength"] = self._limits.text_length
        found["Titled"]["description"] += (
            f" Together they may have {self._limits.text_length} characters."
        )


def _without_idle_faults(operation: dict[str, Any]) -> None:
    """Take out the 422 that FastAPI puts to every route with a parameter, even in its path."""
    answer = operation["responses"].get("422", {})
    if "HTTPValidationError" in str(answer):
        del operation["responses"]["422"]


class Examples:
    """Examples for every operation: what to ask, and what may come back."""

    def __init__(self, run: Run, limits: Limits) -> None:
        self._run = _shortened(run)
        self._refused = refused(limits, self._run)
        self._answers = self._data()

    def put_into(self, operation: dict[str, Any], path: str) -> None:
        """Give an operation its examples."""
        name = operation["operationId"]
        method = "POST" if "requestBody" in operation else "GET"
        exchange = Exchange(b"6f1c9f0e-1", method, f'"{ADDRESS}{self._asked(path)}"', 0)
        for parameter in operation.get("parameters", ()):
            if parameter["name"] in self._values:
                parameter["example"] = self._values[parameter["name"]]
        if "requestBody" in operation:
            operation["requestBody"]["content"]["application/json"]["examples"] = REQUESTS
        for status, answer in operation["responses"].items():
            answer["headers"] = _headers(name, int(status))
            content = answer.get("content", {}).get("application/json")
            if content is None:
                _describe_text(name, answer)
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
            path = path.replace(f"{{{name}}}", str(value))
        return path

    def _success(self, name: str, exchange: Exchange) -> Any:
        if name not in self._answers:
            return {"openapi": "3.1.0"} if name == "document" else {"name": "tagline"}
        data = orjson.dumps(self._answers[name], option=orjson.OPT_NON_STR_KEYS).decode()
        return _fixed(Envelopes().success(exchange, data))

    def _refusals(self, name: str, status: int, exchange: Exchange) -> dict[str, dict[str, Any]]:
        """Give an example of each refusal of an operation that has this status."""
        return {
            refusal.__name__: {
                "summary": (refusal.__doc__ or "").partition("\n")[0],
                "value": _fixed(Envelopes().refusal(exchange, self._fault(refusal, name)).body),
            }
            for refusal in OPERATIONS[name].refusals
            if _status(refusal) == status
        }

    def _fault(self, refusal: type[Exception], name: str) -> Exception:
        if refusal is InvalidInput and name == "runs":
            too_few = "Input should be greater than or equal to 1"
            return InvalidInput([Fault(("query", "top"), too_few, "greater_than_equal")])
        if refusal is not UnknownResource:
            return self._refused[refusal]
        look_up = {"tag": tag_of, "param": param_of, "run_param": param_of}.get(
            name, performance_of
        )
        try:
            look_up(self._run, "nothing")
        except UnknownResource as fault:
            return fault
        raise AssertionError("There is a thing of the name 'nothing'.")

    def _data(self) -> dict[str, Any]:
        """Give the ``data`` of each operation, out of the run's record."""
        run = self._run
        summary = summary_of(run, promoted=run.run_id, served=run.run_id)
        whole = whole_of(run, promoted=run.run_id, served=run.run_id)
        performance = _json({"overall": whole_performance_of(run).overall})
        params = _json(whole)["params"]
        predictions = self._predictions()
        return {
            "predict": predictions,
            "run_predict": predictions,
            "performance": performance,
            "params": params,
            "param": _json(param_of(run, "seed")),
            "tags": {"tags": [_json(entry) for entry in tags_of(run)]},
            "tag": _json(tag_of(run, run.tags[0])),
            "runs": {"runs": [_json(summary)]},
            "run": _json(whole),
            "run_performance": performance,
            "run_params": params,
            "run_param": _json(param_of(run, "seed")),
            "health": {},
        }

    def _predictions(self) -> dict[str, Any]:
        tag, threshold = self._run.tags[0], round(self._run.thresholds[0], 6)
        score = round((threshold + 1) / 2, 6)
        return {
            "run_id": self._run.run_id,
            "predictions": [
                {
                    "input_text": TEXT,
                    "predicted_tags": [tag],
                    "scores": [{"tag": tag, "score": score, "threshold": threshold}],
                    "abstained": False,
                }
            ],
        }


REQUESTS = {
    "one text": {"summary": "One text", "value": {"texts": [{"text": TEXT}]}},
    "title and description": {
        "summary": "A title and a description, and the five best tags whatever they are",
        "value": {
            "texts": [
                {
                    "title": "Diffusion models from scratch",
                    "description": "An illustrated guide to generating images.",
                }
            ],
            "threshold": 0,
            "top_k": 5,
        },
    },
    "evidence": {
        "summary": "Which words earned the tags",
        "value": {"texts": [{"text": TEXT}], "evidence": True},
    },
}


def refused(limits: Limits, run: Run) -> dict[type[Exception], Exception]:
    """Give one error of every class that a caller can meet, with the words that it is told in."""
    return {
        BadJson: BadJson("The body is not JSON: Expecting value, line 1 column 1."),
        UnsupportedMedia: UnsupportedMedia(
            "The content type is text/plain, and only JSON is read: "
            "send Content-Type: application/json."
        ),
        TooLargeBody: TooLargeBody(
            f"The body is longer than the {limits.body_bytes} bytes that it may have: "
            "send several requests."
        ),
        InvalidInput: InvalidInput([Fault(("body", "texts"), schemas.NO_TEXTS, "too_short")]),
        UnknownResource: UnknownResource("There is no tag 'nothing'."),
        UnknownRun: UnknownRun("nothing", [run.run_id]),
        BrokenRun: BrokenRun("model.json of the run cannot be read."),
        UnknownFormat: UnknownFormat("The run was written in format 0."),
        StoreError: StoreError("The model store cannot be read."),
        Overloaded: Overloaded(1),
        NotReady: NotReady("The server is starting. Try again in a second."),
        DeadlinePassed: DeadlinePassed(
            "The time for this request was over before its work began; the work was not done."
        ),
        Unforeseen: Unforeseen(),
    }


def _headers(name: str, status: int) -> dict[str, Any]:
    """Tell the headers of an answer."""
    found = {"X-Request-ID": ("Of this request: yours, or one that was made.", "string")}
    if name in ("predict", "run_predict") and status == HTTPStatus.OK:
        found["X-Run-ID"] = ("The run that gave the tags.", "string")
    if OPERATIONS[name].cached and status in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
        found["ETag"] = ("Send it as If-None-Match, to be told when nothing is new.", "string")
    if status == HTTPStatus.SERVICE_UNAVAILABLE and name != "readyz":
        found["Retry-After"] = ("After how many seconds to try again.", "integer")
    return {
        header: {"description": words, "schema": {"type": kind}}
        for header, (words, kind) in found.items()
    }


def _describe_text(name: str, answer: dict[str, Any]) -> None:
    for media, content in answer.get("content", {}).items():
        content["schema"] = {"type": "string"}
        if name in ("livez", "readyz"):
            content["example"] = "\n"
        elif media == "text/plain":
            content["example"] = "# HELP tagline_queue_texts Texts that wait for a batch\n"
        else:
            content["example"] = "<!doctype html>"


def _shortened(run: Run) -> Run:
    """Give a run with two tags of its own, so that examples stay short."""
    few = run.tags[:2]
    performance = replace(
        run.performance, by_tag={tag: run.performance.by_tag[tag] for tag in few}, slices={}
    )
    return replace(run, tags=few, thresholds=run.thresholds[:2], performance=performance)


def _json(data: Any) -> Any:
    return orjson.loads(orjson.dumps(data, default=_dumped))


def _dumped(model: Any) -> Any:
    return model.model_dump(mode="json", by_alias=True)


def _fixed(envelope: bytes) -> Any:
    """Give an envelope with the moment of all examples, so that the document is always the same."""
    return orjson.loads(envelope) | {"timestamp": MOMENT}
