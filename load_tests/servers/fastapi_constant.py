"""FastAPI that validates the body and answers a constant: a framework without a model."""

from __future__ import annotations

import json

from fastapi import FastAPI

from load_tests.servers.payload import Payload, constant_answer

app = FastAPI()
ANSWER = json.loads(constant_answer())


@app.post("/predict")
async def predict(payload: Payload):  # type: ignore[no-untyped-def] # noqa: ANN201, ARG001 - as the tutorial
    """Answer the constant."""
    return ANSWER
