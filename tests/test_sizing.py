"""The simulations behind deploy/SIZING.md lose no request, and follow the rules that are set."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from load_tests.sizing.day import Autoscaler, Crowd, Loss, Pod, simulate, traffic
from load_tests.sizing.page import PAGE, Prices, need, page, read_one_pod
from load_tests.sizing.pod import Bounds, Costs
from load_tests.sizing.pod import simulate as simulate_pod
from tests.fitting import untimed
from tests.serving import PROJECT

COSTS = Costs(request=40e-6, refusal=20e-6, batch=50e-6, text=20e-6)
POD = Pod(capacity=10, queue=30, start_seconds=12)
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
    full = 1 / (COSTS.request + COSTS.text + COSTS.batch / 250)
    loads = [
        simulate_pod(share * full, seconds=3, costs=COSTS, bounds=Bounds(queue=500), seed=0)
        for share in (0.1, 0.5, 0.9, 1.3)
    ]
    assert [load.refused for load in loads[:3]] == [0, 0, 0]
    # 3 of 13 are too many, and each refusal takes a third of an answer's time besides.
    assert 3 / 13 < loads[3].refused / loads[3].arrived < 0.5
    sizes = [load.batch_texts for load in loads]
    assert sizes == sorted(sizes)
    assert loads[0].p99_ms < loads[2].p99_ms < loads[3].p99_ms


def test_the_same_seed_gives_the_same_day() -> None:
    """Traffic and what comes of it are the same for the same seed, and others for another."""
    again = traffic(15, (Crowd(at=30_000, factor=6),), seed=1)
    assert (again == DAY).all()
    assert simulate(again, POD, SCALER) == simulate(DAY, POD, SCALER)
    assert (traffic(15, (), seed=1) != traffic(15, (), seed=2)).any()


@pytest.mark.parametrize("losses", [(), (Loss(at=31_000, share=1 / 3),)])
def test_a_day_loses_no_request(losses: tuple[Loss, ...]) -> None:
    """Every request of the day was answered, refused, or waits at its end."""
    day = simulate(DAY, POD, SCALER, losses)
    assert day.answered + day.refused + day.waiting == day.arrived == DAY.sum()
    assert day.refused > 0


def test_more_pods_never_hurt() -> None:
    """Of fixed numbers of pods, the greater refuses no more and lets nobody wait longer."""
    days = [simulate(DAY, POD, Autoscaler(least=n, most=n)) for n in range(1, 12)]
    for fewer, more in pairwise(days):
        assert more.refused <= fewer.refused
        assert more.longest_wait <= fewer.longest_wait


def test_pods_that_start_sooner_refuse_less() -> None:
    """A crowd is met by what is there: the longer a pod takes to start, the more are refused."""
    refused = [
        simulate(DAY, replace(POD, start_seconds=seconds), SCALER).refused
        for seconds in (1, 12, 120)
    ]
    assert refused == sorted(refused)
    assert refused[0] < refused[-1]


def test_the_autoscaler_goes_up_at_once_and_down_slowly() -> None:
    """A step up doubles within half a minute; after it, one pod a minute goes, five minutes on."""
    step = np.full(3_600, 9)
    step[600:1_200] = 60
    up = simulate(step, POD, SCALER)
    assert up.pods_most == 10  # 60 a second are 6 cores, of which each pod is to use 0.6
    held = simulate(np.full(3_600, 9), POD, SCALER)
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
        assert rate / pods <= 0.6 * 5_000


def test_the_page_is_what_was_measured() -> None:
    """deploy/SIZING.md is what `make sizing` writes from the results that stand beside it."""
    assert PAGE.read_text() == page(read_one_pod(), Prices(core=0.04, gib=0.005))
