"""`make profile` counts every line of the hot path under the step that it belongs to."""

from __future__ import annotations

import pytest

from load_tests.costs import PROTOCOL, Frame, step_of
from load_tests.hot_path import HOT_PATH
from load_tests.results import PROJECT

LOOP = Frame("Runner.run", "/python/asyncio/runners.py", 118)


@pytest.mark.parametrize("name", HOT_PATH)
def test_every_file_of_the_hot_path_belongs_to_a_step(name: str) -> None:
    """No file of ours is counted as the loop's or the kernel's, but those that read and write."""
    step = step_of([LOOP, Frame("run", str(PROJECT / name), 1)])
    assert (step == PROTOCOL) == (name in {"app/joined_writes.py", "app/upgrades.py"})


def test_the_innermost_frame_tells_the_step() -> None:
    """A product that the model asks for counts as arrays, a count of words as features."""
    model = Frame("Model._log_odds", str(PROJECT / "tagger/model.py"), 75)
    sparse = str(PROJECT / "tagger/sparse.py")
    numpy = Frame("wrapper", "/python/numpy/fromnumeric.py", 7)
    assert step_of([LOOP, model, Frame("Counts.times", sparse, 30), numpy]) == "arrays"
    assert step_of([LOOP, model, Frame("sublinear_counts", sparse, 60), numpy]) == "features"


def test_parsing_is_told_from_validating_by_the_line() -> None:
    """Both stand in one function; the line that calls the parser is the one that parses."""
    path = PROJECT / "app" / "reading.py"
    lines = path.read_text().splitlines()
    parsing = next(number for number, line in enumerate(lines, 1) if "orjson.loads" in line)
    assert step_of([LOOP, Frame("read_plain", str(path), parsing)]) == "parse"
    assert step_of([LOOP, Frame("read_plain", str(path), parsing + 3)]) == "validate"
