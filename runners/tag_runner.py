"""The Runner: the served run, the few others kept loaded, the swap to a newer one; batches for all.

It lives in the Service's process, because a call between two processes costs more than the model.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Protocol, TypeVar, TypeVarTuple

from runners.batching import Batch, Bounds
from runners.loaded import Loaded, Writer
from tagger.errors import (
    DeadlinePassed,
    NotReady,
    Overloaded,
    RunError,
    StoreError,
    UnknownRun,
)
from tagger.model import Model
from tagger.store import PROMOTED, Store

log = logging.getLogger("bentoml.tagline.runner")

MOST_LOADING = 32
"""Requests that may wait for runs to be loaded."""
READERS = 3
"""Threads that look which runs there are, while another one loads."""
RETRY_SECONDS = 60
"""Until a promoted run that could not be loaded is tried again: a store on a network may have
failed it once, or a copy into it was not at its end."""
NOT_LOADED = (
    "The time for this request was over before the run was loaded: ask again, or give more."
)
MOVED = (
    "%s is promoted by BentoML's own `latest`, but not by Tagline's history: an import or a "
    "deletion moved it. If it is meant, say so: python -m tagger promote RUN"
)

Result = TypeVar("Result")
Names = TypeVarTuple("Names")


class Watch(Protocol):
    """Who is told what the Runner does."""

    def batched(
        self, work: str, size: int, seconds: float, waits: Sequence[float], *, waiting: int
    ) -> None:
        """A batch has run, for tags or for evidence; so many texts wait for one of either."""

    def serves(self, run_id: str, *, instead_of: str | None) -> None:
        """Another run is served from now on."""

    def refused(self) -> None:
        """A promoted run was not taken up."""


class TagRunner:
    """Loads runs from a store and answers by them.

    Parameters
    ----------
    store
        Where the runs are. It may vanish while the server runs: what is loaded goes on serving.
    pinned
        Serve this run, whatever is promoted.
    writer
        Makes the `Writer` of a model.
    kept
        How many runs to keep loaded beside the served one.
    """

    def __init__(
        self,
        store: Store,
        *,
        pinned: str | None,
        writer: Callable[[Model], Writer],
        watch: Watch,
        bounds: Bounds,
        kept: int,
    ) -> None:
        self._store = store
        self._pinned = pinned
        self._writer = writer
        self._watch = watch
        self._bounds = bounds
        self._kept = kept
        self._served: Loaded | None = None
        self._others: OrderedDict[str, Loaded] = OrderedDict()
        self._one_at_a_time = asyncio.Lock()
        self._loading = 0
        # Its own: a store that hangs would take all threads of the loop, which compress answers.
        self._readers = ThreadPoolExecutor(READERS, "store")
        # The C library keeps what a thread has freed for that thread's next use: were runs loaded
        # now in one and now in another, each would keep the room of a run.
        self._loader = ThreadPoolExecutor(1, "load")
        self._passed_over: str | None = None
        """What was last said not to be taken up, lest it be said twice."""
        self._next_try = 0.0
        """When a promoted run that could not be loaded may be tried again."""

    @property
    def served(self) -> Loaded:
        """The run that answers where none is named.

        Raises
        ------
        NotReady
            It is not loaded yet.
        """
        if self._served is None:
            raise NotReady("The server is starting. Try again in a second.")
        return self._served

    def check(self) -> None:
        """Load the run to serve and drop it again.

        Raises
        ------
        RunError, StoreError
            There is none, or it cannot be loaded.
        """
        self._load(self._run_to_start_on())

    def start(self) -> None:
        """Load the run to serve; nothing else answers meanwhile.

        Raises
        ------
        RunError, StoreError
            There is none, or it cannot be loaded.
        """
        self._serve(self._load(self._run_to_start_on()))
        try:
            if self._pinned is None and self._store.moved_by_others():
                told = MOVED % self._store.promoted()
                self._pass_over(told, told)
        except StoreError as fault:
            log.warning("No promotion can be taken up: %s", fault)

    async def of(self, run_id: str, deadline: float) -> Loaded:
        """Give any run of the store, loading it off the loop if need be, one at a time.

        Raises
        ------
        UnknownRun
            There is none of this name, or no more.
        Overloaded
            Too many requests wait for runs to be loaded.
        DeadlinePassed
            It is not loaded by then. A load that has begun goes on, for whoever asks next.
        """
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                return await self._of(run_id, deadline)
        except TimeoutError:
            raise DeadlinePassed(NOT_LOADED) from None

    async def _of(self, run_id: str, deadline: float) -> Loaded:
        if run_id == self.served.run.run_id:
            return self.served
        if run_id in PROMOTED:
            run_id = await self._apart(self._store.resolve, run_id)
            return await self._of(run_id, deadline)
        known = await self._apart(self._store.run_ids)
        if run_id not in known:
            self._others.pop(run_id, None)
            raise UnknownRun(run_id, known)
        if (loaded := self._kept_loaded(run_id)) is not None:
            return loaded
        if self._loading >= MOST_LOADING:
            raise Overloaded(1)
        self._loading += 1
        return await asyncio.shield(self._load_in_turn(run_id, deadline))

    async def _load_in_turn(self, run_id: str, deadline: float) -> Loaded:
        """Load a run and keep it, unless the time of the one who asked is over before its turn."""
        try:
            async with self._one_at_a_time:
                if (loaded := self._kept_loaded(run_id)) is None:
                    if deadline <= time.monotonic():
                        raise DeadlinePassed(NOT_LOADED)
                    loaded = await self._load_apart(run_id)
                    self._others[run_id] = loaded
                    if len(self._others) > self._kept:
                        self._others.popitem(last=False)
            return loaded
        finally:
            self._loading -= 1

    async def follow(self, seconds: float) -> None:
        """Take up each newly promoted run, looking every so many seconds; ends when cancelled."""
        while self._pinned is None:
            await asyncio.sleep(seconds)
            try:
                await self._look()
            except StoreError as fault:
                self._pass_over("the store", f"The store cannot be read; serving goes on: {fault}")
            except Exception as fault:  # noqa: BLE001 - no memory or no thread, say: it may pass
                what = f"{type(fault).__name__}: {fault}"
                self._pass_over(
                    what, f"The promoted run was not looked at; serving goes on: {what}"
                )

    async def _look(self) -> None:
        """Take up the promoted run if it is another, by a promotion that the history names."""
        promoted = await self._apart(self._store.promoted)
        served = self.served.run.run_id
        if promoted is None:  # the server could not start without one: it was there
            self._pass_over("nothing", f"The store holds no promoted run any more; {served} stays.")
            return
        if promoted == served:
            self._passed_over = None
            return
        if await self._apart(self._store.moved_by_others):
            self._pass_over(MOVED % promoted, MOVED % promoted)
            return
        promotions = await self._apart(self._store.history)
        # Promoted anew, a run that was passed over is looked at again.
        times = sum(promotion.run_id == promoted for promotion in promotions)
        what = f"{promoted}, promotion {times}"
        if what == self._passed_over and time.monotonic() < self._next_try:
            return
        try:
            async with self._one_at_a_time:
                if (loaded := self._kept_loaded(promoted)) is None:
                    loaded = await self._load_apart(promoted)
        except (RunError, StoreError) as fault:
            self._next_try = time.monotonic() + RETRY_SECONDS
            if what != self._passed_over:
                self._watch.refused()
            self._pass_over(
                what,
                f"Run {promoted} was promoted and is not taken up; {served} stays: {fault}",
            )
            return
        self._serve(loaded)

    def _run_to_start_on(self) -> str:
        """Name the pinned run, or the one that servers which run already stay on."""
        if self._pinned is None:
            # It takes the history to change over, not to serve: `start` tells of a damaged one.
            with suppress(StoreError):
                if (last := self._store.last_promoted()) is not None:
                    return last
        return self._store.resolve(self._pinned or "promoted")

    def _pass_over(self, what: str, why: str) -> None:
        """Say once why something is not taken up."""
        if what != self._passed_over:
            self._passed_over = what
            log.warning(why)

    def _serve(self, loaded: Loaded) -> None:
        before = self._served
        self._served = loaded
        run_id = loaded.run.run_id
        self._others.pop(run_id, None)
        self._watch.serves(run_id, instead_of=before.run.run_id if before else None)
        log.info("Run %s is served.", run_id)

    def _kept_loaded(self, run_id: str) -> Loaded | None:
        if run_id == self.served.run.run_id:  # taken up while somebody waited for it
            return self.served
        if run_id in self._others:
            self._others.move_to_end(run_id)
        return self._others.get(run_id)

    async def _apart(self, read: Callable[[*Names], Result], *names: *Names) -> Result:
        """Read the store off the loop."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, read, *names)

    async def _load_apart(self, run_id: str) -> Loaded:
        """Load a run off the loop."""
        return await asyncio.get_running_loop().run_in_executor(self._loader, self._load, run_id)

    def _load(self, run_id: str) -> Loaded:
        return Loaded.read(
            self._store, run_id, writer=self._writer, bounds=self._bounds, told=self._told
        )

    def _told(self, work: str, batch: Batch) -> None:
        loaded = [run for run in (self._served, *self._others.values()) if run is not None]
        waiting = sum(run.waiting for run in loaded)
        self._watch.batched(work, batch.size, batch.seconds, batch.waits, waiting=waiting)
