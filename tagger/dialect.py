"""How a CSV is written: its delimiter and quoting, found by its beginning."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import TextIO

DELIMITERS = ",;\t|"
NAMED_DELIMITER = re.compile(r"sep=([^\w\s\"']|\t)\r?\n?", re.IGNORECASE)
"""What Excel writes before a header."""
SAMPLE = 1 << 20
"""Characters by which a CSV's delimiter and quoting are found."""


def find_dialect(text: TextIO) -> tuple[type[csv.Dialect], int]:
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
