"""The least that each step of a request could take: the one call that no such server can leave out.

In batches of 32 texts, on the texts and the run of the bench; microseconds a text, the best of some
rounds. What they leave out (limits, keys given twice, abstaining, evidence, fairness) is what their
distance from the real steps buys.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import TypeVar

import numpy as np
import orjson
from numpy.typing import NDArray

from load_tests.subjects import Ground
from tagger.decide import decide, predictions
from tagger.model import Model
from tagger.records import TagScore

BATCH = 32
ROUNDS = 7
Batch = TypeVar("Batch")


def floors(ground: Ground) -> dict[str, float]:
    """Measure the floor of every step of ours by its name, microseconds a text."""
    model = Model.read(ground.model)
    row_of = {word: row for row, word in enumerate(model.weights.words)}
    bodies = _cut(ground.objects.read_bytes().splitlines())
    parsed = [[orjson.loads(body) for body in batch] for batch in bodies]
    texts = [[body["texts"][0]["text"] for body in batch] for batch in parsed]
    rows = [_rows(batch, row_of) for batch in texts]
    scores = [model.score(batch).scores for batch in texts]
    answers = [_answers(model, batch) for batch in texts]
    table = model.features.vocabulary.table
    return {
        "parse": _each(lambda batch: [orjson.loads(body) for body in batch], bodies),
        "validate": _each(
            lambda batch: [type(body["texts"][0]["text"]) is str for body in batch], parsed
        ),
        "queue": asyncio.run(_futures()),
        "features": _each(
            lambda batch: [list(map(row_of.get, text.split())) for text in batch], texts
        ),
        "arrays": _each(lambda some: table.take(some, axis=0).sum(axis=0), rows),
        "decide": _each(lambda some: np.nonzero(some >= model.policy.thresholds), scores),
        "serialise": _each(lambda batch: [orjson.dumps(answer) for answer in batch], answers),
    }


def _cut(values: Sequence[bytes]) -> list[Sequence[bytes]]:
    return [values[first : first + BATCH] for first in range(0, len(values), BATCH)]


def _rows(texts: Sequence[str], row_of: Mapping[str, int]) -> NDArray[np.intp]:
    """Return the rows of all known words of a batch."""
    words = chain.from_iterable(text.split() for text in texts)
    return np.array([row_of[word] for word in words if word in row_of], np.intp)


def _answers(model: Model, texts: Sequence[str]) -> list[tuple[TagScore, ...]]:
    decisions = decide(model.score(texts), model.policy)
    return [found.scores for found in predictions(model, texts, decisions)]


def _each(step: Callable[[Batch], object], batches: Sequence[Batch]) -> float:
    """Return what a step takes, us a text."""
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for batch in batches:
            step(batch)
        rounds.append(time.process_time() - started)
    return min(rounds) / len(batches) / BATCH * 1e6


async def _futures() -> float:
    """Return what a future takes that is made, set and awaited, us."""
    loop = asyncio.get_running_loop()

    async def wait() -> None:
        for _ in range(1_000):
            future: asyncio.Future[None] = loop.create_future()
            loop.call_soon(future.set_result, None)
            await future

    started = time.process_time()
    await asyncio.gather(*(wait() for _ in range(BATCH)))
    return (time.process_time() - started) / BATCH / 1_000 * 1e6
