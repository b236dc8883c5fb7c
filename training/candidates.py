"""The models that training chooses among: each a learner with the features that suit it.

`python -m training.quality TABLE` sets them side by side; README.md holds what came of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tagger.records import Params


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a learner is fitted with."""

    regularization: float
    pairs: bool = False
    names: bool = False
    """Whether the names of the tags are learnt from too."""


CANDIDATES: Mapping[str, Candidate] = {
    "svc": Candidate(regularization=0.5),
    "naive-bayes": Candidate(regularization=0.1, pairs=True, names=True),
    "logistic": Candidate(regularization=5.0),
}
"""By the name that `Params.model` gives."""

COMPARED = ("svc", "naive-bayes")
"""What a training compares; logistic regression won nowhere that was looked at."""

MOST_COMPARED = 1_000_000
"""Texts times tags above which a training compares nothing, or it would take over two minutes."""


def params_for(name: str, params: Params, *, regularization: float | None = None) -> Params:
    """Return the params of a candidate; a regularization given takes the place of its own."""
    candidate = CANDIDATES[name]
    return replace(
        params,
        model=name,
        regularization=regularization or candidate.regularization,
        pairs=candidate.pairs,
        names=candidate.names,
    )
