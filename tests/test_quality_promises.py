"""Training chooses its model on the training side alone, the same every time, and tells of it."""

from __future__ import annotations

import csv
import json
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from scipy import sparse
from sklearn.linear_model import Ridge
from sklearn.svm import LinearSVC

from tagger.records import Params
from tagger.store import Store
from tests.conftest import TrainedHome
from tests.fitting import table
from tests.runs import TABLE
from tests.serving import Server, run_python
from training import fit as fitting
from training import learners
from training.auxiliary import Lent, lent_by
from training.calibration import calibrate
from training.candidates import (
    CANDIDATES,
    CLEARLY,
    COMPARED_SHORT,
    FAST,
    LESS_REGULARIZED,
    params_for,
)
from training.data import Dataset, read_dataset
from training.evaluate import evaluate, predict, truth_of
from training.fit import Fitted, fit
from training.labelled import Reading
from training.measuring.measured import reliability_slope
from training.measuring.quality import BASELINE, quality
from training.naive_bayes import RIDGE_PENALTY, NaiveBayesSVC, feature_scale
from training.split import Split, split

QUICK = Params(folds=2, min_support=3)


def candidates() -> list[Params]:
    """Return the params of each model that a training compares on short texts like these."""
    return [params_for(name, QUICK) for name in COMPARED_SHORT]


