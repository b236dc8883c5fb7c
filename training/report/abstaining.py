"""How often the run says that it does not know, and what another limit would trade."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tagger.compare import decide_exam, predicted_tags
from training.out_of_domain import Kind, kinds_of
from training.report.charts import Chart, Figure, shares
from training.report.examined import Examined
from training.report.wording import of_100

SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3)
"""Of the texts, the least familiar first, that other limits would leave unanswered."""
EXAMPLE = 0.09
"""More texts left unanswered than by the run's own limit, for an example in words."""
WIDEST = 0.4
"""Share of the texts left unanswered up to which is drawn."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One familiarity below which a text would get no answer."""

    familiarity: float
    abstained: float
    """Share of the texts left without an answer."""
    right: float
    """Of the tags given to the others, the share that is right."""
    found: float
    """Of all true tags, the share that is found."""
    present: bool = False


@dataclass(frozen=True, slots=True)
class AbstainingSection:
    """Limits from the loosest on; one is the run's own."""

    lead: str
    limits: tuple[Limit, ...]
    kinds: tuple[Kind, ...]
    """Of text that the table is not about."""
    chart: Chart


def abstaining_section(examined: Examined) -> AbstainingSection:
    """Measure the run's limit and others on texts that it had not seen."""
    run, test = examined.run, examined.exam.test
    given = predicted_tags(decide_exam(replace(run, abstain_below=-np.inf), test))

    def limit(familiarity: float, *, present: bool = False) -> Limit:
        answered = test.familiarity >= familiarity
        kept = given & answered[:, np.newaxis]
        hits = int((kept & test.truth).sum())
        return Limit(
            familiarity=familiarity,
            abstained=float(1 - answered.mean()),
            right=hits / max(1, int(kept.sum())),
            found=hits / max(1, int(test.truth.sum())),
            present=present,
        )

    own = limit(run.abstain_below, present=True)
    others = [limit(familiarity) for familiarity in np.quantile(test.familiarity, SHARES).tolist()]
    # Limits that leave the same share unanswered are one; of them the run's own is kept.
    by_share = {found.abstained: found for found in (*others, own)}
    limits = tuple(sorted(by_share.values(), key=lambda found: found.abstained))
    kinds = kinds_of(examined.model)
    return AbstainingSection(
        lead=_lead(own, limits, float(np.mean([kind.abstained for kind in kinds]))),
        limits=limits,
        kinds=kinds,
        chart=Chart(
            "Given tags that are right, by the share of texts left without an answer",
            shares("Texts left without an answer", high=WIDEST, step=0.1),
            shares("Given tags that are right"),
            tuple(
                Figure(found.abstained, found.right)
                for found in limits
                if found.abstained <= WIDEST
            ),
            mark=own.abstained if own.abstained <= WIDEST else None,
        ),
    )


def _lead(own: Limit, limits: tuple[Limit, ...], foreign: float) -> str:
    lead = (
        f"It says so of {of_100(own.abstained)} of 100 unseen texts like those of its table, "
        f"and of {of_100(foreign)} of 100 on quite other subjects"
    )
    stricter = [limit for limit in limits if limit.abstained >= own.abstained + EXAMPLE]
    if not stricter:
        return f"{lead}."
    other = stricter[0]
    return (
        f"{lead}. If it refused {of_100(other.abstained)} of 100, {of_100(other.right)} of 100 "
        f"given tags would be right (now {of_100(own.right)}), and {of_100(other.found)} of 100 "
        f"true ones found (now {of_100(own.found)})."
    )
