"""Allow as many connections as the system does: each takes an open file.

The usual limit is 1,024, for the sake of programs that call select(2); a process may raise its own
to the hard limit, usually half a million. uvloop closes every connection beyond it at once, without
a log line.
"""

from __future__ import annotations

import resource
from contextlib import suppress


def allow_all() -> None:
    """Let this process open as many files as it may."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError):  # macOS says "unlimited", and does not accept that as a limit
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
