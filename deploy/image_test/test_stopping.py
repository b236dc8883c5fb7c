"""The container is told to stop while callers are asking."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import requests

from deploy.image_test.callers import Callers, Predictions
from deploy.image_test.containers import Image, serve
from tests.serving import STOP_SECONDS


def is_ready(url: str) -> bool:
    """Ask for readiness as a probe does."""
    with suppress(requests.RequestException):
        return requests.get(f"{url}/readyz", timeout=5).ok
    return False


def test_sigterm_under_load_loses_nothing(
    image: Image, known: Mapping[str, Predictions], tmp_path: Path
) -> None:
    """Readiness turns false first; callers who stop then have every answer; the status is 0."""
    with serve(image, tmp_path / "log", TAGLINE_DRAIN_SECONDS="5") as container:
        with Callers(container.url, known) as callers:
            callers.wait_for(more=200)
            container.process.terminate()
            while is_ready(container.url):
                time.sleep(0.1)
            callers.wait_for(more=100)
            tally = callers.stop()
        assert container.process.wait(STOP_SECONDS) == 0
    assert not tally.lost
    assert not tally.mixed
    assert tally.told_to_close > 0
