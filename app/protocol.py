"""The class by which uvicorn reads requests, and how others are laid around it: the one seam.

``bentoml serve`` has no setting for uvicorn's ``http=``, so each of ours takes the place of its
name ``uvicorn.protocols.http.auto.AutoHTTPProtocol`` (tried with 0.54). Where uvicorn is another
nothing is, and the log says what is missing.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http import auto

from app.logs import log


def protocol_in_use() -> str:
    """Name uvicorn's class, which it chooses by what is installed."""
    classes = getattr(auto, "AutoHTTPProtocol", object).__mro__
    uvicorns = (kind.__name__ for kind in classes if kind.__module__.startswith("uvicorn."))
    return next(uvicorns, "unknown")


def extend(ours: type[asyncio.Protocol], *, without: str, **values: object) -> None:
    """Lay a class of ours around uvicorn's, once, for all servers in this process.

    Parameters
    ----------
    without
        What the log says of a uvicorn that is another.
    values
        Attributes of our class; the same name means the same in every class of ours.
    """
    if protocol_in_use() != "HttpToolsProtocol":
        log.warning("This uvicorn is another: %s.", without)
    elif not issubclass(auto.AutoHTTPProtocol, ours):
        auto.AutoHTTPProtocol = type(ours.__name__, (ours, auto.AutoHTTPProtocol), values)
