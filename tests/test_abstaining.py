"""A text unlike everything in training gets no tags and a reason; one like it gets its tags."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

from tagger.decide import decide, predictions
from tagger.familiarity import familiarity
from tagger.records import Params, Task
from tagger.store import Store
from tests.conftest import TrainedHome
from tests.fitting import fitted
from tests.runs import TABLE
from tests.serving import Server, run_python
from training.abstaining import ABSTAINED, RIGHT_LOST, abstain_below, word_information
from training.candidates import params_for
from training.data import read_dataset
from training.fit import fit
from training.labelled import Reading
from training.out_of_domain import kinds_of, texts_by_kind
from training.split import split
from training.vectorizer import Vectorizer

ALLOWED = 0.05
"""Share of unseen texts like those of the table that may go without tags."""

WORDS = {
    "cooking": "pannu liemi taikina sipuli uuni kastike peruna juusto leipä keitto",
    "forest": "kuusi mänty karhu sammal sieni polku suo hirvi lintu kanto",
    "travel": "juna asema lautta lippu laituri vaunu matka satama bussi kartta",
}
"""Finnish, a language that the tagger was never told of; half of each text is `EVERYWHERE`."""
EVERYWHERE = "ja on oli mutta kun vielä siellä täällä joka sitten hyvin meidän vanha uusi"
ENDINGS = ("", "n", "ssa", "sta", "lla", "lle", "kin")


def predict(server: Server, texts: list[str]) -> list[dict[str, Any]]:
    """Ask for the tags of texts."""
    body = {"texts": [{"text": text} for text in texts]}
    answer = requests.post(f"{server.url}/predict", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    predictions: list[dict[str, Any]] = answer.json()["data"]["predictions"]
    return predictions


def finnish(rows: int, *, seed: int) -> tuple[list[str], list[frozenset[str]]]:
    """Make up a table: texts, tags of each."""
    random = np.random.default_rng(seed)
    texts, tags = [], []
    for _ in range(rows):
        tag = random.choice(sorted(WORDS))
        stems, endings = random.choice(WORDS[tag].split(), 6), random.choice(ENDINGS, 6)
        words = [stem + ending for stem, ending in zip(stems, endings, strict=True)]
        texts.append(" ".join([*words, *random.choice(EVERYWHERE.split(), 6)]))
        tags.append(frozenset({tag}))
    return texts, tags


def test_texts_on_other_subjects_get_no_tags_and_a_reason(server: Server) -> None:
    """Of texts of ten kinds and more, nine of ten get no tags, and one sentence that says why."""
    kinds = texts_by_kind()
    assert len(kinds) >= 10
    assert min(map(len, kinds.values())) >= 20
    silent = []
    for texts in kinds.values():
        for found in predict(server, list(texts)):
            silent.append(found["abstained"])
            if found["abstained"]:
                assert found["predicted_tags"] == found["scores"] == []
                assert "unlike" in found["reason"]
                assert "guess" in found["reason"]
    assert np.mean(silent) >= 0.9


def test_unseen_texts_like_those_of_the_table_are_tagged(
    server: Server, trained_home: TrainedHome
) -> None:
    """Of the texts kept back from training, the run abstains from one in twenty at most."""
    params = Store(trained_home.path).run(trained_home.run_id).params
    unseen = split(read_dataset(str(TABLE), Reading()), params).test
    silent = [found["abstained"] for found in predict(server, list(unseen.texts))]
    assert np.mean(silent) <= ALLOWED


@pytest.mark.parametrize("text", ["Telescope galaxy", "Violin", "bulb, trellis"])
def test_one_or_two_telling_words_are_enough(text: str, server: Server) -> None:
    """A text much shorter than any in training is tagged, if its words tell its subject."""
    (found,) = predict(server, [text])
    assert not found["abstained"]
    assert len(found["predicted_tags"]) == 1


@pytest.mark.parametrize("text", ["the", "Before the first, then after the new.", "Over and under"])
def test_words_of_every_subject_are_not(text: str, server: Server) -> None:
    """Words that the run knows well, but from texts of every kind, are no ground for a tag."""
    (found,) = predict(server, [text])
    assert found["abstained"]


def test_long_texts_are_tagged(server: Server, trained_home: TrainedHome) -> None:
    """Texts several times as long as those of training are no stranger for it."""
    params = Store(trained_home.path).run(trained_home.run_id).params
    unseen = split(read_dataset(str(TABLE), Reading()), params).test
    for tag in set().union(*unseen.tags):
        alike = [text for text, tags in zip(unseen.texts, unseen.tags, strict=True) if tag in tags]
        (found,) = predict(server, [" ".join(alike)])
        assert not found["abstained"], tag
        assert tag in found["predicted_tags"]


@pytest.mark.parametrize("name", ["svc", "naive-bayes"])
def test_a_table_in_another_language_is_at_home_there(name: str) -> None:
    """Trained on 200 Finnish texts, a run tags unseen Finnish ones, and abstains from English."""
    model = fit(*finnish(200, seed=1), params_for(name, Params(min_support=2))).model
    limit = model.policy.abstain_below
    unseen, _ = finnish(200, seed=2)
    assert np.mean(model.score(unseen).familiarity < limit) <= ALLOWED
    for kind, texts in texts_by_kind().items():
        if kind != "another language":
            assert np.mean(model.score(texts).familiarity < limit) >= 0.9, kind


def test_short_words_are_enough_where_they_tell_a_tag() -> None:
    """Words as short as those of every kind of text are ground for a tag, if it is theirs."""
    model = fit(*finnish(200, seed=1), Params(min_support=2)).model
    texts = ["uuni", "suo polku sieni", "kun", "joka kun mutta"]
    familiar = model.score(texts).familiarity >= model.policy.abstain_below
    assert familiar.tolist() == [True, True, False, False]


def names(count: int, *, seed: int) -> tuple[list[str], list[frozenset[str]]]:
    """Make up names of three languages, each a word that no other text holds."""
    random = np.random.default_rng(seed)
    texts, tags = [], []
    for ending, tag in (("nen", "finnish"), ("ski", "polish"), ("ini", "italian")):
        for _ in range(count):
            texts.append("".join(random.choice([*"aeioulmnrstkpv"], 7)) + ending)
            tags.append(frozenset({tag}))
    return texts, tags


@pytest.mark.parametrize("task", ["single", "multi"])
def test_words_that_no_other_text_holds_are_answered_by_their_characters(task: Task) -> None:
    """Of unseen surnames, whose endings tell the tag, most get theirs; of other scripts none do."""
    model = fit(*names(60, seed=1), Params(task=task)).model
    texts, tags = names(60, seed=2)
    decisions = decide(model.score(texts), model.policy)
    assert np.mean(decisions.abstained) <= ALLOWED
    found = [set(one.predicted_tags) for one in predictions(model, texts, decisions)]
    assert np.mean([some == one for some, one in zip(found, tags, strict=True)]) >= 0.9
    assert decide(model.score(["Πλάτων", "Чехов"]), model.policy).abstained == [True, True]


def test_a_text_without_words_gets_no_tags() -> None:
    """Where there is no word at all, nothing is familiar."""
    model = fit(*finnish(200, seed=1), Params(min_support=2)).model
    assert decide(model.score(["?!", "\N{SNOWMAN}"]), model.policy).abstained == [True, True]


def test_a_word_says_something_where_a_fold_has_no_example_of_a_tag() -> None:
    """Nor any counterexample: such tags tell nothing, and spoil nothing. Pairs say nothing."""
    texts, tags = finnish(60, seed=1)
    truth = np.array([["cooking" in some, False, True] for some in tags])
    vectorizer = Vectorizer(params_for("naive-bayes", Params()), tags=3).fit(texts)
    told = word_information(vectorizer, texts, truth)
    names = vectorizer.own.get_feature_names_out()
    is_pair = np.array([" " in name for name in names])
    assert (told[is_pair] == 0).all()
    assert (told[~is_pair] >= 0).all()
    telling = dict(zip(names, told, strict=True))
    assert telling["taikina"] > 2 * telling["kun"] > 0


def test_what_a_word_says_grows_with_its_texts_and_its_length() -> None:
    """Of words of the same letters, that of many texts; of words of one text, the longer."""
    texts, tags = finnish(200, seed=1)
    texts[0] += " anikiat et"
    truth = np.array([["cooking" in some, "forest" in some] for some in tags])
    vectorizer = Vectorizer(Params(), tags=2).fit(texts)
    names = vectorizer.own.get_feature_names_out()
    told = dict(zip(names, word_information(vectorizer, texts, truth), strict=True))
    assert told["taikina"] > 5 * told["anikiat"]
    assert told["anikiat"] > 4 * told["et"]


def test_familiarity_grows_with_what_words_say_and_falls_with_length() -> None:
    """A text of more words than usual counts for less, down to a half, one of fewer for no more."""
    words = np.array([20.0, 5.0, 30.0, 400.0, 20.0, 20.0])
    says = np.array([1.0, 1.0, 1.0, 1.0, 3.0, 1.0])
    moves = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 16.0])
    found = familiarity(says * words, words, moves, usual_length=20.0)
    assert found / found[0] == pytest.approx([1, 1, 2 / 3, 1 / 2, 3, 8])


def test_the_rule_is_stored_with_the_run(trained_home: TrainedHome) -> None:
    """The command line abstains as the server does: by what the run's files say."""
    known, strange = "Telescope galaxy comet", "milk, eggs, bread"
    told = run_python("-m", "tagger", "tag", known, strange, "--json", home=trained_home.path)
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)["predictions"]
    assert [one["abstained"] for one in found] == [False, True]


