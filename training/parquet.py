"""Rows from Parquet, an extra: pyarrow is as large as all else that training needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tagger.errors import UnreadableTable
from tagger.sources import Source
from tagger.tables import Row


def parquet_rows(source: Source) -> Iterator[Row]:
    """Read a Parquet table row by row, the first being row 1.

    Raises
    ------
    UnreadableTable
        It is damaged, or pyarrow is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 - the extra
        from pyarrow import parquet  # noqa: PLC0415 - the same
    except ImportError as fault:
        raise UnreadableTable(
            f"{source.name} is Parquet, and reading it needs pyarrow: "
            ".venv/bin/python -m pip install -r requirements/parquet.txt"
        ) from fault
    try:
        number = 0
        with source.open() as opened, parquet.ParquetFile(opened) as file:
            for batch in file.iter_batches():
                for values in _times_as_words(batch, pa).to_pylist():
                    number += 1
                    yield Row(number, values)
    except (OSError, ValueError, OverflowError, pa.ArrowException) as fault:
        raise UnreadableTable(f"{source.name} cannot be read: {fault}") from fault


def _times_as_words(batch: Any, pa: Any) -> Any:
    """Write times as words: Python has none of nanoseconds, nor of the year 10,000."""
    fields = [
        column.with_type(pa.string()) if pa.types.is_temporal(column.type) else column
        for column in batch.schema
    ]
    return batch.cast(pa.schema(fields))
