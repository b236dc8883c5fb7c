"""The frozen values that cross borders between files: a run, how good it is, what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tagger.words import Signs

FORMAT = 7
"""Number of a stored run's layout, the only one that is read; raised whenever it changes."""

Task = Literal["multi", "single"]

PromotionKind = Literal["first", "promote", "rollback"]
"""By itself as the first run, by its owner, or by going back."""


@dataclass(frozen=True, slots=True)
class Params:
    """What a run was trained with: asked for by its owner, or chosen by training."""

    task: Task = "multi"
    model: str = "svc"
    """Name of the linear learner."""
    regularization: float = 0.5
    """C of the learner: larger follows the training texts more closely."""
    pairs: bool = False
    """Whether pairs of neighbouring words are features, as words and characters always are."""
    signs: Signs = "none"
    """Whether punctuation and emoji are words: no, set apart, or also joined to what they touch."""
    names: bool = False
    """Whether each tag's name is learnt from, as a text that bears the tag."""
    auxiliary: bool = False
    """Whether the texts of another table are learnt from too, for the tags that both have."""
    characters: tuple[int, int] = (2, 6)
    """Shortest and longest character n-gram within a word."""
    min_support: int = 10
    """Training texts that a tag needs at least."""
    test_share: float = 0.2
    """Share of the texts, by hash, that are kept back for the test."""
    salt: str = "tagline"
    """Salt of the hash that splits the texts."""
    folds: int = 4
    """Folds on the training side whose left-out scores set thresholds and calibration."""
    objective: str = "f1"
    """What the thresholds aim at."""
    seed: int = 0
    """Of what is drawn at random in training."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Precision, recall and F1 of one tag, and the number of texts that truly bear it."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Overall:
    """How good the tagger is over a set of texts."""

    precision: float
    """Of all texts the mean over tags, weighted by support; of a slice pooled over all tags."""
    recall: float
    """Averaged as precision is."""
    f1: float
    """Averaged as precision is."""
    macro_f1: float
    """Mean over the tags that the texts bear, each weighing the same."""
    micro_f1: float
    """Pooled over all tags."""
    accuracy: float
    """Share of the texts whose tags are exactly right."""
    texts: int
    """How many they are."""


@dataclass(frozen=True, slots=True)
class Performance:
    """What was measured on the test side of the split, through the code that serves."""

    overall: Overall
    by_tag: Mapping[str, Scores]
    """Every tag of the run, in its order; ``class`` in the API."""
    slices: Mapping[str, Overall] = field(default_factory=dict)
    """By the kind of text; precision, recall and F1 are pooled over all tags."""


@dataclass(frozen=True, slots=True)
class Auxiliary:
    """Another table that a run learnt from too."""

    source: str
    sha256: str
    """Of its cleaned rows."""
    rows: int
    """Its texts that the run's own table does not hold."""
    tags: tuple[str, ...]
    """The tags that both tables have."""


@dataclass(frozen=True, slots=True)
class Data:
    """The table a run was trained on, as far as it can be told without keeping its texts."""

    source: str
    """The table's name, without the folder it lay in."""
    sha256: str
    """Of the cleaned rows, so that the same rows from another file format are the same data."""
    rows: int
    """Different texts."""
    training_rows: int
    """Texts that it was trained on."""
    test_rows: int
    """Texts kept back for the test."""
    near_duplicates_left_out: int
    """Texts not trained on because they are nearly the same as one of the test."""
    licence: str | None = None
    """Of the table, where its owner told it."""
    auxiliary: Auxiliary | None = None
    """Another table that the run learnt from too, if there is one."""

    @property
    def not_of_one_tag(self) -> int:
        """Texts left out where each must bear one trained tag: they bear none, or several."""
        return self.rows - self.training_rows - self.test_rows - self.near_duplicates_left_out


@dataclass(frozen=True, slots=True)
class Run:
    """One version in the store: everything that is known of a training beside its arrays."""

    run_id: str
    """The store version, without ``tagline:``."""
    created_at: str
    """ISO 8601, UTC."""
    tags: tuple[str, ...]
    thresholds: tuple[float, ...]
    """The score from which on a tag is predicted, in the order of ``tags``."""
    params: Params
    performance: Performance
    data: Data
    versions: Mapping[str, str]
    """Of Python and of the packages that made the run."""
    abstain_below: float
    """The familiarity below which the run abstains."""
    derived_from: str | None = None
    """The run whose arrays this one shares: they differ in thresholds alone."""
    format: int = FORMAT

    @property
    def task(self) -> Task:
        """Whether a text bears one tag or any number."""
        return self.params.task


@dataclass(frozen=True, slots=True)
class Promotion:
    """One line of the history: which run took another's place, when, how and by whom."""

    at: str
    """ISO 8601, UTC."""
    run_id: str
    """The run promoted."""
    previous: str | None
    """The run promoted until then."""
    kind: PromotionKind
    forced: bool
    """Whether the gate was passed by ``--force``."""
    user: str
    """The user of the operating system."""


@dataclass(frozen=True, slots=True)
class TagScore:
    """A predicted tag, its score and the threshold it had to reach; both between 0 and 1."""

    tag: str
    score: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Word:
    """A word or phrase that raised a score: how much in log-odds, and where in code points."""

    text: str
    contribution: float
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The words that raised the score of one predicted tag most, the strongest first."""

    tag: str
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer for one text."""

    input_text: str
    scores: tuple[TagScore, ...]
    """The predicted tags, best first; where abstained, those that reach a threshold asked for."""
    abstained: bool = False
    reason: str | None = None
    evidence: tuple[Evidence, ...] | None = None

    @property
    def predicted_tags(self) -> tuple[str, ...]:
        """Names of the predicted tags, best first; none where the tagger abstained."""
        if self.abstained:
            return ()
        return tuple(score.tag for score in self.scores)


def best_first(runs: Sequence[Run]) -> list[Run]:
    """Order runs by weighted F1, the best first; of equals the newest first."""
    return sorted(runs, key=lambda run: (run.performance.overall.f1, run.created_at), reverse=True)
