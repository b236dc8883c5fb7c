"""The run beside the promoted one: what the gate before production says."""

from __future__ import annotations

from dataclasses import dataclass

from tagger.gate import Gate
from tagger.paired import Difference
from training.report.wording import signed

SHOWN = 12
"""Tags that differ most."""


@dataclass(frozen=True, slots=True)
class TagDifference:
    """How much better or worse one tag is than in the promoted run."""

    tag: str
    found: Difference
    worse: bool
    """Beyond noise."""


@dataclass(frozen=True, slots=True)
class BesideSection:
    """The decision that the report is for."""

    lead: str
    texts: int
    tags: tuple[TagDifference, ...]
    lost: tuple[str, ...]
    added: tuple[str, ...]
    relabelled: int
    """Texts that the tables of the two tag differently."""
    worse: bool
    """Beyond chance, so that the gate refuses it."""


def beside_section(gate: Gate, run_id: str) -> BesideSection:
    """Say in one sentence whether the gate lets the run pass, and where it differs."""
    compared = gate.comparison
    lead = _lead(gate, run_id)
    if compared is None:
        return BesideSection(lead, 0, (), (), (), 0, worse=False)
    differing = sorted(
        ((tag, found) for tag, found in compared.by_tag.items() if found.difference),
        key=lambda item: -abs(item[1].difference) * item[1].support,
    )[:SHOWN]
    return BesideSection(
        lead=lead,
        texts=compared.texts,
        tags=tuple(
            TagDifference(tag, found, tag in compared.worse)
            for tag, found in sorted(differing, key=lambda item: -item[1].difference)
        ),
        lost=compared.lost,
        added=compared.added,
        relabelled=compared.relabelled,
        worse=bool(compared.worse),
    )


def _lead(gate: Gate, run_id: str) -> str:
    if gate.promoted is None:
        return "No run is promoted yet, so there is nothing that this one would replace."
    if gate.promoted == run_id:
        return "This is the promoted run: it is what callers get now."
    compared = gate.comparison
    if compared is None:
        return (
            f"It cannot be set beside the promoted run. {gate.objection} "
            "What follows is of this run alone."
        )
    found = compared.overall
    measured = (
        f"F1 {found.second:.3f} instead of {found.first:.3f} on the same {compared.texts} texts "
        f"({signed(found.difference)}, between {signed(found.low)} and {signed(found.high)})"
    )
    if gate.objection:
        where = compared.where_worse(most=5)
        return f"Do not promote it: it is worse beyond chance, {where}; {measured}."
    if found.low > 0:
        return f"Promote it: it is better than the promoted run beyond chance, {measured}."
    return f"It may be promoted, and is neither better nor worse beyond chance: {measured}."
