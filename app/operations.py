"""Every operation of the document: its words, and all that it may answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from annotated_types import Gt
from fastapi import APIRouter, Header
from fastapi import Path as PathParameter
from fastapi.responses import HTMLResponse, PlainTextResponse
from pydantic.json_schema import SkipJsonSchema

from app import schemas
from app.envelope import phrase, status_of
from app.schemas import InvalidRefusal, Predictions, PredictRequest, Refusal, Success
from tagger.errors import (
    BadJson,
    BrokenRun,
    DeadlinePassed,
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
from tagger.records import Params

SECTIONS = (
    ("Tags", "Give texts their tags."),
    ("Served run", "The tagger that answers: how good it is, and what it was trained with."),
    ("Runs", "Every training run that is kept, the served one among them."),
    ("Server", "Whether it is here, ready, and how it fares."),
    ("Pages", "For people, and this document."),
)


class Unforeseen(Exception):
    """A failure of the server that nobody foresaw."""


STORE = (StoreError, DeadlinePassed, Unforeseen)
RUN = (UnknownRun, BrokenRun, UnknownFormat, *STORE)
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


@dataclass(frozen=True, slots=True)
class Operation:
    """What the document says of a route beside its function's own docstring."""

    section: str
    summary: str
    answer: Any = None
    refusals: Sequence[type[Exception]] = (Unforeseen,)
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
    "document": Operation(
        "Pages", "This document", dict[str, Any], (Overloaded, DeadlinePassed, Unforeseen)
    ),
    "ui": Operation("Pages", "The page for people", refusals=()),
    "docs": Operation("Pages", "The API, to try out", refusals=()),
    "redoc": Operation("Pages", "The API, to read", refusals=()),
}


def described(name: str) -> dict[str, Any]:
    """Give what FastAPI's decorators take, of one operation."""
    operation = OPERATIONS[name]
    responses: dict[int, dict[str, Any]] = {
        status: {
            "description": phrase(status),
            "model": InvalidRefusal if status == HTTPStatus.UNPROCESSABLE_ENTITY else Refusal,
        }
        for status in sorted({status_of(refusal) for refusal in operation.refusals})
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


NOT_READY = "Service is not ready because .__is_ready__() returns False."
"""BentoML's words."""
RunId = Annotated[str, PathParameter(description="A run's id, or `promoted`.")]
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
        run_id: RunId,
        x_request_timeout: Timeout = None,
    ) -> None:
        """Give each text its tags, as `POST /predict` does, by any run.

        The first request to a run waits until it is loaded; a few runs stay so.
        """

    @router.get("/livez", response_class=PlainTextResponse, **described("livez"))
    def livez() -> None:
        """Tell that the process is alive. A supervisor restarts it when this does not answer."""

    not_ready = {
        503: {"description": "Not now.", "content": {"text/plain": {"example": NOT_READY}}}
    }

    @router.get(
        "/readyz",
        response_class=PlainTextResponse,
        **described("readyz") | {"responses": not_ready},
    )
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
