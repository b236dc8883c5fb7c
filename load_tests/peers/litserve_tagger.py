"""LitServe with batching on, as its page on batching shows."""

# Its types are not installed where mypy runs.
# mypy: disable-error-code="misc"

import sys
from collections.abc import Sequence
from typing import Any

import litserve

from load_tests.peers.answers import answers, served_model


class Tagger(litserve.LitAPI):
    """One model behind a batch of requests."""

    def setup(self, device: str) -> None:
        """Read the model, in the process that runs it."""
        del device
        self.model = served_model()

    def decode_request(self, request: dict[str, Any]) -> str:
        """Take the text of a request."""
        text: str = request["texts"][0]["text"]
        return text

    def batch(self, inputs: Sequence[str]) -> list[str]:
        """Put texts together."""
        return list(inputs)

    def predict(self, texts: list[str]) -> list[dict[str, Any]]:
        """Tag a batch."""
        return answers(self.model, texts)

    def unbatch(self, output: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Give each text its own answer."""
        return output

    def encode_response(self, output: dict[str, Any]) -> dict[str, Any]:
        """Answer."""
        return {"predictions": [output]}


if __name__ == "__main__":
    tagger = Tagger(max_batch_size=64, batch_timeout=0.01)
    server = litserve.LitServer(tagger, accelerator="cpu")
    server.run(
        host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", generate_client_file=False
    )
