"""What options take: files and tables to be written, numbers, words."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import click


class OutputFile(click.Path):
    """A file to be written: it must be possible before the work begins."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Take the path as it was typed."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if not path.absolute().parent.is_dir():
            self.fail(f"There is no folder {path.parent}.", param, ctx)
        if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
            self.fail(f"Nothing may be written to {path}.", param, ctx)
        return path


class OutputTable(OutputFile):
    """A table to be written: its name tells its form."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Take the path as it was typed."""
        from tagger.writing import WRITTEN  # noqa: PLC0415 - --help needs no writers of tables

        path = super().convert(value, param, ctx)
        if path.suffix not in WRITTEN:
            self.fail(
                f"It is written as CSV or JSON lines: end {path.name} in .csv or .jsonl.",
                param,
                ctx,
            )
        return path


class Number(click.FloatRange):
    """A number within limits: nan is within none."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Take the number as it was typed."""
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is no number.", param, ctx)
        return number


class Words(click.types.StringParamType):
    """Words that are kept in a run, which is UTF-8."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take the words as they were typed."""
        words: str = super().convert(value, param, ctx)
        try:
            words.encode()
        except UnicodeEncodeError:
            self.fail("It is not UTF-8.", param, ctx)
        return words
