"""What commands print: results on stdout, as a table or as JSON; everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict

import click
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from tagger.compare import Comparison
from tagger.paired import FEWEST_POSITIVES, OVERALL, Difference
from tagger.records import Overall, Performance, Prediction, Promotion, Run
from tagger.wording import counted, listed

MOST_COMPARED = 20
"""Tags of two runs that are shown side by side."""
WIDTH = 110
"""Columns of a table where there is no terminal to fill."""
UNTAGGED = "no-tag"
"""The slice of texts that bear no tag: nothing is to be found there, so only `exact` says much."""
UNKNOWN = "-"
"""Stands for a figure that there are no texts to measure by."""


def results() -> Console:
    """Give the console of results, which shows tags and texts as they are."""
    out = Console(markup=False, emoji=False, highlight=False)
    if not out.is_terminal:
        out.width = WIDTH
    return out


def notes() -> Console:
    """Give the console of all else, on stderr, which shows them likewise."""
    return Console(stderr=True, soft_wrap=True, markup=False, emoji=False, highlight=False)


def print_json(content: object) -> None:
    """Print a result as JSON, alone on stdout."""
    shown = json.dumps(content, ensure_ascii=False, indent=2)
    try:
        shown.encode(getattr(sys.stdout, "encoding", "utf-8"))
    except UnicodeEncodeError:
        shown = json.dumps(content, indent=2)
    click.echo(shown)


def note(text: str) -> None:
    """Tell something beside the result, on stderr."""
    notes().print(text)


@contextmanager
def counter(what: str) -> Iterator[Callable[[int], None]]:
    """Count on a terminal while something is done many times."""
    console = notes()
    with Progress(
        TextColumn("{task.completed} " + what),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        task = progress.add_task("", total=None)
        yield lambda more: progress.advance(task, more)


def print_runs(runs: Sequence[Run], promoted: str | None) -> None:
    """Print runs, in their order."""
    table = Table(
        _whole("run"),
        _whole("f1"),
        _whole("macro f1"),
        _whole("tags"),
        Column("table", overflow="ellipsis", max_width=24),
        _whole("texts"),
        _whole("task"),
        _whole(""),
        box=None,
    )
    for run in runs:
        overall = run.performance.overall
        table.add_row(
            run.run_id,
            *_figures(overall.f1, overall.macro_f1),
            str(len(run.tags)),
            run.data.source,
            str(run.data.rows),
            run.task,
            "promoted" if run.run_id == promoted else "",
        )
    results().print(table)


def print_run(run: Run, *, promoted: bool) -> None:
    """Print all that is known of a run."""
    out = results()
    facts = Table("", Column(overflow="fold"), box=None, show_header=False)
    facts.add_row("run", run.run_id + (" (promoted)" if promoted else ""))
    facts.add_row("made", run.created_at)
    if run.derived_from:
        facts.add_row("thresholds of", run.derived_from + " changed")
    facts.add_row("table", run.data.source)
    facts.add_row("sha256", run.data.sha256)
    if run.data.licence:
        facts.add_row("licence", run.data.licence)
    without_one = f" and {run.data.not_of_one_tag} of no trained tag, or several,"
    facts.add_row(
        "texts",
        f"{run.data.rows}: {run.data.training_rows} training, {run.data.test_rows} test, "
        f"{counted(run.data.near_duplicates_left_out, 'near duplicate')}"
        f"{without_one if run.task == 'single' else ''} left out",
    )
    if lent := run.data.auxiliary:
        facts.add_row("learnt from too", f"{lent.source}: {counted(lent.rows, 'text')}")
        facts.add_row("sha256", lent.sha256)
        facts.add_row("for", ", ".join(lent.tags))
    facts.add_row("params", _with_names(asdict(run.params)))
    facts.add_row("versions", _with_names(run.versions))
    out.print(facts)
    out.print()
    print_performance(run, run.performance)


def print_performance(run: Run, performance: Performance, *, ends: int | None = None) -> None:
    """Print a performance of a run: overall, slices, and tag by tag, the best first.

    ``ends`` shows only so many of the best and of the worst tags.
    """
    out = results()
    out.print(_overall_and_slices(performance))
    if performance.slices:
        out.print("Of kinds of texts all tags are thrown together: their f1 is the micro f1.")
    out.print()
    which, shown = _tags_to_show(performance, ends)
    if which:
        out.print(which)
    if shown:
        out.print(_tag_by_tag(run, performance, shown))
    supports = [scores.support for scores in performance.by_tag.values()]
    few = sum(support < FEWEST_POSITIVES for support in supports)
    if few:
        out.print(
            f"\nOn fewer than {FEWEST_POSITIVES} of the texts, too few to be judged alone: "
            f"{few} of {counted(len(supports), 'tag')}."
        )


def _tags_to_show(performance: Performance, ends: int | None) -> tuple[str, list[str]]:
    """Return which tags to show, the best first, and a sentence that says which, if not all."""
    by_tag = performance.by_tag
    tags = sorted(by_tag, key=lambda tag: (not by_tag[tag].support, -by_tag[tag].f1))
    borne = [tag for tag in tags if by_tag[tag].support]
    too_many = ends is not None and len(tags) > 2 * ends
    if not borne:
        nothing = "No text bears a tag of the run: nothing was measured."
        return nothing, [] if too_many else tags
    if ends is None or not too_many:
        return "", tags
    if len(borne) <= 2 * ends:
        return f"Of {len(tags)} tags, those that texts bear:", borne
    which = f"The {ends} best and the {ends} worst of {len(borne)} tags that texts bear:"
    return which, borne[:ends] + borne[-ends:]


def _overall_and_slices(performance: Performance) -> Table:
    table = Table(
        "", "precision", "recall", "f1", "macro f1", "micro f1", "exact", "texts", box=None
    )
    is_borne = any(scores.support for scores in performance.by_tag.values())
    for name, part in ((OVERALL, performance.overall), *performance.slices.items()):
        table.add_row(name, *_overall(part, borne=is_borne and name != UNTAGGED))
    return table


def _tag_by_tag(run: Run, performance: Performance, tags: Sequence[str]) -> Table:
    # Of single tags the best is given, whatever its score.
    used = run.thresholds if run.task == "multi" else ()
    thresholds = {tag: _figures(own) for tag, own in zip(run.tags, used, strict=False)}
    threshold = ["threshold"] if used else []
    table = Table(_of_tags("tag"), "precision", "recall", "f1", *threshold, "support", box=None)
    for tag in tags:
        scores = performance.by_tag[tag]
        figures = _figures(scores.precision, scores.recall, scores.f1)
        table.add_row(
            tag,
            *(figures if scores.support else [UNKNOWN] * len(figures)),
            *thresholds.get(tag, ()),
            str(scores.support),
        )
    return table


def print_comparison(comparison: Comparison, *, which: str = "that neither has seen") -> None:
    """Print two runs side by side, the tags that lost most first.

    Of many tags those that are worse beyond noise are shown, and those that changed most.
    ``which`` says which texts they were compared on.
    """
    out = results()
    out.print(
        f"{comparison.second} against {comparison.first} on "
        f"{counted(comparison.texts, 'text')} {which}"
    )
    table = Table(
        _of_tags(""), "f1", "against", "difference", "95% interval", "support", "", box=None
    )
    table.add_row(OVERALL, *_difference(comparison.overall, worse=OVERALL in comparison.worse))
    by_tag, worse = comparison.by_tag, comparison.worse
    telling = sorted(by_tag, key=lambda tag: (tag not in worse, -abs(by_tag[tag].difference)))
    for tag in sorted(telling[:MOST_COMPARED], key=lambda tag: by_tag[tag].difference):
        table.add_row(tag, *_difference(by_tag[tag], worse=tag in worse))
    out.print(table)
    if more := len(telling[MOST_COMPARED:]):
        out.print(f"{counted(more, 'more tag')}: compare and evaluate have all with --json.")
    for names, meaning in (
        (comparison.lost, "no longer a tag, counted as never predicted"),
        (comparison.added, "new, not compared"),
    ):
        if names:
            out.print(f"{listed(names, most=20)}: {meaning}")
    if comparison.relabelled:
        relabelled = counted(comparison.relabelled, "text")
        whose = f"{comparison.second}'s"
        out.print(f"The runs' tables tag {relabelled} differently; {whose} tags count.")


def print_history(history: Sequence[Promotion], took_effect: Sequence[bool]) -> None:
    """Print promotions, the newest first, and which took effect."""
    table = Table("when (UTC)", _whole("from"), _whole("to"), "how", "by", box=None)
    for line, took in reversed(list(zip(history, took_effect, strict=True))):
        how = line.kind + (" --force" if line.forced else "")
        if not took:
            how += ", cut off or undone"
        table.add_row(
            line.at[:19].replace("T", " "), line.previous or "", line.run_id, how, line.user
        )
    results().print(table)


def print_predictions(predictions: Sequence[Prediction]) -> None:
    """Print answers text by text."""
    out = results()
    for prediction in predictions:
        out.print(prediction.input_text)
        if prediction.abstained or not prediction.scores:
            out.print(f"  {prediction.reason or 'no tag'}")
        words = {found.tag: found.words for found in prediction.evidence or ()}
        for score in prediction.scores:
            line = f"  {score.score:.3f}  {score.tag}"
            if earned := words.get(score.tag):
                why = ", ".join(f"{word.text} {word.contribution:+.2f}" for word in earned)
                line += f"  ({why})"
            out.print(line)


def _whole(header: str) -> Column:
    """Make a column that is never cut, of names to be typed again say: the others give way."""
    return Column(header, no_wrap=True)


def _of_tags(header: str) -> Column:
    """Make a column whose names are never cut, but continue in the next line."""
    return Column(header, overflow="fold")


def _overall(overall: Overall, *, borne: bool) -> list[str]:
    figures = _figures(
        overall.precision, overall.recall, overall.f1, overall.macro_f1, overall.micro_f1
    )
    return [
        *(figures if borne else [UNKNOWN] * len(figures)),
        *_figures(overall.accuracy),
        str(overall.texts),
    ]


def _difference(found: Difference, *, worse: bool) -> list[str]:
    # An interval may reach beyond what a difference of two shares can be.
    low, high = max(-1.0, found.low), min(1.0, found.high)
    figures = [
        *_figures(found.second, found.first),
        f"{found.difference:+.3f}",
        f"{low:+.3f} to {high:+.3f}",
    ]
    return [
        *(figures if found.support else [UNKNOWN] * len(figures)),
        str(found.support),
        "worse" if worse else "",
    ]


def _figures(*numbers: float) -> list[str]:
    return [f"{number:.3f}" for number in numbers]


def _with_names(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
