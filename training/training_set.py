"""What is learnt from: texts, and which tags each of them bears."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tagger.paired import Truth
from training.evaluate import truth_of


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSet:
    """Texts and the tags that each bears."""

    texts: Sequence[str]
    tags: tuple[str, ...]
    truth: Truth
    """(texts, tags)"""

    @classmethod
    def of(cls, texts: Sequence[str], tags_of_each: Sequence[Collection[str]]) -> Self:
        """Lay out texts and their tags; every tag that a text bears has a column."""
        tags = tuple(sorted({tag for some in tags_of_each for tag in some}))
        return cls(texts, tags, truth_of(tags_of_each, tags))

    def take(self, places: NDArray[np.intp]) -> TrainingSet:
        """Return the texts at these places, with the columns of all tags."""
        return TrainingSet([self.texts[place] for place in places], self.tags, self.truth[places])
