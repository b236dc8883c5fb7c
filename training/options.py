"""Options that several commands have: added together, and typed anew for another command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click
from click.core import ParameterSource

Command = Callable[..., Any]


def with_options(command: Command, options: Sequence[Callable[[Command], Command]]) -> Command:
    """Add options to a command, in the order in which --help is to list them."""
    for option in reversed(options):
        command = option(command)
    return command


def typed_for(other: click.Command) -> list[str]:
    """Give those of the options typed, flags aside, that another command has too."""
    context = click.get_current_context()
    shared = {
        option.name
        for option in other.params
        if isinstance(option, click.Option) and not option.is_flag
    }
    return [
        word
        for option in context.command.params
        if option.name in shared
        and context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE
        for word in (option.opts[0], str(context.params[option.name]))
    ]
