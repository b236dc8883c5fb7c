"""Decisions of a batch are what the contract says of each text, whatever the options."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.decide import REASON, Decisions, Options, decide, predictions
from tagger.model import Scored
from tagger.policy import Policy
from tagger.records import Prediction
from tests.fitting import fitted, table, untimed

TAGS = 5
# Few different numbers, so that ties and scores just at a threshold are common.
shares = st.integers(0, 10).map(lambda tenths: tenths / 10) | st.floats(0, 1, width=32)
options = st.builds(
    Options,
    top_k=st.none() | st.integers(1, TAGS + 1),
    threshold=st.none() | shares,
    evidence=st.booleans(),
)
policies = st.builds(
    Policy,
    task=st.sampled_from(["multi", "single"]),
    thresholds=st.lists(shares, min_size=TAGS, max_size=TAGS).map(
        lambda limits: np.array(limits).round(6)
    ),
    abstain_below=shares,
)
scoreds = st.lists(
    st.tuples(st.lists(shares, min_size=TAGS, max_size=TAGS), shares), max_size=6
).map(
    lambda texts: Scored(
        np.array([scores for scores, _ in texts], np.float32).reshape(-1, TAGS),
        np.array([familiarity for _, familiarity in texts], np.float32),
    )
)


def expected(
    scores: list[float], policy: Policy, options: Options, *, abstained: bool
) -> list[tuple[int, float]]:
    """Decide one text as the contract tells it, tag by tag."""
    printed = [round(score, 6) for score in scores]
    best_first = sorted(range(TAGS), key=lambda tag: -scores[tag])
    if abstained and options.threshold is None:
        return []
    if policy.task == "single" and options.threshold is None and options.top_k is None:
        return [(best_first[0], printed[best_first[0]])]
    limits = policy.thresholds.tolist() if options.threshold is None else [options.threshold] * TAGS
    reached = [(tag, printed[tag]) for tag in best_first if printed[tag] >= limits[tag]]
    return reached[: options.top_k]


def texts_of(decisions: Decisions) -> list[list[tuple[int, float]]]:
    """Lay a batch's decisions out by text."""
    starts = decisions.starts
    pairs = list(zip(decisions.columns, decisions.values, strict=True))
    return [pairs[first:last] for first, last in pairwise(starts)]


@untimed
@given(scoreds, policies, options)
def test_a_batch_is_decided_as_its_texts(scored: Scored, policy: Policy, options: Options) -> None:
    """Thresholds, top_k, the one best tag and abstaining are those of the contract."""
    decisions = decide(scored, policy, options)
    abstained = [bool(known < np.float32(policy.abstain_below)) for known in scored.familiarity]
    assert decisions.abstained == abstained
    assert texts_of(decisions) == [
        expected(scores, policy, options, abstained=silent)
        for scores, silent in zip(scored.scores.astype(float).tolist(), abstained, strict=True)
    ]
    own = policy.thresholds.tolist()
    assert decisions.limits == (
        own if options.threshold is None else [round(options.threshold, 6)] * TAGS
    )


@untimed
@given(scoreds, policies, options, st.data())
def test_a_part_is_decided_as_the_whole(
    scored: Scored, policy: Policy, options: Options, data: st.DataObject
) -> None:
    """A caller's slice of a batch is what those texts would be given alone."""
    n = len(scored.familiarity)
    first = data.draw(st.integers(0, n))
    last = data.draw(st.integers(first, n))
    part = decide(scored, policy, options).part(first, last)
    alone = decide(scored.part(first, last), policy, options)
    assert (part.scored.scores == alone.scored.scores).all()
    assert part.starts == alone.starts
    assert part.columns == alone.columns
    assert part.values == alone.values
    assert part.limits == alone.limits
    assert part.abstained == alone.abstained


