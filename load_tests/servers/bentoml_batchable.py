"""Stock BentoML: a batchable endpoint, as its documentation on adaptive batching shows."""

from __future__ import annotations

import os
from pathlib import Path

import bentoml
from pydantic import BaseModel

from tagger.decide import Options, decide, predictions
from tagger.model import Model


class Tags(BaseModel):
    """The answer for one text."""

    input_text: str
    predicted_tags: list[str]
    scores: list[float]


@bentoml.service(name="bentoml_batchable", workers=1)
class Stock:
    """One model behind one batchable endpoint."""

    def __init__(self) -> None:
        self.model = Model.read(Path(os.environ["BENCH_RUN"]))

    @bentoml.api(batchable=True, batch_dim=0, max_batch_size=256, max_latency_ms=1000)
    def predict(self, texts: list[str]) -> list[Tags]:
        """Tag a batch of texts."""
        options = Options()
        decisions = decide(self.model.score(texts), self.model.policy, options)
        return [
            Tags(
                input_text=prediction.input_text,
                predicted_tags=list(prediction.predicted_tags),
                scores=[score.score for score in prediction.scores],
            )
            for prediction in predictions(self.model, texts, decisions, options)
        ]
