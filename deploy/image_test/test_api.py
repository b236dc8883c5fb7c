"""The tests of the API, asked of the container instead of a server in the project folder."""

from __future__ import annotations

# The names of the fixtures are the same; `server` is the container's, from this folder's conftest.
from tests.test_bad_input import *  # noqa: F403
from tests.test_contract import *  # noqa: F403
