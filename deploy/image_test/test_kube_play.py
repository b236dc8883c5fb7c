"""The rendered Deployment, run by `podman kube play` as far as that goes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.image_test.callers import TEXTS, ask
from deploy.image_test.containers import Image, podman
from deploy.image_test.manifests import objects, the, with_image
from deploy.image_test.pod import Pod
from deploy.image_test.report import Record

MEMORY = "import start; print(start.memory_limit_mebibytes())"
IGNORED = (
    "runAsNonRoot, fsGroup, emptyDir's medium and sizeLimit, enableServiceLinks, topology spread, "
    "minReadySeconds, strategy; preStop, grace period and probes are done by pod.py in its place"
)
"""What podman 4.3 passes over without a word."""


@pytest.fixture(scope="module")
def played(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pod]:
    """Play the Deployment of local/ with the image under test."""
    found = objects("local")
    pod = Pod(
        with_image(the(found, "Deployment"), image),
        the(found, "ConfigMap"),
        name="tagline-played",
        folder=tmp_path_factory.mktemp("played"),
        on_ready=lambda _pod, _ready: None,
    )
    try:
        assert pod.ready.wait(60)
        yield pod
    finally:
        pod.remove()


def inside(pod: Pod, program: str) -> str:
    """Run a Python program in the pod's container."""
    return podman("exec", pod.container, "python", "-c", program)


def test_it_answers(played: Pod, image: Image, record_property: Record) -> None:
    """It starts from the manifest's own words, becomes ready, and answers by the image's run."""
    assert ask(played.url, TEXTS[0]).headers["X-Run-ID"] == image.run_id
    record_property("passed over by `podman kube play`", IGNORED)


def test_it_is_restricted(played: Pod) -> None:
    """User, group, capabilities, no-new-privileges, seccomp and read-only root are as written."""
    lines = inside(played, "print(open('/proc/1/status').read())").splitlines()
    status = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
    assert status["Uid"] == status["Gid"] == ["10001"] * 4
    assert int(status["CapEff"][0], 16) == int(status["CapBnd"][0], 16) == 0
    assert status["NoNewPrivs"] == ["1"]
    assert status["Seccomp"] == ["2"]
    mounts = inside(played, "print(open('/proc/1/mounts').read())").splitlines()
    (root,) = [mount for mount in mounts if " / " in mount]
    assert " ro," in root


def test_it_has_its_limits_and_settings(played: Pod) -> None:
    """The memory limit is the manifest's, and the ConfigMap's settings are in its environment."""
    program = f"import sys; sys.path.append('/srv/bento'); {MEMORY}"
    assert float(inside(played, program)) == 768
    settings = inside(played, "import os; print(os.environ['TAGLINE_DRAIN_SECONDS'])")
    assert settings.strip() == the(objects("local"), "ConfigMap")["data"]["TAGLINE_DRAIN_SECONDS"]
