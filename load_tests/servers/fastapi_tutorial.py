"""FastAPI as in tutorials: a synchronous endpoint, a decorator, a call of the model a request."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request

from load_tests.servers.payload import Payload
from tagger.decide import Options, decide, predictions
from tagger.model import Model
from tagger.objects import prediction_object

app = FastAPI()
model = Model.read(Path(os.environ["BENCH_RUN"]))


def construct_response(
    endpoint: Callable[..., dict[str, Any]],
) -> Callable[..., dict[str, Any]]:
    """Wrap what an endpoint returns into the envelope, as tutorials do."""

    @wraps(endpoint)
    def wrap(request: Request, *args: Any, **kwargs: Any) -> dict[str, Any]:
        results = endpoint(request, *args, **kwargs)
        return {
            "message": results["message"],
            "method": request.method,
            "status-code": results["status-code"],
            "timestamp": datetime.now(UTC).isoformat(),
            "url": str(request.url),
            "data": results["data"],
        }

    return wrap


@app.post("/predict")
@construct_response
def predict(request: Request, payload: Payload) -> dict[str, Any]:
    """Tag the texts of one request."""
    del request
    texts = [item.text for item in payload.texts]
    options = Options(top_k=payload.top_k, threshold=payload.threshold, evidence=payload.evidence)
    decisions = decide(model.score(texts), model.policy, options)
    found = [
        prediction_object(prediction)
        for prediction in predictions(model, texts, decisions, options)
    ]
    return {
        "message": HTTPStatus.OK.phrase,
        "status-code": HTTPStatus.OK,
        "data": {"predictions": found},
    }
