"""The commands by which training is judged: each prints what stands in QUALITY.md or README.md."""

from __future__ import annotations

import click

from tagger.console import HELP, Commands
from tagger.environment import prepare_environment

if __name__ == "__main__":
    prepare_environment()  # numpy reads it when it is imported

from training.measuring.anywhere import anywhere
from training.measuring.quality import quality
from training.measuring.transfer import measure_transfer
from training.measuring.unanswered import unanswered


@click.group(cls=Commands, context_settings=HELP)
def commands() -> None:
    """Measure what training is worth on tables; nothing is written to the store.

    Example: python -m training.measuring quality training/catalogue.csv
    """


for _command in (quality, anywhere, unanswered, measure_transfer):
    commands.add_command(_command)


if __name__ == "__main__":
    commands(prog_name="python -m training.measuring")
