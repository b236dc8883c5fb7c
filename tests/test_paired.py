"""Differences between two runs: what their intervals hold, and how often chance is called worse."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from tagger.paired import beyond_noise, differences


def test_intervals_cover_the_difference() -> None:
    """The 95% intervals of F1 hold the true difference about so often, overall and of a tag."""
    chance = np.random.default_rng(5)
    covered = np.zeros(2)
    rounds = 300
    # Wrong in a of the answers, at a share of positives p: F1 = 2(1-a)p / ((1-a)p + a(1-p) + p).
    true = {a: 2 * (1 - a) * 0.3 / ((1 - a) * 0.3 + a * 0.7 + 0.3) for a in (0.05, 0.15)}
    gap = true[0.15] - true[0.05]
    for _ in range(rounds):
        borne = chance.random((300, 3)) < 0.3
        first, second = (borne ^ (chance.random(borne.shape) < share) for share in (0.05, 0.15))
        overall, by_tag = differences(borne, first, second)
        covered += [found.low <= gap <= found.high for found in (overall, by_tag[0])]
    assert (covered / rounds > 0.9).all()
    assert (covered / rounds < 0.99).all()


@pytest.mark.parametrize("seed", range(3))
def test_what_chance_makes_of_a_tag_is_counted(seed: int) -> None:
    """A tag's difference is as likely by chance as the share of all swaps that look as bad."""
    borne, first, second = np.random.default_rng(seed).random((3, 12)) < 0.5
    swaps = np.array(list(itertools.product((False, True), repeat=len(borne))))

    def f1(predicted: np.ndarray) -> Any:
        return 2 * (predicted & borne).sum(axis=1) / (predicted.sum(axis=1) + borne.sum())

    gaps = f1(np.where(swaps, second, first)) - f1(np.where(swaps, first, second))
    (tag,) = differences(*(marks[:, np.newaxis] for marks in (borne, first, second)))[1]
    assert tag.worse_by_chance == pytest.approx((gaps >= gaps[0] - 1e-9).mean())


def called_worse(rounds: int, first_wrong: float, second_wrong: float) -> float:
    """Say how often a run is called worse than another, by chance drawn anew each time."""
    chance = np.random.default_rng(7)
    refused = 0
    for _ in range(rounds):
        borne = chance.random((200, 5)) < 0.3
        first, second = (
            borne ^ (chance.random(borne.shape) < share) for share in (first_wrong, second_wrong)
        )
        overall, by_tag = differences(borne, first, second)
        refused += bool(beyond_noise(overall, {str(i): tag for i, tag in enumerate(by_tag)}))
    return refused / rounds


def test_a_run_as_good_is_refused_in_at_most_one_case_of_twenty() -> None:
    """Of equally good runs the gate refuses at most 5%, of 1,000 drawn and up to their noise."""
    chance_adds = 3 * (0.05 * 0.95 / 1000) ** 0.5
    assert called_worse(1000, 0.1, 0.1) <= 0.05 + chance_adds


def test_a_run_much_worse_is_refused_nearly_always() -> None:
    """Of runs that are wrong twice as often the gate refuses nearly all."""
    assert called_worse(40, 0.1, 0.2) > 0.9
