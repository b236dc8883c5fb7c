"""What the command lines take from the environment: BENTOML_HOME, and what libraries read."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tagger.store import Store


def prepare_environment() -> None:
    """Set the variables that libraries read, where the caller has not, before they are imported.

    A letter that the caller's terminal or pipe cannot show is then written as its number.
    """
    project = Path(__file__).resolve().parent.parent
    os.environ["BENTOML_HOME"] = os.environ.get("BENTOML_HOME") or str(project / ".bentoml")
    os.environ.setdefault("BENTOML_DO_NOT_TRACK", "true")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def open_store() -> Store:
    """Open the store of BENTOML_HOME."""
    from tagger.store import Store

    return Store(Path(os.environ["BENTOML_HOME"]).expanduser())
