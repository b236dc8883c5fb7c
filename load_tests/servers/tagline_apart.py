"""Tagline's runner in a process of its own, for those who want the model apart.

The batcher stays in the service's process and sends one call a batch to another BentoML service.
`runner_connection` as here is needed: as BentoML sets it up, its client closes the session every
100 requests with calls in flight, and loses them.
"""

# BentoML's public names come from a package without types.
# mypy: disable-error-code="misc, untyped-decorator"

from __future__ import annotations

import asyncio
import gc
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import bentoml

import service
from app.predict import writer
from runners.batching import Batcher, Bounds
from runners.loaded import Asked
from tagger.decide import PLAIN, decide
from tagger.model import Model
from tagger.records import Run

WITHOUT_TRACES = {"excluded_urls": ".*"}
WITHOUT_ACCESS_LOG = {"access": {"enabled": False}}
FOLDER = Path(os.environ["BENCH_RUN"])


@bentoml.service(
    name="tagline_model",
    runner_connection={"max_requests": 10**9, "max_age": 1e9},
    tracing=WITHOUT_TRACES,
    logging=WITHOUT_ACCESS_LOG,
)
class Scorer:
    """The model, in a process of its own."""

    def __init__(self) -> None:
        self._model = Model.read(FOLDER)
        self._write = writer(self._model)

    @bentoml.api
    async def tag(self, texts: list[str]) -> list[str]:
        """Write each text's decision as the service answers it."""
        written = self._write(texts, decide(self._model.score(texts), self._model.policy, PLAIN))
        return [one.decode() for one in written]


class Remote:
    """In the place of `runners.loaded.Loaded`, and of the runner that holds it."""

    def __init__(self) -> None:
        self.run: Run = service.store.run(FOLDER.parent.name)
        self.scorer: Any = None
        # In a thread, always: the loop must stay free to carry the call.
        self.decided: Batcher[Asked, bytes] = Batcher(
            self._ask, bounds=replace(Bounds(), inline_seconds=0)
        )
        self.explained = self.decided

    @property
    def served(self) -> Remote:
        """The only run."""
        return self

    async def of(self, run_id: str, deadline: float) -> Remote:
        """The only run, by any name."""
        del run_id, deadline
        return self

    def start(self, scorer: Any) -> None:
        """Learn where the model is, and on which loop to call it.

        The first batch of a batcher runs on the loop, where the answer to a call could never
        arrive; so it is an idle one.
        """
        self._loop = asyncio.get_running_loop()
        idle = self.decided.submit([("", PLAIN)], time.monotonic() + 60)
        idle.add_done_callback(lambda _: setattr(self, "scorer", scorer))

    def _ask(self, batch: list[Asked]) -> list[bytes]:
        if self.scorer is None:
            return [b""] * len(batch)
        call = self.scorer.tag([text for text, _ in batch])
        written: list[str] = asyncio.run_coroutine_threadsafe(call, self._loop).result()
        return [one.encode() for one in written]


remote = Remote()
service.runner = remote  # type: ignore[assignment]  # what is measured


@bentoml.service(
    name="tagline_apart",
    service_class=service.Layered,
    tracing=WITHOUT_TRACES,
    logging=WITHOUT_ACCESS_LOG,
)
class Apart:
    """The service, without a model."""

    scorer = bentoml.depends(Scorer)

    def __init__(self) -> None:
        remote.start(self.scorer)
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 10, 10)

    @bentoml.api
    async def predict(self, texts: list[str]) -> list[str]:
        """Stand in the document; the edge answers."""
        raise NotImplementedError
