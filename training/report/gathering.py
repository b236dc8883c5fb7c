"""All sections of a report, gathered from a run and, where there is one, its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tagger.gate import Gate
from tagger.records import Run
from training.progress import Step
from training.report.abstaining import AbstainingSection, abstaining_section
from training.report.beside import BesideSection, beside_section
from training.report.calibration import CalibrationSection, calibration_section
from training.report.examined import Examined
from training.report.mistaken import MistakenSection, mistaken_section
from training.report.more_rows import MoreRowsSection, more_rows_section
from training.report.overall import OverallSection, overall_section
from training.report.resampling import resample
from training.report.slices import SlicesSection, slices_section
from training.report.suspects import SuspectsSection, suspects_section
from training.report.table import Table
from training.report.tag_by_tag import TagsSection, tags_section
from training.report.telling_words import telling_words


@dataclass(frozen=True, slots=True)
class Report:
    """What report.html shows, in its order."""

    run: Run
    beside: BesideSection
    overall: OverallSection
    tags: TagsSection
    slices: SlicesSection
    mistaken: MistakenSection
    more_rows: MoreRowsSection | None
    words: Mapping[str, Sequence[str]]
    """The telling ones of each tag."""
    calibration: CalibrationSection
    abstaining: AbstainingSection
    suspects: SuspectsSection | None
    table: Table | None


def gather(
    examined: Examined,
    gate: Gate,
    table: Table | None,
    columns: Mapping[str, Sequence[str]],
    *,
    options: Sequence[str] = (),
    step: Step,
) -> Report:
    """Make every section; those that need the texts are None without a table.

    Parameters
    ----------
    columns
        Of further columns to slice by, the value of each text of the test.
    options
        Those with which the table was read.
    """
    step("Draw the test's texts anew")
    drawn = resample(examined.exam.test.truth, examined.predicted)
    step("Find telling words")
    words = telling_words(examined.run, examined.model)
    return Report(
        run=examined.run,
        beside=beside_section(gate, examined.run.run_id),
        overall=overall_section(examined, drawn),
        tags=tags_section(examined, drawn),
        slices=slices_section(examined, columns),
        mistaken=mistaken_section(examined),
        more_rows=more_rows_section(examined, table, step=step) if table else None,
        words=words,
        calibration=calibration_section(examined),
        abstaining=abstaining_section(examined),
        suspects=suspects_section(examined, table, options) if table else None,
        table=table,
    )
