"""The operator's commands: list, show, compare, promote, rollback, history, delete, tag."""

from __future__ import annotations

from dataclasses import asdict

import click

from tagger.console import HELP, Commands, as_json
from tagger.environment import open_store, prepare_environment
from tagger.promote_command import promote, rollback
from tagger.tag_command import tag

# What a command needs is imported when it is typed: numpy, pydantic and rich would delay --help.


@click.group(cls=Commands, context_settings=HELP)
def commands() -> None:
    """Look after runs and tag texts: what makes runs is python -m training.

    RUN is a run's name, the beginning of it, or `promoted`.

    Example: python -m tagger list
    """


@commands.command("list")
@click.option("--top", type=click.IntRange(min=1), help="The best so many only.")
@as_json
def list_runs(top: int | None, *, as_json: bool) -> None:
    """List the runs, the best weighted F1 first.

    Example: python -m tagger list --top 3
    """
    from tagger import objects, printing
    from tagger.errors import NoRun
    from tagger.records import best_first

    store = open_store()
    runs, unreadable = store.survey()
    promoted = store.promoted()
    shown = best_first(runs)[:top]
    if as_json:
        summaries = [objects.summary_object(run, promoted=run.run_id == promoted) for run in shown]
        printing.print_json({"runs": summaries})
    elif shown:
        printing.print_runs(shown, promoted)
    if not runs and not unreadable:
        printing.note(str(NoRun(str(store.folder.parent))))
    elif not runs:
        printing.note("None of the runs can be read. Train one with: python -m training train")
    for run_id, fault in unreadable.items():
        printing.note(f"Left out: {fault} To delete it: python -m tagger delete {run_id}")
    if store.moved_by_others():
        printing.note(
            f"{promoted} is tagline:latest without a promotion: something else moved it, "
            "as `bentoml models import` does. Servers keep to the run that was promoted last, if "
            f"it is there. Confirm it, or name another: python -m tagger promote {promoted}"
        )


@commands.command()
@click.argument("run", default="promoted")
@as_json
def show(run: str, *, as_json: bool) -> None:
    """Show all that is known of RUN (default: the promoted one).

    Example: python -m tagger show promoted --json
    """
    from tagger import objects, printing

    store = open_store()
    shown = store.run(store.resolve(run))
    promoted = shown.run_id == store.promoted()
    if as_json:
        printing.print_json(objects.run_object(shown, promoted=promoted))
    else:
        printing.print_run(shown, promoted=promoted)


@commands.command()
@click.argument("first")
@click.argument("second")
@as_json
def compare(first: str, second: str, *, as_json: bool) -> None:
    """Set run SECOND beside run FIRST, on the texts of both tests.

    Example: python -m tagger compare promoted 20260731
    """
    from tagger import printing
    from tagger.compare import compare as compare_runs

    store = open_store()
    first, second = store.resolve(first), store.resolve(second)
    comparison = compare_runs(
        store.run(first), store.exam(first), store.run(second), store.exam(second)
    )
    if as_json:
        printing.print_json(asdict(comparison))
    else:
        printing.print_comparison(comparison)


@commands.command()
@as_json
def history(*, as_json: bool) -> None:
    """Show every promotion: when, from, to, how and by whom.

    Example: python -m tagger history
    """
    from tagger import printing
    from tagger.errors import NoRun
    from tagger.history import took_effect

    store = open_store()
    lines = store.history()
    effective = took_effect(lines, store.promoted())
    if as_json:
        shown = [
            asdict(line) | {"took_effect": took}
            for line, took in zip(lines, effective, strict=True)
        ]
        printing.print_json({"history": shown})
    elif lines:
        printing.print_history(lines, effective)
    if not store.run_ids():
        printing.note(str(NoRun(str(store.folder.parent))))
    elif not lines:
        printing.note("No run was promoted yet: python -m tagger promote RUN")


@commands.command()
@click.argument("run")
@as_json
def delete(run: str, *, as_json: bool) -> None:
    """Delete RUN, a broken one too; never the promoted one.

    Example: python -m tagger delete 20260731-101500-3f2a
    """
    from tagger import printing

    store = open_store()
    run_id = store.resolve(run)
    store.delete(run_id)
    if as_json:
        printing.print_json({"deleted": run_id})
    else:
        click.echo(f"{run_id} is deleted.")


for _command in (promote, rollback, tag):
    commands.add_command(_command)


if __name__ == "__main__":
    prepare_environment()
    commands(prog_name="python -m tagger")
