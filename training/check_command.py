"""The command `check`: what a table's owner should know before training on it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import click

from tagger import printing
from tagger.console import as_json
from tagger.option_types import OutputFile
from tagger.wording import counted
from training.check import Report
from training.check import check as check_dataset
from training.data import read_dataset
from training.reading_options import reading_options, table_argument, take_reading, tell_reading
from training.sides import sides_of
from training.split import choose_tags
from training.training_options import split_options, take_split

MOST_ALIKE = 5
"""Findings of one kind that are shown; --json has all."""


@click.command()
@table_argument
@reading_options
@split_options
@click.option("--strict", is_flag=True, help="End with status 1 if anything is found.")
@click.option("--propose", type=OutputFile(), help="Write the spellings it finds, for --aliases.")
@as_json
def check(
    table: str,
    *,
    strict: bool,
    propose: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Look TABLE over before training: every flaw with its rows.

    Nothing is written to the store. A table that `train` would refuse, with the same options, is
    refused (status 2).

    Example: python -m training check my.csv --propose aliases.json
    """
    dataset = read_dataset(table, take_reading(options))
    tell_reading(dataset)
    params = take_split(options, task=dataset.task)
    sides = sides_of(dataset, params)
    report = check_dataset(dataset, sides, params)
    if propose:
        content = json.dumps(report.aliases, ensure_ascii=False, indent=2)
        propose.write_text(content + "\n", encoding="utf-8")
    if as_json:
        printing.print_json(asdict(report))
    else:
        _print_report(report, proposed=propose)
    choose_tags(dataset, sides, params)
    if strict and report.findings:
        sys.exit(1)


def _print_report(report: Report, *, proposed: Path | None) -> None:
    """Print what a check found; ``proposed`` is where aliases were written."""
    click.echo(f"{counted(report.texts, 'different text')}, {counted(len(report.tags), 'tag')}.")
    for kind, found in groupby(report.findings, key=attrgetter("kind")):
        texts = [finding.text for finding in found]
        for text in texts[:MOST_ALIKE]:
            click.echo(f"{kind}: {text}")
        if len(texts) > MOST_ALIKE:
            click.echo(f"{kind}: {len(texts) - MOST_ALIKE} more; --json has all.")
    # Joined tags come apart first: as they are, their spellings are of no use.
    if report.aliases and not any(finding.kind == "joined-tags" for finding in report.findings):
        first = "" if proposed else "check again with --propose aliases.json, then "
        click.echo(f"Next: {first}train with --aliases {proposed or 'aliases.json'}")
