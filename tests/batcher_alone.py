"""The batcher without a server: around a model on a virtual clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from runners.batching import Batch, Batcher, Bounds
from runners.shared_thread import SharedThread

FAR = 1e9
BAD = -1
"""An item that fails the whole call that holds it."""


@dataclass
class Model:
    """Stands for a model on a virtual clock: an item costs so many seconds; every call is kept."""

    cost: float = 0.001
    now: float = 64.0
    calls: list[list[int]] = field(default_factory=list)

    def clock(self) -> float:
        """Tell the virtual time."""
        return self.now

    def run(self, items: list[int]) -> list[int]:
        """Double every item."""
        self.calls.append(items)
        self.now += self.cost * len(items)
        if BAD in items:
            raise ZeroDivisionError
        return [2 * item for item in items]

    @property
    def computed(self) -> list[int]:
        """Every item of every call."""
        return [item for call in self.calls for item in call]


def weigh(item: int) -> int:
    """Tell the weight of an item: 0 to 6."""
    return item % 7


def batcher(
    model: Model,
    *,
    watch: Callable[[Batch], None] | None = None,
    thread: SharedThread | None = None,
    **bounds: Any,
) -> Batcher[int, int]:
    """Make a batcher on the model's virtual clock, that never takes a thread."""
    inline: dict[str, Any] = {"inline_seconds": FAR}
    return Batcher(
        model.run,
        bounds=Bounds(**inline | bounds),
        weigh=weigh,
        clock=model.clock,
        watch=watch,
        thread=thread,
    )


async def warm_batcher(model: Model, **bounds: Any) -> Batcher[int, int]:
    """Make a batcher that knows what an item costs; before that its batches hold one item."""
    tried = batcher(model, **bounds)
    await tried.submit([0], FAR)
    model.calls.clear()
    return tried
