"""The manifests pass the schemas, the policy tools, and checks of what those let pass."""

from __future__ import annotations

import copy
import json
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.settings import Settings
from deploy.image_test.containers import TOOLS, run
from deploy.image_test.faults import containers, faults, pod
from deploy.image_test.manifests import FOLDER, OVERLAYS, Manifest, objects, rendered, the
from tests.serving import PROJECT

HERE = Path(__file__).parent
COMPONENTS = ("service-monitor", "mounted-store")
VERSIONS = ("1.30", "1.34", "1.37")
"""The oldest that knows all that is used, and the newest that the validator knows."""


@pytest.fixture(params=OVERLAYS)
def overlay(request: pytest.FixtureRequest) -> str:
    """Each of the overlays."""
    name: str = request.param
    return name


def written(overlay: str, folder: Path) -> Path:
    """Write a rendered overlay to a file."""
    file = folder / f"{overlay}.yaml"
    file.write_text(rendered(overlay))
    return file


@pytest.mark.parametrize("version", VERSIONS)
def test_schemas(overlay: str, version: str, tmp_path: Path) -> None:
    """Kubernetes knows every object in this version, strictly; none is only warned of."""
    checked = run(
        [TOOLS / "kubernetes-validate", "--strict", "-k", version, written(overlay, tmp_path)]
    )
    assert checked.status == 0, checked.output
    assert "WARN" not in checked.output
    assert checked.output.count("passed for resource") == len(objects(overlay))


def accepted(overlay: str, tool: str) -> set[str]:
    """Give the findings that have their reason in findings.toml."""
    reasons: dict[str, dict[str, dict[str, str]]] = tomllib.loads(
        (HERE / "findings.toml").read_text()
    )
    return set(reasons.get(overlay, {}).get(tool, {}))


def test_checkov(overlay: str, tmp_path: Path) -> None:
    """Checkov finds only what has its reason in findings.toml, and finds that still."""
    scan = ["--framework", "kubernetes", "--skip-download", "--quiet", "--compact", "-o", "json"]
    scanned = run([TOOLS / "checkov", "-f", written(overlay, tmp_path), *scan])
    report: Any = json.loads(scanned.output)
    assert report["summary"]["passed"] > 50
    failed = report["results"]["failed_checks"]
    assert {check["check_id"] for check in failed} == accepted(overlay, "checkov")


def test_trivy(overlay: str, tmp_path: Path) -> None:
    """Trivy finds only what has its reason in findings.toml, and finds that still."""
    scan = ["--quiet", "--skip-check-update", "--skip-version-check", "--format", "json"]
    scanned = run([TOOLS / "trivy", "config", *scan, written(overlay, tmp_path)])
    assert scanned.status == 0, scanned.output
    report: Any = json.loads(scanned.output)
    found = [fault["ID"] for file in report["Results"] for fault in file["Misconfigurations"]]
    assert set(found) == accepted(overlay, "trivy")


@pytest.mark.parametrize(("memory", "read"), [("768Mi", True), ("768Mib", False)])
def test_amounts(overlay: str, tmp_path: Path, *, memory: str, read: bool) -> None:
    """Kubectl reads every amount, and lists no object where one has a unit that does not exist."""
    assert "memory: 768Mi\n" in rendered(overlay)
    file = written(overlay, tmp_path)
    file.write_text(file.read_text().replace("memory: 768Mi\n", f"memory: {memory}\n"))
    decoded = run(
        [
            *(TOOLS / "kubectl", "set", "env", "READ=1"),
            *("--all", "--local", "-o", "name", "-f", file),
        ]
    )
    assert ("deployment.apps/tagline" in decoded.output) == read, decoded.output


def test_they_are_sound(overlay: str) -> None:
    """Selectors, references, mounts, ports and settings fit together."""
    assert faults(objects(overlay)) == []


@pytest.mark.parametrize("component", COMPONENTS)
def test_components_fit_production(component: str, tmp_path: Path) -> None:
    """Production with the component switched on renders, and is as sound as without it."""
    shutil.copytree(FOLDER, tmp_path / "kubernetes")
    production = tmp_path / "kubernetes" / "production"
    with (production / "kustomization.yaml").open("a") as kustomization:
        kustomization.write(f"components:\n  - ../components/{component}\n")
    done = run([TOOLS / "kubectl", "kustomize", production])
    assert done.status == 0, done.output
    found = list(yaml.safe_load_all(done.output))
    assert len(found) > len(objects("production"))
    assert faults(found) == []
    images = {container["image"] for container in containers(found)}
    assert len(images) == 1
    assert "@sha256:" in images.pop()


def break_selector(deployment: Manifest) -> None:
    """Select what no pod is labelled."""
    deployment["spec"]["selector"]["matchLabels"]["track"] = "stabel"


def break_mount(deployment: Manifest) -> None:
    """Mount what is no volume."""
    pod(deployment)["spec"]["containers"][0]["volumeMounts"][0]["name"] = "scratsch"


def break_port(deployment: Manifest) -> None:
    """Probe a port that has no such name."""
    pod(deployment)["spec"]["containers"][0]["readinessProbe"]["httpGet"]["port"] = "htttp"


def break_reference(deployment: Manifest) -> None:
    """Take settings from where there are none."""
    pod(deployment)["spec"]["containers"][0]["envFrom"][0]["configMapRef"]["name"] = "settings"


@pytest.mark.parametrize("break_it", [break_selector, break_mount, break_port, break_reference])
def test_faults_are_found(break_it: Callable[[Manifest], None]) -> None:
    """What passes every tool is found by the project's own checks: this fails if they sleep."""
    found = copy.deepcopy(objects("local"))
    break_it(the(found, "Deployment"))
    assert faults(found)


def test_the_grace_period_is_long_enough() -> None:
    """PreStop, drain and the longest request together fit into the grace period."""
    found = objects("production")
    spec = pod(the(found, "Deployment"))["spec"]
    pause = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    drain = float(the(found, "ConfigMap")["data"]["TAGLINE_DRAIN_SECONDS"])
    longest = Settings.model_fields["timeout_seconds"].default
    assert pause + drain + longest < spec["terminationGracePeriodSeconds"]


def test_every_file_is_used() -> None:
    """No manifest lies about that no kustomization names."""
    named = "".join(file.read_text() for file in FOLDER.rglob("kustomization.yaml"))
    for file in FOLDER.rglob("*.yaml"):
        if file.name != "kustomization.yaml":
            assert file.name in named, file.relative_to(PROJECT)
