"""The served model: arrays in, score matrix out; written and read as arrays and JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from tagger.decide import Policy
from tagger.errors import BrokenRun
from tagger.evidence import Contributions, contributions, strongest
from tagger.features import BATCH, Features, sum_rows
from tagger.records import Evidence
from tagger.weights import Doubles, Floats, Weights

WEIGHTS = "weights.npz"
MODEL = "model.json"


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """The scores of a batch of texts."""

    scores: Floats
    """(texts, tags): probabilities."""
    familiarity: Floats
    """(texts,): the known words' share of each text, 0 to 1."""

    def part(self, first: int, last: int) -> Scored:
        """Return the texts from ``first`` to before ``last``."""
        return Scored(self.scores[first:last], self.familiarity[first:last])


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Tags, what each word adds to them, and how scores become decisions.

    Scoring changes the bounded memory of unknown words, so one thread at a time may ask.
    """

    tags: tuple[str, ...]
    policy: Policy
    weights: Weights
    features: Features = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "features", Features(self.weights))

    def score(self, texts: Sequence[str]) -> Scored:
        """Return the probability of every tag for every text, whatever its neighbours are."""
        logits, familiarity = self.log_odds(texts)
        np.negative(logits, out=logits)
        with np.errstate(over="ignore"):
            np.exp(logits, out=logits)
        logits += 1
        np.reciprocal(logits, out=logits)
        return Scored(logits.astype(np.float32), familiarity.astype(np.float32))

    def log_odds(self, texts: Sequence[str]) -> tuple[Doubles, Doubles]:
        """Return the log-odds (texts, tags) and the familiarity (texts,)."""
        parts = [self._log_odds(texts[i : i + BATCH]) for i in range(0, len(texts), BATCH)]
        if not parts:
            return np.zeros((0, len(self.tags))), np.zeros(0)
        if len(parts) == 1:
            return parts[0]
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])

    def _log_odds(self, texts: Sequence[str]) -> tuple[Doubles, Doubles]:
        features, tags, n = self.features, len(self.tags), len(texts)
        words, pairs = features.bags(texts)
        sums = sum_rows(words.counts, words.rows, words.starts, features.table)
        own = sums[:, :tags]
        square = np.bincount(
            words.texts, words.counts**2 * features.squares.take(words.rows), minlength=n
        )
        if pairs is not None:
            own += sum_rows(pairs.counts, pairs.rows, pairs.starts, self.weights.pair_weights)
            idf = self.weights.pair_idf.take(pairs.rows)
            square += np.bincount(pairs.texts, (pairs.counts * idf) ** 2, minlength=n)
        characters, projection = sums[:, tags : 2 * tags], sums[:, 2 * tags : -1]
        logits = own / _length(square)
        logits += characters / _length(np.einsum("ij,ij->i", projection, projection))
        logits += self.weights.intercept
        total = np.bincount(words.texts, words.counts, minlength=n)
        return logits, sums[:, -1] / np.maximum(total, 1)

    def contributions(self, text: str) -> Contributions:
        """Return what every word and pair of the text adds to the log-odds of every tag."""
        return contributions(self.weights, self.features, text)

    def explain(self, text: str, tags: Sequence[int], *, most: int = 10) -> tuple[Evidence, ...]:
        """Return the words that raised the scores of these tags most."""
        return strongest(self.contributions(text), self.tags, tags, most=most)

    def write(self, folder: Path) -> None:
        """Write the model into an existing folder."""
        self.weights.write(folder / WEIGHTS)
        policy = self.policy
        (folder / MODEL).write_text(
            json.dumps(
                {
                    "tags": self.tags,
                    "task": policy.task,
                    "thresholds": policy.thresholds.tolist(),
                    "abstain_below": policy.abstain_below,
                },
                ensure_ascii=False,
                indent=1,
            ),
            encoding="utf-8",
        )

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read what `write` wrote.

        Raises
        ------
        BrokenRun
            A file is missing, cut short, or not what it should be.
        """
        try:
            stored = json.loads((folder / MODEL).read_text(encoding="utf-8"))
            policy = Policy(
                task=stored["task"],
                thresholds=np.array(stored["thresholds"], np.float64),
                abstain_below=float(stored["abstain_below"]),
            )
            tags = tuple(stored["tags"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BrokenRun(f"{MODEL} of the run cannot be read: {error}") from error
        return cls(tags, policy, Weights.read(folder / WEIGHTS))


def _length(square: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return vector lengths as a column; of a vector of zeros, 1."""
    return np.sqrt(np.where(square > 0, square, 1))[:, np.newaxis]
