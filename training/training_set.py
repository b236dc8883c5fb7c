"""What is learnt from: texts, which tags each of them bears, and what another table lends."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tagger.f1 import Truth
from training.auxiliary import Lent
from training.evaluate import truth_of


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSet:
    """Texts and the tags that each bears, and perhaps those of another table."""

    texts: Sequence[str]
    tags: tuple[str, ...]
    truth: Truth
    """(texts, tags)"""
    lent: Lent | None = None

    @classmethod
    def of(cls, texts: Sequence[str], tags_of_each: Sequence[Collection[str]]) -> Self:
        """Lay out texts and their tags; every tag that a text bears has a column."""
        tags = tuple(sorted({tag for some in tags_of_each for tag in some}))
        return cls(texts, tags, truth_of(tags_of_each, tags))

    @property
    def auxiliary(self) -> str | None:
        """The name of the other table, if one lends."""
        return self.lent.described.source if self.lent else None

    def take(self, places: NDArray[np.intp]) -> TrainingSet:
        """Return the texts at these places, with the columns of all tags and all that is lent."""
        texts = [self.texts[place] for place in places]
        return replace(self, texts=texts, truth=self.truth[places])

    def all_seen(self) -> tuple[Sequence[str], Truth]:
        """Return all texts, the lent ones last, and which tags they are known to bear."""
        if self.lent is None:
            return self.texts, self.truth
        of_lent = truth_of(self.lent.labelled.tags, self.tags)
        return [*self.texts, *self.lent.labelled.texts], np.concatenate([self.truth, of_lent])
