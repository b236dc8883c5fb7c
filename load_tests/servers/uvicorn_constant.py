"""The floor: uvicorn and nothing above it, which reads the body and answers a constant."""

from __future__ import annotations

from typing import Any

from load_tests.servers.payload import constant_answer

ANSWER = constant_answer()
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(ANSWER))]


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Read the whole body, then answer the constant."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})
