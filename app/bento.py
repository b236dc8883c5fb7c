"""All that depends on undocumented parts of BentoML; tried with 1.4.39."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from bentoml._internal.bento.bento import BENTO_YAML_FILENAME, Bento
from bentoml._internal.configuration.containers import BentoMLContainer
from bentoml._internal.context import server_context

from app.settings import PREFIX, Settings, bentoml_home
from tagger.errors import SettingsError
from tagger.run_folder import NAME
from tagger.store import Store


def open_store(settings: Settings, project: Path) -> Store:
    """Open the store that the settings name; ``project`` is the folder of service.py.

    Raises
    ------
    SettingsError
        They name none, or one without runs.
    """
    if settings.store is not None:
        store = Store.models(settings.store)
        if not store.run_ids():
            raise SettingsError(
                f"{PREFIX}STORE={str(settings.store)!r}: there are no runs in it. Name the folder "
                f"models of a BENTOML_HOME, in which there is a folder {NAME} with runs."
            )
        return store
    bento = project.parent
    if (bento / "models" / NAME).is_dir() and _is_bento(bento):
        return Store.models(bento / "models")
    home = bentoml_home()
    if home and not Path(home).is_absolute() and _is_bento(bento):
        raise SettingsError(
            f"BENTOML_HOME={home!r}: give the folder's absolute path. Workers run in the Bento's "
            "folder, not in the one this was typed in."
        )
    if home is None and not _is_bento(bento):
        raise SettingsError(
            "BENTOML_HOME is not set, so BentoML would serve from the store in your home folder. "
            "For this project's own: source .venv/bin/activate "
            "(and before that once: make setup)."
        )
    return Store(Path(BentoMLContainer.bentoml_home.get()))


def run_to_serve(settings: Settings, project: Path) -> str | None:
    """Name the run that is served whatever is promoted: the setting's, or the Bento's own."""
    bento = project.parent
    if settings.run is not None or settings.store is not None or not _is_bento(bento):
        return settings.run
    models = Bento.from_path(str(bento)).info.all_models
    return next((model.tag.version for model in models if model.tag.name == NAME), None)


def _is_bento(folder: Path) -> bool:
    return (folder / BENTO_YAML_FILENAME).is_file()


def heed_traffic(service: str, settings: Settings) -> None:
    """Refuse limits in BentoML's configuration that predictions, answered by `edge`, never meet.

    Raises
    ------
    SettingsError
    """
    traffic = BentoMLContainer.config.services[service].traffic.get()
    if traffic.get("max_concurrency") is not None:
        raise SettingsError(
            "BentoML's traffic.max_concurrency has no effect on predictions. "
            f"Leave it out, and bound the queue by {PREFIX}QUEUE_TEXTS."
        )
    if traffic.get("timeout") != settings.timeout_seconds:
        raise SettingsError(
            "BentoML's traffic.timeout has no effect on predictions. "
            f"Leave it out, and set {PREFIX}TIMEOUT_SECONDS."
        )


def supervise(check_seconds: float, end: Callable[[str], NoReturn]) -> None:
    """Change three things in BentoML's supervisor; call it there, before it starts workers.

    It replaces a killed worker after ``check_seconds``: by itself it takes 10 s, in which a server
    of one worker answers nobody. Where it cannot listen, it calls ``end`` with one sentence in
    place of a trace. While it restarts workers (``--reload``, SIGHUP) it logs no trace.

    If BentoML no longer has the class, nothing is changed.
    """
    from bentoml._internal.utils import circus  # noqa: PLC0415 - no worker needs it, nor its weight
    from circus.exc import ConflictError  # noqa: PLC0415 - the same

    inherited = getattr(circus, "Arbiter", None)
    if inherited is None:
        return

    class Supervisor(inherited):  # type: ignore[misc, valid-type]  # BentoML's own, from circus
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options | {"check_delay": check_seconds})

        def initialize(self) -> None:
            try:
                super().initialize()
            except OSError as fault:
                places = ", ".join(f"{each.host}:{each.port}" for each in self.sockets.values())
                end(
                    f"Nothing can listen on {places}: {fault.strerror}. Stop what is there, or "
                    "name another address by --host and --port (of make: HOST=, PORT=)."
                )

        def manage_watchers(self) -> Any:
            with suppress(ConflictError):  # a restart is under way and sees to the workers itself
                return super().manage_watchers()

    circus.Arbiter = Supervisor  # type: ignore[misc]  # the seam


def version(project: Path) -> str:
    """Give the Bento's version, as BentoML's own series have it.

    BentoML tells it only after it has imported service.py.
    """
    bento = project.parent
    return str(Bento.from_path(str(bento)).tag.version) if _is_bento(bento) else "not available"


def address(service: str) -> str | None:
    """Return the address that the server listens on; None in all workers but the first."""
    if server_context.worker_index != 1:
        return None
    found = BentoMLContainer.remote_runner_mapping.get().get(service)
    if found is None:
        return None
    host, _, port = found.partition("://")[2].rpartition(":")
    # BentoML says http there, whatever its options.
    scheme = "https" if "--ssl-certfile" in sys.argv else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def without_own_metrics(app: Any) -> Any:
    """Remove BentoML's own counting of requests from its application: `edge` counts them.

    BentoML would keep a series for every path that anybody asked for, and take 30 us a request.
    """
    app.user_middleware = [
        layer
        for layer in app.user_middleware
        if layer.cls.__name__ != "RunnerTrafficMetricsMiddleware"
    ]
    return app
