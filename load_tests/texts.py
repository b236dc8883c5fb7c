"""Texts to send: those of a table."""

from __future__ import annotations

import csv
from pathlib import Path

TABLE = Path(__file__).resolve().parent.parent / "training" / "catalogue.csv"


def read_texts(table: Path = TABLE) -> tuple[str, ...]:
    """Read the columns ``title`` and ``description``, or ``text``, of a CSV table."""
    with table.open(newline="", encoding="utf-8") as lines:
        rows = csv.DictReader(lines)
        return tuple(row.get("text") or f"{row['title']}. {row['description']}" for row in rows)
