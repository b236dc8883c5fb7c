"""Which tags can be relied on."""

from __future__ import annotations

from dataclasses import dataclass

from tagger.paired import FEWEST_POSITIVES
from tagger.wording import listed
from training.report.examined import Examined
from training.report.resampling import Interval, Resampled, interval

RELIABLE, UNRELIABLE = 0.8, 0.5
"""F1 from which on a tag is called reliable, and below which it is called unreliable."""


@dataclass(frozen=True, slots=True)
class TagRow:
    """One tag on the texts of the test."""

    tag: str
    precision: float
    recall: float
    f1: float
    interval: Interval
    """Of F1."""
    threshold: float
    support: int
    training: int
    """Texts of training that bear it."""


@dataclass(frozen=True, slots=True)
class TagsSection:
    """Every tag, the best first."""

    lead: str
    rows: tuple[TagRow, ...]
    few: int
    """How many tags are borne by so few texts of the test that their figures are guesses."""


def tags_section(examined: Examined, drawn: Resampled) -> TagsSection:
    """Take each tag's stored scores, and give its F1 an interval."""
    run = examined.run
    f1 = drawn.f1
    in_training = examined.exam.training.truth.sum(axis=0).tolist()
    rows = [
        TagRow(
            tag=tag,
            precision=scores.precision,
            recall=scores.recall,
            f1=scores.f1,
            interval=interval(scores.f1, f1[:, column], texts=scores.support),
            threshold=run.thresholds[column],
            support=scores.support,
            training=in_training[column],
        )
        for column, (tag, scores) in enumerate(run.performance.by_tag.items())
    ]
    rows.sort(key=lambda row: (-row.f1, row.tag))
    few = sum(row.support < FEWEST_POSITIVES for row in rows)
    return TagsSection(_lead(rows), tuple(rows), few)


def _lead(rows: list[TagRow]) -> str:
    judged = [row for row in rows if row.support >= FEWEST_POSITIVES]
    if not judged:
        return f"No tag stands in {FEWEST_POSITIVES} texts of the test: too few to judge any alone."
    good = sum(row.f1 >= RELIABLE for row in judged)
    bad = [row.tag for row in reversed(judged) if row.f1 < UNRELIABLE]
    tags, are = ("tag", "is") if len(judged) == 1 else ("tags", "are")
    lead = (
        f"{good} of the {len(judged)} {tags} that can be judged {are} reliable "
        f"(F1 {RELIABLE} or more)"
    )
    if not bad:
        return f"{lead}, and none is below {UNRELIABLE}."
    return f"{lead}; do not act on {listed(bad, most=5)} alone (below {UNRELIABLE})."
