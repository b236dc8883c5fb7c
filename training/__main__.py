"""The model owner's commands: from check to report, and all of the operator's."""

from __future__ import annotations

import click

from tagger.__main__ import commands as operators_commands
from tagger.console import HELP, Commands
from tagger.environment import prepare_environment

if __name__ == "__main__":
    prepare_environment()  # numpy and BentoML read it when they are imported

from training.check_command import check
from training.evaluate_command import evaluate
from training.operate_command import operate
from training.report_command import report
from training.train_command import train


@click.group(cls=Commands, context_settings=HELP)
def commands() -> None:
    """Make runs from a table of labelled texts, and look after them.

    RUN is a run's name, the beginning of it, or `promoted`.

    TABLE is CSV, JSON, JSON lines or Parquet, packed by gzip or not: a path, a URL, or - for stdin;
    with columns `text`, or `title` and `description`, and `tags` (a list or a|b), `tag`, or one
    of 1 and 0 for each tag. Without it `check` and `train` take Tagline's own,
    training/catalogue.csv.

    Example: python -m training train my.csv --promote
    """


for _command in (*operators_commands.commands.values(), check, train, evaluate, operate, report):
    commands.add_command(_command)


if __name__ == "__main__":
    commands(prog_name="python -m training")
