"""Texts to send: drawn from a table of real ones, the same for the same seed."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).resolve().parent.parent / "training" / "catalogue.csv"


@dataclass(frozen=True)
class Texts:
    """A table's texts, to draw from at random."""

    all: tuple[str, ...]

    @classmethod
    def of_table(cls, table: Path = TABLE) -> Texts:
        """Read the columns ``title`` and ``description``, or ``text``, of a CSV table."""
        with table.open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        return cls(
            tuple(row.get("text") or f"{row['title']}. {row['description']}" for row in rows)
        )

    def draw(self, count: int, chance: random.Random) -> list[str]:
        """Draw ``count`` texts, with repetition."""
        return chance.choices(self.all, k=count)
