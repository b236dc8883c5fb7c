"""What commands print with ``--json``: runs and answers under the names of the API's contract."""

from __future__ import annotations

from dataclasses import asdict

from tagger.records import Performance, Prediction, Run, TagScore

Object = dict[str, object]


def performance_object(performance: Performance) -> Object:
    """Show a performance whole: ``overall``, ``class`` and ``slices``."""
    return {
        "overall": asdict(performance.overall),
        "class": {tag: asdict(scores) for tag, scores in performance.by_tag.items()},
        "slices": {name: asdict(overall) for name, overall in performance.slices.items()},
    }


def summary_object(run: Run, *, promoted: bool) -> Object:
    """Show a run as one of many. Commands ask no server: the promoted run counts as served."""
    return {
        "run_id": run.run_id,
        "created_at": run.created_at,
        "promoted": promoted,
        "served": promoted,
        "task": run.task,
        "performance": {"overall": asdict(run.performance.overall)},
        "params": asdict(run.params),
    }


def run_object(run: Run, *, promoted: bool) -> Object:
    """Show a run whole."""
    return {
        **summary_object(run, promoted=promoted),
        "performance": performance_object(run.performance),
        "tags": list(run.tags),
        "thresholds": dict(zip(run.tags, run.thresholds, strict=True)),
        "abstain_below": run.abstain_below,
        "derived_from": run.derived_from,
        "data": asdict(run.data),
        "versions": dict(run.versions),
        "format": run.format,
    }


def score_object(score: TagScore) -> Object:
    """Show a score. Written out: ``asdict`` takes 15 us, as long as half of the scoring."""
    return {"tag": score.tag, "score": score.score, "threshold": score.threshold}


def prediction_object(prediction: Prediction) -> Object:
    """Show an answer as ``POST /predict`` does."""
    shown: Object = {
        "input_text": prediction.input_text,
        "predicted_tags": list(prediction.predicted_tags),
        "scores": [score_object(score) for score in prediction.scores],
        "abstained": prediction.abstained,
    }
    if prediction.reason is not None:
        shown["reason"] = prediction.reason
    if prediction.evidence is not None:
        shown["evidence"] = [asdict(evidence) for evidence in prediction.evidence]
    return shown
