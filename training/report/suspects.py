"""Rows of the table whose tags look missing or wrong."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tagger.sources import STANDARD_INPUT
from training.auxiliary import CATALOGUE
from training.data import last_part
from training.report.examined import Examined
from training.report.table import Table
from training.suspects import Suspect, find_suspects
from training.training_options import options_of

SHOWN = 12


@dataclass(frozen=True, slots=True)
class SuspectsSection:
    """The most suspicious rows."""

    lead: str
    shown: tuple[Suspect, ...]
    command: str
    """What to type for all of them."""


def suspects_section(
    examined: Examined, table: Table, options: Sequence[str] = ()
) -> SuspectsSection:
    """Find suspects on both sides, by scores of models that had not seen the text.

    ``options`` are those with which the table was read.
    """
    exam = examined.exam
    found = [
        suspect
        for side, answers in ((table.training, exam.training), (table.test, exam.test))
        for suspect in find_suspects(
            side.labelled,
            answers.scores[side.places],
            examined.run.tags,
            np.array(examined.run.thresholds),
        )
    ]
    found.sort(key=lambda suspect: -suspect.suspicion)
    named = {str(CATALOGUE): [], STANDARD_INPUT: ["-"]}
    typed = named.get(table.source, [last_part(table.source)])
    typed += [*options, *options_of(examined.run.params), "--suspects"]
    typed.append(f"suspects-{examined.run.run_id}.csv")  # not what --corrections may be
    command = shlex.join(["python", "-m", "training", "train", *typed])
    return SuspectsSection(_lead(len(found), table.texts), tuple(found[:SHOWN]), command)


def _lead(found: int, texts: int) -> str:
    if not found:
        return f"No text among {texts:,} looks as if its tags were missing or wrong."
    return (
        f"The run disagrees with the tags of {found:,} of {texts:,} texts. Where it is surest, as "
        "in these, the table is often wrong; correcting it helps the next training and the figures "
        "above."
    )
