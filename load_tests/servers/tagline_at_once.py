"""Tagline without its batcher: every request is answered at once, by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import runners.loaded


class AtOnce:
    """In the place of `runners.batching.Batcher`."""

    def __init__(self, run: Callable[[list[Any]], list[Any]], **_: object) -> None:
        self._run = run

    def submit(self, items: list[Any], deadline: float) -> asyncio.Future[list[Any]]:
        """Run the items of one request alone, now."""
        del deadline
        future: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        future.set_result(self._run(items))
        return future


runners.loaded.Batcher = AtOnce  # type: ignore[assignment, attr-defined]  # what is measured

from service import Tagger  # noqa: E402 - it makes its runner on import

__all__ = ["Tagger"]
