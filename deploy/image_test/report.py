"""A pytest plugin that writes deploy/results/image-test.md: what holds, fails, is not tested."""

from __future__ import annotations

import inspect
import os
import platform
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.image_test.containers import PODMAN, run
from tests.serving import PROJECT

RESULTS = PROJECT / "deploy" / "results" / "image-test.md"

TESTED = (
    "app",
    "bentofile.yaml",
    "deploy",
    ":!deploy/results",
    "requirements",
    "runners",
    "service.py",
    "tagger",
)
"""What the results depend on."""

Record = Callable[[str, object], None]
"""Pytest's ``record_property``: what a test gives it becomes one of the figures."""

NEEDS_A_CLUSTER = (
    ("HorizontalPodAutoscaler", "its schema and its target are checked; that it scales is not"),
    ("PodDisruptionBudget", "schema and selector are checked; evictions are not made"),
    ("NetworkPolicy", "schema, selector and ports are checked; no packet is filtered"),
    ("Ingress", "schema, service and paths are checked; no controller answers"),
    ("ServiceMonitor", "the path it scrapes answers; its operator's own schema is not to be had"),
    ("Pod Security admission", "each rule of `restricted` is checked by policy tools and in /proc"),
    ("topology spread", "schema and selector are checked; there is one node"),
    ("the official base image", "no registry is asked; BASE= tests another than Debian's packages"),
    ("fsGroup, emptyDir limits", "podman ignores both"),
    ("restart after a failed livenessProbe", "the endpoint is tested; no kubelet restarts"),
)
"""Parts of the manifests that only a cluster shows at work, and what is tested of them instead."""


@dataclass
class Claim:
    """A test's sentence, and how its cases ended."""

    sentence: str
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: list[str] = field(default_factory=list)

    def row(self) -> str:
        """Write the claim as a row of a table."""
        ended = next(name for name in ("failed", "skipped", "passed") if self.outcomes[name])
        word = {"failed": "**FAILS**", "skipped": "**not tested**", "passed": "holds"}[ended]
        cases = self.outcomes.total()
        count = f" ({cases} cases)" if cases > 1 else ""
        why = f": {self.reasons[0]}" if self.reasons else ""
        return f"| {self.sentence} | {word}{count}{why} |"


claims: dict[str, dict[str, Claim]] = {}
"""By file, by test."""
figures: dict[str, str] = {}
started: list[str] = []
"""The commit that was there when the tests began."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note how a test ended, under its sentence."""
    report = yield
    if report.when == "call" or report.outcome != "passed":
        test = getattr(item, "originalname", item.name)
        sentence = (inspect.getdoc(getattr(item, "obj", None)) or test).splitlines()[0]
        claim = claims.setdefault(item.path.stem, {}).setdefault(test, Claim(sentence))
        claim.outcomes[report.outcome] += 1
        if report.skipped and isinstance(report.longrepr, tuple):
            claim.reasons.append(report.longrepr[2].removeprefix("Skipped: "))
    figures.update((name, str(value)) for name, value in report.user_properties)
    return report


def pytest_sessionstart() -> None:
    """Note the commit: others may add to the branch meanwhile."""
    changed = run(["git", "status", "--porcelain", "--", *TESTED], folder=PROJECT).output
    commit = first_line("git", "-C", PROJECT, "rev-parse", "HEAD")
    started.append(f"Commit {commit}{', with uncommitted changes' if changed else ''}.")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the results, unless nothing was run."""
    if claims and not session.config.option.collectonly:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text("\n".join(lines()) + "\n")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say where the results are, and that what was skipped was not tested."""
    terminalreporter.line(summary())
    terminalreporter.line(f"Written to {RESULTS.relative_to(PROJECT)}")


def summary() -> str:
    """Count the claims by how they ended; a skip is not a pass."""
    ended = Counter(
        next(name for name in ("failed", "skipped", "passed") if claim.outcomes[name])
        for file in claims.values()
        for claim in file.values()
    )
    return (
        f"{ended['passed']} claims hold, {ended['failed']} fail, "
        f"{ended['skipped']} were not tested here."
    )


def first_line(*command: str | Path) -> str:
    """Give the first line that a command prints."""
    return run(command).output.partition("\n")[0]


def lines() -> list[str]:
    """Put the page together."""
    tools = ", ".join(
        (
            first_line(PODMAN, "--version"),
            first_line("runc", "--version"),
            first_line("haproxy", "-v").partition(" - ")[0],
        )
    )
    where = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Linux {platform.release()}"
    page = [
        "# Results of `make image-test`",
        "",
        *started,
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC; {where}; {tools}.",
        "Written by deploy/image_test/report.py.",
        "",
        f"**{summary()}**",
    ]
    for file, tests in claims.items():
        heading = file.removeprefix("test_").replace("_", " ").capitalize()
        page += ["", f"## {heading}", "", "| claim | result |", "|---|---|"]
        page += [claim.row() for claim in tests.values()]
    page += ["", "## Figures", "", "| what | measured |", "|---|---|"]
    page += [f"| {name} | {value} |" for name, value in figures.items()]
    page += [
        "",
        "## Not tested here: needs a cluster or a registry",
        "",
        "| part | what is tested of it |",
        "|---|---|",
    ]
    page += [f"| {part} | {instead} |" for part, instead in NEEDS_A_CLUSTER]
    return page
