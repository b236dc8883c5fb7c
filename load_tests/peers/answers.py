"""What the peers that serve a Python function answer, by the model that Tagline serves."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from tagger.decide import decide, predictions
from tagger.model import Model
from tagger.objects import Object, prediction_object


def served_model() -> Model:
    """Read the model of the run that Tagline serves in the same rounds."""
    return Model.read(Path(os.environ["BENCH_RUN"]))


def answers(model: Model, texts: Sequence[str]) -> list[Object]:
    """Tag a batch of texts; each text's answer says what Tagline's says."""
    decisions = decide(model.score(texts), model.policy)
    return [prediction_object(prediction) for prediction in predictions(model, texts, decisions)]
