"""What the command lines share: how a command ends, and the options that several have."""

from __future__ import annotations

import errno
import math
import os
import sys
from pathlib import Path
from typing import Any

import click

from tagger.errors import (
    AmbiguousRun,
    PromotionRefused,
    ProtectedRun,
    SettingsError,
    TableError,
    TaglineError,
    UnknownRun,
)

STATUSES: tuple[tuple[type[TaglineError], int], ...] = (
    (TableError, 2),
    (SettingsError, 2),
    (UnknownRun, 2),
    (AmbiguousRun, 2),
    (ProtectedRun, 2),
    (PromotionRefused, 3),
    (TaglineError, 1),
)
"""Exit statuses of refusals: 2 for what was typed or given, 3 for the gate, 1 for the rest."""


class Refusing(click.Command):
    """A command that says a refusal in one sentence and ends with its status."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command that was typed."""
        try:
            return super().invoke(context)
        except TaglineError as refusal:
            click.echo(f"Error: {refusal}", err=True)
            sys.exit(next(status for kind, status in STATUSES if isinstance(refusal, kind)))
        except OSError as fault:
            if fault.errno == errno.EPIPE:  # who reads has left, which click ends quietly
                raise
            where = f"{fault.filename}: " if fault.filename else ""
            click.echo(f"Error: {where}{fault.strerror or fault}.", err=True)
            _drop_what_cannot_be_written()
            sys.exit(1)


def _drop_what_cannot_be_written() -> None:
    """Keep Python from trying once more at its end, and telling of that in words of its own."""
    if sys.stdout is None:  # the command was started without
        return
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())


class Commands(Refusing, click.Group):
    """A group of such commands."""


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


HELP = {"help_option_names": ["-h", "--help"]}

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, alone on stdout.")
