"""A model scores a text alone as in any batch, explains every score, and comes back from disk."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.errors import BrokenRun
from tagger.model import POLICY, WEIGHTS, Model
from tagger.policy import DIGITS
from tagger.vocabulary import MOST_UNKNOWN
from tests.fitting import KINDS, SCRIPTS, fitted, table, untimed
from tests.test_features import texts as any_text

known_text = st.sampled_from(table()[0])
either = known_text | any_text | st.lists(known_text | any_text).map(" ".join)
kinds = st.sampled_from(list(KINDS))


@untimed
@given(kinds, st.lists(either, max_size=20), st.data())
def test_neighbours_do_not_show(kind: str, some: list[str], data: st.DataObject) -> None:
    """A text's scores are the same to the last bit alone, in any batch, at any place."""
    model = fitted(kind).model
    together = model.score(some)
    shuffled = data.draw(st.permutations(range(len(some))))
    again = model.score([some[i] for i in shuffled])
    assert (again.scores == together.scores[shuffled]).all()
    assert (again.familiarity == together.familiarity[shuffled]).all()
    for text, scores, familiarity in zip(some, together.scores, together.familiarity, strict=True):
        alone = model.score([text])
        assert (alone.scores[0] == scores).all()
        assert alone.familiarity[0] == familiarity


@pytest.mark.parametrize("kind", KINDS)
def test_other_texts_do_not_show_in_the_order_of_evidence(kind: str) -> None:
    """Of unknown words that add the same the first in the text stands first, whichever came before.

    Both are a known word behind a letter that none of the table has.
    """
    model = fitted(kind).model
    known = max(table()[0][0].split(), key=len)
    first, second = f"\N{LATIN SMALL LETTER THORN}{known}", f"\N{LATIN SMALL LETTER ETH}{known}"
    model.score([second])
    model.score([first])
    for text in (f"{first} {second}", f"{second} {first}"):
        spans = model.contributions(text).spans
        assert list(spans) == sorted(spans)


@untimed
@given(kinds, either)
def test_contributions_are_the_log_odds(kind: str, text: str) -> None:
    """What all words add and the intercept sum up to the log-odds, and those are the score."""
    model = fitted(kind).model
    found = model.contributions(text)
    log_odds = model.log_odds([text])[0][0]
    assert found.values.sum(axis=0) + found.intercept == pytest.approx(log_odds, abs=1e-9)
    assert model.score([text]).scores[0] == pytest.approx(1 / (1 + np.exp(-log_odds)), abs=1e-7)


@untimed
@given(kinds, either, st.integers(0, 12))
def test_evidence_is_the_strongest_words(kind: str, text: str, most: int) -> None:
    """Evidence is what raised the score most, strongest first, each at all of its places."""
    model = fitted(kind).model
    found = model.contributions(text)
    for tag, evidence in zip((1, 0), model.explain(text, [1, 0], most=most), strict=True):
        assert evidence.tag == model.tags[tag]
        values = found.values[:, tag].tolist()
        raising = sorted((value for value in values if value > 0), reverse=True)
        assert [word.contribution for word in evidence.words] == [
            round(value, DIGITS) for value in raising[:most]
        ]
        for word in evidence.words:
            start, end = word.spans[0]
            assert word.text == text[start:end]


@pytest.mark.parametrize(
    ("text", "word", "spans"),
    [
        ("👩🏽‍🍳 Skillet and 🎉 SKILLET", "Skillet", [(5, 12), (19, 26)]),
        ("İİ skillet", "skillet", [(3, 10)]),
        ("yeni İstanbul", "İstanbul", [(5, 13)]),
        ("e\u0301 मुझे हिन्दी आती", "हिन्दी", [(8, 14)]),
        ("في المدرسة الان", "المدرسة", [(3, 10)]),
        ("❤️ 机器学习", "学习", [(5, 7)]),
    ],
)
def test_spans_count_code_points(text: str, word: str, spans: list[tuple[int, int]]) -> None:
    """Spans are right beside emoji, marks, longer lower case, and in scripts of any direction."""
    found = fitted().model.contributions(text)
    by_word = {text[places[0][0] : places[0][1]]: list(places) for places in found.spans}
    assert by_word[word] == spans


def test_pairs_are_evidence_of_both_words() -> None:
    """A pair's span reaches from its first word to its second."""
    model = fitted("with pairs").model
    first, second = (model.weights.words[row] for row in model.weights.pairs[0])
    found = model.contributions(f"{first},  {second}!")
    assert ((0, len(first) + 3 + len(second)),) in found.spans


def test_tags_are_found_in_every_script() -> None:
    """Texts of each script are nearest to their own tag, by bits of text not seen as such."""
    model = fitted().model
    for script, (first, second, _) in SCRIPTS.items():
        scores = model.score([f"{second} {first}"]).scores[0]
        others = [scores[model.tags.index(other)] for other in SCRIPTS if other != script]
        assert scores[model.tags.index(script)] > max(others), script


def test_familiarity_falls_with_unknown_words() -> None:
    """Texts of training are more familiar than mixtures with unknown words, those alone hardly."""
    model = fitted().model
    known, mixed, unknown, blank = model.score(
        [table()[0][0], f"{table()[0][0]} qxzv wkkj", "qxzv wkkj", "?!"]
    ).familiarity.tolist()
    assert known > mixed > 1e-9 > unknown >= blank == 0


