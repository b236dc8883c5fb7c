"""Everything that Tagline itself refuses, as one tree.

A class says what was wrong, where, and what to do; statuses of HTTP (`app.envelope`) and of the
command line (`tagger.console`) are tables over these classes, so that the tree knows of neither.

::

    TaglineError
    ├── TableError                 a table of labelled texts cannot be used
    │   ├── UnreadableTable        the file or address cannot be opened or parsed
    │   ├── MissingColumns         no text or no tags in its columns
    │   ├── FaultyRows             rows without text or tags
    │   └── TooLittleData          too few usable rows or tags
    ├── RunError                   a run cannot be made, read or used
    │   ├── UnequalScores          the served model does not score as scikit-learn does
    │   ├── UnknownRun             no such run in the store
    │   ├── AmbiguousRun           the beginning of a name fits several
    │   ├── NoRun                  the store holds no run at all
    │   ├── BrokenRun              files of a run are missing, cut short or not what they should be
    │   ├── UnknownFormat          written by another version of Tagline
    │   ├── ProtectedRun           the promoted run cannot be deleted
    │   ├── UnreachableTarget      no threshold does what its owner asks for
    │   └── PromotionRefused       the gate before production said no
    ├── StoreError                 the model store itself cannot be used
    ├── SettingsError              a setting is missing or makes no sense
    ├── RequestError               a caller's request cannot be answered as it stands
    │   ├── BadJson                not JSON, or JSON that means two things
    │   ├── UnsupportedMedia       another content type or charset
    │   ├── TooLargeBody           longer than the limit
    │   ├── InvalidInput           JSON that is not what the contract asks for, with every fault
    │   ├── WrongHost              none, several, or what is no name of a host
    │   ├── WrongMethod            a path that answers other methods
    │   └── UnknownResource        an object that does not exist
    └── ServiceError               the server cannot answer now
        ├── Overloaded             the queue is full, or leaves no time
        ├── DeadlinePassed         the caller's time is over; what was left was not done
        └── NotReady               starting or draining
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tagger.wording import LONGEST_SHOWN, known_names, listed


class TaglineError(Exception):
    """Root of all that Tagline refuses; its text is one or two sentences for a person."""


class TableError(TaglineError):
    """A table of labelled texts cannot be used; nothing was written to the store."""


class UnreadableTable(TableError):
    """The file or address cannot be opened or parsed."""


class MissingColumns(TableError):
    """The table lacks a column that is needed; carries that without the names there are."""

    def __init__(self, problem: str, names: Sequence[str] | None = None) -> None:
        super().__init__(problem if names is None else f"{problem} {_its_columns(names)}")
        self.problem = problem


class FaultyRows(TableError):
    """Rows lack text or tags."""


class TooLittleData(TableError):
    """There are too few usable rows or tags to split and to fit."""


class RunError(TaglineError):
    """A run cannot be made, read or used."""


class UnequalScores(RunError):
    """The served model does not score as scikit-learn's own; the run was not written."""


class UnknownRun(RunError):
    """The store holds no run of this name."""

    def __init__(self, run_id: str, known: Sequence[str], *, remedy: str = "") -> None:
        super().__init__(f"{_there_is_no('run', run_id, known)} {remedy}".rstrip())


class AmbiguousRun(RunError):
    """The beginning of a run's name fits several runs."""

    def __init__(self, beginning: str, fitting: Sequence[str]) -> None:
        runs = ", ".join(fitting)
        super().__init__(f"{beginning!r} fits {len(fitting)} runs: {runs}. Type more.")


class NoRun(RunError):
    """The store holds no run at all."""

    def __init__(self, store: str) -> None:
        super().__init__(
            f"The model store {store} holds no run of Tagline yet. "
            "Train one with: python -m training train"
        )


class BrokenRun(RunError):
    """Files of a run are missing, cut short, or not what they should be."""


class UnknownFormat(RunError):
    """The run was written by another version of Tagline."""


class ProtectedRun(RunError):
    """The run is in use: the promoted one cannot be deleted."""


class UnreachableTarget(RunError):
    """No threshold of a tag does what the run's owner asks for."""


class PromotionRefused(RunError):
    """The gate before production refused a run; ``--force`` goes through."""


class StoreError(TaglineError):
    """The model store cannot be read or written."""


class SettingsError(TaglineError):
    """A setting is missing or makes no sense."""


class RequestError(TaglineError):
    """A caller's request cannot be answered as it stands."""


class BadJson(RequestError):
    """The body is not JSON, or is JSON that means two things."""


class UnsupportedMedia(RequestError):
    """The content type is not JSON, or its charset not UTF-8."""


class TooLargeBody(RequestError):
    """The body is longer than the limit."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in a caller's input, in pydantic's form: where, what, which kind."""

    loc: tuple[str | int, ...]
    msg: str
    type: str


class InvalidInput(RequestError):
    """The input is not what the contract asks for; carries every fault."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{'.'.join(map(str, f.loc))}: {f.msg}" for f in faults))
        self.faults = tuple(faults)


class WrongHost(RequestError):
    """The request names no host, several, or what cannot be one; HTTP/1.1 wants one."""

    def __init__(self) -> None:
        super().__init__(
            "The Host header is missing, given more than once, or no name of a host: send one, "
            "with the name and port of this server."
        )


class WrongMethod(RequestError):
    """The path answers other methods; carries which."""

    def __init__(self, method: str, path: str, allowed: Sequence[str]) -> None:
        super().__init__(f"{path} does not answer {method}. Use {' or '.join(allowed)}.")
        self.allowed = tuple(allowed)


class UnknownResource(RequestError):
    """A path, tag, param or part of the performance that does not exist; says what does."""

    def __init__(self, kind: str, name: str, known: Sequence[str]) -> None:
        super().__init__(_there_is_no(kind, name, known))


class ServiceError(TaglineError):
    """The server cannot answer now."""


class Overloaded(ServiceError):
    """The queue is full, or leaves no time; carries after how many whole seconds to try again."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            f"The server has more work than it takes on. Try again in {retry_after} s."
        )
        self.retry_after = retry_after


class DeadlinePassed(ServiceError):
    """The time for this request was over before all of its work was done; the rest was left."""


class NotReady(ServiceError):
    """The server is starting or draining."""


def _there_is_no(kind: str, name: str, known: Sequence[str]) -> str:
    nearest = known_names(f"{kind.capitalize()}s", name, known)
    return f"There is no {kind} {name[:LONGEST_SHOWN]!r}. {nearest}"


def _its_columns(names: Sequence[str]) -> str:
    if not names:
        return "It has no columns."
    shown = [repr(name[:LONGEST_SHOWN]) for name in names]
    return f"Its columns are {listed(shown, most=20)}.{_if_they_are_a_row(names)}"


def _if_they_are_a_row(names: Sequence[str]) -> str:
    """Say what to do where the first text of a CSV stands in the place of a name, or a number."""
    if names[0].startswith("__label__"):
        return (
            " They are a line of fastText's, which is no table: write each line as "
            '{"text": "…", "tags": ["…", "…"]}.'
        )
    if any(len(name) > 60 or len(name.split()) > 5 or name.isdigit() for name in names):
        return (
            " A CSV's first row must name its columns: if these are no names but a row already, "
            "write one above it, such as text,tags, separated as that one is."
        )
    return ""
