"""Load what a worker holds, part by part, and print the resident memory after each as JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
FOLDER = Path(os.environ["BENCH_RUN"])
resident: dict[str, float] = {}


def note(part: str) -> None:
    """Note the resident memory, MiB, now that a part is there too."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    resident[part] = pages * PAGE / 2**20


note("Python itself")

import numpy as np  # noqa: F401 - loaded to be measured

note("numpy")

import _bentoml_impl.worker.service  # noqa: F401 - with the next two, what a worker runs
import _bentoml_sdk.service  # noqa: F401
import uvicorn.protocols.http.auto  # noqa: F401

note("BentoML and uvicorn, with what they import")

import service

note("Tagline's own code, FastAPI and the document of the API")

from itertools import islice

from load_tests.texts import unknown_words
from tagger.model import Model
from tagger.vocabulary import SLOTS

model = Model.read(FOLDER)
note("the served run: a row a word, its character n-grams")

WORDS_A_TEXT = 256
words = list(islice(unknown_words(set(model.weights.words)), SLOTS))
for start in range(0, SLOTS, WORDS_A_TEXT):
    model.score([" ".join(words[start : start + WORDS_A_TEXT])])
note("all slots for unknown words, filled")

others = [Model.read(FOLDER) for _ in range(service.settings.kept_runs)]
note(f"{len(others)} other runs, as many as are kept loaded")

print(json.dumps(resident))
