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

import numpy as np  # noqa: E402, F401 - each import is measured by itself

note("numpy")

import _bentoml_impl.worker.service  # noqa: E402, F401 - what a worker runs
import _bentoml_sdk.service  # noqa: E402, F401
import uvicorn.protocols.http.auto  # noqa: E402, F401

note("BentoML and uvicorn, with what they import")

import service  # noqa: E402

note("Tagline's own code, FastAPI and the document of the API")

from itertools import islice  # noqa: E402

from load_tests.texts import unknown_words  # noqa: E402
from tagger.model import Model  # noqa: E402
from tagger.vocabulary import SLOTS  # noqa: E402

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
