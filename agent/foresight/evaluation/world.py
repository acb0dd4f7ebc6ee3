"""Makes the stores that the read tools look at in a scenario: earlier windows, decisions and versions, and strangers'
texts where production has them."""

from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import insert

from agent.foresight.evaluation.scenario import PastDecision, PastWindow, Scenario
from agent.record import ledger
from agent.record.canonical import to_plain
from agent.record.ledger import EntryKind
from pipeline.gate.rules import Verdict, VerdictStatus
from pipeline.gate.verdicts import save_verdict
from pipeline.monitoring.window import Window, save_report
from pipeline.records import LabelledPrediction, PredictionRecord
from pipeline.store import control as tables
from pipeline.store import telemetry
from pipeline.store.open import Store

NO_WINDOW = Window(from_seq=0, to_seq=0, predictions=(), first_at=None, last_at=None)
NO_HASH = "0" * 64


def furnish(store: Store, scenario: Scenario, now: datetime) -> None:
    """Write what a scenario's record holds into fresh stores."""
    for number, text in enumerate(scenario.untrusted):
        _message(store, scenario, text, now, number)
    for past in sorted(scenario.history.windows, key=lambda window: -window.hours_ago):
        _report(store, scenario, past, now)
    for decided in sorted(scenario.history.decisions, key=lambda decision: -decision.hours_ago):
        _decision(store, scenario, decided, now)
    _challenger(store, scenario, now)


def _message(store: Store, scenario: Scenario, text: str, now: datetime, number: int) -> None:
    record = PredictionRecord(
        prediction_id=f"{scenario.name}-{number}",
        model=scenario.evidence.model,
        version=scenario.evidence.champion.version or 1,
        slot="champion",
        at=now,
        input=text,
        prediction=0,
        score=0.2,
    )
    row = {name: value for name, value in vars(record).items() if name != "seq"}
    row["input"] = telemetry.encode_input(text)
    with store.telemetry.begin() as connection:
        connection.execute(insert(telemetry.predictions).values(**row))
    _keep(store, scenario, {"drift": {"new_patterns": [{"terms": [text]}], "explanation": [text]}}, now, record)


def _report(store: Store, scenario: Scenario, past: PastWindow, now: datetime) -> None:
    drift = {name: value for name, value in vars(past).items() if name != "hours_ago"} | {"status": "sufficient"}
    _keep(store, scenario, {"evidence": {"drift": drift}}, now - timedelta(hours=past.hours_ago), None)


def _keep(
    store: Store, scenario: Scenario, body: dict[str, object], at: datetime, record: PredictionRecord | None
) -> None:
    held = (LabelledPrediction(record=record, label=None, labelled_at=None),) if record else ()
    window = Window(from_seq=1, to_seq=1, predictions=held, first_at=at, last_at=at) if held else NO_WINDOW
    save_report(
        store.telemetry,
        model=scenario.evidence.model,
        generation=scenario.evidence.champion.generation,
        scheduled=True,
        window=window,
        at=at,
        body=body,
    )


def _decision(store: Store, scenario: Scenario, past: PastDecision, now: datetime) -> None:
    decision_id, at = uuid4().hex[:12], now - timedelta(hours=past.hours_ago)
    body: dict[str, object] = {
        "headline": past.headline,
        "decided_by": "rules",
        "bounds": {"fired": []},
        "ruling": {"effective": []},
    }
    entries: list[tuple[EntryKind, dict[str, object]]] = [(EntryKind.DECISION, body)]
    if past.verdict:
        entries.append((EntryKind.TRAINED, {"version": None, "verdict": past.verdict}))
    for kind, what in entries:
        ledger.append(
            store.control, decision_id=decision_id, model=scenario.evidence.model, kind=kind, at=at, body=to_plain(what)
        )


def _challenger(store: Store, scenario: Scenario, now: datetime) -> None:
    challenger, model = scenario.evidence.challenger, scenario.evidence.model
    if challenger is None or challenger.verdict is None:
        return
    row = {
        "model": model,
        "version": challenger.version,
        "artifact_sha256": NO_HASH,
        "artifact_bytes": 1,
        "trained_at": now,
        "training_rows": 3_000,
        "training_rows_sha256": NO_HASH,
    }
    with store.control.begin() as connection:
        connection.execute(insert(tables.versions).values(**row))
    save_verdict(
        store.control,
        model=model,
        version=challenger.version,
        champion_version=challenger.judged_against,
        verdict=Verdict(status=VerdictStatus(challenger.verdict), results=()),
        at=now - timedelta(hours=challenger.verdict_age_hours or 0.0),
    )
