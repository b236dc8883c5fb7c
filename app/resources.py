"""The objects of the contract, out of the records of runs: one source for every number."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from app import schemas
from app.predict import Runner
from tagger.errors import UnknownResource
from tagger.records import Run, best_first
from tagger.store import PROMOTED, Store
from tagger.words import nfc


class Resources:
    """The objects of the contract, out of records."""

    def __init__(self, runner: Runner, store: Store) -> None:
        self._runner = runner
        self._store = store

    @property
    def served(self) -> Run:
        """The served run; it is in memory, so it is there even when the store is not."""
        return self._runner.served.run

    def run(self, run_id: str) -> Run:
        """Any run by its id."""
        if run_id == self.served.run_id:
            return self.served
        if run_id in PROMOTED:
            return self.run(self._store.resolve(run_id))
        return self._store.run(run_id)

    def runs(self, top: int | None) -> schemas.Runs:
        """All runs, the best first."""
        promoted, served = self._store.promoted(), self.served.run_id
        best = best_first(self._store.runs())[:top]
        return schemas.Runs(
            runs=[summary_of(run, promoted=promoted, served=served) for run in best]
        )

    def whole(self, run_id: str) -> schemas.WholeRun:
        """All that is known of a run."""
        run = self.run(run_id)
        return whole_of(run, promoted=self._store.promoted(), served=self.served.run_id)


def whole_performance_of(run: Run) -> schemas.Performance:
    """Give a run's performance as callers see it."""
    performance = run.performance
    return schemas.Performance(
        overall=performance.overall, class_=performance.by_tag, slices=performance.slices
    )


def performance_of(run: Run, path: str | None) -> schemas.Performance | schemas.Part:
    """Give a run's performance, or the part of it that a dotted path picks.

    Raises
    ------
    UnknownResource
    """
    whole = whole_performance_of(run)
    if path is None:
        return whole
    part = _part(whole.model_dump(mode="json", by_alias=True), nfc(path))
    return schemas.Part.model_validate({path: part})


def _part(of: Any, path: str, *, before: str = "") -> Any:
    """Follow a dotted path into a part, which itself is at ``before``.

    Tags may hold dots themselves, so of the names that begin the path the longest counts.
    """
    names = list(of) if isinstance(of, dict) else []
    fitting = [name for name in names if path == name or path.startswith(f"{name}.")]
    if not fitting:
        inside = [name for name in names if isinstance(of[name], dict) and path in of[name]]
        inner = [f"{name}.{path}" for name in inside]
        known = [before + name for name in (*inner, *names)] or [before.removesuffix(".")]
        raise UnknownResource("part", before + path, known)
    name = max(fitting, key=len)
    if path == name:
        return of[name]
    return _part(of[name], path.removeprefix(f"{name}."), before=f"{before}{name}.")


def param_of(run: Run, name: str) -> schemas.OneParam:
    """Pick one parameter of a run.

    Raises
    ------
    UnknownResource
    """
    params = asdict(run.params)
    if name not in params:
        raise UnknownResource("param", name, list(params))
    return schemas.OneParam.model_validate({name: params[name]})


def tags_of(run: Run) -> list[schemas.TagEntry]:
    """List a run's tags with what was measured of each."""
    return [
        _entry(run, tag, threshold) for tag, threshold in zip(run.tags, run.thresholds, strict=True)
    ]


def tag_of(run: Run, name: str) -> schemas.TagEntry:
    """Pick one tag of a run.

    Raises
    ------
    UnknownResource
    """
    tag = nfc(name)
    if tag not in run.tags:
        raise UnknownResource("tag", name, run.tags)
    return _entry(run, tag, run.thresholds[run.tags.index(tag)])


def _entry(run: Run, tag: str, threshold: float) -> schemas.TagEntry:
    scores = run.performance.by_tag[tag]
    return schemas.TagEntry(
        tag=tag,
        support=scores.support,
        precision=scores.precision,
        recall=scores.recall,
        f1=scores.f1,
        threshold=round(threshold, 6),
    )


def summary_of(run: Run, *, promoted: str | None, served: str) -> schemas.RunSummary:
    """Give what a list of runs tells of one."""
    return schemas.RunSummary(
        run_id=run.run_id,
        created_at=run.created_at,
        promoted=run.run_id == promoted,
        served=run.run_id == served,
        task=run.task,
        performance=schemas.OverallOnly(overall=run.performance.overall),
        params=run.params,
    )


def whole_of(run: Run, *, promoted: str | None, served: str) -> schemas.WholeRun:
    """Give all that is known of a run."""
    summary = dict(summary_of(run, promoted=promoted, served=served))
    return schemas.WholeRun(
        **summary | {"performance": whole_performance_of(run)},
        tags=list(run.tags),
        thresholds=dict(zip(run.tags, run.thresholds, strict=True)),
        abstain_below=run.abstain_below,
        derived_from=run.derived_from,
        data=run.data,
        versions=run.versions,
        format=run.format,
    )
