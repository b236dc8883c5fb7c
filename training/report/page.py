"""A report as one HTML file that needs nothing beside itself."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tagger.wording import listed
from training.report.gathering import Report
from training.report.wording import of_100, signed

TEMPLATES = Path(__file__).parent


def page(report: Report) -> str:
    """Fill report.html; tags and texts are other people's, so everything is escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": lambda share: f"{100 * share:.0f}%",
        "figure": lambda value: f"{value:.3f}",
        "short": lambda value: f"{value:.2f}",
        "signed": signed,
        "thousands": lambda count: f"{count:,}",
        "of_100": of_100,
        "listed": listed,
    }
    return environment.get_template("report.html").render(
        report=report, params=sorted(asdict(report.run.params).items())
    )
