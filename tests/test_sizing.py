"""The simulations of `make sizing` lose no request, and follow the rules that are set."""

from __future__ import annotations

from dataclasses import asdict, replace
from itertools import pairwise

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from load_tests.open_loop import moments
from load_tests.results import ONE_POD, read
from load_tests.sections import written
from load_tests.sizing import measure
from load_tests.sizing.costs import Used, fit
from load_tests.sizing.day import Autoscaler, Crowd, Pod, simulate_day, traffic
from load_tests.sizing.page import FULL, PAGE, SECTION, Prices, autoscaled, need, section
from load_tests.sizing.pod import Bounds, Costs, SimulatedPod, simulate_pod
from runners import batching
from tests.fitting import untimed
from tests.serving import PROJECT

COSTS = Costs(wake=100e-6, batch=50e-6, text=20e-6, request=40e-6, refusal=20e-6)
POD = Pod(
    capacity=10, queue=30, start_seconds=12, refusal=0.5, rates=(5, 10, 12), cores=(0.5, 1, 1)
)
SCALER = Autoscaler()
DAY = traffic(15, (Crowd(at=30_000, factor=6),), seed=1)
PRODUCTION = PROJECT / "deploy" / "kubernetes" / "production" / "autoscaler.yaml"


@untimed
@given(rate=st.floats(10, 20_000), queue=st.integers(1, 200), seed=st.integers(0, 9))
def test_a_pod_loses_no_request(rate: float, queue: int, seed: int) -> None:
    """Every request that arrives is answered or refused."""
    load = simulate_pod(rate, seconds=0.2, costs=COSTS, bounds=Bounds(queue=queue), seed=seed)
    assert load.answered + load.refused == load.arrived


def test_a_pod_refuses_only_what_is_beyond_it() -> None:
    """Below its capacity nothing is refused, above it about what is too much; batches grow."""
    bounds = Bounds(queue=500)
    full = 1 / (COSTS.request + COSTS.text + COSTS.batch / COSTS.batch_limit(bounds))
    loads = [
        simulate_pod(share * full, seconds=3, costs=COSTS, bounds=bounds, seed=0)
        for share in (0.1, 0.5, 0.9, 1.3)
    ]
    assert [load.refused for load in loads[:3]] == [0, 0, 0]
    # 3 of 13 are too many, and each refusal takes a third of an answer's time besides.
    assert 3 / 13 < loads[3].refused / loads[3].arrived < 0.5
    sizes = [load.batch_texts for load in loads]
    assert sizes == sorted(sizes)
    assert loads[0].p99_ms < loads[2].p99_ms < loads[3].p99_ms


def test_the_bounds_are_those_of_the_batcher() -> None:
    """The simulated pod gathers a batch within the limits that the real one has by default."""
    real = asdict(batching.Bounds())
    assert asdict(Bounds()) == {name: real[name] for name in asdict(Bounds())}


def test_the_same_seed_gives_the_same_load() -> None:
    """A pod's simulation is the same for the same seed, and another for another."""
    first, again, other = (
        simulate_pod(5_000, seconds=1, costs=COSTS, bounds=Bounds(), seed=seed)
        for seed in (3, 3, 4)
    )
    assert first == again != other


def used(rate: float) -> Used:
    """What the simulated pod would be measured to have done at a rate."""
    pod = SimulatedPod(moments(rate, 2, seed=1), COSTS, Bounds(queue=100))
    pod.run()
    answered = len(pod.latencies)
    batch_seconds = COSTS.batch * pod.batches + COSTS.text * answered
    work = COSTS.wake * pod.wakes + COSTS.request * answered + COSTS.refusal * pod.refused
    return Used(
        cpu_seconds=work + batch_seconds,
        wakes=pod.wakes,
        batches=pod.batches,
        batch_seconds=batch_seconds,
        answered=answered,
        refused=pod.refused,
    )


def test_costs_are_found_from_what_a_pod_did() -> None:
    """From processor time at several rates, of which one is beyond the pod, each cost comes out."""
    found = fit([used(rate) for rate in (500, 4_000, 9_000, 13_000, 22_000)])
    assert asdict(found) == pytest.approx(asdict(COSTS), rel=1e-3)


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
    days = [simulate_day(DAY, POD, Autoscaler(least=n, most=n)) for n in range(1, 12)]
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


def test_the_autoscaler_goes_up_at_once_and_down_slowly() -> None:
    """A step up doubles within half a minute; after it, one pod a minute goes, five minutes on."""
    step = np.full(3_600, 9)
    step[600:1_200] = 60
    up = simulate_day(step, POD, SCALER)
    assert up.pods_most == 10  # 60 a second are 6 cores, of which each pod is to use 0.6
    held = simulate_day(np.full(3_600, 9), POD, SCALER)
    assert held.pods_most == SCALER.least


def test_the_rules_are_those_of_production() -> None:
    """The simulated autoscaler has the numbers of the manifest."""
    spec = yaml.safe_load(PRODUCTION.read_text())["spec"]
    up, down = spec["behavior"]["scaleUp"], spec["behavior"]["scaleDown"]
    cores = spec["metrics"][0]["resource"]["target"]["averageValue"]
    assert (
        Autoscaler(
            least=spec["minReplicas"],
            most=spec["maxReplicas"],
            target=int(cores.removesuffix("m")) / 1_000,
            up_factor=1 + up["policies"][0]["value"] // 100,
            up_seconds=up["policies"][0]["periodSeconds"],
            down_pods=down["policies"][0]["value"],
            down_seconds=down["policies"][0]["periodSeconds"],
            down_wait=down["stabilizationWindowSeconds"],
        )
        == SCALER
    )


def test_what_is_needed_survives_a_zone() -> None:
    """With a third of the pods gone the others can answer the peak; the least is a pod a zone."""
    prices = Prices(core=0.04, gib=0.005)
    assert need(1, 5_000, prices).pods == 3
    for rate in (1_000, 30_000, 100_000):
        pods = need(rate, 5_000, prices).pods
        assert pods * 2 / 3 * 5_000 >= rate
        assert rate / pods <= FULL * 5_000


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
    found = read(measure.OnePod, ONE_POD)
    rounds = tuple(
        replace(
            found.rounds[0],
            rate=rate,
            measured=replace(found.rounds[0].measured, arrived=rate, answered=done),
        )
        for rate, done in answered.items()
    )
    fault = replace(found, capacity=capacity, rounds=rounds).contradiction()
    assert (fault is not None) == contradicts
    assert fault is None or f"found to be {capacity:,} requests/s" in fault


def test_what_stands_was_not_refused() -> None:
    """The figures of the page do not contradict one another."""
    assert read(measure.OnePod, ONE_POD).contradiction() is None


def test_the_page_is_what_was_measured() -> None:
    """Section 6 of deploy/README.md is what `make sizing` writes from the results."""
    text = PAGE.read_text(encoding="utf-8")
    found = section(read(measure.OnePod, ONE_POD), Prices(core=0.04, gib=0.005))
    assert f"<!-- {SECTION} end -->" in text
    assert written(text, SECTION, [found]) == text