@pytest.mark.parametrize("threshold", [0.3, 0.123456, 1e-6, 0.999999])
def test_a_score_that_prints_as_its_threshold_reaches_it(threshold: float) -> None:
    """What a caller can read decides: no score is refused that looks equal to its threshold."""
    near = np.array([threshold - 4e-7, threshold + 4e-7, threshold - 6e-7], np.float32)
    policy = Policy("multi", np.full(3, threshold), abstain_below=0.0)
    decisions = decide(Scored(near[np.newaxis], np.ones(1, np.float32)), policy)
    assert sorted(decisions.columns) == [0, 1]
    assert set(decisions.values) == {threshold}


def test_a_score_just_below_its_threshold_takes_nobodys_place() -> None:
    """The best so many are of the tags that reach their thresholds, of which it is none."""
    policy = Policy("multi", np.array([0.5, 0.1, 0.1]), abstain_below=0.0)
    scored = Scored(np.array([[0.5 - 9e-7, 0.3, 0.2]], np.float32), np.ones(1, np.float32))
    assert decide(scored, policy, Options(top_k=1)).columns == [1]


def test_scores_that_print_alike_stand_best_first() -> None:
    """Scores that print alike stand in the order that they had before they were rounded."""
    policy = Policy("single", np.full(4, 0.5), abstain_below=0.0)
    scores = np.array([[1e-9, 3e-8, 0.9999998, 0.9999999]], np.float32)
    scored = Scored(scores, np.ones(1, np.float32))
    decisions = decide(scored, policy, Options(threshold=0, top_k=3))
    assert decisions.columns == [3, 2, 1]
    assert decisions.values == [1, 1, 0]
    assert decide(scored, policy).columns == [3]


def one(text: str, options: Options, kind: str = "default") -> Prediction:
    """Predict one text."""
    model = fitted(kind).model
    decisions = decide(model.score([text]), model.policy, options)
    return predictions(model, [text], decisions, options)[0]


def test_a_prediction_is_the_readable_view() -> None:
    """Tags stand by name, best first, with their thresholds; nothing of it was asked for."""
    text = table()[0][0]
    found = one(text, Options())
    assert found.input_text == text
    assert set(found.predicted_tags) == {"cooking", "cycling"}
    assert found.evidence is None
    assert not found.abstained
    assert found.reason is None
    scores = [entry.score for entry in found.scores]
    assert scores == sorted(scores, reverse=True)
    for entry in found.scores:
        assert entry.score >= entry.threshold
        assert entry.score == round(entry.score, 6)


def test_evidence_comes_for_each_predicted_tag() -> None:
    """With evidence asked for, each predicted tag has its words, in the same order."""
    found = one(table()[0][0], Options(evidence=True))
    assert found.evidence is not None
    assert tuple(evidence.tag for evidence in found.evidence) == found.predicted_tags
    assert all(0 < len(evidence.words) <= 10 for evidence in found.evidence)


@pytest.mark.parametrize("kind", ["default", "single"])
def test_an_unknown_text_gets_no_tag_but_the_scores_asked_for(kind: str) -> None:
    """The tagger abstains and says why; an explicit threshold shows the scores all the same."""
    silent = one("qxzv wkkj", Options(), kind)
    assert silent.abstained
    assert silent.predicted_tags == ()
    assert silent.scores == ()
    assert silent.reason == REASON
    shown = one("qxzv wkkj", Options(threshold=0.0, top_k=5), kind)
    assert shown.abstained
    assert shown.predicted_tags == ()
    assert shown.reason == REASON
    assert len(shown.scores) == 5
    assert one(table()[0][0], Options(threshold=1.0), kind).reason is None, "It has no tag, either."


def test_a_text_of_one_tag_gets_its_best() -> None:
    """Where texts bear one tag each, the best is predicted, its threshold shown, not required."""
    model = fitted("single").model
    strict = replace(model.policy, thresholds=np.ones(len(model.tags)))
    decisions = decide(model.score(["skillet"]), strict)
    (found,) = predictions(model, ["skillet"], decisions)
    assert found.predicted_tags == ("cooking",)
    assert found.scores[0].threshold == 1.0
