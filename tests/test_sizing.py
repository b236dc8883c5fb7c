"""The simulated days of `make sizing` lose no request, and follow the rules that are set."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from load_tests.results import ONE_POD, read
from load_tests.sections import written
from load_tests.sizing.day import Autoscaler, Crowd, Pod, simulate_day, traffic
from load_tests.sizing.measure import OnePod
from load_tests.sizing.page import PAGE, SECTION, section
from load_tests.sizing.pods import (
    DEAREST_REFUSAL,
    FULL,
    QUEUE,
    Prices,
    autoscaled,
    need,
    production,
    refused_by,
    simulated_pod,
)
from runners.batching import Bounds

POD = Pod(
    capacity=10, queue=30, start_seconds=12, refusal=0.5, rates=(5, 10, 12), cores=(0.5, 1, 1)
)
SCALER = production()
DAY = traffic(15, (Crowd(at=30_000, factor=6),), seed=1)


def test_the_same_seed_gives_the_same_day() -> None:
    """Traffic and what comes of it are the same for the same seed, and others for another."""
    again = traffic(15, (Crowd(at=30_000, factor=6),), seed=1)
    assert (again == DAY).all()
    assert simulate_day(again, POD, SCALER) == simulate_day(DAY, POD, SCALER)
    assert (traffic(15, (), seed=1) != traffic(15, (), seed=2)).any()


@pytest.mark.parametrize("lost_at", [{}, {31_000: 1 / 3}])
def test_a_day_loses_no_request(lost_at: dict[int, float]) -> None:
    """Every request of the day was answered, refused, or waits at its end."""
    day = simulate_day(DAY, POD, SCALER, lost_at)
    assert day.answered + day.refused + day.waiting == day.arrived == DAY.sum()
    assert day.refused > 0


def test_more_pods_never_hurt() -> None:
    """Of fixed numbers of pods, the greater refuses no more and lets nobody wait longer."""
    days = [simulate_day(DAY, POD, replace(SCALER, least=n, most=n)) for n in range(1, 12)]
    for fewer, more in pairwise(days):
        assert more.refused <= fewer.refused
        assert more.longest_wait <= fewer.longest_wait


def test_pods_that_start_sooner_refuse_less() -> None:
    """A crowd is met by what is there: the longer a pod takes to start, the more are refused."""
    refused = [
        simulate_day(DAY, replace(POD, start_seconds=seconds), SCALER).refused
        for seconds in (1, 12, 120)
    ]
    assert refused == sorted(refused)
    assert refused[0] < refused[-1]


STEP = np.repeat([9, 60, 9], [600, 600, 2_400])


def pods_at(second: int, scaler: Autoscaler) -> int:
    """Tell how many pods there are to be in a second of `STEP`."""
    before, after = (
        seconds * simulate_day(STEP[:seconds], POD, scaler).pods_mean
        for seconds in (second, second + 1)
    )
    return round(after - before)


def test_the_autoscaler_goes_up_at_once_and_down_slowly() -> None:
    """Within two looks it asks for all that it needs; five minutes after, one pod a minute goes."""
    seconds = (599, 629, 674, 1_498, 1_499, 1_558, 1_559, 1_859, 3_599)
    pods = [pods_at(second, SCALER) for second in seconds]
    # 60 a second are 6 cores, of which each pod is to use 0.6; 3 pods use 3, whatever comes.
    assert pods == [3, 5, 10, 10, 9, 9, 8, 3, 3]


def test_the_autoscaler_goes_up_as_fast_as_it_may() -> None:
    """However many pods are asked for, there are no more than twice those of half a minute ago."""
    eager = replace(SCALER, target=0.3, most=50)
    assert [pods_at(second, eager) for second in (599, 614, 629, 644, 674)] == [3, 6, 6, 12, 22]


def test_what_is_needed_survives_a_zone() -> None:
    """With a third of the pods gone the others can answer the peak; the least is a pod a zone."""
    prices = Prices(core=0.04, gib=0.005)
    assert need(1, 5_000, prices).pods == 3
    for rate in (1_000, 30_000, 100_000):
        pods = need(rate, 5_000, prices).pods
        assert pods * 2 / 3 * 5_000 >= rate
        assert rate / pods <= FULL * 5_000


def test_a_lost_zone_is_missed_until_other_pods_have_started() -> None:
    """Two of three pods let 7 of 27 requests a second wait, until the third is there again."""
    even, three = np.full(300, 27), replace(SCALER, least=3, most=3)
    whole = simulate_day(even, POD, three)
    assert (whole.refused, whole.longest_wait) == (0, 0)
    for seconds in (2, 8):
        pod = replace(POD, start_seconds=seconds)
        lost = simulate_day(even, pod, three, {100: 1 / 3})
        assert (lost.refused, lost.waiting) == (0, 0)
        assert lost.longest_wait == 7 * seconds / (2 * POD.capacity)


def test_the_autoscaler_asks_for_what_its_target_allows() -> None:
    """As many pods as keep each at its share of a core, whatever share of its capacity that is."""
    dear_when_small = replace(POD, cores=(0.9, 1, 1))
    assert autoscaled(99, POD) == 17  # 6 a second are 0.6 cores
    assert autoscaled(99, dear_when_small) == 30  # 3 1/3 are
    assert autoscaled(1, POD) == SCALER.least


def test_refusing_takes_time_from_answering() -> None:
    """Far beyond its capacity a pod answers the less, the more a refusal costs."""
    flood = np.full(60, 15 * SCALER.least)
    answered = [
        simulate_day(flood, replace(POD, refusal=share), replace(SCALER, most=3)).answered
        for share in (0, 0.5, 0.9)
    ]
    assert answered == sorted(answered, reverse=True)
    assert answered[0] > answered[2]


def measured(capacity: int, answered: dict[int, int]) -> OnePod:
    """A pod that answered so many of each number that came in a second, and refused the rest."""
    found = read(OnePod, ONE_POD)
    rounds = tuple(
        replace(found.rounds[0], rate=rate, arrived=rate, answered=done, refused=rate - done)
        for rate, done in answered.items()
    )
    return replace(found, searches=(capacity,), queue=0, rounds=rounds)


def test_the_simulated_pod_refuses_what_was_measured() -> None:
    """Nothing up to its capacity; at the rate that had most refusals, as many as the real one."""
    found = measured(10_000, {5_000: 5_000, 10_000: 10_000, 15_000: 7_000})
    pod = replace(simulated_pod(found), queue=found.queue)
    shares = [refused_by(pod, one) for one in found.rounds]
    assert shares == pytest.approx([0, 0, 8 / 15], abs=1e-3)


@pytest.mark.parametrize(("answered", "cost"), [(12_000, DEAREST_REFUSAL), (11_000, 0)])
def test_a_refusal_costs_something_between_nothing_and_an_answer(
    answered: int, cost: float
) -> None:
    """It is taken to be dear where none was measured, and never to give time back."""
    assert simulated_pod(measured(10_000, {12_000: answered})).refusal == cost


def test_the_queue_of_a_simulated_day_is_the_default() -> None:
    """As many texts wait at a simulated pod as at a real one whose settings are untouched."""
    assert Bounds().queue == QUEUE


@pytest.mark.parametrize(
    ("capacity", "answered", "contradicts"),
    [
        (10_000, {5_000: 5_000, 10_000: 9_000, 12_000: 6_000}, False),
        (10_000, {5_000: 5_000, 11_000: 11_000, 12_000: 8_000}, False),
        (7_008, {7_008: 7_008, 7_709: 7_709, 8_409: 8_290}, True),
        (10_000, {5_000: 5_000, 8_000: 6_700, 12_000: 6_000}, True),
        (10_000, {10_000: 8_400}, True),
    ],
    ids=["a little less", "a little more", "far more", "far fewer below it", "far fewer at it"],
)
def test_a_capacity_that_the_pod_does_not_keep_is_refused(
    capacity: int, answered: dict[int, int], *, contradicts: bool
) -> None:
    """A pod answers what arrives up to its capacity, and no more beyond, within 15%."""
    fault = measured(capacity, answered).contradiction()
    assert (fault is not None) == contradicts
    assert fault is None or f"found to be {capacity:,} requests/s" in fault


def test_what_stands_was_not_refused() -> None:
    """The figures of the page do not contradict one another."""
    assert read(OnePod, ONE_POD).contradiction() is None


def test_the_page_is_what_was_measured() -> None:
    """Section 6 of deploy/README.md is what `make sizing` writes from the results."""
    text = PAGE.read_text(encoding="utf-8")
    found = section(read(OnePod, ONE_POD), Prices(core=0.04, gib=0.005))
    assert f"<!-- {SECTION} end -->" in text
    assert written(text, SECTION, [found]) == text
