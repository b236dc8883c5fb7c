"""What a pod's work costs, found from the processor time of several rates of arrival."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from load_tests.sizing.pod import Costs

LEAST = 1e-6
"""Seconds; nothing is free."""


@dataclass(frozen=True)
class Used:
    """What a pod did at one rate, and the processor time that it took."""

    cpu_seconds: float
    wakes: int
    """How often its loop had slept: its voluntary context switches."""
    batches: float
    batch_seconds: float
    """In the batches themselves, by the server's own metrics."""
    answered: int
    """One text each."""
    refused: int


def fit(rates: Sequence[Used]) -> Costs:
    """Find the costs that explain the processor time of all rates best, none below zero.

    Least squares of relative errors, so that a rate of little work counts as much as one of much.
    What a text costs within a batch is the slope of the straight line through the mean times of the
    batches over their mean sizes; the rest of an answer is reading and writing.
    """
    counts = np.array([[used.wakes, used.batches, used.answered, used.refused] for used in rates])
    seconds = np.array([used.cpu_seconds for used in rates])
    wake, batch, answer, refusal = _not_below_zero(counts / seconds[:, np.newaxis]).tolist()
    sizes = [used.answered / used.batches for used in rates]
    text, _ = np.polyfit(sizes, [used.batch_seconds / used.batches for used in rates], 1)
    text = float(max(LEAST, min(text, answer)))
    return Costs(
        wake=wake,
        batch=batch,
        text=text,
        request=max(answer - text, LEAST),
        # Where none was refused nothing tells: as dear as an answer, then.
        refusal=max(refusal, LEAST) if counts[:, 3].any() else answer,
    )


def _not_below_zero(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve ``shares @ costs = 1`` by least squares; a cost that would be below zero is zero."""
    costs = np.zeros(shares.shape[1])
    kept = np.arange(shares.shape[1])
    while len(kept):
        found = np.linalg.lstsq(shares[:, kept], np.ones(len(shares)))[0]
        if found.min() >= 0:
            costs[kept] = found
            break
        kept = np.delete(kept, found.argmin())
    return costs
