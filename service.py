"""Front door of Tagline: the BentoML Service, what it loads, its typed endpoint, its layers.

``bentoml serve`` imports this file in the process that supervises, and again in each worker; so
here, and nowhere else, importing reads the environment.
"""

# BentoML's public names come from a package without types.
# mypy: disable-error-code="misc, untyped-decorator"

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy: its threads cost more than they give
os.environ.setdefault("BENTOML_DO_NOT_TRACK", "true")

import asyncio
import gc
import math
import time
from functools import partial
from pathlib import Path
from typing import Any

import bentoml

from app import (
    bento,
    joined_writes,
    keep_alive,
    logs,
    long_heads,
    malformed,
    metric_files,
    open_files,
    pipelines,
    unfinished,
    upgrades,
)
from app.api import create_api
from app.cors import allow_origins
from app.edge import Edge
from app.envelope import Envelopes, Exchange
from app.metrics import Metrics
from app.own_process import in_own_process
from app.predict import Predictor, writer
from app.protocol import protocol_in_use
from app.reading import Limits
from app.schemas import Predictions, PredictRequest, Success
from app.settings import log_format, read_settings
from app.stopping import Stopping, usual_pause
from runners.batching import Bounds
from runners.tag_runner import TagRunner
from tagger.errors import TaglineError

NAME = "tagline"
CHECK_SECONDS = 0.5
"""From a worker's death to its successor's start at most; BentoML's own are 10."""
WRITE_SECONDS = 5
"""For the last answers to go out, when a worker ends."""
HERE = Path(__file__).parent
FOLDER_OF_METRICS = "PROMETHEUS_MULTIPROC_DIR"
SUPERVISOR = "SUPERVISOR_OF_TAGLINE"
"""Holds the supervisor's process id for its workers: it may be gone before one can ask for it."""

end = partial(logs.end, log_format())

try:
    settings = read_settings()
    store = bento.open_store(settings, HERE)
    pinned = bento.run_to_serve(settings, HERE)
    if FOLDER_OF_METRICS in os.environ:  # not in the supervisor, which has none
        metric_files.reserve(Path(os.environ[FOLDER_OF_METRICS]))
except TaglineError as fault:
    end(str(fault))

metrics = Metrics(NAME, bento.version(HERE))
envelopes = Envelopes()
limits = Limits(
    texts=settings.max_texts,
    text_length=settings.max_text_length,
    body_bytes=settings.max_body_bytes,
    scores=settings.max_scores,
    seconds=settings.timeout_seconds,
)
stopping = Stopping(
    usual_pause() if settings.drain_seconds is None else settings.drain_seconds,
    rest_seconds=math.ceil(limits.seconds) + WRITE_SECONDS,
    supervisor=int(os.environ.get(SUPERVISOR, os.getppid())),
)
predictor = Predictor(limits)
runner = TagRunner(
    store,
    pinned=pinned,
    writer=writer,
    watch=metrics,
    bounds=Bounds(
        batch=settings.batch_texts,
        queue=settings.queue_texts,
        seconds=settings.batch_milliseconds / 1_000,
    ),
    kept=settings.kept_runs,
)
api = create_api(runner, store, envelopes, limits)


class Layered(bentoml.Service[Any]):
    """BentoML's Service with Tagline's layers around its application."""

    def to_asgi(self, is_main: bool = True) -> Any:  # noqa: FBT001, FBT002 - BentoML's signature
        """Make a worker's application: what a request passes, from the outside in."""
        # Of uvicorn's extensions the last installed is called first; `upgrades` calls no other, so
        # `long_heads` stands behind it in this list.
        refusals = malformed.Refusals(envelopes, metrics)
        malformed.install(refusals)
        pipelines.install()
        unfinished.install(refusals, limits.seconds)
        upgrades.install()
        long_heads.install(refusals, limits.body_bytes)
        keep_alive.install(settings.keep_alive_seconds)
        joined_writes.install()
        app = bento.without_own_metrics(super().to_asgi(is_main))
        app = Edge(
            app,
            runner=runner,
            predictor=predictor,
            limits=limits,
            envelopes=envelopes,
            metrics=metrics,
            stopping=stopping,
        )
        return allow_origins(app, settings.cors_origins)


@bentoml.service(
    name=NAME,
    service_class=Layered,
    workers=settings.workers,
    traffic={"timeout": settings.timeout_seconds},
    # Edge counts every answer; BentoML would not see all. Its tracing costs 160 us a request.
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": ".*"},
)
@bentoml.asgi_app(api, path="/")
class Tagger:
    """Gives texts their tags."""

    @bentoml.on_deployment
    @staticmethod
    def check() -> None:
        """End with one sentence, before any worker starts, if none could serve."""
        logs.configure(settings.log_format)
        try:
            bento.heed_traffic(NAME, settings)
            in_own_process(runner.check, end)
            bento.supervise(CHECK_SECONDS, end)
            os.environ[SUPERVISOR] = str(os.getpid())
        except TaglineError as fault:
            end(str(fault))

    def __init__(self) -> None:
        logs.configure(settings.log_format)
        open_files.allow_all()
        metric_files.forget_dead_workers(Path(os.environ[FOLDER_OF_METRICS]))
        runner.start()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(logs.beside_requests)
        self._following = loop.create_task(runner.follow(settings.poll_seconds))
        metrics.works_with(loop=type(loop).__module__, protocol=protocol_in_use())
        stopping.install()
        loop.call_soon(logs.welcome, bento.address(NAME))
        # What is loaded stays, so the garbage collector need not walk over it: 8% more requests a
        # second, and 50 ms less for the slowest. Python's own thresholds would cost 4%; these cost
        # nothing, and cycles that others leave behind (uvicorn, say) are still found.
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 10, 10)

    @bentoml.api
    async def predict(self, request: PredictRequest, /) -> Success[Predictions]:
        """Give each text its tags, best first, by the run that is served."""
        exchange = Exchange(b"in-process", "POST", '"/predict"', time.monotonic())
        data = await predictor.predict(
            request.model_dump_json(exclude_none=True).encode(),
            runner.served,
            exchange.started + limits.seconds,
        )
        return Success[Predictions].model_validate_json(envelopes.success(exchange, data))

    async def __is_ready__(self) -> bool:
        """Tell whether to send requests here: check texts are answered right, no end is near."""
        deadline = time.monotonic() + limits.seconds
        ready = not stopping.draining and await runner.served.is_right(deadline)
        metrics.ready(ready=ready)
        return ready

    @bentoml.on_shutdown
    def stop(self) -> None:
        """End what runs beside the requests, and write the last metrics."""
        self._following.cancel()
        metrics.flush()
        metric_files.forget_this_worker(Path(os.environ[FOLDER_OF_METRICS]))
