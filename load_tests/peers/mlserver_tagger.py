"""MLServer with a custom runtime and adaptive batching, as its user guide shows."""

# Its types are not installed where mypy runs.
# mypy: disable-error-code="misc, untyped-decorator"

from __future__ import annotations

import json
from typing import List  # noqa: UP035 - the only spelling its codecs know

from mlserver import MLModel
from mlserver.codecs import decode_args

from load_tests.peers.answers import answers, served_model


class Tagger(MLModel):
    """One model; MLServer joins the inputs of concurrent requests before it calls."""

    async def load(self) -> bool:
        """Read the model."""
        self.model = served_model()
        return True

    @decode_args
    async def predict(self, texts: List[str]) -> List[str]:  # noqa: UP006
        """Tag a batch: one JSON document a text, for its protocol knows no objects."""
        return [json.dumps(answer) for answer in answers(self.model, texts)]
