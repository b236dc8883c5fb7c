"""What the tools let pass: references between objects, quantities, kinds, settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from app.settings import PREFIX, Settings
from deploy.image_test.manifests import Manifest, of_kind

KINDS = {
    "ConfigMap",
    "Deployment",
    "HorizontalPodAutoscaler",
    "Ingress",
    "Namespace",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "PodDisruptionBudget",
    "Service",
    "ServiceAccount",
    "ServiceMonitor",
}
QUANTITY = re.compile(r"\d+(\.\d+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?")
MEBIBYTES = {"Ki": 2**-10, "Mi": 1.0, "Gi": 2.0**10, "k": 1e3 / 2**20, "M": 1e6 / 2**20}


def faults(objects: list[Manifest]) -> list[str]:
    """Give every fault of a rendered overlay in a sentence; none: it is sound."""
    checks = (unknown_kinds, quantities, selectors, references, ports, settings)
    return [fault for check in checks for fault in check(objects)]


def unknown_kinds(objects: list[Manifest]) -> Iterator[str]:
    """Find objects of kinds that nobody meant: a validator only warns of them."""
    for each in objects:
        if each["kind"] not in KINDS:
            yield f"{each['kind']} is no kind that these manifests use"


def quantities(objects: list[Manifest]) -> Iterator[str]:
    """Find amounts that a cluster would refuse (128Mib), and requests above their limits."""
    for container in containers(objects):
        resources = container["resources"]
        for amounts in resources.values():
            for name, amount in amounts.items():
                if not QUANTITY.fullmatch(str(amount)):
                    yield f"{name}: {amount} is no quantity"
        for name, wanted in resources["requests"].items():
            if measure(wanted) > measure(resources["limits"].get(name, "1T")):
                yield f"{name}: the request is above the limit"
    for deployment in of_kind(objects, "Deployment"):
        for volume in pod(deployment)["spec"]["volumes"]:
            size = volume.get("emptyDir", {}).get("sizeLimit", "1Mi")
            if not QUANTITY.fullmatch(str(size)):
                yield f"volume {volume['name']}: {size} is no quantity"


def selectors(objects: list[Manifest]) -> Iterator[str]:
    """Find selectors that select no pod; a Deployment's have to select its own."""
    deployments = of_kind(objects, "Deployment")
    for each in objects:
        owners = [each] if each["kind"] == "Deployment" else deployments
        labels = [pod(owner)["metadata"]["labels"] for owner in owners]
        for selector in selectors_of(each):
            if not any(selector.items() <= own.items() for own in labels):
                yield f"{each['kind']} {each['metadata']['name']} selects no pod: {selector}"


def references(objects: list[Manifest]) -> Iterator[str]:
    """Find mounts without volumes, volumes without mounts, names of objects not there."""
    names = {(each["kind"], each["metadata"]["name"]) for each in objects}
    for deployment in of_kind(objects, "Deployment"):
        spec = pod(deployment)["spec"]
        volumes = {volume["name"] for volume in spec["volumes"]}
        mounts = {mount["name"] for each in spec["containers"] for mount in each["volumeMounts"]}
        yield from (f"volume or mount {name} stands alone" for name in volumes ^ mounts)
        wanted = [
            *(("ConfigMap", source["configMapRef"]["name"]) for source in sources(spec)),
            *(
                ("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"])
                for volume in spec["volumes"]
                if "persistentVolumeClaim" in volume
            ),
        ]
        if of_kind(objects, "ServiceAccount"):
            wanted.append(("ServiceAccount", spec["serviceAccountName"]))
        yield from (
            f"there is no {kind} {name}" for kind, name in wanted if (kind, name) not in names
        )
    for scaler in of_kind(objects, "HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        if (target["kind"], target["name"]) not in names:
            yield f"the autoscaler's target {target['name']} is not there"
    for ingress in of_kind(objects, "Ingress"):
        for path in ingress["spec"]["rules"][0]["http"]["paths"]:
            if ("Service", path["backend"]["service"]["name"]) not in names:
                yield f"the path {path['path']} leads to no service"


def ports(objects: list[Manifest]) -> Iterator[str]:
    """Find ports that are called by a name that no container gives."""
    given = {
        port["name"] for container in containers(objects) for port in container.get("ports", [])
    }
    for service in of_kind(objects, "Service"):
        for port in service["spec"]["ports"]:
            if port["targetPort"] not in given:
                yield f"the service's port {port['targetPort']} is no container's"
    for container in containers(objects):
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            if probe in container and container[probe]["httpGet"]["port"] not in given:
                yield f"the port of {probe} is no container's"


def settings(objects: list[Manifest]) -> Iterator[str]:
    """Find settings that the service does not have, or values that it refuses."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for config in of_kind(objects, "ConfigMap"):
        yield from (f"{name} is no setting" for name in config["data"].keys() - known)


def selectors_of(each: Manifest) -> list[dict[str, str]]:
    """Give the labels by which an object selects pods."""
    spec = each.get("spec", {})
    match each["kind"]:
        case "Service":
            return [spec["selector"]]
        case "Deployment":
            spread = pod(each)["spec"].get("topologySpreadConstraints", [])
            return [
                spec["selector"]["matchLabels"],
                *(one["labelSelector"]["matchLabels"] for one in spread),
            ]
        case "PodDisruptionBudget":
            return [spec["selector"]["matchLabels"]]
        case "NetworkPolicy":
            return [spec["podSelector"]["matchLabels"]]
    return []


def pod(deployment: Manifest) -> Any:
    """Give a Deployment's pod."""
    return deployment["spec"]["template"]


def containers(objects: list[Manifest]) -> list[Manifest]:
    """Give every container."""
    return [
        each for one in of_kind(objects, "Deployment") for each in pod(one)["spec"]["containers"]
    ]


def sources(spec: Manifest) -> list[Manifest]:
    """Give where containers take their environment from."""
    return [source for each in spec["containers"] for source in each.get("envFrom", [])]


def measure(amount: str) -> float:
    """Give a quantity as a number that can be compared with another of its kind."""
    number, unit = re.fullmatch(r"([\d.]+)(\D*)", str(amount)).groups()  # type: ignore[union-attr]  # QUANTITY holds
    return float(number) * {"m": 1e-3, "T": 1e12 / 2**20, "": 1.0}.get(
        unit, MEBIBYTES.get(unit, 1.0)
    )
