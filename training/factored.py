"""A matrix of texts and features that is never held as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

PORTION = 2_000
"""Texts of a portion: of 40 words each, some 20 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Factored:
    """A matrix (texts, features) as the product of which words texts hold, and what those are.

    A text of 300 characters holds 40 words but 900 n-grams. 100,000 such texts are 1 GiB as a
    matrix, and a tenth of that as its factors.
    """

    held: sparse.csr_matrix
    """(texts, words)"""
    made_of: sparse.csr_matrix
    """(words, features)"""

    @property
    def features(self) -> int:
        """How many columns the matrix has."""
        return int(self.made_of.shape[1])

    def count(self) -> int:
        """Return how many numbers the matrix would hold at most."""
        return int(np.diff(self.made_of.indptr)[self.held.indices].sum())

    def matrix(self) -> sparse.csr_matrix:
        """Work the product out."""
        return self.held @ self.made_of

    def times(self, numbers: NDArray[np.float32]) -> NDArray[np.float32]:
        """Multiply with numbers (features, columns), without working the product out."""
        return np.asarray(self.held @ (self.made_of @ numbers))

    def transposed(self) -> Factored:
        """Return the matrix (features, texts), which is such a product too."""
        return Factored(self.made_of.T.tocsr(), self.held.T.tocsr())

    def portions(self) -> Iterator[sparse.csr_matrix]:
        """Work the product out for some texts at a time."""
        for first in range(0, self.held.shape[0], PORTION):
            yield self.held[first : first + PORTION] @ self.made_of
