"""Tests that are coroutines, each on an event loop of its own, and uvicorn on the same loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, ParamSpec

import uvicorn
from starlette.types import ASGIApp

Arguments = ParamSpec("Arguments")


def on_a_loop(story: Callable[Arguments, Coroutine[Any, Any, None]]) -> Callable[Arguments, None]:
    """Make a coroutine a test as any other."""

    @wraps(story)
    def test(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        asyncio.run(story(*args, **kwargs))

    return test


async def until(so: Callable[[], bool]) -> None:
    """Let the loop turn until something is so; what is not so in ten seconds never will be."""
    async with asyncio.timeout(10):
        while not so():  # noqa: ASYNC110 - each turn of the loop is looked at
            await asyncio.sleep(0)


@asynccontextmanager
async def serving(application: ASGIApp) -> AsyncIterator[tuple[uvicorn.Server, int]]:
    """Serve an application by uvicorn; the server and its port."""
    config = uvicorn.Config(
        application,
        port=0,
        lifespan="off",
        log_level="critical",
        date_header=False,
        server_header=False,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started)
        yield server, server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task
