"""A rolling update from one run to the next, under load, as a cluster does it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from deploy.image_test.balancer import Balancer
from deploy.image_test.callers import Callers, Predictions, Tally
from deploy.image_test.containers import Image
from deploy.image_test.manifests import Manifest, objects, the, with_image, without_drain
from deploy.image_test.report import Record
from deploy.image_test.rollout import Rollout

REPLICAS = 2


def update_under_load(
    deployment: Manifest,
    settings: Manifest,
    images: tuple[Image, Image],
    known: Mapping[str, Predictions],
    folder: Path,
) -> tuple[Tally, list[int]]:
    """Start two replicas of the first image, update to the second, and count what callers got."""
    before, after = (with_image(deployment, image) for image in images)
    with Balancer(folder) as balancer, Rollout(settings, balancer, folder) as running:
        for _ in range(REPLICAS):
            running.start(before)
        with Callers(balancer.url, known) as callers:
            callers.wait_for(more=200)
            running.update(after)
            callers.wait_for(more=200)
            return callers.stop(), running.exit_statuses


def test_no_request_is_lost_and_no_answer_mixed(
    image: Image,
    next_image: Image,
    known: Mapping[str, Predictions],
    tmp_path: Path,
    record_property: Record,
) -> None:
    """Every request of an update is answered, by one run wholly, and every pod ends in time."""
    found = objects("local")
    tally, statuses = update_under_load(
        the(found, "Deployment"), the(found, "ConfigMap"), (image, next_image), known, tmp_path
    )
    record_property("requests during a rolling update", tally.requests)
    record_property("of them lost", len(tally.lost))
    assert not tally.lost
    assert not tally.mixed
    assert tally.answered.keys() == {image.run_id, next_image.run_id}
    assert tally.told_to_close > 0
    assert statuses == [0] * REPLICAS


def test_the_control_without_drain_loses_requests(
    image: Image,
    next_image: Image,
    known: Mapping[str, Predictions],
    tmp_path: Path,
    record_property: Record,
) -> None:
    """Without preStop and pause the same update loses requests: the test above can fail."""
    found = objects("local")
    deployment, settings = without_drain(the(found, "Deployment"), the(found, "ConfigMap"))
    tally, _ = update_under_load(deployment, settings, (image, next_image), known, tmp_path)
    record_property("requests during the control without preStop and drain", tally.requests)
    record_property("of the control's lost", len(tally.lost))
    assert tally.lost
