"""Every path that is answered: who answers it, and what the document says of it.

The one table: `edge` finds a request's route in it, `metrics` counts by its templates, and each
function that answers, or stands for an answer in the document, takes its place by a route's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.routing import compile_path
from starlette.types import Scope

from app import schemas
from app.schemas import Predictions, Success
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


# What a request may be refused for: one that reads the store, one for a run of it, a prediction.
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
class Route:
    """A path, who answers it, and what the document says beside its function's own docstring."""

    name: str
    template: str
    section: str
    summary: str
    answer: Any = None
    refusals: Sequence[type[Exception]] = (Unforeseen,)
    methods: tuple[str, ...] = ("GET", "HEAD")
    query: tuple[str, ...] | None = ()
    """Its query parameters; None where any may come and means nothing, to keep caches away say."""
    cached: bool = True
    """Whether it has an ETag, so that 304 is an answer."""
    predicts: bool = False
    """Whether `edge` answers it."""
    own_form: bool = False
    """Whether BentoML answers it in a form of its own, errors too."""

    @property
    def path(self) -> str:
        """The template as Starlette reads it: a tag may hold a slash, as in ci/cd."""
        return self.template.replace("{tag}", "{tag:path}")


OF_BENTOML: dict[str, Any] = {"refusals": (), "query": None, "cached": False, "own_form": True}
PAGE: dict[str, Any] = {"refusals": (), "query": None}
ROUTES = (
    Route(
        "predict",
        "/predict",
        "Tags",
        "Tag texts",
        Success[Predictions],
        PREDICT,
        methods=("POST",),
        cached=False,
        predicts=True,
    ),
    Route(
        "run_predict",
        "/runs/{run_id}/predict",
        "Tags",
        "Tag texts by another run",
        Success[Predictions],
        (*PREDICT, UnknownRun, BrokenRun, UnknownFormat, StoreError),
        methods=("POST",),
        cached=False,
        predicts=True,
    ),
    Route("health", "/", "Server", "Health", Success[schemas.Empty], query=None, cached=False),
    Route(
        "performance",
        "/performance",
        "Served run",
        "Performance",
        Success[schemas.Performance | schemas.Part],
        (InvalidInput, UnknownResource, Unforeseen),
        query=("filter",),
    ),
    Route("params", "/params", "Served run", "Parameters", Success[Params]),
    Route(
        "param",
        "/params/{param}",
        "Served run",
        "One parameter",
        Success[schemas.OneParam],
        (UnknownResource, Unforeseen),
    ),
    Route("tags", "/tags", "Served run", "Tags", Success[schemas.Tags]),
    Route(
        "tag",
        "/tags/{tag}",
        "Served run",
        "One tag",
        Success[schemas.TagEntry],
        (UnknownResource, Unforeseen),
    ),
    Route(
        "runs",
        "/runs",
        "Runs",
        "All runs",
        Success[schemas.Runs],
        (InvalidInput, *STORE),
        query=("top",),
    ),
    Route("run", "/runs/{run_id}", "Runs", "One run", Success[schemas.WholeRun], RUN),
    Route(
        "run_performance",
        "/runs/{run_id}/performance",
        "Runs",
        "Performance of a run",
        Success[schemas.Performance | schemas.Part],
        (InvalidInput, UnknownResource, *RUN),
        query=("filter",),
    ),
    Route(
        "run_params", "/runs/{run_id}/params", "Runs", "Parameters of a run", Success[Params], RUN
    ),
    Route(
        "run_param",
        "/runs/{run_id}/params/{param}",
        "Runs",
        "One parameter of a run",
        Success[schemas.OneParam],
        (UnknownResource, *RUN),
    ),
    Route("livez", "/livez", "Server", "Alive?", **OF_BENTOML),
    Route("readyz", "/readyz", "Server", "Ready?", **OF_BENTOML),
    Route("metrics", "/metrics", "Server", "Metrics", **OF_BENTOML),
    Route(
        "schema", "/schema.json", "Server", "For BentoML's clients", dict[str, Any], **OF_BENTOML
    ),
    Route("ui", "/ui", "Pages", "The page for people", **PAGE),
    Route("docs", "/docs", "Pages", "The API, to try out", **PAGE),
    Route("redoc", "/redoc", "Pages", "The API, to read", **PAGE),
    Route("asset", "/assets/{file}", "Pages", "A file of the pages", **PAGE),
    Route(
        "document",
        "/openapi.json",
        "Pages",
        "This document",
        dict[str, Any],
        (Overloaded, DeadlinePassed, Unforeseen),
    ),
)
"""Every path that is answered; all others are a 404, BentoML's own pages among them."""
NOWHERE = Route("nowhere", "(none)", "", "", methods=())
"""What metrics call the paths that do not exist."""

BY_NAME = {route.name: route for route in ROUTES}
STATIC = {route.template: route for route in ROUTES if "{" not in route.template}
NAMED = tuple((compile_path(route.path)[0], route) for route in ROUTES if "{" in route.template)


def find(scope: Scope) -> tuple[Route, dict[str, str]]:
    """Find who answers a request's path, and what its template's names stand for."""
    if (route := STATIC.get(scope["path"])) is not None:
        return route, {}
    path = without_slash(scope)
    if (route := STATIC.get(path)) is not None:
        return route, {}
    for pattern, route in NAMED:
        if found := pattern.fullmatch(path):
            return route, found.groupdict()
    return NOWHERE, {}


def without_slash(scope: Scope) -> str:
    """Give a request's path without a slash at its end."""
    path: str = scope["path"]
    # Not one that is escaped (%2F): that is the last letter of a tag.
    return path.rstrip("/") or "/" if (scope.get("raw_path") or b"/").endswith(b"/") else path
