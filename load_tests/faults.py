"""What is wrong with an answer, as far as a caller can tell who does not have the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import lt
from typing import Any

ROUNDING = 1e-5
"""Of a score: what the processor of another pod may change."""

Given = tuple[tuple[str, float], ...]
"""Tags of a text and their scores."""


@dataclass(frozen=True)
class ServedRun:
    """A run that answers, and what it has answered."""

    run_id: str
    task: str
    thresholds: Mapping[str, float]
    """By tag."""
    given: dict[tuple[str, str], Given] = field(default_factory=dict)
    """By text and options: a text's answer depends on nothing else."""

    @classmethod
    def told(cls, answer: Any) -> ServedRun:
        """Take it from an answer of ``/runs/{run_id}``."""
        run = answer["data"]
        return cls(run["run_id"], run["task"], run["thresholds"])


def fault_of_envelope(answer: Any, method: str, status: int) -> str | None:
    """Say what is wrong with an envelope, or None."""
    if answer.get("status-code") != status:
        return f"status {status}, but the envelope says {answer.get('status-code')}"
    if answer.get("method") != method:
        return f"method {method}, but the envelope says {answer.get('method')}"
    absent = {"message", "timestamp", "url"} - answer.keys()
    return f"the envelope lacks {sorted(absent)}" if absent else None


def fault_of_predictions(
    answer: Any, sent: Sequence[str], run: ServedRun, options: Mapping[str, int]
) -> str | None:
    """Say what is wrong with an answer of ``POST /predict``, or None."""
    predictions = answer["data"]["predictions"]
    if [prediction["input_text"] for prediction in predictions] != sent:
        return "the texts are not those that were sent"
    faults = (fault_of_prediction(prediction, run, options) for prediction in predictions)
    return next(filter(None, faults), None)


def fault_of_prediction(prediction: Any, run: ServedRun, options: Mapping[str, int]) -> str | None:
    """Say what is wrong with the tags of one text, or None."""
    tags: list[str] = prediction["predicted_tags"]
    abstained: bool = prediction["abstained"]
    scores: list[float] = [one["score"] for one in prediction["scores"]]
    thresholds: list[float] = [one["threshold"] for one in prediction["scores"]]
    given = tuple(zip(tags, scores, strict=False))
    best_alone = run.task == "single" and "top_k" not in options
    most = 1 if best_alone else options.get("top_k", len(run.thresholds))
    asked = prediction["input_text"], str(options)
    faults = {
        "tags and scores disagree": tags != [one["tag"] for one in prediction["scores"]],
        f"tags that the run does not have: {tags}": not run.thresholds.keys() >= set(tags),
        "a tag is given twice": len(set(tags)) < len(tags),
        "scores in no order": scores != sorted(scores, reverse=True),
        "a score that is no probability": not all(0 <= score <= 1 for score in scores),
        "thresholds that are not the run's": thresholds != [*map(run.thresholds.get, tags)],
        "a tag below its threshold": not best_alone and any(map(lt, scores, thresholds)),
        f"more tags than {most}": len(tags) > most,
        "no tag, where the best is to be given": best_alone and not (tags or abstained),
        "abstained, and yet there are tags": abstained and bool(tags),
        "abstained without a reason": abstained and not prediction.get("reason"),
        "evidence that does not fit": "evidence" in options and not fits(prediction),
        "a text answered otherwise than before": not alike(given, run.given.get(asked, given)),
    }
    fault = next((fault for fault, found in faults.items() if found), None)
    if fault is None:
        run.given.setdefault(asked, given)
    return fault


def fits(prediction: Any) -> bool:
    """Tell whether evidence is of the tags, and its words raised them and stand where it says."""
    text, evidence = prediction["input_text"], prediction["evidence"]
    return [one["tag"] for one in evidence] == prediction["predicted_tags"] and all(
        word["contribution"] >= 0
        and text[slice(*word["spans"][0])] == word["text"]
        and all(0 <= start < end <= len(text) for start, end in word["spans"])
        for one in evidence
        for word in one["words"]
    )


def alike(one: Given, other: Given) -> bool:
    """Tell whether two answers are the same, but for rounding."""
    return [tag for tag, _ in one] == [tag for tag, _ in other] and all(
        abs(score - other_score) <= ROUNDING
        for (_, score), (_, other_score) in zip(one, other, strict=True)
    )
