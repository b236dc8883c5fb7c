"""The owner's say over a tag's threshold, and measuring runs on other tables: without training."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from tagger.errors import UnreachableTarget
from tagger.store import Store
from tests.runs import TABLE, made_run, named, put
from tests.serving import run_python
from training.data import read_dataset
from training.evaluate_command import tell_unknown_tags
from training.labelled import Reading
from training.operate import threshold_for_precision, with_threshold


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Make a store of one run."""
    put(Store(tmp_path), named("base"))
    return tmp_path


def training(home: Path, *arguments: str) -> tuple[int, str, str]:
    """Run a command of the model owner."""
    done = run_python("-m", "training", *arguments, home=home)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, " ".join(done.stderr.split())


def test_another_threshold_is_another_run(home: Path) -> None:
    """`operate` makes a run of the same weights and other thresholds, measured, not promoted."""
    tag = made_run().run.tags[0]
    status, out, _ = training(
        home, "operate", "base", "--tag", tag, "--threshold", "0.999", "--json"
    )
    assert status == 0
    told = json.loads(out)
    store = Store(home)
    new, old = store.run(told["run_id"]), store.run("base")
    assert new.derived_from == "base"
    assert new.thresholds == (0.999, *old.thresholds[1:])
    assert new.performance.by_tag[tag].recall < old.performance.by_tag[tag].recall
    for other in old.tags[1:]:
        assert new.performance.by_tag[other] == old.performance.by_tag[other]
    texts = ["Whisk the broth", "a saddle and a telescope", ""]
    scores = [store.model(run_id).score(texts).scores for run_id in ("base", new.run_id)]
    assert (scores[0] == scores[1]).all()
    assert store.model(new.run_id).policy.thresholds[0] == 0.999
    assert store.promoted() == "base"


def respelt(home: Path, *names: str) -> None:
    """Put a run into a store whose first tags have other names."""
    made = named("base")
    tags = (*names, *made.run.tags[len(names) :])
    by_tag = dict(zip(tags, made.run.performance.by_tag.values(), strict=True))
    performance = replace(made.run.performance, by_tag=by_tag)
    run = replace(made.run, tags=tags, performance=performance)
    put(Store(home), replace(made, run=run, model=replace(made.model, tags=tags)))


def test_a_tag_is_found_in_each_form_of_unicode(tmp_path: Path) -> None:
    """An accent that a terminal types as a sign of its own is the one that the table has."""
    respelt(tmp_path, "música")
    command = ("operate", "base", "--tag", "mu\u0301sica", "--threshold", "0.9")
    status, out, err = training(tmp_path, *command)
    assert status == 0, err
    assert out.startswith("música: threshold 0.9")


def test_keywords_are_found_and_shown_whatever_signs_they_hold(tmp_path: Path) -> None:
    """Tags that end with a sign, have capitals, or look like markup to what prints them."""
    tags = ("C++", "Go", "[/b]")
    respelt(tmp_path, *tags)
    table = tmp_path / "table.jsonl"
    rows = [{"text": f"Some words on {tag}, say", "tags": [tag]} for tag in tags]
    table.write_text("\n".join(map(json.dumps, rows)))
    command = ("-m", "training.measuring", "transfer", str(table), "--run", "base")
    done = run_python(*command, home=tmp_path)
    assert done.returncode == 0, done.stderr
    for tag in tags:
        assert re.search(rf"{re.escape(tag)} +│ +1 │ +1\.00 │", done.stdout)


def test_a_precision_is_reached_on_texts_not_seen(home: Path) -> None:
    """The threshold found for a precision is the lowest that reaches it on out-of-fold scores."""
    run, exam = made_run().run, made_run().exam
    answers = exam.training
    for column, tag in enumerate(run.tags):
        limit = threshold_for_precision(run, exam, tag=tag, precision=0.9)
        scores, truth = answers.scores[:, column].round(6), answers.truth[:, column]
        found = scores >= limit - 1e-9
        assert truth[found].mean() >= 0.9
        lower = sorted({float(score) for score in scores if 0 < score < limit - 1e-6})
        for other in lower[-20:]:
            assert truth[scores >= other - 1e-9].mean() < 0.9
    tag = made_run().run.tags[0]
    status, out, _ = training(home, "operate", "base", "--tag", tag, "--precision", "0.9")
    assert status == 0
    assert f"on the test, on {made_run().run.performance.by_tag[tag].support} texts of it" in out


@pytest.mark.parametrize("precision", [0.0, 0.1, 0.3])
def test_a_low_precision_is_reached_where_the_exam_is_whole(precision: float) -> None:
    """Below what the exam keeps stand right answers alone, and no threshold is found among them."""
    made = made_run()
    for tag in made.run.tags:
        limit = threshold_for_precision(made.run, made.exam, tag=tag, precision=precision)
        run, _ = with_threshold(made.run, made.model, made.exam, tag=tag, threshold=limit)
        assert run.thresholds[run.tags.index(tag)] >= 0.01


