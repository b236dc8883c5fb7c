"""A run that is ready to answer: its model behind two batchers, one for tags, one for evidence."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

from runners.batching import Batch, Batcher, Bounds
from runners.shared_thread import SharedThread
from tagger.decide import PLAIN, Decisions, Options, decide
from tagger.errors import BrokenRun, Overloaded
from tagger.model import Model, Scored
from tagger.records import Evidence, Run
from tagger.sample import sample
from tagger.store import Store

log = logging.getLogger("bentoml.tagline.runner")

Asked = tuple[str, Options]
"""A text, and what its caller asked for."""
Writer = Callable[[Sequence[str], Decisions], list[bytes]]
"""Writes texts and their decisions in the form that callers get; made once for a model."""


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A run ready to answer, with its batchers; all answers by way of it are of this run alone."""

    run: Run
    decided: Batcher[Asked, bytes]
    """A text -> its prediction as ``Writer`` wrote it."""
    explained: Batcher[Asked, tuple[Evidence, ...]]
    """A text -> what earned it its tags. Apart, because one of these costs as much as ten of those
    and must not make them wait."""
    sample: str
    """A text in words that the run knows, for examples."""
    check_texts: tuple[str, ...]
    check_answers: list[bytes]
    """What ``decided`` must give for ``check_texts``, of which the scores were confirmed."""

    @classmethod
    def read(
        cls,
        store: Store,
        run_id: str,
        *,
        writer: Callable[[Model], Writer],
        bounds: Bounds,
        told: Callable[[str, Batch], None],
    ) -> Self:
        """Read a run, confirm its check scores, and put batchers before it.

        Parameters
        ----------
        writer
            Makes the `Writer` of a model.
        told
            Of every batch that has run, of ``"tags"`` or of ``"evidence"``.

        Raises
        ------
        RunError, StoreError
            It cannot be read, or does not score as it did when it was trained.
        """
        run, model = store.run(run_id), store.model(run_id)
        if run.tags != model.tags:
            raise BrokenRun(f"Record and model of run {run_id} name different tags.")
        check = store.check(run_id)
        decided, explained = _decided(model, writer(model)), _explained(model)
        batcher = partial(
            Batcher,
            bounds=bounds,
            weigh=_characters,
            thread=SharedThread(),  # both ask one model, which is for one thread at a time
        )
        return cls(
            run=run,
            decided=batcher(decided, watch=partial(told, "tags")),
            explained=batcher(explained, watch=partial(told, "evidence")),
            sample=sample(model),
            check_texts=check.texts,
            check_answers=decided([(text, PLAIN) for text in check.texts]),
        )

    @property
    def waiting(self) -> int:
        """Texts that wait for tags or for evidence."""
        return self.decided.waiting + self.explained.waiting

    async def is_right(self, deadline: float) -> bool:
        """Ask the check texts by way of the batcher; false if they do not come back right."""
        try:
            answers = await self.decided.submit(
                [(text, PLAIN) for text in self.check_texts], deadline
            )
        except Overloaded:
            return True  # it works, and has plenty of work
        except Exception as fault:  # noqa: BLE001 - whatever keeps it from answering
            log.error("The check texts were not answered: %s", type(fault).__name__)  # noqa: TRY400
            return False
        return answers == self.check_answers


def _characters(asked: Asked) -> int:
    """Weigh a text for the batcher: new words cost most, and more characters may hold more."""
    return len(asked[0])


def _decided(model: Model, write: Writer) -> Callable[[list[Asked]], list[bytes]]:
    """Make the batched step: score all texts at once, decide and write them at once."""

    def run(batch: list[Asked]) -> list[bytes]:
        texts, options_of_each = zip(*batch, strict=True)
        scored = model.score(texts)
        first = options_of_each[0]
        if options_of_each.count(first) == len(batch):
            return write(texts, decide(scored, model.policy, first))
        written = [b""] * len(batch)
        for options, places in _by_options(options_of_each).items():
            part = Scored(scored.scores[places], scored.familiarity[places])
            decisions = decide(part, model.policy, options)
            predictions = write([texts[place] for place in places], decisions)
            for place, prediction in zip(places, predictions, strict=True):
                written[place] = prediction
        return written

    return run


def _explained(model: Model) -> Callable[[list[Asked]], list[tuple[Evidence, ...]]]:
    """Make the step that tells which words earned the tags that `_decided` gives."""

    def run(batch: list[Asked]) -> list[tuple[Evidence, ...]]:
        found = []
        for text, options in batch:
            decisions = decide(model.score([text]), model.policy, options)
            found.append(model.explain(text, decisions.columns))
        return found

    return run


def _by_options(options_of_each: Sequence[Options]) -> dict[Options, list[int]]:
    places: dict[Options, list[int]] = {}
    for place, options in enumerate(options_of_each):
        places.setdefault(options, []).append(place)
    return places
