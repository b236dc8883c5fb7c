"""The gate before production: a run that is worse than the promoted one does not pass."""

from __future__ import annotations

from dataclasses import dataclass

from tagger.compare import Comparison, compare
from tagger.errors import PromotionRefused, RunError
from tagger.store import Store


@dataclass(frozen=True, slots=True)
class Gate:
    """What the gate before production says of a candidate."""

    promoted: str | None
    """The run that it was compared with."""
    comparison: Comparison | None
    """None where there was nothing to compare, or no way."""
    objection: str | None
    """Why it is not to be promoted; ``--force`` overrules it."""


def ask_gate(store: Store, candidate: str) -> Gate:
    """Compare a candidate with the run that was promoted last.

    Raises
    ------
    UnknownRun, BrokenRun, UnknownFormat
        The candidate cannot be read.
    """
    run, exam = store.run(candidate), store.exam(candidate)
    promoted = store.last_promoted()
    if promoted in (None, candidate):
        return Gate(promoted, None, None)
    try:
        comparison = compare(store.run(promoted), store.exam(promoted), run, exam)
    except PromotionRefused as refusal:
        return Gate(promoted, None, str(refusal))
    except RunError as fault:
        return Gate(promoted, None, f"The promoted run cannot be compared with: {fault}")
    return Gate(promoted, comparison, _objection(comparison))


def _objection(comparison: Comparison) -> str | None:
    if not comparison.worse:
        return None
    return (
        f"{comparison.second} is worse than the promoted run {comparison.first} beyond noise: "
        f"{comparison.where_worse(most=10)}."
    )
