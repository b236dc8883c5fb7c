"""How good decisions are: overall, tag by tag, and on slices of the texts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tagger.compare import in_columns, predicted_tags
from tagger.decide import Decisions, decide
from tagger.f1 import Truth, f1_score, weighted_mean
from tagger.model import Model, Scored
from tagger.records import Overall, Performance, Scores
from tagger.sparse import Doubles
from training.labelled import Labelled

Marks = NDArray[np.bool_]
"""(texts,): which of them belong to a slice."""

SLICE_FROM = 20
"""Texts that a slice needs: of fewer, a figure says nothing."""


def truth_of(tags_of_each: Sequence[Collection[str]], tags: Sequence[str]) -> Truth:
    """Lay out which of ``tags`` each text bears: (texts, tags)."""
    column = {tag: place for place, tag in enumerate(tags)}
    truth = np.zeros((len(tags_of_each), len(tags)), np.bool_)
    for text, some in enumerate(tags_of_each):
        truth[text, [column[tag] for tag in some if tag in column]] = True
    return truth


def best_alone(scores: Doubles) -> Truth:
    """Give each text its best tag and no other: (texts, tags), as the scores are."""
    predicted = np.zeros(scores.shape, np.bool_)
    predicted[np.arange(len(scores)), scores.argmax(axis=1)] = True
    return predicted


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """A model's answers to labelled texts."""

    truth: Truth
    """(texts, tags)"""
    scored: Scored
    performance: Performance


def evaluate(model: Model, labelled: Labelled) -> Evaluated:
    """Let a model answer labelled texts, through the code that serves."""
    truth = truth_of(labelled.tags, model.tags)
    scored = model.score(labelled.texts)
    decisions = decide(scored, model.policy)
    slices = slices_by_length(labelled.texts) | slices_by_answer(truth, decisions)
    performance = measure(truth, predicted_tags(decisions), model.tags, slices)
    return Evaluated(truth, scored, performance)


def predict(model: Model, texts: Sequence[str], tags: Sequence[str]) -> Truth:
    """Let a model tag texts as it does when it serves, laid out under ``tags``: (texts, tags)."""
    decisions = decide(model.score(texts), model.policy)
    return in_columns(predicted_tags(decisions), model.tags, tags)


def measure(
    truth: Truth,
    predicted: Truth,
    tags: Sequence[str],
    slices: Mapping[str, Marks] | None = None,
) -> Performance:
    """Measure decisions against the truth.

    Parameters
    ----------
    truth, predicted
        (texts, tags)
    tags
        Names of the columns.
    slices
        Which texts belong to each named slice, (texts,); those of few texts are left out.
    """
    hits, found, support = _counts(truth, predicted)
    precision, recall = _ratio(hits, found), _ratio(hits, support)
    f1 = f1_score(hits, found, support)
    by_tag = {
        tag: Scores(float(precision[i]), float(recall[i]), float(f1[i]), int(support[i]))
        for i, tag in enumerate(tags)
    }
    return Performance(
        overall=_overall(truth, predicted),
        by_tag=by_tag,
        slices={
            name: pooled(truth[chosen], predicted[chosen])
            for name, chosen in (slices or {}).items()
            if np.count_nonzero(chosen) >= SLICE_FROM
        },
    )


def pooled(truth: Truth, predicted: Truth) -> Overall:
    """Measure decisions (texts, tags) on a part of the texts, pooled over all tags.

    Tags that no text of the part bears may be given to it too. By support that would count nothing,
    and every part could be better than the whole.
    """
    overall = _overall(truth, predicted)
    hits, found, support = (counts.sum() for counts in _counts(truth, predicted))
    return replace(
        overall,
        precision=float(_ratio(hits, found)),
        recall=float(_ratio(hits, support)),
        f1=overall.micro_f1,
    )


def slices_by_length(texts: Sequence[str]) -> dict[str, Marks]:
    """Cut texts by how many words they have."""
    words = np.array([len(text.split()) for text in texts])
    return {"short-texts": words <= 10, "long-texts": words > 50}


def slices_by_answer(truth: Truth, decisions: Decisions) -> dict[str, Marks]:
    """Cut texts by how many tags they bear, and whether the run abstained."""
    borne = truth.sum(axis=1)
    return {
        "one-tag": borne == 1,
        "several-tags": borne > 1,
        "no-tag": borne == 0,
        "abstained": np.array(decisions.abstained, np.bool_),
    }


def _overall(truth: Truth, predicted: Truth) -> Overall:
    hits, found, support = _counts(truth, predicted)
    f1 = f1_score(hits, found, support)
    borne = f1[support > 0]
    return Overall(
        precision=weighted_mean(_ratio(hits, found), support),
        recall=weighted_mean(_ratio(hits, support), support),
        f1=weighted_mean(f1, support),
        macro_f1=float(borne.mean()) if len(borne) else 0.0,
        micro_f1=float(f1_score(hits.sum(), found.sum(), support.sum())),
        accuracy=float((truth == predicted).all(axis=1).mean()) if len(truth) else 0.0,
        texts=len(truth),
    )


def _counts(truth: Truth, predicted: Truth) -> tuple[NDArray[np.int64], ...]:
    """Count by tag: rightly predicted, predicted, true."""
    return (truth & predicted).sum(axis=0), predicted.sum(axis=0), truth.sum(axis=0)


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    """Divide; 0 where there is nothing to divide by, as scikit-learn's ``zero_division=0``."""
    return part / np.maximum(whole, 1)
