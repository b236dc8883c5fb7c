"""What FastAPI is told of each route; the routes that edge and BentoML answer stand here."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from annotated_types import Gt
from fastapi import APIRouter, Header
from fastapi import Path as PathParameter
from fastapi.responses import PlainTextResponse
from pydantic.json_schema import SkipJsonSchema

from app.envelope import phrase, status_of
from app.routes import BY_NAME
from app.schemas import InvalidRefusal, PredictRequest, Refusal


def described(name: str) -> dict[str, Any]:
    """Give what FastAPI's decorators take, of one route."""
    route = BY_NAME[name]
    responses: dict[int, dict[str, Any]] = {
        status: {
            "description": phrase(status),
            "model": InvalidRefusal if status == HTTPStatus.UNPROCESSABLE_ENTITY else Refusal,
        }
        for status in sorted({status_of(refusal) for refusal in route.refusals})
    }
    if route.cached:
        responses[304] = {"description": "You have it already: the ETag that you sent still fits."}
    return {
        "path": route.path,
        "operation_id": name,
        "summary": route.summary,
        "tags": [route.section],
        "response_model": route.answer,
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
        description="Seconds that you will wait, if fewer than the server allows. "
        "Work that has not begun by then is not done.",
    ),
]


def elsewhere() -> APIRouter:
    """Make the routes that edge and BentoML answer; here they only stand in the document."""
    router = APIRouter()

    @router.post(**described("predict"))
    def predict(body: PredictRequest, x_request_timeout: Timeout = None) -> None:
        """Give each text its tags, best first, by the run that is served.

        Without options a text gets every tag whose score reaches the tag's own threshold. It may
        get none; and where it is unlike everything that the tagger has seen, `abstained` says so.
        A run of task `single` gives the best tag alone, whatever its score; with `top_k` or
        `threshold` it chooses as any other run does.
        """

    @router.post(**described("run_predict"))
    def run_predict(
        body: PredictRequest,
        run_id: RunId,
        x_request_timeout: Timeout = None,
    ) -> None:
        """Give each text its tags, as `POST /predict` does, by any run.

        The first request to a run waits until it is loaded; a few runs stay so.
        """

    @router.get(**described("livez"), response_class=PlainTextResponse)
    def livez() -> None:
        """Tell that the process is alive. A supervisor restarts it when this does not answer."""

    not_ready = {
        503: {"description": "Not now.", "content": {"text/plain": {"example": NOT_READY}}}
    }

    @router.get(
        response_class=PlainTextResponse,
        **described("readyz") | {"responses": not_ready},
    )
    def readyz() -> None:
        """Tell whether it is ready for work: the run's own check texts come back right.

        Answers 503 while it starts and from the moment that it is told to stop.
        """

    @router.get(**described("metrics"), response_class=PlainTextResponse)
    def metrics() -> None:
        """Give counts and times in the form of Prometheus."""

    @router.get(**described("schema"))
    def schema() -> None:
        """Describe the service to `bentoml.SyncHTTPClient` and `AsyncHTTPClient`."""

    return router
