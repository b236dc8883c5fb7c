"""Every setting of the server, by environment variable; read once, in service.py.

What changes an answer is no setting: it lives in the run. These protect the server.
"""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from tagger.errors import SettingsError

PREFIX = "TAGLINE_"
ORIGIN = re.compile(r"\*|null|[a-z][a-z0-9+.-]*://[a-z0-9._:\[\]-]+")
"""Without a slash at the end: browsers send none, and origins are compared as strings."""

MOST = 1 << 53
"""The API's document names the limits, and up to here every reader of JSON has whole numbers."""
Count = Annotated[int, Field(ge=1, le=MOST)]


class Settings(BaseSettings):
    """The server's settings; each is the environment variable TAGLINE_ and its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, env_ignore_empty=True, allow_inf_nan=False
    )

    run: str | None = None
    """Serve this run, whatever is promoted."""
    store: Path | None = None
    """A model store folder, a mounted one say; else BentoML's own, or the Bento's run."""
    workers: Count = 1
    """Processes that answer; each holds the run."""

    max_texts: Count = 1_000
    """Texts in a request."""
    max_text_length: Count = 10_000
    """Characters in a text."""
    max_body_bytes: int = Field(default=1 << 20, ge=1_024, le=MOST)
    max_scores: Count = 100_000
    """Tag scores in an answer, 60 bytes each, where the threshold is below 0.01: of a thousand
    texts a hundred each."""

    queue_texts: Count = 20_000
    """Texts that may wait in a worker; a request beyond is refused at once."""
    batch_texts: Count = 256
    """Texts in a batch at most."""
    batch_milliseconds: float = Field(default=5, gt=0)
    """How long a batch should take at most: its size is found from the measured cost of a text."""
    timeout_seconds: float = Field(default=10, gt=0)
    """Time that a request has; a caller's X-Request-Timeout may make it shorter."""
    keep_alive_seconds: float = Field(default=75, gt=0)
    """How long an idle connection is kept: longer than balancers keep theirs, mostly for 60."""

    kept_runs: Count = 2
    """Runs kept loaded beside the served one."""
    poll_seconds: float = Field(default=2, gt=0)
    """How often the store is looked at for a newly promoted run."""
    drain_seconds: float | None = Field(default=None, ge=0)
    """Between SIGTERM, when readiness turns false, and the end: time for balancers to notice.
    Two seconds unless set; none in a terminal, where Ctrl-C should end at once."""

    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins whose pages may call, separated by commas; ``*`` for all."""
    log_format: Literal["text", "json"] = "text"

    @field_validator("store")
    @classmethod
    def _must_be_absolute(cls, store: Path | None) -> Path | None:
        if store is not None and not store.is_absolute():
            raise ValueError(
                "give the folder's absolute path, without ~. Workers run in another folder than "
                "the one this was typed in"
            )
        return store

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _separated_by_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(origin.strip() for origin in value.split(",") if origin.strip())
        return value

    @field_validator("cors_origins")
    @classmethod
    def _as_browsers_write_them(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"no browser names its origin {origin!r}. Write it as https://forms.example or "
                    "http://localhost:8080, in small letters and without a path"
                )
        return origins

    @model_validator(mode="after")
    def _queue_holds_a_request(self) -> Self:
        if self.queue_texts < self.max_texts:
            raise ValueError(
                f"{PREFIX}QUEUE_TEXTS ({self.queue_texts}) is less than {PREFIX}MAX_TEXTS "
                f"({self.max_texts}): the largest request could never be answered."
            )
        return self


def read_settings() -> Settings:
    """Read the settings from the environment.

    Raises
    ------
    SettingsError
        A value makes no sense, or a TAGLINE_ variable is no setting (a slip of the pen, mostly).
    """
    _refuse_unknown()
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("\n".join(map(_sentence, error.errors()))) from error


def log_format() -> str | None:
    """Return TAGLINE_LOG_FORMAT by itself, to tell in it what is wrong with other settings."""
    return os.environ.get(f"{PREFIX}LOG_FORMAT")


def bentoml_home() -> str | None:
    """Return BENTOML_HOME from the environment, None where BentoML would use its default."""
    return os.environ.get("BENTOML_HOME")


def _refuse_unknown() -> None:
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    for name in os.environ:
        if name.startswith(PREFIX) and name not in known:
            near = get_close_matches(name.upper(), known, n=1, cutoff=0)
            raise SettingsError(f"{name} is no setting. The nearest is {near[0]}.")


def _sentence(fault: ErrorDetails) -> str:
    words = fault["msg"].removeprefix("Value error, ")
    if not fault["loc"]:  # of several settings together
        return words
    return f"{PREFIX}{str(fault['loc'][0]).upper()}={fault['input']!r}: {words}."
