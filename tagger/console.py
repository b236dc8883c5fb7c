"""What the command lines share: --help, --json, and how a command ends that is refused."""

from __future__ import annotations

import errno
import os
import sys
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


HELP = {"help_option_names": ["-h", "--help"]}

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, alone on stdout.")
