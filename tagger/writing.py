"""Rows to a file of CSV or JSON lines, which appears whole or not at all."""

from __future__ import annotations

import csv
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from tagger.errors import MissingColumns
from tagger.files import flush

WRITTEN = (".csv", ".jsonl", ".ndjson")
"""How a file's name ends that can be written: the first as CSV, the others as JSON lines."""
Writer = Callable[[Mapping[str, object]], None]
"""Writes a row; a CSV's columns are those of its first row."""


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """Write rows to CSV or, by the name, JSON lines; the file appears whole or not at all.

    Of two processes that write the same file at the same time, the last to end is the one read.
    """
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.unfinished")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            yield _csv_writer(file) if path.suffix == ".csv" else _json_lines_writer(file)
        flush(unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _json_lines_writer(file: TextIO) -> Writer:
    def write(values: Mapping[str, object]) -> None:
        file.write(json.dumps(values, ensure_ascii=False) + "\n")

    return write


def _csv_writer(file: TextIO) -> Writer:
    writer: csv.DictWriter[str] | None = None

    def write(values: Mapping[str, object]) -> None:
        nonlocal writer
        if writer is None:
            # Lines end in \r\n, by default: before Python 3.13 a cell is quoted for these alone.
            writer = csv.DictWriter(file, list(values), restval="")
            writer.writeheader()
        new = [name for name in values if name not in writer.fieldnames]
        if new:
            raise MissingColumns(
                f"A row has the column {new[0]!r}, which the first row lacks: CSV cannot hold "
                "that. Write JSON lines instead: --out NAME.jsonl"
            )
        writer.writerow({name: cell(value) for name, value in values.items()})

    return write


def cell(value: object) -> str:
    """Write a value as a cell: a string as it is, a list of strings as ``a|b``, all else as JSON.

    A list is JSON too if one of its strings would not be read back as it was.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and all(
        isinstance(item, str) and "|" not in item and item[:1] not in set("[<({") for item in value
    ):
        return "|".join(value)
    return json.dumps(value, ensure_ascii=False)
