"""Changes to files and folders that happen wholly or not at all, despite a kill or a full disk."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock a folder against all other processes; the system releases the lock of a dead one."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def flush(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_all(folder: Path) -> None:
    """Wait until a folder and all beneath it is on the disk."""
    for path in (*folder.rglob("*"), folder):
        flush(path)


def replace(path: Path, content: bytes, *, aside: Path) -> None:
    """Replace a file's content by one rename; ``aside`` is a folder of the same file system."""
    new = aside / path.name
    new.write_bytes(content)
    flush(new)
    new.replace(path)
    flush(path.parent)


def clear(folder: Path) -> None:
    """Remove all that is in a folder; of a link to another folder, only the link."""
    for left in folder.iterdir():
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink()


def sha256(path: Path) -> str:
    """Digest a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digests(folder: Path) -> dict[str, str]:
    """Digest every file of a folder, by its path within it."""
    return {
        path.relative_to(folder).as_posix(): sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
