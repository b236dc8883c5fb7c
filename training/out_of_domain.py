"""What a run does with texts on quite other subjects: what its abstaining buys, and at what cost.

`out_of_domain.csv` holds twelve kinds of text, each of twenty or more, written for this project.
Nothing is fitted on them. Where a table is about one of the kinds, that kind says nothing.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagger.model import Model

TEXTS = Path(__file__).parent / "out_of_domain.csv"
SHARES = (0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.15, 0.2)
"""Of texts like those of the table: limits at which so many go without tags are compared."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of text that a table is not about."""

    name: str
    texts: int
    abstained: float
    """Share of them that get no tags."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of familiarity, and what it does."""

    familiarity: float
    in_domain: float
    """Share of the unseen texts of the table that get no tags."""
    out_of_domain: float
    """Share of the texts on other subjects that get none: the mean over the kinds."""


@dataclass(frozen=True, slots=True)
class Trade:
    """What abstaining buys and costs: the run's own limit, and what others would do."""

    own: Limit
    kinds: tuple[Kind, ...]
    limits: tuple[Limit, ...]
    """From the most generous on."""


@cache
def texts_by_kind(source: Path = TEXTS) -> dict[str, tuple[str, ...]]:
    """Read texts on other subjects, of a CSV file with the columns kind and text."""
    found: dict[str, list[str]] = {}
    with source.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            found.setdefault(row["kind"], []).append(row["text"])
    return {kind: tuple(texts) for kind, texts in found.items()}


def trade(model: Model, in_domain: NDArray[np.float32]) -> Trade:
    """Tell what a model's abstaining does.

    Parameters
    ----------
    in_domain
        (texts,): the familiarity of unseen texts of the table, such as ``exam.test.familiarity``.
    """
    familiarities = {
        kind: model.score(texts).familiarity for kind, texts in texts_by_kind().items()
    }

    def at(familiarity: float) -> Limit:
        return Limit(
            familiarity=familiarity,
            in_domain=_below(in_domain, familiarity),
            out_of_domain=float(
                np.mean([_below(found, familiarity) for found in familiarities.values()])
            ),
        )

    limit = model.policy.abstain_below
    return Trade(
        own=at(limit),
        kinds=tuple(
            Kind(name, len(found), _below(found, limit)) for name, found in familiarities.items()
        ),
        limits=tuple(at(float(np.quantile(in_domain, share))) for share in SHARES),
    )


def _below(familiarities: NDArray[np.float32], limit: float) -> float:
    """Return the share that is under a limit, as `decide` compares them."""
    return float((familiarities < limit).mean()) if len(familiarities) else 0.0
