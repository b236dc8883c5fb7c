"""As many connections as the system allows: each takes an open file.

Usual is a limit of 1,024, for the sake of programs that call select(2), and a hard one of half a
million, up to which any process may raise its own. uvloop closes at once what comes beyond, and
tells nobody.
"""

from __future__ import annotations

import resource
from contextlib import suppress


def allow_all() -> None:
    """Let this process open as many files as it may."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError):  # macOS names no number, and takes none back
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
