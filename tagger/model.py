"""The served model: texts in, score matrix out; written and read as arrays and JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, get_args

import numpy as np
from numpy.typing import NDArray

from tagger.arrays import REMEDY
from tagger.errors import BrokenRun
from tagger.evidence import Contributions, contributions
from tagger.familiarity import familiarity
from tagger.features import Features, character_lengths
from tagger.policy import Policy
from tagger.records import Evidence, Task
from tagger.sparse import Doubles
from tagger.weights import Weights

WEIGHTS = "weights.npz"
POLICY = "policy.json"


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """The scores of some texts."""

    scores: NDArray[np.float32]
    """(texts, tags): probabilities."""
    familiarity: NDArray[np.float32]
    """(texts,): how much each text is like those of training, from 0 upwards."""

    def part(self, first: int, last: int) -> Scored:
        """Return the texts from ``first`` to before ``last``."""
        return Scored(self.scores[first:last], self.familiarity[first:last])


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Tags, what every word adds to each of them, and how scores become decisions.

    Scoring fills the bounded memory of unknown words, so it is for one thread at a time.
    """

    tags: tuple[str, ...]
    policy: Policy
    weights: Weights
    features: Features = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "features", Features(self.weights))

    def score(self, texts: Sequence[str]) -> Scored:
        """Return every tag's probability for every text, the same whatever its neighbours are."""
        log_odds, familiar = self.log_odds(texts)
        return Scored(probability(log_odds).astype(np.float32), familiar.astype(np.float32))

    def log_odds(self, texts: Sequence[str]) -> tuple[Doubles, Doubles]:
        """Return the log-odds (texts, tags) and the familiarity (texts,) behind the scores."""
        parts = [self._log_odds(portion) for portion in self.features.portions(texts)]
        if len(parts) == 1:
            return parts[0]
        nothing = np.zeros((0, len(self.tags)))
        return (
            np.concatenate([nothing, *(log_odds for log_odds, _ in parts)]),
            np.concatenate([nothing[:, 0], *(familiar for _, familiar in parts)]),
        )

    def _log_odds(self, words: Sequence[bytes]) -> tuple[Doubles, Doubles]:
        vocabulary = self.features.vocabulary
        counts = self.features.count(words)
        sums = counts.times(vocabulary.table)
        own = sums[:, vocabulary.own]
        own /= self.features.own_lengths(counts)[:, np.newaxis]
        characters = sums[:, vocabulary.characters]
        characters /= character_lengths(sums[:, vocabulary.projection])[:, np.newaxis]
        own += characters
        familiar = familiarity(
            information=sums[:, vocabulary.information],
            words=sums[:, vocabulary.is_word],
            moves=np.einsum("ij,ij->i", own, own),
            usual_length=self.weights.usual_length,
        )
        own += self.weights.intercept
        return own, familiar

    def contributions(self, text: str) -> Contributions:
        """Return what each word and pair of a text adds to the log-odds of every tag."""
        return contributions(self.features, self.weights, text, range(len(self.tags)))

    def explain(self, text: str, tags: Sequence[int], *, most: int = 10) -> tuple[Evidence, ...]:
        """Return, for each of these tags, the words that raised its score most."""
        found = contributions(self.features, self.weights, text, tags)
        return tuple(
            found.strongest(place, self.tags[tag], most=most) for place, tag in enumerate(tags)
        )

    def write(self, folder: Path) -> None:
        """Write the model into an existing folder."""
        self.weights.write(folder / WEIGHTS)
        policy = {
            "tags": self.tags,
            "task": self.policy.task,
            "thresholds": self.policy.thresholds.tolist(),
            "abstain_below": self.policy.abstain_below,
        }
        text = json.dumps(policy, ensure_ascii=False, indent=1)
        (folder / POLICY).write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read what `write` wrote.

        Raises
        ------
        BrokenRun
            A file is missing, cut short, or not what it should be.
        """
        weights = Weights.read(folder / WEIGHTS)
        tags, policy = _read_policy(folder / POLICY, len(weights.intercept))
        return cls(tags, policy, weights)


def _read_policy(path: Path, n_tags: int) -> tuple[tuple[str, ...], Policy]:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        tags, task = tuple(stored["tags"]), stored["task"]
        thresholds = np.array(stored["thresholds"], np.float64)
        abstain_below = float(stored["abstain_below"])
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise BrokenRun(f"{path} cannot be read ({fault}). {REMEDY}") from fault
    if not all(isinstance(tag, str) for tag in tags) or not len(set(tags)) == len(tags) == n_tags:
        raise BrokenRun(f"{path} does not name the {n_tags} tags that {WEIGHTS} is of. {REMEDY}")
    if task not in get_args(Task):
        raise BrokenRun(f"{path} says the task {task!r}, which there is not. {REMEDY}")
    if thresholds.shape != (n_tags,) or not np.isfinite([*thresholds, abstain_below]).all():
        raise BrokenRun(f"{path} lacks thresholds that are finite numbers, one a tag. {REMEDY}")
    return tags, Policy(task, thresholds, abstain_below)


def probability(log_odds: Doubles) -> Doubles:
    """Return the logistic function, in the form that overflows nowhere."""
    return 0.5 + 0.5 * np.tanh(0.5 * log_odds)
