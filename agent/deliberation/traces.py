"""Traces of deliberations in MLflow: a link for people who want to look, never the record of a decision.

Only where a setting asks for it. MLflow may be slow, away or broken: then there is no trace, and the decision goes on.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from pipeline.settings import PipelineSettings

log = logging.getLogger("refit.agent")

T = TypeVar("T")

EXPERIMENT = "refit-agent"
WRITTEN = ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_ID")
SPAN = "deliberation"


@contextmanager
def mlflow_trace(settings: PipelineSettings, wait_seconds: float = 10.0) -> Iterator[str | None]:
    """Everything that LangChain does in the block becomes one trace; gives its id, or None where there is none."""
    span = _opened(settings, wait_seconds)
    trace_id = _guarded(lambda: str(span.__enter__().trace_id)) if span else None
    try:
        yield trace_id
    finally:
        if span and trace_id:
            _guarded(lambda: span.__exit__(None, None, None))


def _guarded(step: Callable[[], T]) -> T | None:
    try:
        return step()
    except Exception as error:  # noqa: BLE001  a trace is a view; whatever is wrong with it must not stop a decision
        log.warning("There is no trace of this deliberation: %s", type(error).__name__)
        return None


def _opened(settings: PipelineSettings, wait_seconds: float) -> AbstractContextManager[Any] | None:
    """A span that is not entered yet. The first use may wait for a server that is away, so it may not take long."""
    ready = threading.Event()
    opening = threading.Thread(target=_prepare, args=(settings, ready), daemon=True)
    opening.start()
    opening.join(wait_seconds)
    if not ready.is_set():
        log.warning("MLflow at its configured address does not take traces; the decision goes on without one.")
        return None
    import mlflow

    return _guarded(lambda: mlflow.start_span(name=SPAN))


def _prepare(settings: PipelineSettings, ready: threading.Event) -> None:
    def prepare() -> None:
        import mlflow
        import mlflow.langchain

        from pipeline.releases.registry import experiment_id, open_mlflow

        client = open_mlflow(settings)
        experiment = experiment_id(client, EXPERIMENT, settings)
        with _environment_kept():
            mlflow.set_tracking_uri(settings.mlflow_address)
            mlflow.set_experiment(experiment_id=experiment)
        mlflow.langchain.autolog(silent=True)
        ready.set()

    _guarded(prepare)


@contextmanager
def _environment_kept() -> Iterator[None]:
    """MLflow writes what is set here into the environment, where the training process would take it for a setting."""
    before = {name: os.environ.get(name) for name in WRITTEN}
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
