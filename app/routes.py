"""Who answers which path: the table of the contract."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Route:
    """A path of the contract."""

    template: str
    methods: tuple[str, ...] = ("GET", "HEAD")
    predicts: bool = False
    """Whether `edge` answers it."""
    own_form: bool = False
    """Whether BentoML answers it in a form of its own, errors too."""


ROUTES = (
    Route("/predict", ("POST",), predicts=True),
    Route("/runs/{run_id}/predict", ("POST",), predicts=True),
    Route("/"),
    Route("/performance"),
    Route("/params"),
    Route("/params/{param}"),
    Route("/runs"),
    Route("/runs/{run_id}"),
    Route("/runs/{run_id}/performance"),
    Route("/runs/{run_id}/params"),
    Route("/runs/{run_id}/params/{param}"),
    Route("/tags"),
    Route("/tags/{tag}"),
    Route("/docs"),
    Route("/redoc"),
    Route("/openapi.json"),
    Route("/ui"),
    Route("/assets/{file}"),
    Route("/livez", own_form=True),
    Route("/readyz", own_form=True),
    Route("/metrics", own_form=True),
    Route("/schema.json", own_form=True),
)
"""Every path that is answered; all others are a 404, BentoML's own pages among them."""
NOWHERE = Route("(none)", ())
"""What metrics call the paths that do not exist."""

STATIC = {route.template: route for route in ROUTES if "{" not in route.template}


def _compiled(template: str) -> re.Pattern[str]:
    # A tag may hold a slash, as in ci/cd; nothing else can.
    pattern = template.replace("{tag}", "(?P<tag>.+)")
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern))


NAMED = tuple((_compiled(route.template), route) for route in ROUTES if "{" in route.template)


def find(path: str) -> tuple[Route, dict[str, str]]:
    """Find who answers a path, and what its template's names stand for."""
    if (route := STATIC.get(path) or STATIC.get(path.rstrip("/") or "/")) is not None:
        return route, {}
    path = path.rstrip("/")
    for pattern, route in NAMED:
        if found := pattern.fullmatch(path):
            return route, found.groupdict()
    return NOWHERE, {}
