"""Rows of a table, from CSV, JSON and JSON lines, as a stream.

Delimiter and quoting of a CSV are found. Nothing is refused here but what cannot be read at all: a
row that is no row carries its fault, so that whoever reads can tell all faults together.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, TextIO

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


def _csv_rows(text: TextIO) -> Iterator[Row]:
    # 131,072 if it is not set, once for the whole process: few, for a cell that holds a long text.
    csv.field_size_limit(LONGEST_CELL)
    dialect, skipped = _dialect(text)
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


LONGEST_CELL = 10_000_000
"""Characters of a CSV's cell, beyond which a quotation mark was left open."""
DELIMITERS = ",;\t|"
NAMED_DELIMITER = re.compile(r"sep=([^\w\s\"']|\t)\r?\n?", re.IGNORECASE)
"""What Excel writes before a header."""
SAMPLE = 1 << 20
"""Characters by which a CSV's delimiter and quoting are found."""


def _dialect(text: TextIO) -> tuple[type[csv.Dialect], int]:
    """Find delimiter and quoting of a CSV, and how many rows stand before its header.

    Of all ways to read the beginning, the one that finds most columns in the header and fits the
    rows best; the first of them where several do. Where none can read it in columns, the one that
    finds most in the header, so that the row that hinders it is told.
    """
    sample = text.read(SAMPLE)
    text.seek(0)
    lines = io.StringIO(sample, newline="").readlines()
    is_cut = len(sample) == SAMPLE and len(lines) > 1
    if is_cut:
        lines.pop()
    if named := NAMED_DELIMITER.fullmatch(lines[0] if lines else ""):
        return _read_as(named[1], escaped=False, quote='"'), 1
    ways = [
        _read_as(delimiter, escaped=escaped, quote=quote, spaced=spaced)
        for quote in ("\"'" if '"' not in sample else '"')
        for escaped in ((False, True) if "\\" in sample else (False,))
        for delimiter in DELIMITERS
        for spaced in ((True, False) if _is_spaced(sample, delimiter, quote) else (False,))
    ]
    if "\t" in "".join(lines[:1]):
        # Many a table with tabs is written without quoting: a text may begin with a mark.
        ways.append(_read_as("\t", escaped=False, quote=None))
    return max(ways, key=lambda way: _fit(lines, way, is_cut=is_cut)), 0


def _is_spaced(sample: str, delimiter: str, quote: str) -> bool:
    """Tell whether cells may be quoted after a blank, as people write by hand: one, "two".

    A doubled mark stands within a cell, and one before a delimiter or a line's end closes it.
    """
    sign = re.escape(delimiter)
    return re.search(f"{sign} {quote}[^{quote}{sign}\r\n]", sample) is not None


def _read_as(
    delimiter: str, *, escaped: bool, quote: str | None, spaced: bool = False
) -> type[csv.Dialect]:
    return type(
        "Found",
        (csv.excel,),
        {
            "delimiter": delimiter,
            "quotechar": quote,
            "quoting": csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
            "doublequote": not escaped,
            "escapechar": "\\" if escaped else None,
            "skipinitialspace": spaced,
            "strict": True,
        },
    )


def _fit(lines: Sequence[str], way: type[csv.Dialect], *, is_cut: bool) -> tuple[int, ...]:
    """Say how well a CSV's beginning can be read in one way.

    That is by whether it can be, in several columns that most rows have; by its columns; then by
    how many more rows have as many cells than have not.
    """
    reader = csv.reader(lines, way)
    rows: list[list[str]] = []
    unfinished = 0
    fault = None
    try:
        rows.extend(row for row in reader if row)
    except csv.Error as error:
        # A beginning may end within the quotes of a cell of several lines, of a row that fits.
        unfinished = int(is_cut and reader.line_num == len(lines))
        fault = None if unfinished else error
    width = len(rows[0]) if rows else 0
    fitting = unfinished + sum(1 if len(row) == width else -1 for row in rows)
    return fault is None and width > 1 and fitting > 0, width, fault is None, fitting
