"""Which run is promoted, and how it came to be: the files ``latest`` and ``history`` of a store."""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import compress
from pathlib import Path

from tagger import files
from tagger.errors import StoreError
from tagger.records import Promotion, PromotionKind


class History:
    """The promotions of a store: one JSON line each, the newest last, and BentoML's ``latest``.

    Parameters
    ----------
    folder
        The folder of the runs.
    aside
        A folder of the same file system, in which files are written before they replace others.
    """

    def __init__(self, folder: Path, aside: Path) -> None:
        self._latest = folder / "latest"
        self._lines = folder / "history"
        self._aside = aside

    def latest(self) -> str | None:
        """Return the name in ``latest``, whether there is such a run or not."""
        written = self._as_written()
        return None if written is None else written.strip()

    def latest_by_bentoml(self) -> bool:
        """Whether BentoML wrote ``latest`` last: then it ends without a line feed."""
        return not (self._as_written() or "").endswith("\n")

    def _as_written(self) -> str | None:
        try:
            return self._latest.read_text()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as fault:
            raise StoreError(f"{self._latest} cannot be read: {fault}.") from fault

    def promotions(self) -> list[Promotion]:
        """Every promotion, the oldest first."""
        try:
            lines = self._lines.read_bytes().splitlines()
            return [Promotion(**json.loads(line)) for line in lines]
        except FileNotFoundError:
            return []
        except OSError as fault:
            raise StoreError(f"{self._lines} cannot be read: {fault.strerror}.") from fault
        except (ValueError, TypeError) as fault:
            raise StoreError(
                f"{self._lines} cannot be read ({fault}). Each line of it must be a JSON object: "
                "delete the one that is not."
            ) from fault

    def promote(
        self, run_id: str, *, previous: str | None, kind: PromotionKind, forced: bool = False
    ) -> Promotion:
        """Write a promotion into the history, then make its run ``tagline:latest``.

        In this order, because a server takes up only a run that the history names.
        """
        promotion = Promotion(now(), run_id, previous, kind, forced, operating_system_user())
        # Not appended to the file: an editor may have left its last line without a line feed.
        lines = self._lines.read_bytes().splitlines() if self._lines.exists() else []
        lines.append(json.dumps(asdict(promotion)).encode())
        files.replace(self._lines, b"\n".join([*lines, b""]), aside=self._aside)
        files.replace(self._latest, f"{run_id}\n".encode(), aside=self._aside)
        return promotion


def now() -> str:
    """Give the present time as the records hold it: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def operating_system_user() -> str:
    """Name the user of the operating system; by number where it has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def standing(promotions: Sequence[Promotion], promoted: str | None) -> list[str]:
    """Replay a history: the runs that were promoted one after another and not rolled back."""
    runs: list[str] = []
    for line in compress(promotions, took_effect(promotions, promoted)):
        if line.kind == "rollback" and line.run_id in runs:
            while runs[-1] != line.run_id:
                runs.pop()
        elif line.run_id not in runs[-1:]:
            runs.append(line.run_id)
    return runs


def moved_by_others(
    promotions: Sequence[Promotion], promoted: str | None, *, by_bentoml: bool
) -> bool:
    """Whether a run became the promoted one without a line in the history, as by BentoML's import.

    Otherwise the last line names the promoted run, or the one that it was to replace, if a kill cut
    that promotion off. BentoML's delete puts that one back too, but then BentoML wrote ``latest``.
    """
    if promoted is None:
        return False
    if not promotions:
        return True
    last = promotions[-1]
    return promoted != last.run_id and (by_bentoml or promoted != last.previous)


def took_effect(promotions: Sequence[Promotion], promoted: str | None) -> list[bool]:
    """Tell which promotions took effect.

    After one that did not, the run that it was to replace is still the promoted one: it was cut off
    by a kill, or undone by something else, as BentoML's delete does.
    """
    afterwards = [*(line.previous for line in promotions), promoted][1:]
    return [
        after == line.run_id or after != line.previous
        for line, after in zip(promotions, afterwards, strict=True)
    ]