@pytest.mark.parametrize("texts", [5, 28, 29, 150, 1000])
def test_few_texts_set_no_bolder_limit_than_many(texts: int) -> None:
    """Of texts like the left-out ones 3.5% at most are expected to go without tags."""
    left_out = np.random.default_rng(texts).permutation(np.arange(1.0, texts + 1))
    limit = abstain_below(left_out, np.zeros(texts, np.intp), missed=texts)
    assert limit > 0
    # A further text comes at each of the places among the left-out ones alike.
    assert (np.sum(left_out < limit) + (limit >= 1)) / (texts + 1) <= ABSTAINED
    assert np.sum(left_out <= limit) >= int(ABSTAINED * texts)


def test_the_limit_is_as_small_as_familiarities_are() -> None:
    """Where scores hardly differ, and so nothing moves them far, most texts are answered still."""
    left_out = np.arange(1.0, 1001)
    of_none = np.zeros(1000, np.intp)
    found = abstain_below(1e-9 * left_out, of_none, missed=1000)
    assert found == pytest.approx(1e-9 * abstain_below(left_out, of_none, missed=1000))


def test_abstaining_costs_few_right_tags() -> None:
    """Where strange texts are tagged well, no more go without than cost 1% of the right tags."""
    random = np.random.default_rng(0)
    left_out = random.permutation(np.arange(1.0, 1001))
    right = random.integers(0, 4, 1000)
    limit = abstain_below(left_out, right, missed=1000)
    lost = right[left_out < limit].sum() / right.sum()
    assert RIGHT_LOST - 0.003 < lost <= RIGHT_LOST
    assert np.mean(left_out < limit) < ABSTAINED / 2
    one_each = abstain_below(left_out, np.ones(1000, np.intp), missed=1000)
    assert np.mean(left_out < one_each) == RIGHT_LOST


