"""What commands print of a run and of two: figures that texts bear out, and no others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tagger.compare import Comparison
from tagger.paired import Difference
from tagger.printing import print_comparison, print_performance
from tagger.records import Overall, Performance, Scores
from tagger.store import Store
from tests.runs import made_run, put, single
from tests.serving import run_python


def test_no_figure_is_shown_that_no_text_bears_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Tags on no text of the test, and texts of no tag, have no F1, and few texts are said so."""
    by_tag = {f"of-{support}": Scores(0.5, 0.5, 0.5, support) for support in (0, 1, 30, 40, 50)}
    overall = Overall(0.5, 0.5, 0.5, 0.5, 0.5, 0.75, 60)
    performance = Performance(overall, by_tag, {"no-tag": replace(overall, f1=0.0)})
    run = replace(made_run().run, tags=tuple(by_tag), thresholds=(0.25,) * len(by_tag))
    print_performance(run, performance, ends=1)
    told = capsys.readouterr().out
    rows = {cells[0]: cells[1:] for cells in map(str.split, told.splitlines()) if cells}
    assert rows["no-tag"] == [*"-----", "0.750", "60"]
    assert "The 1 best and the 1 worst of 4 tags" in told
    assert "of-0" not in rows
    assert "fewer than 20 of the texts, too few to be judged alone: 2 of 5 tags." in told
    print_performance(run, performance)
    assert ["of-0", *"---", "0.250", "0"] in map(str.split, capsys.readouterr().out.splitlines())
    print_performance(run, replace(performance, by_tag={"of-0": by_tag["of-0"]}))
    told = capsys.readouterr().out
    assert ["overall", *"-----", "0.750", "60"] in map(str.split, told.splitlines())
    assert "No text bears a tag of the run: nothing was measured." in told
    unborne = replace(performance, by_tag={f"of-0-{n}": by_tag["of-0"] for n in range(3)})
    print_performance(run, unborne, ends=1)
    assert "of-0" not in capsys.readouterr().out
    few = {**unborne.by_tag, "of-1": by_tag["of-1"]}
    print_performance(run, replace(performance, by_tag=few), ends=1)
    told = capsys.readouterr().out
    assert "Of 4 tags, those that texts bear:" in told
    assert ("of-1" in told, "of-0" in told) == (True, False)


def test_no_threshold_is_shown_where_none_is_asked(home: Path) -> None:
    """Of a run that gives each text its best tag, `show` tells no threshold."""
    put(Store(home), single("single"))
    shown = [
        run_python("-m", "tagger", "show", run_id, home=home).stdout
        for run_id in ("first", "single")
    ]
    assert ["threshold" in told for told in shown] == [True, False]


def test_a_comparison_shows_what_can_be(capsys: pytest.CaptureFixture[str]) -> None:
    """An interval ends where a difference must; a tag that no text bears has none."""
    few, none = Difference(0.0, 0.667, 0.051, 1.283, 2, 1.0), Difference(0, 0, 0, 0, 0, 1.0)
    by_tag = {"on-two": few, "on-none": none}
    print_comparison(Comparison("a", "b", 60, few, by_tag, (), (), 0, ()))
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["on-two", "0.667", "0.000", "+0.667", "+0.051", "to", "+1.000", "2"] in rows
    assert ["on-none", *"----", "0"] in rows


def test_a_comparison_of_many_tags_shows_what_changed(capsys: pytest.CaptureFixture[str]) -> None:
    """The tags that are worse beyond noise and those that changed most; the others are counted."""
    same = Difference(0.5, 0.5, 0, 0, 40, 1.0)
    by_tag = {f"tag-{number}": same for number in range(2_000)} | {
        "better": replace(same, second=0.9),
        "lower": replace(same, second=0.4),
        "worse": replace(same, second=0.49),
    }
    print_comparison(Comparison("a", "b", 60, same, by_tag, (), (), 0, ("worse",)))
    told = capsys.readouterr().out
    shown = [line.split()[0] for line in told.splitlines()[3:-1]]
    assert (shown[:2], shown[-1], len(shown)) == (["lower", "worse"], "better", 20)
    assert "\n1983 more tags" in told
