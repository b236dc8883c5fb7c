"""Texts -> matrix by scikit-learn's own vectorizers: what the served features must be equal to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from tagger.errors import TooLittleData
from tagger.records import Params
from tagger.sparse import Doubles
from tagger.vocabulary import NO_WORD, counting
from tagger.wording import counted
from tagger.words import cut
from training.factored import Factored

MOST_WEIGHTS = 40_000_000
"""Words times tags, and n-grams times tags, that a run may hold: 160 MB each.

Above it the rarest are left out: of 40 tags that touches no vocabulary below a million words, of
1,000 tags it leaves 40,000.
"""
MANY_TEXTS = 10_000
"""Of more than so many, a pair or an n-gram must stand in three texts, else in two. Where signs are
joined, an n-gram of one text is kept.

What one text alone holds says nothing of others: without such pairs F1 is the same (paired, -.006
to +.005), and of eight pairs seven are such. Three in place of two change the F1 of `svc-signs` by
.001 at most on tables of 16,000 and 40,000 descriptions, for two thirds of the features; five cost
one of them .003.
"""
PROJECTED = 32
"""Numbers that the length of a text's n-gram vector is projected to."""


class Vectorizer:
    """Words, pairs and the characters of words as one matrix.

    Its columns are first tf-idf of words and pairs, a row of them having length 1; then n-grams,
    each word's times 1 + log of how often the text holds the word, times the n-gram's inverse
    document frequency, a row of them being divided by the length of its random projection.

    Parameters
    ----------
    params
        Which features, and which n-grams.
    tags
        How many tags there will be weights for.
    """

    def __init__(self, params: Params, *, tags: int) -> None:
        self._params = params
        self._cut = partial(cut, signs=params.signs)
        self._most = MOST_WEIGHTS // tags
        self.own: TfidfVectorizer
        """Of words and pairs, fitted."""
        self.ngrams: tuple[str, ...] = ()
        self.ngram_idf: Doubles = np.zeros(0)
        self.projection: NDArray[np.float32] = np.zeros((0, PROJECTED), np.float32)
        """(n-grams, numbers), inverse document frequency multiplied in, as it is served."""

    def fit(self, texts: Sequence[str]) -> Vectorizer:
        """Learn vocabularies and document frequencies."""
        analysis = {
            "tokenizer": self._cut,
            "token_pattern": None,
            "lowercase": False,
            "ngram_range": (1, 2 if self._params.pairs else 1),
        }
        counter = CountVectorizer(**analysis)
        least = 3 if len(texts) > MANY_TEXTS else 2
        frequency = _document_frequency(self._fitted(counter, texts))
        names = counter.get_feature_names_out()
        is_pair = np.array([" " in name for name in names])
        frequency[is_pair & (frequency < least)] = 0
        names = names[_most_frequent(frequency, least=1, most=self._most)]
        self.own = TfidfVectorizer(**analysis, vocabulary=names, sublinear_tf=True).fit(texts)
        # Where signs are joined, texts are short, and what one of them alone holds tells of others.
        self._fit_ngrams(texts, least=1 if self._params.signs == "joined" else least)
        return self

    def _fit_ngrams(self, texts: Sequence[str], *, least: int) -> None:
        words, counts = self._count_words(texts)
        counter = self._ngram_counter()
        held = Factored(counts, counter.fit_transform(words))
        frequency = np.zeros(held.features, np.intp)
        for portion in held.portions():
            frequency += _document_frequency(portion)
        kept = _most_frequent(frequency, least=least, most=self._most)
        self.ngrams = tuple(counter.get_feature_names_out()[kept])
        self.ngram_idf = np.log((1 + len(texts)) / (1 + frequency[kept])) + 1
        random = np.random.default_rng(self._params.seed)
        projection = random.standard_normal((len(kept), PROJECTED))
        projection *= self.ngram_idf[:, np.newaxis] / PROJECTED**0.5
        self.projection = projection.astype(np.float32)

    def transform(self, texts: Sequence[str]) -> Factored:
        """Return the matrix of texts: (texts, words and pairs and n-grams)."""
        held, made_of = [self.own.transform(texts)], [sparse.identity(len(self.own.vocabulary_))]
        if self.ngrams:
            words, counts = self._count_words(texts)
            ngrams = self._ngram_counter(self.ngrams).transform(words).astype(np.float64)
            lengths = np.linalg.norm(counts @ (ngrams @ self.projection), axis=1)
            lengths[lengths == 0] = 1
            held.append(sparse.diags(1 / lengths) @ counts)
            ngrams.data *= self.ngram_idf[ngrams.indices]
            made_of.append(ngrams)
        return Factored(sparse.hstack(held, format="csr"), sparse.block_diag(made_of, format="csr"))

    def sums(self, texts: Sequence[str], numbers: Doubles) -> tuple[Doubles, Doubles]:
        """Sum numbers over each text's words, and count the words, as `Model` does: (texts,) each.

        ``numbers`` holds one for every word and pair that is known; an unknown word has 0.
        """
        words, counts = self._count_words(texts)
        known = self.own.vocabulary_
        of_each = np.array([numbers[known[word]] if word in known else 0.0 for word in words])
        return counts @ of_each, np.asarray(counts.sum(axis=1), np.float64).ravel()

    def _count_words(self, texts: Sequence[str]) -> tuple[list[str], sparse.csr_matrix]:
        """Count all words that count, known or not, as 1 + log of their occurrences."""
        if not any(map(self._cut, texts)):  # scikit-learn refuses an empty vocabulary
            return [], sparse.csr_matrix((len(texts), 0))
        known = self.own.vocabulary_
        counter = CountVectorizer(analyzer=lambda text: counting(self._cut(text), known))
        counts = counter.fit_transform(texts).astype(np.float64)
        counts.data = 1 + np.log(counts.data)
        # As it serves, what does not count has no n-grams either.
        words = ["" if word == NO_WORD else word for word in counter.get_feature_names_out()]
        return words, counts

    def _fitted(self, counter: CountVectorizer, texts: Sequence[str]) -> sparse.csr_matrix:
        try:
            return counter.fit_transform(texts)
        except ValueError as fault:  # scikit-learn's for an empty vocabulary
            none = f"None of {counted(len(texts), 'text')} holds a word"
            if self._params.signs == "none":
                none += ", signs and emoji apart: try --model svc-signs"
            raise TooLittleData(f"{none}.") from fault

    def _ngram_counter(self, vocabulary: Sequence[str] | None = None) -> CountVectorizer:
        return CountVectorizer(
            analyzer="char_wb",
            lowercase=False,
            ngram_range=self._params.characters,
            vocabulary=vocabulary,
        )


def _document_frequency(held: sparse.csr_matrix) -> NDArray[np.intp]:
    """Count the texts that hold each feature, given (texts, features)."""
    return np.bincount(held.indices, minlength=held.shape[1])


def _most_frequent(frequency: NDArray[np.intp], *, least: int, most: int) -> NDArray[np.intp]:
    """Return the features that at least so many texts hold, ``most`` of them at most.

    The limit is one of frequency, whatever the features are: so with a pair its words are kept,
    and with an n-gram its beginnings.
    """
    if len(frequency) > most:
        least = max(least, int(np.sort(frequency)[-most - 1]) + 1)
    return np.flatnonzero(frequency >= least)
