"""Runs every check of the doctor; one that fails itself is a finding, and never ends the others."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from pydantic import ValidationError
from pydantic_settings import SettingsError

from agent.alerts.settings import alert_settings
from agent.doctor import configuration, connections, machine, work
from agent.doctor.finding import Finding, State, broken
from agent.errors import AlertSetupError
from agent.settings import AgentSettings
from pipeline.store.engine import open_engine
from pipeline.store.open import Store

Check = Callable[[], Iterable[Finding]]


def examine(now: datetime, ports: dict[str, int]) -> list[Finding]:
    """Everything that is found. What needs settings or databases is left out where these cannot be used."""
    found = list(configuration.settings_can_be_read())
    try:
        settings = AgentSettings()
    except (ValidationError, SettingsError):
        return found
    for check in _of_settings(settings, ports):
        found += _found(check)
    if _usable(found):
        # Not open_store: a doctor migrates nothing.
        store = Store(
            telemetry=open_engine(settings.pipeline.telemetry_address),
            control=open_engine(settings.pipeline.control_address),
        )
        try:
            for check in _of_store(settings, store, now):
                found += _found(check)
        finally:
            store.close()
    return found


def _of_settings(settings: AgentSettings, ports: dict[str, int]) -> Iterator[Check]:
    yield lambda: configuration.models_can_be_read(settings)
    yield lambda: configuration.schedules_can_be_read(settings)
    yield lambda: configuration.access_is_safe(settings)
    yield configuration.secrets_are_kept
    yield lambda: configuration.deciding_model_is_set_up(settings)
    yield lambda: machine.disk_has_room(settings)
    yield lambda: machine.ports_are_free_or_ours(ports)
    yield lambda: connections.databases_answer(settings)
    yield lambda: connections.mlflow_answers(settings)
    yield lambda: connections.serving_answers(settings)
    yield lambda: connections.deciding_model_answers(settings)


def _of_store(settings: AgentSettings, store: Store, now: datetime) -> Iterator[Check]:
    yield lambda: machine.clock_is_right(store, now)
    yield lambda: work.champions_serve(store, settings.pipeline.default_model)
    yield lambda: work.somebody_looks(store, now)
    yield lambda: work.alerts_get_through(store)
    yield lambda: work.jobs_are_well(store, now)
    try:
        alerts = alert_settings()
    except AlertSetupError:
        return  # said already
    yield lambda: configuration.channels_are_set_up(alerts)
    yield lambda: connections.channels_answer(alerts, settings, store)


def _usable(found: Iterable[Finding]) -> bool:
    """Whether both databases are there, at the schema that this code reads."""
    databases = [one for one in found if one.area == "migrations"]
    return len(databases) == 2 and all(one.state is State.OK for one in databases)


def _found(check: Check) -> list[Finding]:
    try:
        return list(check())
    except Exception as error:  # noqa: BLE001  (its text may quote a secret: the type alone is told)
        mend = "This check itself failed. Look at what it reads, and report it if that is well."
        return [broken("doctor", type(error).__name__, "a check could not be made", mend)]
