"""F1: the harmonic mean of precision and recall, of a tag and over all tags."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.sparse import Doubles

Truth = NDArray[np.bool_]
"""(texts, tags): who bears, or is given, which tag."""


def f1_score(hits: NDArray[Any], found: NDArray[Any], support: NDArray[Any] | int) -> Doubles:
    """Return F1 from the numbers of texts rightly predicted, predicted, and true; 0 if all are.

    They are counts of tags, (tags,), or of whatever shapes numpy combines.
    """
    f1: Doubles = 2 * hits / np.maximum(found + support, 1)
    return f1


def weighted_mean(figures: Doubles, support: NDArray[Any]) -> float:
    """Return the mean of figures (tags,) weighted by support (tags,); 0 without support.

    It is divided last, so that the mean of ones is exactly 1.
    """
    return float(figures @ support / max(1, support.sum()))
