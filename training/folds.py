"""Texts dealt out to folds, each of which is left out once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tagger.f1 import Truth
from tagger.records import Params


def folds_of(truth: Truth, params: Params) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Deal the texts out to folds, a tag's evenly; yield for each fold the rest and its own.

    ``truth`` is (texts, tags); what is yielded are places of texts, ascending.

    Tags are dealt from the rarest on, each text to the fold that has fewest of the tag, and of
    those to the smallest (Sechidis and others, "On the stratification of multi-label data", 2011).
    """
    order = np.random.default_rng(params.seed).permutation(len(truth))
    fold_of = np.full(len(truth), -1)
    sizes = np.zeros(params.folds, np.intp)
    for tag in np.argsort(truth.sum(axis=0), kind="stable").tolist():
        bearers = order[truth[order, tag]]
        held = np.bincount(fold_of[bearers] + 1, minlength=params.folds + 1)[1:]
        for text in bearers[fold_of[bearers] < 0].tolist():
            fold = np.lexsort((sizes, held))[0]
            fold_of[text] = fold
            held[fold] += 1
            sizes[fold] += 1
    left = order[fold_of[order] < 0]
    fold_of[left] = np.arange(len(left)) % params.folds
    for fold in range(params.folds):
        yield np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