def test_a_precision_out_of_reach_is_told_as_it_was_asked_for() -> None:
    """99.5% are not called 100%."""
    run, exam = made_run().run, made_run().exam
    wrong = replace(exam, training=replace(exam.training, truth=~exam.training.truth))
    with pytest.raises(UnreachableTarget, match=r"right 99\.5% of the time"):
        threshold_for_precision(run, wrong, tag=run.tags[0], precision=0.995)


def test_a_threshold_lowered_step_by_step_stays_measured() -> None:
    """A run made of another by a low threshold keeps no lower scores than that one's exam."""
    made = made_run()
    tag = made.run.tags[0]
    low, model = with_threshold(made.run, made.model, made.exam, tag=tag, threshold=0.011)
    with pytest.raises(UnreachableTarget, match=r"0\.010000"):
        with_threshold(low, model, made.exam, tag=tag, threshold=0.006)


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        (("--tag", "nonsense", "--precision", "0.9"), 2, "Tags that exist"),
        (("--tag", "music"), 2, "either --precision or --threshold"),
        (("--tag", "music", "--threshold", "nan"), 2, "'nan' is no number"),
        (("--tag", "music", "--threshold", "0.000001"), 1, "Ask for more"),
    ],
)
def test_what_cannot_be_operated_is_refused(
    home: Path, options: tuple[str, ...], status: int, words: str
) -> None:
    """An unknown tag, no aim, a threshold below what the exam keeps: each is refused in words."""
    code, out, err = training(home, "operate", "base", *options)
    assert (code, out) == (status, "")
    assert words in err
    assert Store(home).run_ids() == ["base"]


def test_a_run_is_measured_on_any_table(home: Path) -> None:
    """`evaluate RUN TABLE` measures the run on every row and says how many it may have seen."""
    status, out, err = training(home, "evaluate", "base", str(TABLE), "--json")
    assert status == 0
    told = json.loads(out)
    assert told["performance"]["overall"]["texts"] == 250
    training_rows = made_run().run.data.training_rows
    assert f"{training_rows} of 250 texts" in err


def test_tags_that_a_run_lacks_are_told(home: Path, tmp_path: Path) -> None:
    """A table of tags that the run does not know is measured by the others, or not at all."""
    table = tmp_path / "other.csv"
    table.write_text("text,tags\nA comet,astronomy|night\nA saddle,cycling\n")
    status, _, err = training(home, "evaluate", "base", str(table), "--json")
    assert status == 0
    assert "Not a tag of base: night." in err
    assert "None of its columns" not in err
    table.write_text("text,astronomy,cycling,night\nA comet,1,0,1\nA saddle,0,1,0\n")
    _, _, err = training(home, "evaluate", "base", str(table), "--json")
    assert "bears cooking, gardening, music and sailing: where such a tag is given" in err
    table.write_text("text,tags\nA comet,Night\nA saddle,Bicycles\n")
    for runs in (["base"], ["base", "base"]):
        status, out, err = training(home, "evaluate", *runs, str(table))
        assert (status, out) == (2, "")
        assert "Its tags are Bicycles and Night;" in err


def test_a_tag_that_one_of_two_runs_has_is_not_said_to_be_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is compared, as never given by the other; what neither has is not."""
    run, dataset = made_run().run, read_dataset(str(TABLE), Reading())
    fewer, fewest = replace(run, tags=run.tags[1:]), replace(run, tags=run.tags[2:])
    tell_unknown_tags([fewer, run], dataset)
    assert not capsys.readouterr().err
    tell_unknown_tags([fewer, fewest], dataset)
    assert f": {run.tags[0]}. Texts" in " ".join(capsys.readouterr().err.split())


def test_two_runs_are_set_side_by_side_on_any_table(home: Path) -> None:
    """`evaluate A B TABLE` tells the paired differences and the texts on which they differ."""
    tag = made_run().run.tags[0]
    _, out, _ = training(home, "operate", "base", "--tag", tag, "--threshold", "1", "--json")
    other = json.loads(out)["run_id"]
    status, out, _ = training(home, "evaluate", "base", other, str(TABLE), "--json")
    assert status == 0
    told = json.loads(out)
    found = told["comparison"]["by_tag"][tag]
    assert found["second"] < found["first"]
    assert found["low"] <= found["second"] - found["first"] <= found["high"]
    assert told["differing"]
    for text in told["differing"]:
        assert set(text["first"]) - set(text["second"]) == {tag}
    lines = home / "lines.csv"
    lines.write_text(re.sub("^(\\w+) (.*),", r'"\1\n\2",', TABLE.read_text(), flags=re.MULTILINE))
    status, out, _ = training(home, "evaluate", "base", other, str(lines))
    assert status == 0
    assert f"They differ on {len(told['differing'])} texts" in out
    assert "on 250 texts of the table" in out
    shown = re.findall(r"^  row \d+: \w+ \w.*\n    true ", out, flags=re.MULTILINE)
    assert len(shown) == 20
    assert f"  {len(told['differing']) - 20} more; --json has all." in out
