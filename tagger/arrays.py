"""Arrays of numbers to and from one file: nothing in it can run code, damage is named."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.errors import BrokenRun

Array = NDArray[Any]

REMEDY = "Delete the run and train it anew, or restore it from a copy."
"""What to do about a run with a damaged file."""
NUMBERS = "biuf"
"""Kinds of numpy that a run may hold: truth values, integers and real numbers; no objects."""


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write named arrays, compressed; the same arrays give the same bytes."""
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def read_arrays(path: Path) -> dict[str, Array]:
    """Read what `write_arrays` wrote, in full.

    Raises
    ------
    BrokenRun
        The file is missing, cut short, holds anything but finite numbers, or is no such file.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            if not isinstance(stored, np.lib.npyio.NpzFile):
                raise BrokenRun(f"{path} is not a file of arrays. {REMEDY}")
            arrays = {name: stored[name] for name in stored.files}
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as fault:
        raise BrokenRun(f"{path} cannot be read ({fault}). {REMEDY}") from fault
    for name, array in arrays.items():
        if array.dtype.kind not in NUMBERS:
            raise BrokenRun(f"{path} holds {array.dtype} in {name!r}, not numbers. {REMEDY}")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise BrokenRun(f"{path} holds numbers in {name!r} that are not finite. {REMEDY}")
    return arrays
