"""What the other servers take, as `POST /predict` does, and the constant that they answer."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class Text(BaseModel):
    """One text to tag."""

    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, StringConstraints(min_length=1, max_length=10_000, pattern=r"\S")]


class Payload(BaseModel):
    """The body of `POST /predict`."""

    model_config = ConfigDict(extra="forbid")
    texts: Annotated[list[Text], Field(min_length=1, max_length=1_000)]
    top_k: Annotated[int | None, Field(ge=1)] = None
    threshold: Annotated[float | None, Field(ge=0, le=1)] = None
    evidence: bool = False


def constant_answer() -> bytes:
    """Read the answer that Tagline gave to one of the texts: what the constant servers repeat."""
    return Path(os.environ["BENCH_ANSWER"]).read_bytes()
