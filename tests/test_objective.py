"""A run's thresholds aim at what its owner asks for: the best F1, a precision or a recall."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tagger.errors import SettingsError
from tagger.records import Params, Scores
from tagger.store import Store
from tests.fitting import table
from tests.runs import TABLE, made_run
from tests.serving import run_python
from training.data import read_dataset
from training.fit import fit
from training.labelled import Reading
from training.split import split
from training.thresholds import Objective, thresholds_for
from training.train_summary import tell_made


def drawn_scores(*, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw scores (texts, tags), true probabilities, and the truth that follows from them."""
    random = np.random.default_rng(seed)
    scores = 1 / (1 + np.exp(-random.normal(-1, 2.5, (2000, 10))))
    return scores, random.random(scores.shape) < scores


def test_what_is_asked_for_is_reached_on_other_texts() -> None:
    """Thresholds set on some texts reach the precision, or the recall, on texts like them."""
    scores, truth = drawn_scores()
    others, their_truth = drawn_scores(seed=1)
    careful = others >= thresholds_for(Objective.read("precision=0.9"), scores, truth)
    assert their_truth[careful].mean() == pytest.approx(0.9, abs=0.02)
    eager = others >= thresholds_for(Objective.read("recall=0.8"), scores, truth)
    assert eager[their_truth].mean() == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize("objective", ["precision=0.9", "recall=0.8"])
def test_a_rare_tag_leans_on_the_others(objective: str) -> None:
    """One lucky or unlucky text of a rare tag moves its threshold little, or not at all."""
    scores, truth = drawn_scores()
    aim = Objective.read(objective)
    thresholds = []
    for bearer in (0.05, 0.95):
        rare_scores = np.full((2000, 1), 0.001)
        rare_scores[0] = bearer
        rare_truth = np.zeros((2000, 1), np.bool_)
        rare_truth[0] = True
        found = thresholds_for(
            aim, np.hstack([scores, rare_scores]), np.hstack([truth, rare_truth])
        )
        common = float(np.median(found[:-1]))
        thresholds.append(float(found[-1]))
        assert abs(found[-1] - common) < 0.2
    assert abs(thresholds[0] - thresholds[1]) < 0.2


def test_where_no_threshold_will_do_the_utmost_is_taken() -> None:
    """A tag that is never right is hardly ever predicted; one that scores nothing, always."""
    nothing, everything = np.zeros((100, 2)), np.ones((100, 2))
    careful = thresholds_for(Objective.read("precision=0.9"), everything, everything == 0)
    eager = thresholds_for(Objective.read("recall=0.8"), nothing, nothing == 0)
    assert careful.min() > 0.9999
    assert eager.max() < 0.0001


def test_some_wrong_scores_at_the_top_silence_no_tag() -> None:
    """Where a tag is missing on some texts that score highest, it is given as often as may be."""
    scores, truth = drawn_scores()
    truth[np.argsort(-scores[:, 0])[:20:2], 0] = False
    given = scores[:, 0] >= thresholds_for(Objective.read("precision=0.9"), scores, truth)[0]
    assert truth[given, 0].mean() >= 0.88
    assert given.sum() > 100


def test_scores_of_0_and_1_have_thresholds() -> None:
    """A probability that is sure, as it is written, has no endless log-odds."""
    truth = np.repeat([[True, False], [False, True]], 10, axis=0)
    found = thresholds_for(Objective.read("f1"), truth.astype(np.float64), truth)
    assert ((found > 0) & (found < 1)).all()


def test_what_misses_is_told_by_the_figure_asked_for() -> None:
    """Of precision and recall the one is looked at; a tag that just reaches it does not miss."""
    by_tag = {"shy": Scores(0.9, 0.7, 0.8, 20), "rash": Scores(0.7, 0.9, 0.8, 20)}
    assert Objective.read("precision=0.9").missed_by(by_tag) == {"rash": 0.7}
    assert Objective.read("recall=0.9").missed_by(by_tag) == {"shy": 0.7}


@pytest.fixture
def noisy(tmp_path: Path) -> Path:
    """Write a table of two fields that are easy to tell apart, and of tags dealt out by chance."""
    random = np.random.default_rng(0)
    rows = [
        f"{what} number {number},{tag}|{'luck' if random.random() < 0.3 else 'rest'}"
        for number in range(60)
        for what, tag in (("a comet in the sky", "astronomy"), ("a saddle and a wheel", "cycling"))
    ]
    table = tmp_path / "noisy.csv"
    table.write_text("text,tags\n" + "\n".join(rows) + "\n")
    return table


def test_a_run_is_as_careful_or_as_eager_as_its_owner_asks(noisy: Path, tmp_path: Path) -> None:
    """`train --objective` writes runs of equal weights; a tag that misses the aim is named."""
    told = {}
    for objective in ("recall=0.95", "f1", "precision=0.95"):
        command = ("train", str(noisy), "--fast", "--json", "--objective", objective)
        told[objective] = json.loads(run_python("-m", "training", *command, home=tmp_path).stdout)
    store = Store(tmp_path)
    runs = [store.run(one["run_id"]) for one in told.values()]
    assert [run.params.objective for run in runs] == list(told)
    luck = runs[0].tags.index("luck")
    eager, usual, careful = (run.thresholds[luck] for run in runs)
    assert eager < usual < careful
    scores = [store.model(run.run_id).score(["A comet and a saddle"]).scores for run in runs]
    assert (scores[0] == scores[1]).all()
    assert (scores[0] == scores[2]).all()
    assert told["f1"]["unreached"] == {}
    assert told["precision=0.95"]["unreached"]["luck"] < 0.95
    assert "cycling" not in told["precision=0.95"]["unreached"]


def test_a_person_is_told_what_misses_the_objective(capsys: pytest.CaptureFixture[str]) -> None:
    """The line names the objective, the tags and what they reach, never as much as was asked for.

    A tag that was not given once has a precision of 0, and is not told as if it were always wrong.
    """
    made = replace(made_run(), unreached={"luck": 0.8996, "rest": 0.29, "shy": 0.0})
    parts = split(read_dataset(str(TABLE), Reading()), made.run.params)
    params = replace(made.run.params, objective="precision=0.9")
    tell_made(replace(made, run=replace(made.run, params=params)), parts)
    told = capsys.readouterr().out
    where = "on folds of the training side"
    assert f"Below precision=0.9 {where}: luck (0.89), rest (0.29)." in told
    assert f"For precision=0.9, never given {where}, or never rightly: shy." in told


@pytest.mark.parametrize(
    "written", ["precision", "precision=2", "recall=1", "recall=x", "f1=0.5", "care=0.9"]
)
def test_an_objective_that_there_is_not_is_refused(written: str) -> None:
    """What cannot be aimed at is told before any work, with an example of what can."""
    with pytest.raises(SettingsError, match=r"below 1, for example precision=0\.9"):
        fit(*table(), Params(objective=written))


def test_one_tag_a_text_has_no_thresholds_to_set() -> None:
    """Where the best tag is predicted whatever its score, a precision cannot be asked for."""
    with pytest.raises(SettingsError, match="task multi"):
        fit(*table(), Params(objective="precision=0.9", task="single"))
