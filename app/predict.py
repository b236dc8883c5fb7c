"""From a request's bytes to its answer: read, ask the Runner, write.

`edge` and the typed endpoint of `service.py` both call `Predictor.predict`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise, repeat
from typing import Any, Protocol

import orjson

from app.reading import Limits, check_scores, read
from tagger.decide import REASON, Decisions, Options
from tagger.model import Model
from tagger.policy import DIGITS
from tagger.records import Run

LATEST_THRESHOLDS = 4
"""Lists of thresholds that are kept as they are written, the latest that requests set: to write the
thresholds of a thousand tags takes longer than to score a text."""


class Waiting(Protocol):
    """A batcher of the Runner: gives one result an item, later."""

    def submit(self, items: Sequence[tuple[str, Options]], deadline: float) -> Any:
        """Queue items."""


class Loaded(Protocol):
    """A run that is ready to answer."""

    @property
    def run(self) -> Run:
        """Its record."""

    @property
    def decided(self) -> Waiting:
        """Texts -> their predictions, as `writer` wrote them."""

    @property
    def explained(self) -> Waiting:
        """Texts -> the evidence for their tags."""

    @property
    def sample(self) -> str:
        """A text in words that the run knows."""


class Runner(Protocol):
    """What is asked of the Runner."""

    @property
    def served(self) -> Loaded:
        """The run that answers where none is named."""

    async def of(self, run_id: str, deadline: float) -> Loaded:
        """Any other, if it is loaded in time."""


class Predictor:
    """Answers ``POST /predict``, bytes to data."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    async def predict(self, body: bytes, loaded: Loaded, deadline: float) -> list[bytes]:
        """Give the tags of all texts of a request: the envelope's ``data``, as pieces of JSON.

        Raises
        ------
        BadJson, InvalidInput
            The request cannot be answered as it stands.
        Overloaded, DeadlinePassed
            Now, or in time.
        """
        question = read(body, self._limits)
        check_scores(question, len(loaded.run.tags), self._limits)
        asked = list(zip(question.texts, repeat(question.options)))
        written: list[bytes] = await loaded.decided.submit(asked, deadline)
        if question.options.evidence:
            evidence = await loaded.explained.submit(asked, deadline)
            written = [
                b'%b,"evidence":%b' % (prediction, orjson.dumps(found))
                for prediction, found in zip(written, evidence, strict=True)
            ]
        head = b'{"run_id":"%b","predictions":[' % loaded.run.run_id.encode()
        return [head, b"},".join(written), b"}]}"]


def writer(model: Model) -> Callable[[Sequence[str], Decisions], list[bytes]]:
    """Make what writes a batch's predictions as JSON, from pieces that are written once a run.

    The last brace of each is left out, so that evidence can follow. A quarter of a microsecond a
    tag where a JSON library needs two.
    """
    names = [orjson.dumps(tag) for tag in model.tags]
    own_limits = [round(float(threshold), DIGITS) for threshold in model.policy.thresholds]
    own_around = _around_scores(names, own_limits)

    @lru_cache(LATEST_THRESHOLDS)
    def around_scores(limits: tuple[float, ...]) -> list[tuple[bytes, bytes]]:
        return _around_scores(names, limits)

    abstained = b'],"abstained":true,"reason":%b' % orjson.dumps(REASON)

    def write(texts: Sequence[str], decisions: Decisions) -> list[bytes]:
        own = decisions.limits == own_limits
        around = own_around if own else around_scores(tuple(decisions.limits))
        tags = list(map(names.__getitem__, decisions.columns))
        # A score is what joins the pieces around it: to add them up takes half as long again.
        scores = list(
            map(
                bytes.join,
                _numbers(decisions.values),
                map(around.__getitem__, decisions.columns),
            )
        )
        return [
            b"".join(
                (
                    b'{"input_text":',
                    orjson.dumps(text),
                    b',"predicted_tags":[',
                    b"" if unlike else b",".join(tags[first:last]),
                    b'],"scores":[',
                    b",".join(scores[first:last]),
                    abstained if unlike else b'],"abstained":false',
                )
            )
            for text, (first, last), unlike in zip(
                texts, pairwise(decisions.starts), decisions.abstained, strict=True
            )
        ]

    return write


def _around_scores(names: Sequence[bytes], limits: Sequence[float]) -> list[tuple[bytes, bytes]]:
    """Write what stands before and behind the score of each tag."""
    return [
        (b'{"tag":%b,"score":' % name, b',"threshold":%b}' % limit)
        for name, limit in zip(names, _numbers(limits), strict=True)
    ]


def _numbers(values: Sequence[float]) -> list[bytes]:
    """Write each number: all in one call of the library, a fifth of what `repr` takes."""
    return orjson.dumps(values)[1:-1].split(b",") if values else []
