"""Rows of a table, from CSV, JSON and JSON lines, as a stream.

Nothing is refused here but what cannot be read at all: a row that is no row carries its fault, so
that whoever reads can tell all faults together.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, TextIO

from tagger.dialect import find_dialect
from tagger.errors import UnreadableTable
from tagger.sources import UNREADABLE, Source, reason


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as an editor or spreadsheet counts, a CSV's header being row 1."""

    number: int
    values: Mapping[str, object]
    fault: str | None = None
    """Why this is no row, if it is none."""


def read_rows(source: Source) -> Iterator[Row]:
    """Read a table row by row.

    Raises
    ------
    UnreadableTable
        It ends in the middle, or is not of its form at all.
    """
    if source.form == "parquet":
        raise UnreadableTable(
            f"{source.name} is Parquet, which training alone reads. "
            "Write it as CSV or JSON lines first."
        )
    readers = {"csv": _csv_rows, "json": _json_rows, "jsonl": _json_lines_rows}
    try:
        with io.TextIOWrapper(source.open(), source.encoding, newline="") as text:
            yield from readers[source.form](text)
    except UNREADABLE as fault:
        raise UnreadableTable(f"{source.name} cannot be read: {reason(fault)}.") from fault
    except UnreadableTable as fault:
        raise UnreadableTable(f"{source.name} cannot be read: {fault}") from fault


LONGEST_CELL = 10_000_000
"""Characters of a CSV's cell, beyond which a quotation mark was left open."""


def _csv_rows(text: TextIO) -> Iterator[Row]:
    # 131,072 if it is not set, once for the whole process: few, for a cell that holds a long text.
    csv.field_size_limit(LONGEST_CELL)
    dialect, skipped = find_dialect(text)
    header: list[str] = []
    repeated: list[str] = []
    number = 0
    try:
        for number, cells in enumerate(csv.reader(text, dialect), start=1):
            if number <= skipped:
                continue
            if not header:
                header = [name.strip() for name in cells]
                repeated = [name for name, times in Counter(header).items() if times > 1 and name]
            elif len(cells) > len(header) and any(cells[len(header) :]):
                yield Row(number, {}, "more cells than columns")
            elif cells:
                yield Row(number, _values(header, cells, repeated))
    except csv.Error as fault:
        raise UnreadableTable(
            f"row {number + 1} is no CSV ({fault}); is a quotation mark left open, or not doubled?"
        ) from fault


def _values(header: list[str], cells: list[str], repeated: list[str]) -> dict[str, object]:
    """Give a row's cells by their columns, of several columns of one name those that are filled.

    A row may leave out the last of its cells: they are empty.
    """
    filled = [*cells, *[""] * (len(header) - len(cells))]
    values: dict[str, object] = dict(zip(header, filled, strict=False))
    for name in repeated:
        of_name = (cell for other, cell in zip(header, filled, strict=False) if other == name)
        values[name] = tuple(cell for cell in of_name if cell.strip())
    return values


ONE_OBJECT = (
    "it is one object, and not a list of rows: [{...}, {...}]. pandas writes such a list by "
    'to_json(orient="records").'
)


def _json_rows(text: TextIO) -> Iterator[Row]:
    try:
        content = list(_json_values(text.read()))
    except (ValueError, RecursionError) as fault:
        raise UnreadableTable(f"it is not JSON ({fault}).") from fault
    if len(content) == 1 and not isinstance(content[0], list):
        raise UnreadableTable(ONE_OBJECT)
    rows = chain.from_iterable(one if isinstance(one, list) else [one] for one in content)
    for number, values in enumerate(rows, start=1):
        yield _json_row(number, values)


def _json_values(written: str) -> Iterator[Any]:
    """Give the values that stand one after another: lists of rows, or rows, as jq writes them."""
    decoder = json.JSONDecoder(parse_constant=_null)
    written = written.strip()
    place = 0
    while place < len(written):
        value, place = decoder.raw_decode(written, place)
        yield value
        while written[place : place + 1].isspace():
            place += 1


def _json_lines_rows(text: TextIO) -> Iterator[Row]:
    rows = (_json_line_row(*line) for line in enumerate(text, start=1) if line[1].strip())
    first = list(islice(rows, 2))
    if len(first) == 1 and _is_one_object(first[0].values.values()):
        raise UnreadableTable(ONE_OBJECT)
    yield from chain(first, rows)


def _json_line_row(number: int, line: str) -> Row:
    try:
        return _json_row(number, json.loads(line, parse_constant=_null))
    except (ValueError, RecursionError):
        return Row(number, {}, "not JSON")


def _is_one_object(values: Collection[object]) -> bool:
    """Tell whether these are columns or lists of rows, with or without their number."""
    rest = [value for value in values if not isinstance(value, int)]
    are_columns = len(rest) > 1 and all(isinstance(value, list) for value in rest)
    return are_columns or (bool(rest) and all(map(_holds_objects, rest)))


def _holds_objects(value: object) -> bool:
    """Tell whether it is a whole column, or a list of rows; no cell of a table is either."""
    inside = value if isinstance(value, list) else [value]
    return any(isinstance(one, dict) for one in inside)


def _null(_: str) -> None:
    """Read NaN and Infinity, which JSON has not, as what JavaScript writes for them."""


def _json_row(number: int, values: object) -> Row:
    if not isinstance(values, dict):
        return Row(number, {}, "no JSON object")
    try:
        json.dumps(values, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        return Row(number, {}, "half a surrogate pair, which is no character,")
    except ValueError:
        return Row(number, {}, "a number larger than any that can be kept,")
    return Row(number, values)
