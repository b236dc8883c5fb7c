"""The document: every route, every status it can answer, with shapes and examples that are true.

FastAPI writes the shapes from `schemas`; `routes` has the words, `examples` the examples.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import orjson
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from app.examples import MACHINE_LEARNING, Examples, Requests, in_words_of
from app.long_heads import MOST
from app.operations import elsewhere
from app.pipelines import WAITING
from app.predict import Loaded, Predictor
from app.reading import LOW_THRESHOLD, Limits
from app.routes import SECTIONS
from tagger.errors import InvalidInput

VERSION = "0.1.0"
DESCRIPTION = f"""\
Tagline gives texts their tags. Send texts to `POST /predict`; everything else tells what the tagger
was trained with and how good it is.

Every JSON answer but this document and `/schema.json` has the same envelope: what came of the
request in words (`message`) and as a number (`status-code`), when and where, and `data`. A refusal
has `detail` in place of `data`: what was wrong, and what to do.

Send `X-Request-ID` (128 visible ASCII characters at most), or take the one that the server makes:
it comes back with every answer, and stands in the server's log where that is a `500`.

Any path may answer these too:

- `404`: there is no such path.
- `405`: it does not answer this method; `Allow` names those that it answers.
- `422`: it has no query parameter of this name (health, probes, metrics, `/schema.json` and pages
  pass over any).
- `400`: what came is no HTTP/1, or has not exactly one `Host`.
- `408`: the line and headers of the request did not arrive in time.
- `431`: they are longer than {MOST:,} bytes.

Of the last three nobody knows the `url`, which is empty. Where `method` is empty too, the
connection is closed.

Of requests that are sent without waiting for the answers before theirs, {WAITING + 1} are answered
by one connection. The last answer says `Connection: close`: send the rest again.
"""

RECORDS = ("Params", "Data")
"""What is answered from `tagger.records`, where defaults are for those who make one."""


class Document:
    """The document of one server, written once for each run that is served."""

    def __init__(self, routes: Sequence[BaseRoute], limits: Limits) -> None:
        self._routes = routes
        self._limits = limits
        self._of_run = ""
        self._written = b""

    async def written(self, loaded: Loaded) -> bytes:
        """Give the document as JSON, its examples from this run: what it answers, told as such.

        Raises
        ------
        Overloaded, DeadlinePassed
            It was not written yet, and its examples could not be asked.
        """
        if loaded.run.run_id != self._of_run:
            requests = MACHINE_LEARNING
            answers = await self._ask(requests, loaded)
            found = [told for answer in answers.values() for told in answer["predictions"]]
            if not found or not all(told["predicted_tags"] for told in found):
                requests = in_words_of(loaded.sample)
                answers = await self._ask(requests, loaded)
            # Others who asked meanwhile would write it once more each, and hold up the loop.
            if loaded.run.run_id != self._of_run:
                examples = Examples(loaded.run, self._limits, requests, answers)
                self._written = orjson.dumps(self._document(examples))
                self._of_run = loaded.run.run_id
        return self._written

    async def _ask(self, requests: Requests, loaded: Loaded) -> dict[str, Any]:
        """Give the ``data`` that a run answers to each example that can be asked."""
        predictor, deadline = Predictor(self._limits), time.monotonic() + self._limits.seconds
        answers = {}
        for name, request in requests.items():
            body = orjson.dumps(request["value"])
            with suppress(InvalidInput):  # settings may allow less than it asks
                data = await predictor.predict(body, loaded, deadline)
                answers[name] = orjson.loads(b"".join(data))
        return answers

    def _document(self, examples: Examples) -> dict[str, Any]:
        """Write the document."""
        document = get_openapi(
            title="Tagline",
            version=VERSION,
            openapi_version="3.1.0",
            summary="Texts in, tags out.",
            description=DESCRIPTION,
            routes=[*elsewhere().routes, *self._routes],
            tags=[{"name": name, "description": words} for name, words in SECTIONS],
            servers=[{"url": "/", "description": "This server."}],
            license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        )
        self._tell_limits(document["components"]["schemas"])
        for record in RECORDS:
            _always_whole(document["components"]["schemas"][record])
        for path, operations in document["paths"].items():
            for operation in operations.values():
                _without_idle_faults(operation)
                examples.put_into(operation, path)
        for name in ("HTTPValidationError", "ValidationError"):
            document["components"]["schemas"].pop(name, None)
        return document

    def _tell_limits(self, found: dict[str, Any]) -> None:
        """Tell what settings allow, where `schemas` knows shapes alone."""
        request = found["PredictRequest"]["properties"]
        request["texts"]["maxItems"] = self._limits.texts
        request["threshold"]["description"] += (
            f" Below {LOW_THRESHOLD}, texts times `top_k` (without it, texts times all tags) may "
            f"be {self._limits.scores} at most."
        )
        found["Text"]["properties"]["text"]["maxLength"] = self._limits.text_length
        found["Titled"]["description"] += (
            f" That text may have {self._limits.text_length} characters."
        )


def _always_whole(shape: dict[str, Any]) -> None:
    """Require every field of an answer: a default would tell that it may be missing."""
    shape["required"] = list(shape["properties"])
    for field in shape["properties"].values():
        field.pop("default", None)


def _without_idle_faults(operation: dict[str, Any]) -> None:
    """Take out the 422 that FastAPI puts to every route with a parameter, even in its path."""
    answer = operation["responses"].get("422", {})
    if "HTTPValidationError" in str(answer):
        del operation["responses"]["422"]