@pytest.mark.parametrize(("missed", "lost"), [(0, 1), (12, 3), (40, 10), (400, 10)])
def test_abstaining_costs_fewest_where_hardly_a_tag_is_missed(missed: int, lost: int) -> None:
    """A quarter as many right tags are lost as are missed anyway: of 1,000 one to ten."""
    left_out = np.random.default_rng(0).permutation(np.arange(1.0, 1001))
    limit = abstain_below(left_out, np.ones(1000, np.intp), missed=missed)
    assert np.sum(left_out < limit) == lost


def test_models_are_compared_by_what_they_answer() -> None:
    """Tags of texts that a model would leave unanswered do not count for it in a comparison."""
    fruit = [f"{kind} number {i}" for i, kind in enumerate(["red apple", "ripe plum"] * 20)]
    texts = [*fruit, *(["!!", "?!", "...", "!?"] * 10)]
    tags = [*[{"fruit"}] * 40, *[{"cry"}] * 40]
    words, signs = (params_for(name, Params(folds=2)) for name in ("naive-bayes", "svc-signs"))
    found = fit(texts, tags, words, others=[signs])
    assert [one.f1 for one in found.compared[:2]] == pytest.approx([0.5, 1.0])
    assert found.params == signs


def test_the_report_tells_what_the_run_does() -> None:
    """The share told of each kind of text is that which `decide` leaves without tags."""
    model = fitted().model
    kinds = kinds_of(model)
    assert {kind.name for kind in kinds} == texts_by_kind().keys()
    for kind in kinds:
        texts = texts_by_kind()[kind.name]
        assert kind.texts == len(texts)
        silent = decide(model.score(texts), model.policy).abstained
        assert kind.abstained == np.mean(silent)


def test_what_a_table_leaves_unanswered_can_be_measured(tmp_path: Path) -> None:
    """`training.measuring unanswered` tells what share of each kind of text gets no tags."""
    strange = tmp_path / "strange.csv"
    strange.write_text("kind,text\nletters,qxzv wvq\nletters,zzxq\nnumbers,12 77\n", "utf-8")
    command = ("-m", "training.measuring", "unanswered", str(TABLE), "--texts", str(strange))
    done = run_python(*command, "--splits", "2", home=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = [line.split("|") for line in done.stdout.strip().splitlines()]
    shares = {cells[1].strip(): cells[2].strip() for cells in lines}
    assert float(shares["unseen, of the table itself"]) <= ALLOWED
    assert [shares[kind] for kind in ("letters", "numbers", "mean of the kinds")] == ["1.000"] * 3
