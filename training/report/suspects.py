"""Rows of the table whose tags look missing or wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.auxiliary import CATALOGUE
from training.report.examined import Examined
from training.report.table import Table
from training.suspects import Suspect, find_suspects

SHOWN = 12


@dataclass(frozen=True, slots=True)
class SuspectsSection:
    """The most suspicious rows."""

    lead: str
    shown: tuple[Suspect, ...]
    table: str
    """What to type for the table; nothing for the embedded one."""


def suspects_section(examined: Examined, table: Table) -> SuspectsSection:
    """Find suspects on both sides, by scores of models that had not seen the text."""
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
    texts = len(table.training.places) + len(table.test.places)
    typed = "" if table.source == str(CATALOGUE) else examined.run.data.source
    return SuspectsSection(_lead(len(found), texts), tuple(found[:SHOWN]), typed)


def _lead(found: int, texts: int) -> str:
    if not found:
        return f"No row among {texts:,} looks as if its tags were missing or wrong."
    return (
        f"The run disagrees with {found:,} of {texts:,} rows. Where it is surest, as in these, the "
        "table is often wrong; correcting it helps the next training and the figures above."
    )
