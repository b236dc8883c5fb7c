"""Every log format, once; and what stays out of the logs: callers' texts, lines nobody reads."""

from __future__ import annotations

import asyncio
import logging
import sys
import traceback
from typing import Any, NoReturn

import orjson

from tagger.errors import BrokenRun, TaglineError, UnknownFormat

log = logging.getLogger("bentoml.tagline")
"""Below BentoML's own logger, whose handlers and levels therefore apply."""


def configure(log_format: str) -> None:
    """Set up the logs of a process: the supervisor's, or a worker's."""
    # uvicorn formats a line a request for nobody as long as a handler stands above this logger:
    # 12 us of CPU a request.
    logging.getLogger("uvicorn.access").propagate = False
    # BentoML gives this one a handler and its root another: each line would be there twice.
    logging.getLogger("uvicorn.error").propagate = False
    if log_format == "json":
        for name in ("bentoml", "uvicorn.error", ""):
            for handler in logging.getLogger(name).handlers:
                handler.setFormatter(JsonLines())


def welcome(address: str | None) -> None:
    """Say where to go, once the server answers."""
    if address:
        log.info("Open %s/ui (try it), %s/docs (the API).", address, address)


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record as JSON."""
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        return orjson.dumps(line).decode()


def end(log_format: str | None, why: str) -> NoReturn:
    """End a process that cannot serve as it is set: with status 1, and why."""
    if log_format == "json":
        why = JsonLines().format(log.makeRecord(log.name, logging.ERROR, "", 0, why, (), None))
    sys.exit(why)


def failed(fault: BaseException, request_id: bytes) -> None:
    """Log a failure: what is wrong with a run's files, or an unforeseen one's kind and place."""
    of_a_run = isinstance(fault, BrokenRun | UnknownFormat)
    words = str(fault) if of_a_run else _without_its_words(fault)
    log.error("Request %s failed: %s", request_id.decode(), words)


def beside_requests(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what failed in no request's own code, as asyncio would, whose logger BentoML turns off.

    What was foreseen is left out: there its caller left before it was told.
    """
    fault = context.get("exception")
    if fault is None:
        log.error("Beside the requests: %s", context["message"])
    elif not isinstance(fault, TaglineError):
        log.error("Beside the requests something failed: %s", _without_its_words(fault))


def _without_its_words(fault: BaseException) -> str:
    """Tell a fault's kind and place; its words may hold a piece of a request."""
    where = "".join(traceback.format_tb(fault.__traceback__))
    kind = type(fault).__name__
    if isinstance(fault, OSError) and fault.strerror:
        kind = f"{kind}: {fault.strerror}"
    return f"{kind}\n{where.rstrip()}"
