"""The models that training chooses among: each a learner with the features that suit it.

`python -m training.measuring quality TABLE` sets them side by side, as QUALITY.md tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from tagger.records import Params
from tagger.words import Signs, words_of


@dataclass(frozen=True, slots=True)
class Candidate:
    """The params that a model has for its own."""

    regularization: float
    pairs: bool = False
    signs: Signs = "none"
    """Whether punctuation, symbols and emoji are words too, and whether with what they touch."""
    names: bool = False
    """Whether the names of the tags are learnt from too."""


CANDIDATES: Mapping[str, Candidate] = {
    "svc": Candidate(regularization=0.5),
    "svc-signs": Candidate(regularization=0.5, pairs=True, signs="apart"),
    "svc-joined": Candidate(regularization=0.5, pairs=True, signs="joined"),
    "naive-bayes": Candidate(regularization=0.1, pairs=True, names=True),
    "naive-bayes-signs": Candidate(regularization=0.1, pairs=True, signs="apart", names=True),
    "logistic": Candidate(regularization=5.0),
}
"""By the name that `Params.model` gives."""

COMPARED = ("svc-signs", "naive-bayes", "naive-bayes-signs", "svc")
"""What a training compares; of two equals it takes the one that stands first. A table too large for
that gets the first, which was best on all of nine tables of 5,000 to 16,000 texts. Logistic
regression won nowhere that was looked at."""
COMPARED_WORDLESS = ("svc-signs", "naive-bayes-signs")
"""On texts most of which hold no word, emoji say: the others know nothing of those, or, as
`svc-joined`, find nothing to join."""
COMPARED_SHORT = (*COMPARED, "svc-joined")
"""On short texts. The last is nearest to plain ``char_wb``, as it keeps n-grams that one text alone
holds. It is much better than the others on dates by season and on countries by continent, and far
behind them where texts are full of numbers that say nothing (QUALITY.md, TRIED.md)."""
SHORT = 20
"""Words a text, in the mean, up to which texts are short."""
MOST_SHORT = 10_000
"""Texts up to which that model is compared: of 40,000 it took 170 s where `svc-signs` took 93, and
what it is worth there has not been measured."""
LESS_REGULARIZED = 10.0
"""Times its own C, with which the best model is tried once more: words that tell something together
alone, as `not good` does, are held back by what suits most tables."""
CLEARLY = 0.01
"""Of weighted F1 on folds, by which that must be better to be taken, as less has often been chance.
TRIED.md has the tables that were looked at: it is taken for tags that follow from negations, from
sizes of products and parts of molecules, of the others on one split of one table.
"""
FAST = "svc"
"""What takes least time, having the fewest features."""

MOST_COMPARED = 300_000_000
"""Characters of all texts times tags above which a training compares nothing, for the time: 8,000
texts of 300 characters with 100 tags took 4 minutes, on a busy machine 10, when three models were
compared."""
MOST_CHARACTERS = 10_000_000
"""Characters of all texts above which it compares nothing either, however few tags there are."""


def compared_on(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the models that a training on these texts compares, by name."""
    words = [len(words_of(text)) for text in texts]
    if words.count(0) > len(texts) / 2:
        return COMPARED_WORDLESS
    short = sum(words) <= SHORT * len(texts) and len(texts) <= MOST_SHORT
    return COMPARED_SHORT if short else COMPARED


def params_for(name: str, params: Params, *, regularization: float | None = None) -> Params:
    """Return the params of a candidate; a regularization given takes the place of its own."""
    candidate = asdict(CANDIDATES[name])
    if regularization:
        candidate["regularization"] = regularization
    return replace(params, model=name, **candidate)


def less_regularized(params: Params) -> Params | None:
    """Return a model's params with more of C than is its own; None if it has another C already."""
    own = CANDIDATES[params.model].regularization
    if params.regularization != own:
        return None
    return replace(params, regularization=LESS_REGULARIZED * own)


def name_of(model: str, regularization: float, other_table: str | None) -> str:
    """Tell a candidate from all others that a training compares."""
    own = regularization == CANDIDATES[model].regularization
    name = model if own else f"{model} of C {regularization:g}"
    return f"{name} with {other_table}" if other_table else name
