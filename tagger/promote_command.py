"""The commands `promote` and `rollback`: another run goes into production, or the one before."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from tagger.console import as_json
from tagger.environment import open_store

if TYPE_CHECKING:
    from tagger.gate import Gate
    from tagger.records import Promotion
    from tagger.store import Store

# What a command needs is imported when it is typed: numpy, pydantic and rich would delay --help.


@click.command()
@click.argument("run")
@click.option("--force", is_flag=True, help="Promote although the gate refuses.")
@as_json
def promote(run: str, *, force: bool, as_json: bool) -> None:
    """Promote RUN, unless it is worse than the promoted run.

    Worse is what chance does not explain, overall or on a tag (status 3).

    Example: python -m tagger promote 20260731
    """
    from tagger import printing
    from tagger.gate import ask_gate

    store = open_store()
    run_id = store.resolve(run)
    gate = ask_gate(store, run_id)
    if gate.comparison and not as_json:
        printing.print_comparison(gate.comparison)
    promotion = None
    try:
        promotion = pass_gate(store, run_id, gate, force=force)
    finally:
        if as_json:
            printing.print_json(
                {
                    "promotion": asdict(promotion) if promotion else None,
                    "comparison": asdict(gate.comparison) if gate.comparison else None,
                }
            )
    if not as_json:
        _print_promotion(promotion, run_id)


def pass_gate(store: Store, run_id: str, gate: Gate, *, force: bool) -> Promotion | None:
    """Promote a run if the gate or ``force`` lets it pass; None where it is promoted already.

    Raises
    ------
    PromotionRefused
    """
    from tagger import printing
    from tagger.errors import PromotionRefused

    if gate.objection and not force:
        raise PromotionRefused(
            f"{gate.objection} To promote it all the same: "
            f"python -m tagger promote {run_id} --force"
        )
    if gate.objection:
        printing.note(f"Forced. {gate.objection}")
    return store.promote(run_id, forced=gate.objection is not None, instead_of=gate.promoted)


def _print_promotion(promotion: Promotion | None, run_id: str) -> None:
    if promotion is None:
        click.echo(f"{run_id} is the promoted run already.")
        return
    replaced = promotion.previous if promotion.previous != run_id else None
    instead = f" in place of {replaced}" if replaced else ""
    click.echo(f"{run_id} is promoted{instead}. Servers take it up by themselves.")


@click.command()
@as_json
def rollback(*, as_json: bool) -> None:
    """Go back to the run that was promoted before.

    Example: python -m tagger rollback
    """
    from tagger import printing

    promotion = open_store().rollback()
    if as_json:
        printing.print_json({"promotion": asdict(promotion)})
    else:
        _print_promotion(promotion, promotion.run_id)
