"""The manifests as `kubectl kustomize` renders them, and how to find and change things in them."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import yaml

from deploy.image_test.containers import TOOLS, Image, run
from tests.serving import PROJECT

FOLDER = PROJECT / "deploy" / "kubernetes"
OVERLAYS = ("local", "production", "canary")
Manifest = dict[str, Any]
"""A Kubernetes object, as YAML gives it."""


@cache
def rendered(overlay: str) -> str:
    """Render an overlay to YAML."""
    done = run([TOOLS / "kubectl", "kustomize", FOLDER / overlay])
    assert done.status == 0, done.output
    return done.output


def objects(overlay: str) -> list[Manifest]:
    """Render an overlay to its objects."""
    return list(yaml.safe_load_all(rendered(overlay)))


def of_kind(found: list[Manifest], kind: str) -> list[Manifest]:
    """Give the objects of a kind."""
    return [each for each in found if each["kind"] == kind]


def the(found: list[Manifest], kind: str) -> Manifest:
    """Give the only object of a kind."""
    (one,) = of_kind(found, kind)
    return one


def with_image(deployment: Manifest, image: Image) -> Manifest:
    """Give a Deployment another image."""
    changed = copy.deepcopy(deployment)
    changed["spec"]["template"]["spec"]["containers"][0]["image"] = image.name
    return changed


def without_drain(deployment: Manifest, settings: Manifest) -> tuple[Manifest, Manifest]:
    """Take away what keeps requests from being lost: preStop, and the pause after SIGTERM."""
    deployment, settings = copy.deepcopy(deployment), copy.deepcopy(settings)
    del deployment["spec"]["template"]["spec"]["containers"][0]["lifecycle"]
    settings["data"]["TAGLINE_DRAIN_SECONDS"] = "0"
    return deployment, settings
