"""How Tagline extends uvicorn's protocol, the class that reads requests and writes answers.

``bentoml serve`` has no setting for uvicorn's ``http=``, so the class that uvicorn knows as
``uvicorn.protocols.http.auto.AutoHTTPProtocol`` is replaced by a subclass (tried with 0.54). If
that is not the class expected, nothing is replaced and the log says what is missing.

What the extensions read of uvicorn's own state, a connection's:

- ``scope``: the request whose head is being read, or was read last;
- ``cycle``: the latest request whose head is whole, with its answer. As long as ``cycle.scope`` is
  not ``scope``, a head has begun and not ended; while ``cycle.more_body``, its body has not;
- ``pipeline``: requests that wait for the answers to those before them;
- ``parser``: httptools', which calls the methods ``on_...``.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http import auto

from app.logs import log


def protocol_in_use() -> str:
    """Name uvicorn's own class, which it chooses by the packages installed."""
    classes = getattr(auto, "AutoHTTPProtocol", object).__mro__
    uvicorns = (kind.__name__ for kind in classes if kind.__module__.startswith("uvicorn."))
    return next(uvicorns, "unknown")


def extend(ours: type[asyncio.Protocol], *, without: str, **values: object) -> None:
    """Extend uvicorn's protocol by a class of ours, once, for all servers in this process.

    Parameters
    ----------
    ours
        A mixin: its methods take the place of uvicorn's and call them by ``super()``.
    without
        What the log says is wrong where it cannot be done.
    values
        Class attributes of the mixin; mixins that have an attribute of the same name share it.
    """
    if protocol_in_use() != "HttpToolsProtocol":
        log.warning("This uvicorn is not the one that Tagline extends: %s.", without)
    elif not issubclass(auto.AutoHTTPProtocol, ours):
        auto.AutoHTTPProtocol = type(ours.__name__, (ours, auto.AutoHTTPProtocol), values)
