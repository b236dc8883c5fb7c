"""The command `operate`: another threshold for one tag, without training."""

from __future__ import annotations

import click

from tagger import objects, printing
from tagger.console import as_json
from tagger.environment import open_store
from tagger.option_types import Number
from tagger.wording import counted, known_names
from training.operate import threshold_for_precision, with_threshold
from training.tag_cells import one_spelling


@click.command()
@click.argument("run")
@click.option("--tag", "tag", required=True, help="The tag whose threshold is set.")
@click.option("--precision", type=Number(0, 1), help="As low as lets it be right so often.")
@click.option("--threshold", type=Number(0, 1), help="This score.")
@as_json
def operate(
    run: str, *, tag: str, precision: float | None, threshold: float | None, as_json: bool
) -> None:
    """Set the threshold of a tag, without training.

    Makes a run that differs from RUN in that alone.

    Example: python -m training operate promoted --tag nlp --precision 0.9
    """
    if (precision is None) == (threshold is None):
        raise click.UsageError("Give either --precision or --threshold.")
    store = open_store()
    run_id, tag = store.resolve(run), one_spelling(tag)
    old, exam = store.run(run_id), store.exam(run_id)
    if tag not in old.tags:
        raise click.UsageError(f"{run_id} has no tag {tag!r}. {known_names('Tags', tag, old.tags)}")
    if threshold is None:
        threshold = threshold_for_precision(old, exam, tag=tag, precision=precision or 0)
    new, model = with_threshold(old, store.model(run_id), exam, tag=tag, threshold=threshold)
    store.write(new, model, exam)
    if as_json:
        printing.print_json(objects.run_object(new, promoted=False))
        return
    before, after = old.performance.by_tag[tag], new.performance.by_tag[tag]
    click.echo(
        f"{tag}: threshold {threshold:.6f}; on the test, on {counted(after.support, 'text')} of "
        f"it, precision {before.precision:.3f} -> {after.precision:.3f}, "
        f"recall {before.recall:.3f} -> {after.recall:.3f}"
    )
    click.echo(f"Run {new.run_id} is in the store.")
    click.echo(f"Next: python -m training promote {new.run_id}")
