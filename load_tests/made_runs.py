"""Runs of any number of tags, made from a trained run without another training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tagger.exam import Answers, Exam
from tagger.model import Model
from tagger.store import Store

TAGS_A_TEXT = 2
"""Tags that a text is given on average, however many there are, so that all answers are as long."""


def write_run(source: Store, run_id: str, target: Store, *, tags: int, texts: Sequence[str]) -> str:
    """Write a run of so many tags, made from another run, and return its name.

    Each tag copies the weights of one of the run's tags; copies of one tag differ in the intercept.
    """
    run, model = source.run(run_id), source.model(run_id)
    weights = model.weights
    columns = np.arange(tags) % len(model.tags)
    rarer = np.random.default_rng(0).exponential(size=tags)
    names = tuple(f"tag-{number}" for number in range(tags))
    thresholds = np.full(tags, 0.5)
    made = Model(
        names,
        replace(model.policy, thresholds=thresholds),
        replace(
            weights,
            word_weights=weights.word_weights[:, columns],
            pair_weights=weights.pair_weights[:, columns],
            ngram_weights=weights.ngram_weights[:, columns],
            intercept=weights.intercept[columns] - rarer,
        ),
    )
    limit = float(np.quantile(made.score(texts).scores, 1 - TAGS_A_TEXT / tags))
    # In place, in the policy too: to make a new model of 5,000 tags takes seconds.
    thresholds[:] = round(limit, 6)
    scores = list(run.performance.by_tag.values())
    performance = replace(
        run.performance,
        by_tag={name: scores[column] for name, column in zip(names, columns, strict=True)},
    )
    made_id = f"tags-{tags}"
    target.write(
        replace(
            run,
            run_id=made_id,
            tags=names,
            thresholds=tuple(thresholds.tolist()),
            performance=performance,
        ),
        made,
        Exam(_no_answers(tags), _no_answers(tags)),
    )
    return made_id


def _no_answers(tags: int) -> Answers:
    return Answers(
        np.zeros(0, np.uint64),
        np.zeros((0, tags), np.bool_),
        np.zeros((0, tags), np.float32),
        np.zeros(0, np.float32),
    )
