"""A run's own check: a few texts with the scores that it gave them when it was made.

They are scored again whenever a run is loaded, and by every readiness probe of a server. The texts
are put together from the run's vocabulary, so they hold no text of the table.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tagger.arrays import REMEDY
from tagger.errors import BrokenRun
from tagger.model import Model

FILE = "check.json"
TEXTS = 8
WORDS_EACH = 12
UNSEEN = "qxzvkw"
"""A word that no vocabulary holds, so that the handling of unknown words is checked too."""
TOLERANCE = 1e-5
"""Of a score: what another processor's rounding may change."""


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """Texts and the scores (texts, tags) that a run must give them."""

    texts: tuple[str, ...]
    scores: NDArray[np.float32]

    @classmethod
    def of(cls, model: Model) -> Self:
        """Make the check of a model, from words spread evenly over its vocabulary."""
        words = model.weights.words
        texts = tuple(
            " ".join((*words[first :: max(1, len(words) // WORDS_EACH)][:WORDS_EACH], UNSEEN))
            for first in range(TEXTS)
        )
        return cls(texts, model.score(texts).scores)

    def confirm(self, model: Model) -> None:
        """Score the texts by a model.

        Raises
        ------
        BrokenRun
            It gives other scores.
        """
        scores = model.score(self.texts).scores
        if scores.shape != self.scores.shape or np.abs(scores - self.scores).max() > TOLERANCE:
            raise BrokenRun(
                f"The run does not give the scores that it gave when it was made. {REMEDY}"
            )

    def write(self, folder: Path) -> None:
        """Write the check into an existing folder."""
        content = {"texts": self.texts, "scores": self.scores.tolist()}
        (folder / FILE).write_text(json.dumps(content), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read what `write` wrote.

        Raises
        ------
        BrokenRun
            The file is missing or not what it should be.
        """
        path = folder / FILE
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return cls(tuple(content["texts"]), np.array(content["scores"], np.float32))
        except (OSError, ValueError, KeyError, TypeError) as fault:
            raise BrokenRun(f"{path} cannot be read ({fault}). {REMEDY}") from fault
