"""The runs of a BentoML model store: listed, added, promoted, deleted, one change at a time.

::

    BENTOML_HOME/
    ├── models/tagline/
    │   ├── latest               the promoted run's name: BentoML's own `tagline:latest`
    │   ├── history              one JSON line a promotion, the newest last
    │   └── RUN/                 one run, whole from the moment it is here: see `run_folder`
    └── unfinished/              runs that are being written or deleted: never read

Readers take no lock, since each change becomes visible by one rename. A process that changes
something holds a lock, which the system releases if it dies, and first removes what an earlier one
left unfinished.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tagger import files
from tagger.check import Check
from tagger.errors import (
    AmbiguousRun,
    NoRun,
    PromotionRefused,
    ProtectedRun,
    RunError,
    StoreError,
    UnknownRun,
)
from tagger.exam import Exam
from tagger.history import History, moved_by_others, standing
from tagger.model import Model
from tagger.records import Promotion, Run
from tagger.run_folder import NAME, RunFolder

PROMOTED = ("promoted", "latest")
"""Names that mean the promoted run wherever a run is named."""
NONE_PROMOTED = "None is promoted; to promote one, where the store is: python -m tagger promote RUN"
"""Says "where the store is" because callers of the server read it too, who cannot promote."""


class Store:
    """The runs of one model store.

    Parameters
    ----------
    home
        The folder that BentoML calls BENTOML_HOME. It need not exist until something is written.
    models
        The model store's folder, where it is not ``home/models``.
    """

    def __init__(self, home: Path, *, models: Path | None = None) -> None:
        models = models or home / "models"
        self.folder = models / NAME
        # Where ``models`` is a link, beside its target: so there is one lock for all who link to
        # it, and renames stay within its file system.
        self._unfinished = models.resolve().parent / "unfinished"
        self._history = History(self.folder, aside=self._unfinished)

    @classmethod
    def models(cls, folder: Path) -> Store:
        """Open a model store by its own folder, a mounted one say."""
        return cls(folder.parent, models=folder)

    # Reading

    def run_ids(self) -> list[str]:
        """Names of all versions in the store, readable or not, sorted."""
        try:
            # A name that is not UTF-8 could be shown neither in an answer nor on a terminal.
            return sorted(
                entry.name
                for entry in os.scandir(self.folder)
                if entry.is_dir() and entry.name.isprintable()
            )
        except FileNotFoundError:
            return []
        except OSError as fault:
            raise StoreError(
                f"The model store {self.folder} cannot be read: {fault.strerror}."
            ) from fault

    def runs(self) -> list[Run]:
        """Every run that can be read, by name."""
        readable, _ = self.survey()
        return readable

    def survey(self) -> tuple[list[Run], dict[str, RunError]]:
        """Read all versions, by name: the runs, and what is wrong with the others."""
        readable: list[Run] = []
        unreadable: dict[str, RunError] = {}
        for run_id in self.run_ids():
            try:
                # Not by `run`, which lists the folder anew for each: 5 s for 1,000 runs, not 2.
                readable.append(RunFolder(self.folder / run_id).run())
            except RunError as fault:
                if run_id in self.run_ids():  # it was not deleted meanwhile
                    unreadable[run_id] = fault
        return readable, unreadable

    def run(self, run_id: str) -> Run:
        """Read one run's record.

        Raises
        ------
        UnknownRun, BrokenRun, UnknownFormat
        """
        return RunFolder(self._folder_of(run_id)).run()

    def model(self, run_id: str) -> Model:
        """Read a run's model, and confirm its files' digests and its check scores.

        Raises
        ------
        UnknownRun, BrokenRun, UnknownFormat
        """
        return RunFolder(self._folder_of(run_id)).model()

    def check(self, run_id: str) -> Check:
        """Read the texts by which a run is checked while it serves.

        Raises
        ------
        UnknownRun, BrokenRun
        """
        return RunFolder(self._folder_of(run_id)).check()

    def exam(self, run_id: str) -> Exam:
        """Read how a run answered texts that it had not seen.

        Raises
        ------
        UnknownRun, BrokenRun, UnknownFormat
        """
        return RunFolder(self._folder_of(run_id)).exam()

    def promoted(self) -> str | None:
        """Name the promoted run, or None where there is none."""
        latest = self._history.latest()
        return latest if latest in self.run_ids() else None

    def resolve(self, name: str) -> str:
        """Return a run's full name, given a beginning that only it has, or ``promoted``.

        Raises
        ------
        NoRun, UnknownRun, AmbiguousRun
        """
        known = self.run_ids()
        if not known:
            raise NoRun(str(self.folder.parent))
        if name in PROMOTED:
            promoted = self.promoted()
            if promoted is None:
                raise UnknownRun(name, known, remedy=NONE_PROMOTED)
            return promoted
        fitting = [run_id for run_id in known if run_id.startswith(name)]
        if name in fitting:
            return name
        if not name or not fitting:
            raise UnknownRun(name, known)
        if len(fitting) > 1:
            raise AmbiguousRun(name, fitting)
        return fitting[0]

    def history(self) -> list[Promotion]:
        """Every promotion, the oldest first."""
        return self._history.promotions()

    def moved_by_others(self) -> bool:
        """Whether ``latest`` was changed without a promotion, as by BentoML's import and delete."""
        promoted, by_bentoml = self.promoted(), self._history.latest_by_bentoml()
        return moved_by_others(self.history(), promoted, by_bentoml=by_bentoml)

    def last_promoted(self) -> str | None:
        """Name the run of the last promotion, even if something else changed ``latest`` since.

        Servers start on it, as those that run already stay on it. If there is no such run, it is
        the promoted one.
        """
        promotions = self.history()
        if self.moved_by_others() and promotions and promotions[-1].run_id in self.run_ids():
            return promotions[-1].run_id
        return self.promoted()

    # Changing

    def write(self, run: Run, model: Model, exam: Exam) -> bool:
        """Add a run, whole or not at all; promote it if none is, and return whether it was.

        Raises
        ------
        StoreError
            The store cannot be written: read-only, or full, say.
        """
        with self._changing():
            made = self._unfinished / run.run_id
            RunFolder(made).write(run, model, exam)
            first = self.promoted() is None
            if first:
                # Promoted before it is there: a name without a run counts as no promotion. So the
                # rename alone decides, and no kill can leave a first run that is not promoted.
                self._history.promote(run.run_id, previous=None, kind="first")
            made.rename(self.folder / run.run_id)
            files.flush(self.folder)
            return first

    def promote(
        self, run_id: str, *, forced: bool = False, instead_of: str | None = None
    ) -> Promotion | None:
        """Make a run the promoted one, if it can be read whole; None where it was that already.

        Parameters
        ----------
        run_id
            The run's full name.
        forced
            Whether the gate had refused it, for the history.
        instead_of
            The run that it was compared with, if any: refused if another is `last_promoted` by now.

        Raises
        ------
        UnknownRun, BrokenRun, UnknownFormat, PromotionRefused, StoreError
        """
        with self._changing():
            self.model(run_id)
            promoted = self.promoted()
            if promoted == run_id and not self.moved_by_others():
                return None
            compared = self.last_promoted()
            if instead_of not in (None, compared):
                raise PromotionRefused(
                    f"Meanwhile {compared} was promoted in place of {instead_of}. "
                    "Promote again to compare with it."
                )
            return self._history.promote(run_id, previous=promoted, kind="promote", forced=forced)

    def rollback(self) -> Promotion:
        """Go back to the run that was promoted before the present one.

        Raises
        ------
        PromotionRefused
            There is none in the store, or the present one was not promoted by Tagline.
        NoRun, BrokenRun, UnknownFormat, StoreError
        """
        with self._changing():
            promoted = self.promoted()
            if self.moved_by_others():
                raise PromotionRefused(
                    f"{promoted} is tagline:latest without a promotion, as `bentoml models import` "
                    "makes it, and the history knows of promotions alone. Name the run to go to: "
                    "python -m tagger promote RUN"
                )
            known = self.run_ids()
            if not known:
                raise NoRun(str(self.folder.parent))
            before = standing(self.history(), promoted)[:-1]
            earlier = [run_id for run_id in before if run_id in known]
            if not earlier:
                raise PromotionRefused(
                    "The history knows no earlier promoted run that is still in the store. "
                    "Name one: python -m tagger promote RUN"
                )
            self.model(earlier[-1])
            return self._history.promote(earlier[-1], previous=promoted, kind="rollback")

    def delete(self, run_id: str) -> None:
        """Take a version out of the store, a broken one too.

        Raises
        ------
        UnknownRun, ProtectedRun, StoreError
        """
        with self._changing():
            folder = self._folder_of(run_id)
            if run_id == self.promoted():
                raise ProtectedRun(
                    f"{run_id} is the promoted run and cannot be deleted. "
                    "Promote another one first."
                )
            folder.rename(self._unfinished / run_id)
            files.flush(self.folder)

    def refuse_unwritable(self) -> None:
        """Refuse a store in which no run can be written, before minutes are spent on one.

        Raises
        ------
        StoreError
        """
        with self._changing():
            made = self._unfinished / new_run_id()
            made.touch()  # a file: only a folder is taken for a run
            made.rename(self.folder / made.name).unlink()

    # Within

    def _folder_of(self, run_id: str) -> Path:
        known = self.run_ids()
        if run_id not in known:
            raise UnknownRun(run_id, known)
        return self.folder / run_id

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Hold the lock during a change; an error of the system becomes a StoreError.

        What is unfinished is removed before and after: nobody else can be at work on it.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._unfinished.mkdir(exist_ok=True)
            with files.locked(self._unfinished):
                files.clear(self._unfinished)
                try:
                    yield
                finally:
                    files.clear(self._unfinished)
        except OSError as fault:
            where = f" ({fault.filename})" if fault.filename else ""
            raise StoreError(
                f"The model store {self.folder} cannot be changed: "
                f"{fault.strerror or fault}{where}. No change is left half done; to see what is "
                "there: python -m tagger list"
            ) from fault


def new_run_id() -> str:
    """Make a name that sorts by time and differs from any made at the same moment."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
