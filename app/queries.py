"""Query parameters that a path does not have are a fault, as unknown fields of a body are.

Passed over, ``/runs?tpo=3`` would answer with all runs, and ``/predict?top_k=3`` with all tags.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from app.reading import bounded, shown
from app.routes import Route
from tagger.errors import Fault, InvalidInput


def check_query(route: Route, query: bytes) -> None:
    """Refuse query parameters that a route does not have.

    Raises
    ------
    InvalidInput
    """
    if route.query is None:
        return
    sent = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    known = (
        "options stand in the body, beside the texts"
        if route.predicts
        else f"this path has {' and '.join(route.query) or 'none'}"
    )
    words = f"Query parameter is unknown: leave it out; {known}."
    faults = [
        Fault(("query", shown(name)), words, "extra_forbidden")
        for name in sent
        if name not in route.query
    ]
    if faults:
        raise InvalidInput(bounded(faults, len(faults)))
