"""Rows from Parquet, an extra: pyarrow is as large as all else that training needs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
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
        with source.open() as opened, parquet.ParquetFile(opened) as file:
            _refuse_repeated(file.schema_arrow.names)
            classes = _classes(file.schema_arrow.metadata or {})
            batches = (_times_as_words(batch, pa).to_pylist() for batch in file.iter_batches())
            for number, row in enumerate(chain.from_iterable(batches), start=1):
                values = {name: _named(row[name], classes.get(name, {})) for name in row}
                yield Row(number, values)
    except (OSError, ValueError, OverflowError, pa.ArrowException) as fault:
        raise UnreadableTable(f"{source.name} cannot be read: {fault}") from fault


def _refuse_repeated(names: Sequence[str]) -> None:
    """Refuse columns of one name: a row would hold the last of them alone."""
    for name, times in Counter(names).items():
        if times > 1:
            raise ValueError(f"{times} of its columns are named {name!r}: rename them.")


def _classes(metadata: Mapping[bytes, bytes]) -> dict[object, dict[object, object]]:
    """Find the names that Hugging Face keeps beside columns of numbers: by column, by number."""
    try:
        kept = json.loads(metadata.get(b"huggingface", b"null"))
    except (ValueError, RecursionError) as fault:
        # Without the names its numbers would become tags, "0" and "1".
        raise ValueError(
            f"what Hugging Face keeps in it of its columns is no JSON ({fault}). Where no tag is a "
            "number, write it without, as pyarrow's table.replace_schema_metadata() gives it."
        ) from fault
    match kept:
        case {"info": {"features": {**features}}}:
            named = {column: _names_of(feature) for column, feature in features.items()}
            # The number of what has no class is -1.
            return {
                column: {**dict(enumerate(names)), -1: None}
                for column, names in named.items()
                if names
            }
    return {}


def _names_of(feature: object) -> list[str] | None:
    match feature:
        case {"_type": "ClassLabel", "names": [*names]}:
            return names
        case {"feature": inner} | [inner]:
            return _names_of(inner)
    return None


def _named(value: object, classes: Mapping[object, object]) -> object:
    """Read numbers as the classes that they stand for, and bytes as words, if they are such.

    Older programs do not say which columns are texts.
    """
    if isinstance(value, list):
        return [_named(one, classes) for one in value]
    if isinstance(value, int):
        return classes.get(value, value)
    try:
        return value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        return value


def _times_as_words(batch: Any, pa: Any) -> Any:
    """Write times as words: Python has none of nanoseconds, nor of the year 10,000."""
    fields = [
        column.with_type(pa.string()) if pa.types.is_temporal(column.type) else column
        for column in batch.schema
    ]
    return batch.cast(pa.schema(fields))
