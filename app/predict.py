"""From a request's bytes to its answer: read, ask the Runner, write.

`edge` and the typed endpoint of `service.py` both call `Predictor.predict`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Protocol

import orjson

from app.reading import Limits, read
from tagger.decide import REASON, Decisions, Options
from tagger.model import Model
from tagger.records import Evidence, Run


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
        """Texts -> what `writer` wrote of their tags."""

    @property
    def explained(self) -> Waiting:
        """Texts -> the evidence for their tags."""


class Predictor:
    """Answers ``POST /predict``, bytes to data."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    async def predict(self, body: bytes, loaded: Loaded, deadline: float) -> str:
        """Give the tags of all texts of a request: the envelope's ``data``, as JSON.

        Raises
        ------
        BadJson, InvalidInput
            The request cannot be answered as it stands.
        Overloaded, DeadlinePassed
            Now, or in time.
        """
        question = read(body, self._limits)
        asked = [(text, question.options) for text in question.texts]
        written: list[str] = await loaded.decided.submit(asked, deadline)
        if question.options.evidence:
            evidence = await loaded.explained.submit(asked, deadline)
            closed = [f',"evidence":{_evidence(found)}}}' for found in evidence]
        else:
            closed = ["}"] * len(written)
        found = ",".join(
            [
                f'{{"input_text":{orjson.dumps(text).decode()},{tags}{end}'
                for text, tags, end in zip(question.texts, written, closed, strict=True)
            ]
        )
        return f'{{"run_id":"{loaded.run.run_id}","predictions":[{found}]}}'


def _evidence(found: Sequence[Evidence]) -> str:
    return orjson.dumps(found).decode()


def writer(model: Model) -> Callable[[Decisions], list[str]]:
    """Make what writes a batch's decisions as JSON, from pieces that are written once a run.

    Of each text it gives what stands after ``input_text`` in its prediction, brace left open. Half
    a microsecond a tag where a JSON library needs two.
    """
    names = [orjson.dumps(tag).decode() for tag in model.tags]
    opened = [f'{{"tag":{name},"score":' for name in names]
    own_limits = [round(float(threshold), 6) for threshold in model.policy.thresholds]
    own_closed = _closed(own_limits)
    abstained = f'],"abstained":true,"reason":{orjson.dumps(REASON).decode()}'

    def write(decisions: Decisions) -> list[str]:
        closed = own_closed if decisions.limits == own_limits else _closed(decisions.limits)
        tags = [names[column] for column in decisions.columns]
        scores = [
            f"{opened[column]}{value!r}{closed[column]}"
            for column, value in zip(decisions.columns, decisions.values, strict=True)
        ]
        return [
            f'"predicted_tags":[{"" if unlike else ",".join(tags[first:last])}],"scores":['
            f"{','.join(scores[first:last])}" + (abstained if unlike else '],"abstained":false')
            for (first, last), unlike in zip(
                pairwise(decisions.starts), decisions.abstained, strict=True
            )
        ]

    return write


def _closed(limits: Sequence[float]) -> list[str]:
    return [f',"threshold":{limit!r}}}' for limit in limits]
