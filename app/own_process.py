"""Run a check in a child process, whose memory is freed when it ends.

The supervisor loads the run to see that its workers can, and then needs nothing of it for as long
as the server lives. The child costs the time of a fork.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable
from typing import NoReturn

from tagger.errors import TaglineError


def in_own_process(check: Callable[[], None], end: Callable[[str], NoReturn]) -> None:
    """Run a check in a child process, or here where forking is not safe (it is on Linux).

    Parameters
    ----------
    end
        Ends the process that calls it, after printing a sentence that says why.

    Raises
    ------
    SystemExit
        The check failed, and ``end`` has said why; or it was killed: status 128 + the signal.
    """

    def run() -> None:
        try:
            check()
        except TaglineError as fault:
            end(str(fault))

    if sys.platform != "linux":
        run()
        return
    child = multiprocessing.get_context("fork").Process(target=run)
    child.start()
    child.join()
    status = child.exitcode or 0
    if status:
        sys.exit(status if status > 0 else 128 - status)
