"""What the tools let pass: names and labels that lead nowhere, settings that there are not.

Schemas, kinds, amounts and policies are the tools' (test_manifests.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.settings import PREFIX, Settings
from deploy.image_test.manifests import Manifest, of_kind

NAMED_UNDER = (
    ("ConfigMap", "configMapRef", "name"),
    ("PersistentVolumeClaim", "persistentVolumeClaim", "claimName"),
    ("Deployment", "scaleTargetRef", "name"),
    ("Service", "service", "name"),
)
"""Kinds of objects, and the keys under which others name them."""


def faults(objects: list[Manifest]) -> list[str]:
    """Give every fault of a rendered overlay in a sentence; none: it is sound."""
    checks = (selectors, references, mounts, ports, settings)
    return [fault for check in checks for fault in check(objects)]


def selectors(objects: list[Manifest]) -> Iterator[str]:
    """Find selectors that select no pod; a Deployment's have to select its own."""
    deployments = of_kind(objects, "Deployment")
    for each in objects:
        owners = [each] if each["kind"] == "Deployment" else deployments
        labels = [pod(owner)["metadata"]["labels"] for owner in owners]
        for selector in selectors_of(each):
            if not any(selector.items() <= own.items() for own in labels):
                yield f"{each['kind']} {each['metadata']['name']} selects no pod: {selector}"


def selectors_of(each: Manifest) -> list[dict[str, str]]:
    """Give the labels by which an object selects pods; of a NetworkPolicy checkov sees to them."""
    match each["kind"]:
        case "Service":
            return [each["spec"]["selector"]]
        case "Deployment" | "PodDisruptionBudget":
            return list(values(each, "matchLabels"))
    return []


def references(objects: list[Manifest]) -> Iterator[str]:
    """Find names of objects that are not there."""
    there = {(each["kind"], each["metadata"]["name"]) for each in objects}
    named = [
        (kind, place[key]) for kind, under, key in NAMED_UNDER for place in values(objects, under)
    ]
    if of_kind(objects, "ServiceAccount"):  # else it is another overlay's, as the canary's is
        named += [("ServiceAccount", name) for name in values(objects, "serviceAccountName")]
    yield from (f"there is no {kind} {name}" for kind, name in named if (kind, name) not in there)


def mounts(objects: list[Manifest]) -> Iterator[str]:
    """Find mounts without volumes, and volumes without mounts."""
    for deployment in of_kind(objects, "Deployment"):
        spec = pod(deployment)["spec"]
        volumes = {volume["name"] for volume in spec["volumes"]}
        mounted = {mount["name"] for each in spec["containers"] for mount in each["volumeMounts"]}
        yield from (f"volume or mount {name} stands alone" for name in volumes ^ mounted)


def ports(objects: list[Manifest]) -> Iterator[str]:
    """Find ports that are called by a name that no container gives."""
    given = {
        port["name"] for container in containers(objects) for port in container.get("ports", [])
    }
    called = [
        *values(of_kind(objects, "Service"), "targetPort"),
        *(probe["port"] for probe in values(of_kind(objects, "Deployment"), "httpGet")),
    ]
    yield from (f"the port {name} is no container's" for name in called if name not in given)


def settings(objects: list[Manifest]) -> Iterator[str]:
    """Find settings that the service does not have."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for config in of_kind(objects, "ConfigMap"):
        yield from (f"{name} is no setting" for name in config["data"].keys() - known)


def values(part: Any, key: str) -> Iterator[Any]:
    """Give what stands under a key, however deep."""
    if isinstance(part, dict):
        if key in part:
            yield part[key]
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from values(each, key)


def pod(deployment: Manifest) -> Any:
    """Give a Deployment's pod."""
    return deployment["spec"]["template"]


def containers(objects: list[Manifest]) -> list[Manifest]:
    """Give every container."""
    return [
        each for one in of_kind(objects, "Deployment") for each in pod(one)["spec"]["containers"]
    ]
