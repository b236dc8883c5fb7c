"""How good a run is on other people's texts, beside keywords.

The other table has free tags of its own. Only tags that it shares with the run count, after its
aliases are applied; texts that bear none of them are left out. The keyword baseline predicts a
tag where its name, or an alias of it, stands in the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from tagger.console import Refusing
from tagger.environment import open_store
from tagger.errors import TooLittleData
from tagger.model import Model
from tagger.printing import results
from tagger.records import Performance
from training.data import read_dataset
from training.evaluate import measure, predict, truth_of
from training.labelled import Labelled, Reading


@dataclass(frozen=True, slots=True)
class Transfer:
    """How well a run and the keywords find the tags of another table."""

    texts: int
    keywords: Performance
    run: Performance
    alone: tuple[str, ...]
    """Tags of the run that the other table does not know."""


def read_aliases(path: Path) -> dict[str, str]:
    """Read ``{tag: {"aliases": [...]}}`` and return the tag of every other spelling."""
    known = json.loads(path.read_text(encoding="utf-8"))
    return {alias: tag for tag, facts in known.items() for alias in facts["aliases"]}


def keyword(tag: str, aliases: Mapping[str, str]) -> re.Pattern[str]:
    """Match a tag's name or an alias: with dashes or blanks, singular or plural, in capitals."""
    names = [tag, *(alias for alias, of in aliases.items() if of == tag)]
    spelt = "|".join(re.escape(name).replace(r"\-", "[- ]") for name in names)
    return re.compile(rf"(?<!\w)(?:{spelt})s?(?!\w)", re.IGNORECASE)


def found_by_keywords(
    texts: Sequence[str], tags: Sequence[str], aliases: Mapping[str, str]
) -> NDArray[np.bool_]:
    """Look for every tag's keywords in every text: (texts, tags)."""
    patterns = [keyword(tag, aliases) for tag in tags]
    return np.array([[bool(pattern.search(text)) for pattern in patterns] for text in texts])


def transfer(model: Model, labelled: Labelled, aliases: Mapping[str, str]) -> Transfer:
    """Measure a model and the keywords on the texts of another table."""
    theirs = {tag for tags in labelled.tags for tag in tags}
    shared = [tag for tag in model.tags if tag in theirs]
    if not shared:
        raise TooLittleData("The table has none of the run's tags, so there is nothing to measure.")
    truth = truth_of(labelled.tags, shared)
    kept = np.flatnonzero(truth.any(axis=1))
    texts = [labelled.texts[place] for place in kept]
    return Transfer(
        texts=len(texts),
        keywords=measure(truth[kept], found_by_keywords(texts, shared, aliases), shared),
        run=measure(truth[kept], predict(model, texts, shared), shared),
        alone=tuple(tag for tag in model.tags if tag not in theirs),
    )


def show(found: Transfer) -> None:
    """Print the figures, the most frequent tag first."""
    table = Table(title=f"F1 on {found.texts} texts of another table")
    table.add_column("tag")
    for column in ("texts", "keywords", "run"):
        table.add_column(column, justify="right")
    keywords, run = found.keywords.overall, found.run.overall
    table.add_row("all, weighted", str(found.texts), f"{keywords.f1:.3f}", f"{run.f1:.3f}")
    table.add_row("all, macro", "", f"{keywords.macro_f1:.3f}", f"{run.macro_f1:.3f}")
    table.add_section()
    for tag, scores in sorted(found.run.by_tag.items(), key=lambda item: -item[1].support):
        table.add_row(
            tag,
            str(scores.support),
            f"{found.keywords.by_tag[tag].f1:.2f}",
            f"{scores.f1:.2f}",
        )
    out = results()
    out.print(table)
    out.print(f"Tags without a counterpart: {', '.join(found.alone) or 'none'}.")


@click.command("transfer", cls=Refusing)
@click.argument("table")
@click.option("--aliases", type=click.Path(exists=True, path_type=Path), help="JSON of aliases.")
@click.option("--run", default="promoted", show_default=True, help="The run to measure.")
def measure_transfer(table: str, *, aliases: Path | None, run: str) -> None:
    """Measure a run on other people's TABLE, beside keywords.

    Example: python -m training.measuring transfer projects.jsonl --aliases tags.json
    """
    spellings = read_aliases(aliases) if aliases else {}
    labelled = read_dataset(table, Reading(aliases=spellings)).labelled
    store = open_store()
    model = store.model(store.resolve(run))
    show(transfer(model, labelled, spellings))