def test_a_text_without_words_scores_the_intercept() -> None:
    """With nothing to go by, log-odds are the intercept."""
    model = fitted().model
    assert (model.log_odds(["?! 🎉"])[0][0] == model.weights.intercept).all()


def test_no_texts_no_scores() -> None:
    """An empty batch has scores of the right shape."""
    model = fitted().model
    scored = model.score([])
    assert scored.scores.shape == (0, len(model.tags))
    assert scored.familiarity.shape == (0,)


def test_a_flood_of_unknown_words_is_bounded() -> None:
    """More unknown words than count change nothing, whoever asked about them before."""
    model = fitted().model
    flood = [f"sk{i:x}" for i in range(MOST_UNKNOWN + 10)]
    bounded = model.log_odds([" ".join(flood[:MOST_UNKNOWN])])[0]
    for word in flood:
        model.score([word])
    assert (model.log_odds([" ".join(flood)])[0] == bounded).all()


def test_a_long_batch_is_scored_in_portions() -> None:
    """Batches of more words than fit in a portion score as their texts do one by one."""
    model = fitted().model
    some = [text * 20 for text in table()[0]]
    together = model.score(some)
    assert (together.scores[-1] == model.score(some[-1:]).scores[0]).all()
    assert (together.scores[100] == model.score(some[100:101]).scores[0]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_comes_back_from_disk(kind: str, tmp_path: Path) -> None:
    """A model that was read decides and scores as the one that was written, to the last bit."""
    model = fitted(kind).model
    model.write(tmp_path)
    back = Model.read(tmp_path)
    assert back.tags == model.tags
    assert back.policy.task == model.policy.task
    assert back.policy.abstain_below == model.policy.abstain_below
    assert (back.policy.thresholds == model.policy.thresholds).all()
    some = ["unheard of skilletish", *table()[0]]
    assert (back.score(some).scores == model.score(some).scores).all()


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    """Writing twice gives equal files, so that runs can be compared by digest."""
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        fitted().model.write(folder)
    for name in (WEIGHTS, POLICY):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


ARRAYS = (
    *("words", "word_idf", "word_information", "word_weights"),
    *("pairs", "pair_idf", "pair_weights"),
    *("ngrams", "ngram_weights", "ngram_projection", "ngram_lengths", "intercept"),
    "usual_length",
)


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("harm", ["missing", "shorter", "other type", "one axis more"])
def test_an_array_that_is_not_what_it_should_be_is_named(
    name: str, harm: str, tmp_path: Path
) -> None:
    """A missing, short, or otherwise typed or shaped array makes a broken run that says which."""
    fitted("with pairs").model.write(tmp_path)
    with np.load(tmp_path / WEIGHTS) as stored:
        arrays = dict(stored)
    array = arrays.pop(name)
    if harm == "shorter":
        arrays[name] = array[:-1]
    elif harm == "other type":
        arrays[name] = array.astype(np.float16)
    elif harm == "one axis more":
        arrays[name] = array[np.newaxis]
    np.savez(tmp_path / WEIGHTS, **arrays)
    if harm == "shorter" and name in {"words", "ngrams"}:
        # One letter less of the last string is for the run's own check to find.
        return
    with pytest.raises(BrokenRun, match="holds"):
        Model.read(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("intercept", np.nan),
        ("word_weights", np.inf),
        ("pairs", 10**9),
        ("pairs", -1),
        ("ngram_lengths", 0),
        ("words", 255),
    ],
)
def test_numbers_that_cannot_be_are_refused(name: str, value: float, tmp_path: Path) -> None:
    """Numbers that are not finite or point nowhere, and words that are no text, are refused."""
    fitted("with pairs").model.write(tmp_path)
    with np.load(tmp_path / WEIGHTS) as stored:
        arrays = dict(stored)
    arrays[name].flat[0] = value
    np.savez(tmp_path / WEIGHTS, **arrays)
    with pytest.raises(BrokenRun, match=name):
        Model.read(tmp_path)


@pytest.mark.parametrize(
    "policy",
    [
        "",
        "[]",
        '{"tags": []}',
        {"task": "both"},
        {"thresholds": [0.5]},
        {"thresholds": [float("nan")] * len(fitted().model.tags)},
        {"thresholds": ["high"] * len(fitted().model.tags)},
        {"abstain_below": float("inf")},
        {"tags": ["same"] * len(fitted().model.tags)},
        {"tags": list(range(len(fitted().model.tags)))},
    ],
    ids=str,
)
def test_a_policy_that_is_not_what_it_should_be_is_refused(
    policy: str | dict[str, object], tmp_path: Path
) -> None:
    """Anything but a task, finite thresholds and different tags, one each, is a broken run."""
    fitted().model.write(tmp_path)
    path = tmp_path / POLICY
    if isinstance(policy, dict):
        policy = json.dumps(json.loads(path.read_text()) | policy)
    path.write_text(policy)
    with pytest.raises(BrokenRun, match=POLICY):
        Model.read(tmp_path)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    """A file that is missing, cut short or of another kind makes a broken run."""
    fitted().model.write(tmp_path)
    whole = (tmp_path / WEIGHTS).read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"PK no zip"):
        (tmp_path / WEIGHTS).write_bytes(content)
        with pytest.raises(BrokenRun):
            Model.read(tmp_path)
    (tmp_path / WEIGHTS).unlink()
    with pytest.raises(BrokenRun):
        Model.read(tmp_path)
