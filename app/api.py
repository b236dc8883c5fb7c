"""The resources: health, performance, params, runs and tags."""

from __future__ import annotations

from functools import lru_cache
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi import Path as PathParameter
from fastapi.exceptions import RequestValidationError
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import to_json

from app import compression, schemas
from app.envelope import EXCHANGE, Envelopes, Exchange
from app.etags import answer, etag_of
from app.logs import failed
from app.openapi import Document
from app.operations import RunId, described
from app.pages import pages
from app.predict import Runner
from app.reading import Limits, shown
from app.resources import Resources, param_of, performance_of, tag_of, tags_of
from tagger.errors import Fault, InvalidInput, TaglineError
from tagger.store import Store


def create_api(runner: Runner, store: Store, envelopes: Envelopes, limits: Limits) -> FastAPI:
    """Make the application that answers all but predictions and probes."""
    api = FastAPI(title="Tagline", openapi_url=None, redirect_slashes=False)
    api.add_middleware(
        compression.Compressing, minimum_size=compression.FROM, compresslevel=compression.LEVEL
    )
    resources, answers = Resources(runner, store), Answers(envelopes)
    answers.refuse_for(api)
    for router in (_of_the_server(resources, answers), _of_runs(resources, answers)):
        api.include_router(router)
    api.include_router(pages())
    document = Document(api.routes, limits)

    @api.get(**described("document"))
    async def openapi_json(request: Request) -> Response:
        """Give this document: every route, what it takes, and all that it may answer."""
        written = await document.written(runner.served)
        return answer(request, written, etag=etag_of(written))

    return api


ParamName = Annotated[str, PathParameter(description="Name of a parameter.")]
TagName = Annotated[str, PathParameter(description="Name of a tag.")]
Filter = Annotated[
    str | SkipJsonSchema[None],
    Query(
        description="Give this part alone: `overall`, `class`, `slices`, or a dotted path to a "
        "part within, such as `class.` and a tag."
    ),
]
Top = Annotated[
    int, Query(ge=1, description="Give the best so many alone; all where it is left out.")
]


def _of_the_server(resources: Resources, answers: Answers) -> APIRouter:
    """Make the routes about the run that is served."""
    router = APIRouter()

    @lru_cache(1)
    def written_tags(_run_id: str) -> bytes:
        """Write the served run's tags once: of 5,000 it takes 35 ms, and holds the loop."""
        return to_json(schemas.Tags(tags=tags_of(resources.served)))

    @router.get(**described("health"))
    async def health(request: Request) -> Response:
        """Tell that the server is here. Whether it is ready for work is what `/readyz` tells."""
        return answers.health(request)

    @router.get(**described("performance"))
    async def performance(request: Request, filter: Filter = None) -> Response:  # noqa: A002
        """Tell how good the served run is, on texts that it was not trained on."""
        return answers.data(request, performance_of(resources.served, filter))

    @router.get(**described("params"))
    async def params(request: Request) -> Response:
        """Tell what the served run was trained with."""
        return answers.data(request, resources.served.params)

    @router.get(**described("param"))
    async def param(request: Request, param: ParamName) -> Response:
        """Tell one parameter of the served run."""
        return answers.data(request, param_of(resources.served, param))

    @router.get(**described("tags"))
    async def tags(request: Request) -> Response:
        """List the tags that the served run can give, and how good it is at each."""
        return answers.written(request, written_tags(resources.served.run_id))

    @router.get(**described("tag"))
    async def tag(request: Request, tag: TagName) -> Response:
        """Tell how good the served run is at one tag."""
        return answers.data(request, tag_of(resources.served, tag))

    return router


def _of_runs(resources: Resources, answers: Answers) -> APIRouter:
    """Make the routes about any run; they read the store, so they run in threads."""
    router = APIRouter()

    @router.get(**described("runs"))
    def runs(
        request: Request,
        top: Top = None,  # type: ignore[assignment]  # `| None` would fault what is sent twice
    ) -> Response:
        """List the training runs, the best weighted F1 first."""
        return answers.data(request, resources.runs(top))

    @router.get(**described("run"))
    def run(request: Request, run_id: RunId) -> Response:
        """Tell all that is known of a run."""
        return answers.data(request, resources.whole(run_id))

    @router.get(**described("run_performance"))
    def run_performance(request: Request, run_id: RunId, filter: Filter = None) -> Response:  # noqa: A002
        """Tell how good a run is, on texts that it was not trained on."""
        return answers.data(request, performance_of(resources.run(run_id), filter))

    @router.get(**described("run_params"))
    def run_params(request: Request, run_id: RunId) -> Response:
        """Tell what a run was trained with."""
        return answers.data(request, resources.run(run_id).params)

    @router.get(**described("run_param"))
    def run_param(request: Request, run_id: RunId, param: ParamName) -> Response:
        """Tell one parameter of a run."""
        return answers.data(request, param_of(resources.run(run_id), param))

    return router


class Answers:
    """Puts data into the envelope, with a weak ETag over what it says beside the moment."""

    def __init__(self, envelopes: Envelopes) -> None:
        self._envelopes = envelopes

    def health(self, request: Request) -> Response:
        """Answer that the server is here; never from a cache."""
        body = self._envelopes.success(_exchange(request), [b"{}"])
        return Response(body, media_type="application/json", headers={"cache-control": "no-store"})

    def data(self, request: Request, data: Any) -> Response:
        """Answer with data: a model of `schemas`, or a record."""
        return self.written(request, to_json(data, by_alias=True))

    def written(self, request: Request, written: bytes) -> Response:
        """Answer with data that is written already."""
        body = self._envelopes.success(_exchange(request), [written])
        return answer(request, body, etag=etag_of(written))

    def refuse_for(self, api: FastAPI) -> None:
        """Put the errors of an application into the envelope; unforeseen ones are edge's."""

        async def refuse(request: Request, fault: Exception) -> Response:
            exchange = _exchange(request)
            refusal = self._envelopes.refusal(exchange, fault)
            if refusal.status == HTTPStatus.INTERNAL_SERVER_ERROR:
                failed(fault, exchange.request_id)
            headers = {name.decode(): value.decode() for name, value in refusal.headers}
            return Response(refusal.body, refusal.status, headers, "application/json")

        async def refuse_input(request: Request, fault: Exception) -> Response:
            if not isinstance(fault, RequestValidationError):
                raise fault
            return await refuse(request, InvalidInput(list(map(_fault, fault.errors()))))

        api.add_exception_handler(TaglineError, refuse)
        api.add_exception_handler(RequestValidationError, refuse_input)


def _exchange(request: Request) -> Exchange:
    exchange = request.scope[EXCHANGE]
    assert isinstance(exchange, Exchange)  # noqa: S101 - edge put it there
    return exchange


def _fault(fault: dict[str, Any]) -> Fault:
    place = tuple(shown(key) if isinstance(key, str) else key for key in fault["loc"])
    # As of a body's fields; after a comma stands what pydantic tried with the words of a query.
    return Fault(place, fault["msg"].partition(",")[0], fault["type"])
