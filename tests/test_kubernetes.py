"""What can be held of the Kubernetes manifests without a cluster and its tools."""

from __future__ import annotations

import re

import yaml

from app.routes import ROUTES
from tests.serving import PROJECT

PRODUCTION = PROJECT / "deploy" / "kubernetes" / "production"
INSIDE = {"/livez", "/readyz", "/metrics"}
"""What the cluster alone asks for."""


def test_the_ingress_leads_to_all_that_callers_ask_for() -> None:
    """Every path of the API is reached from outside, BentoML's client's too; nothing else is."""
    ingress = yaml.safe_load((PRODUCTION / "ingress.yaml").read_text(encoding="utf-8"))
    led = {path["path"] for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]}
    assert led == {re.sub("(?<=.)/.*", "", route.template) for route in ROUTES} - INSIDE


def test_components_are_switched_on_by_their_comment_sign() -> None:
    """Without the sign before them the lines of the components name folders that are there."""
    written = (PRODUCTION / "kustomization.yaml").read_text(encoding="utf-8")
    switched_on = re.sub("^# (components:|  - )", r"\1", written, flags=re.MULTILINE)
    components = yaml.safe_load(switched_on)["components"]
    assert len(components) == 2
    for component in components:
        assert (PRODUCTION / component).is_dir()