def bytes_of(fitted: Fitted, folder: Path) -> dict[str, bytes]:
    """Return the files of a model."""
    folder.mkdir()
    fitted.model.write(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def fitted_on(path: Path) -> Fitted:
    """Fit on the training side of a table, as ``train`` does."""
    parts = split(read_dataset(str(path), Reading()), QUICK)
    first, *others = candidates()
    return fit(parts.training.texts, parts.training.tags, first, others=others)


def test_labels_of_the_test_side_change_no_fitted_number(tmp_path: Path) -> None:
    """With the test side's tags dealt out anew, the model and all its arrays are the same."""
    parts = split(read_dataset(str(TABLE), Reading()), QUICK)
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    column = {text: row for row in rows for text in [row["text"]]}
    tested = [column[text] for text in parts.test.texts]
    dealt = np.random.default_rng(0).permutation([row["tags"] for row in tested])
    assert dealt.tolist() != [row["tags"] for row in tested]
    for row, tags in zip(tested, dealt.tolist(), strict=True):
        row["tags"] = tags
    permuted = tmp_path / "permuted.csv"
    with permuted.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    first, second = fitted_on(TABLE), fitted_on(permuted)
    assert first.params == second.params
    assert bytes_of(first, tmp_path / "a") == bytes_of(second, tmp_path / "b")
    assert (first.out_of_fold == second.out_of_fold).all()


def test_the_best_on_the_folds_is_fitted_as_if_it_were_alone(tmp_path: Path) -> None:
    """What wins the comparison has the very arrays that it has when it is asked for by name."""
    first, *others = candidates()
    chosen = fit(*table(), first, others=others)
    *compared, less = chosen.compared
    assert [one.model for one in compared] == list(COMPARED_SHORT)
    best = max(compared, key=lambda one: one.f1)
    assert less.model == best.model
    assert less.f1 < best.f1 + CLEARLY
    assert chosen.params == params_for(best.model, QUICK)
    alone = fit(*table(), chosen.params)
    assert len(alone.compared) == 1
    assert bytes_of(chosen, tmp_path / "a") == bytes_of(alone, tmp_path / "b")


def test_what_two_words_say_together_is_learnt_with_less_regularization() -> None:
    """Where that is clearly better on the folds; not where a regularization was asked for."""
    chance = random.Random(0)
    words = {True: ("good", "nice", "bright", "clean"), False: ("bad", "poor", "dark", "dirty")}
    negated, praising = ([chance.random() < 0.5 for _ in range(300)] for _ in range(2))
    texts = [
        f"room {chance.randrange(99)} was {'not ' * turned}{chance.choice(words[kind])} again"
        for turned, kind in zip(negated, praising, strict=True)
    ]
    tags = [
        {"praise" if turned != kind else "blame"}
        for turned, kind in zip(negated, praising, strict=True)
    ]
    for asked, taken in ((None, LESS_REGULARIZED), (0.2, 1.0)):
        first, *others = (
            params_for(name, replace(QUICK, task="single"), regularization=asked)
            for name in COMPARED_SHORT
        )
        chosen = fit(texts, tags, first, others=others).params
        own = asked or CANDIDATES[chosen.model].regularization
        assert chosen.regularization == taken * own


@pytest.mark.parametrize("limit", ["MOST_COMPARED", "MOST_CHARACTERS"])
def test_a_large_table_is_not_compared(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where comparing would take too long or too much memory, the first model is trained."""
    monkeypatch.setattr(fitting, limit, 10)
    first, *others = candidates()
    assert [one.model for one in fit(*table(), first, others=others).compared] == [
        COMPARED_SHORT[0]
    ]


def test_naive_bayes_trusts_telling_features() -> None:
    """A feature that sets the tag apart is scaled up; one that stands everywhere is not."""
    matrix = sparse.csr_matrix([[1.0, 1.0], [1.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
    truth = np.array([1, 1, 0, 0])
    telling, everywhere = feature_scale(matrix, truth.astype(bool))
    assert telling > everywhere > 0
    lengths = 2 * telling**2 + 4 * everywhere**2
    assert lengths == pytest.approx(6)  # the matrix is as long as it was


def test_features_that_tell_nothing_stay_as_they_are() -> None:
    """Where none sets the tag apart, none is trusted more."""
    truth = np.array([True, False])
    assert feature_scale(sparse.csr_matrix(np.ones((2, 3))), truth).tolist() == [1, 1, 1]


def test_what_naive_bayes_finds_is_tempered_by_what_all_features_say() -> None:
    """Decisions are the mean of the scaled machine's and of a ridge regression's."""
    random = np.random.default_rng(0)
    matrix = sparse.csr_matrix(random.random((60, 30)) * (random.random((60, 30)) < 0.2))
    truth = (random.random(60) < 0.3).astype(np.intp)
    scaled = matrix @ sparse.diags(feature_scale(matrix, truth.astype(bool)))
    machine = LinearSVC(random_state=0).fit(scaled, truth).decision_function(scaled)
    ridge = Ridge(RIDGE_PENALTY).fit(matrix.toarray(), 2 * truth - 1).predict(matrix)
    found = NaiveBayesSVC(random_state=0).fit(matrix, truth).decision_function(matrix)
    assert found == pytest.approx((machine + ridge) / 2, abs=0.02)


def test_a_tag_is_found_by_its_name_though_no_text_of_training_holds_it() -> None:
    """Where names are learnt from, a word that stands in a tag's name alone speaks for that tag."""
    texts = ["loaves rise slowly", "flour and yeast", "crust of rye"] * 2
    texts += ["engines hum", "wheels and brakes", "a road at night"] * 2
    tags = [{"sourdough-baking"}] * 6 + [{"driving"}] * 6
    params = params_for("naive-bayes", QUICK)
    found = fit(texts, tags, params).model
    scores = found.score(["sourdough", "road"]).scores[:, found.tags.index("sourdough-baking")]
    assert scores[0] > scores[1]
    assert "sourdough" in found.features.vocabulary


def test_http_answers_as_evaluation_does(server: Server, trained_home: TrainedHome) -> None:
    """Every text of the test side has over HTTP the tags and scores with which it was measured."""
    store = Store(trained_home.path)
    model = store.model(trained_home.run_id)
    params = store.run(trained_home.run_id).params
    parts = split(read_dataset(str(TABLE), Reading()), params)
    texts = [{"text": text} for text in parts.test.texts]

    def answers(**options: float) -> list[dict[str, Any]]:
        asked = {"texts": texts, **options}
        answer = requests.post(f"{server.url}/predict", json=asked, timeout=60).json()
        predictions: list[dict[str, Any]] = answer["data"]["predictions"]
        return predictions

    every = [{one["tag"]: one["score"] for one in text["scores"]} for text in answers(threshold=0)]
    scores = evaluate(model, parts.test).scored.scores.astype(np.float64).round(6).tolist()
    assert every == [dict(zip(model.tags, row, strict=True)) for row in scores]
    predicted = [text["predicted_tags"] for text in answers()]
    measured = predict(model, parts.test.texts, model.tags)
    assert truth_of(predicted, model.tags).tolist() == measured.tolist()


@pytest.mark.parametrize("stretch", [0.5, 1.0, 2.0])
def test_the_slope_tells_how_scores_are_stretched(stretch: float) -> None:
    """Log-odds that are twice what they should be have a slope of reliability of one half."""
    random = np.random.default_rng(0)
    log_odds = random.normal(-1, 2, 50_000)
    truth = random.random(len(log_odds)) < 1 / (1 + np.exp(-log_odds))
    scores = 1 / (1 + np.exp(-stretch * log_odds))
    assert reliability_slope(scores, truth) == pytest.approx(1 / stretch, rel=0.05)


def test_calibrated_scores_are_nearer_to_the_truth() -> None:
    """On texts that calibration has not seen, scores beat base rates, and uncalibrated ones."""
    random = np.random.default_rng(0)
    log_odds = random.normal(-2, 2, (1000, 20))
    truth = random.random(log_odds.shape) < 1 / (1 + np.exp(-log_odds))
    decisions = log_odds / random.uniform(2, 6, 20) + random.normal(0, 0.3, 20)
    seen, unseen = truth[:500], truth[500:]
    scores = calibrate(decisions[:500], seen).probability(decisions[500:])
    uncalibrated = 1 / (1 + np.exp(-decisions[500:]))

    def brier(found: np.ndarray) -> float:
        return float(((found - unseen) ** 2).mean())

    assert brier(scores) < 0.9 * brier(uncalibrated)
    assert brier(scores) < 0.9 * brier(np.broadcast_to(seen.mean(axis=0), unseen.shape))
    assert 0.9 < reliability_slope(scores.ravel(), unseen.ravel()) < 1.1


def test_every_candidate_is_set_beside_plain_scikit_learn(tmp_path: Path) -> None:
    """`python -m training.measuring quality` has a row a candidate, beside the baseline."""
    command = ("-m", "training.measuring", "quality", str(TABLE), "--splits", "2")
    done = run_python(*command, home=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.strip().splitlines()
    rows = {cells[1].strip(): cells[2:] for cells in (line.split("|") for line in lines)}
    assert {BASELINE, "word", *CANDIDATES, "as train chooses"} <= set(rows)
    chosen = rows["as train chooses"]
    assert re.fullmatch(r" [+-]0\.\d{3} \[[+-]\d\.\d{3}, [+-]\d\.\d{3}\] *", chosen[1])


def test_a_split_without_help_stands_beside_one_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where only some splits have the tags to learn from Tagline's own table, all are measured."""
    lends = iter([True, False])

    def lent(dataset: Dataset, parts: Split, reading: Reading) -> Lent | None:
        return lent_by(str(other), dataset, parts, reading) if next(lends) else None

    other = tmp_path / "other.csv"
    other.write_text("text,tags\nA stew for winter,cooking\nBroth to sip,cooking\n", "utf-8")
    monkeypatch.setattr("training.measuring.quality.lent_unasked", lent)
    quality.main([str(TABLE), "--splits", "2"], standalone_mode=False)
    out = capsys.readouterr().out
    assert "| as train chooses, alone " in out
    assert "| as train chooses  " in out


def test_training_is_set_beside_plain_scikit_learn_on_any_table(tmp_path: Path) -> None:
    """`python -m training.measuring anywhere` has a row a table, beside both baselines."""
    one_tag = tmp_path / "one-tag.csv"
    rows = [line.partition("|")[0] for line in TABLE.read_text(encoding="utf-8").splitlines()]
    one_tag.write_text("\n".join(("text,tag", *rows[1:])), encoding="utf-8")
    command = ("-m", "training.measuring", "anywhere", str(TABLE), str(one_tag), "--splits", "2")
    done = run_python(*command, "--rows", "200", home=tmp_path)
    assert done.returncode == 0, done.stderr
    heading, _, *lines = done.stdout.strip().splitlines()
    names = [name.strip() for name in heading.split("|")[1:-1]]
    several, single = (
        dict(zip(names, map(str.strip, line.split("|")[1:-1]), strict=True)) for line in lines
    )
    assert (several["task"], single["task"]) == ("multi", "single")
    assert several["rows"] == single["rows"] == "200"
    assert not several["accuracy"]
    assert 0.5 < float(single["accuracy"]) <= 1
    for row in (several, single):
        assert re.fullmatch(r"[+-]\d\.\d{3} \[[+-]\d\.\d{3}, [+-]\d\.\d{3}\]", row["to words"])


def test_reliability_has_no_slope_where_nothing_is_true() -> None:
    """Scores of tags that no text bears, or every text, have no slope and stop no command."""
    scores = np.array([0.1, 0.4, 0.9])
    assert np.isnan(reliability_slope(scores, np.zeros(3, np.bool_)))
    assert np.isnan(reliability_slope(scores, np.ones(3, np.bool_)))


def test_every_candidate_is_described() -> None:
    """Each name that can be asked for can be fitted, and each that is compared can be asked for."""
    assert set(CANDIDATES) == set(learners.LEARNERS)
    assert set(COMPARED_SHORT) <= set(CANDIDATES)
    assert params_for(FAST, Params()) == Params()


def test_train_shows_what_it_compared_unless_told_not_to(tmp_path: Path) -> None:
    """``train`` tells each model's figures; --fast and --model NAME train one and compare none."""
    told = {}
    for name, options in (("all", ()), ("fast", ("--fast",)), ("one", ("--model", "logistic"))):
        command = ("-m", "training", "train", str(TABLE), "--json", "--folds", "2", *options)
        told[name] = json.loads(run_python(*command, home=tmp_path).stdout)
    *compared, less = told["all"]["compared"]
    assert [one["model"] for one in compared] == list(COMPARED_SHORT)
    assert less["regularization"] == LESS_REGULARIZED * CANDIDATES[less["model"]].regularization
    assert told["all"]["model"] in COMPARED_SHORT
    assert told["fast"]["model"] == FAST
    assert told["one"]["model"] == "logistic"
    assert len(told["fast"]["compared"]) == len(told["one"]["compared"]) == 1
