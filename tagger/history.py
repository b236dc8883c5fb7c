"""The history of promotions: lines to and from JSON, and what stands when they are replayed."""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from tagger.records import Promotion, PromotionKind


def now() -> str:
    """Give the present time as the records hold it: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def promotion(run_id: str, *, previous: str | None, kind: PromotionKind, forced: bool) -> Promotion:
    """Record a promotion of this moment by the user who runs this process."""
    return Promotion(now(), run_id, previous, kind, forced, operating_system_user())


def operating_system_user() -> str:
    """Name the user of the operating system; by number where it has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def to_line(line: Promotion) -> bytes:
    """Write one line of the history."""
    return json.dumps(asdict(line)).encode() + b"\n"


def from_lines(lines: bytes) -> list[Promotion]:
    """Read a history, the oldest promotion first; ValueError or TypeError where it is none."""
    return [Promotion(**json.loads(line)) for line in lines.splitlines()]


def standing(history: Sequence[Promotion], promoted: str | None) -> list[str]:
    """Replay a history: the runs that were promoted one after another and not rolled back.

    The last of them is ``promoted``, if the history knows it.
    """
    runs: list[str] = []
    for line in _took_effect(history, promoted):
        if line.kind == "rollback":
            _cut_after(runs, line.run_id)
        if not runs or runs[-1] != line.run_id:
            runs.append(line.run_id)
    _cut_after(runs, promoted)
    return runs


def _took_effect(history: Sequence[Promotion], promoted: str | None) -> list[Promotion]:
    """Leave out promotions that a kill cut off: what they were to replace was still there after."""
    afterwards = [*(line.previous for line in history[1:]), promoted]
    return [
        line
        for line, after in zip(history, afterwards, strict=True)
        if after == line.run_id or after != line.previous
    ]


def moved_by_others(history: Sequence[Promotion], promoted: str | None) -> bool:
    """Whether ``promoted`` came to be so without a line here, as by BentoML's import and delete.

    The last line names the promoted run; or, where that promotion was cut off before it took
    effect, the one that was to be replaced.
    """
    if promoted is None:
        return False
    return not history or promoted not in (history[-1].run_id, history[-1].previous)


def _cut_after(runs: list[str], run_id: str | None) -> None:
    """Drop what stands above the uppermost ``run_id``; nothing where it does not stand."""
    if run_id in runs:
        while runs[-1] != run_id:
            runs.pop()
