"""A check in a process of its own: the memory that it takes goes with it.

The supervisor lives as long as the server and needs nothing of the run, which it loads to see that
the workers can. In a child this costs the time of a fork.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable

from tagger.errors import TaglineError


def in_own_process(check: Callable[[], None]) -> None:
    """Run a check in a child process, or here where forking is not safe (it is on Linux).

    Raises
    ------
    SystemExit
        The check failed, and its process has said why; or it was killed: 128 and the signal.
    TaglineError
        It failed here.
    """
    if sys.platform != "linux":
        check()
        return
    child = multiprocessing.get_context("fork").Process(target=_say_why, args=(check,))
    child.start()
    child.join()
    status = child.exitcode or 0
    if status:
        sys.exit(status if status > 0 else 128 - status)


def _say_why(check: Callable[[], None]) -> None:
    try:
        check()
    except TaglineError as fault:
        sys.exit(str(fault))
