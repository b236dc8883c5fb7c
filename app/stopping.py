"""Ready, draining, stopped: how a worker ends without losing a request.

uvicorn closes idle connections and its socket as soon as it is told to stop, while load balancers
still send requests. So SIGTERM first turns readiness false and makes every answer close its
connection; only after a pause is uvicorn told. A second signal to the worker, or SIGINT, ends the
pause. Requests in flight are answered either way. A caller who does not read his answer is waited
for no longer than a request may take; uvicorn by itself would wait for ever.

BentoML's supervisor runs its workers in sessions of their own and passes every signal on as
SIGTERM, once; so a terminal's Ctrl-C comes as SIGTERM too. Where the supervisor is killed its
workers end as well: they would hold the port, and nobody would look after them.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType

from uvicorn import Server

from app.logs import log

USUAL_SECONDS = 2.0
LOOK_SECONDS = 1
"""How often a worker looks whether its supervisor lives."""


def usual_pause() -> float:
    """Return the pause where none is set: 0 s in a terminal, where no load balancer is."""
    return 0 if sys.stdout.isatty() else USUAL_SECONDS


class Stopping:
    """Whether this worker is about to end.

    Parameters
    ----------
    pause_seconds
        From the first signal until uvicorn is told.
    rest_seconds
        From then on, for requests in flight; unless ``bentoml serve`` was given another time.
    supervisor
        The process that started this one.
    """

    def __init__(self, pause_seconds: float, *, rest_seconds: int, supervisor: int) -> None:
        self._pause_seconds = pause_seconds
        self._rest_seconds = rest_seconds
        self._supervisor = supervisor
        self._ended = False
        self.draining = False
        """From the first signal on: readiness is false, answers say ``Connection: close``."""

    def install(self) -> None:
        """Take the signals from whoever handles them now, and pass them on when it is time.

        Call it on the main thread with the loop running, when uvicorn has set its handlers.
        """
        loop, stop = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)
        if not callable(stop):
            return  # there is no server: the service is called in its own process
        server = getattr(stop, "__self__", None)
        if isinstance(server, Server) and server.config.timeout_graceful_shutdown is None:
            server.config.timeout_graceful_shutdown = self._rest_seconds

        def end() -> None:
            if not self._ended:
                self._ended = True
                # Always as SIGTERM: after SIGINT uvicorn would raise KeyboardInterrupt at the end.
                stop(signal.SIGTERM, None)

        def begin(pause_seconds: float) -> None:
            if pause_seconds:
                log.info("Draining: %.1f s until the connections are closed.", pause_seconds)
            loop.call_later(pause_seconds, end)

        def signalled(number: int, _frame: FrameType | None) -> None:
            at_once = self.draining or number == signal.SIGINT
            self.draining = True
            loop.call_soon_threadsafe(begin, 0 if at_once else self._pause_seconds)

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signalled)
        _when_orphaned(self._supervisor, partial(signalled, signal.SIGTERM, None))


def _when_orphaned(supervisor: int, end: Callable[[], None]) -> None:
    """Call ``end`` once the process that started this one is gone."""
    if os.getppid() == supervisor:
        loop = asyncio.get_running_loop()
        loop.call_later(LOOK_SECONDS, _when_orphaned, supervisor, end)
    else:
        log.error("The supervisor was killed: this worker ends too. Start the server anew.")
        end()
