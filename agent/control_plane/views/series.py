"""The measured windows of a model over time, at most some hundred of them, with what they would be without drift."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Engine, func, select

from agent.control_plane.views.thinning import Glance, shown
from agent.record.canonical import to_plain
from pipeline.monitoring.drift_report import DRIFT_SCORES, NAMES, SHARES
from pipeline.releases.promotion import promotions
from pipeline.spec import ModelSpec
from pipeline.store.open import Store
from pipeline.store.telemetry import reports as table

# A report of numeric features has a reading for each: those that moved most are enough for a picture.
MOST_READINGS = 9
MOST_MOVES = 200
REMEMBERED = 1_000
DRIFT_FIELDS = ("status", *DRIFT_SCORES, "score_shift", "spam_part_novelty", "duplicate_rate", "messages")
ACCURACY_FIELDS = ("status", "estimate", "low", "high", "p_below_floor", "labelled", "upper_estimate", "more_labels")


def series(store: Store, spec: ModelSpec, *, since: datetime, until: datetime, most: int) -> dict[str, Any]:
    """At most `most` windows between two times, oldest first, the lines that they are judged by, and the moves of the
    champion between them.
    """
    glances = glances_of(store.telemetry, spec.name, since, until)
    rules = spec.monitoring
    found: dict[str, Any] = to_plain(
        {
            "model": spec.name,
            "since": since,
            "until": until,
            "measured": len(glances),
            "windows": _windows(store.telemetry, shown(glances, most)),
            "lines": lines_of(spec),
            "names": {statistic.value: words for statistic, words in NAMES.items()},
            "shares": {statistic.value for statistic in SHARES},
            "window_rows": rules.window_rows,
            "moves": moves_between(store.control, spec.name, since, until),
        }
    )
    return found


def lines_of(spec: ModelSpec) -> dict[str, float]:
    """The operator's lines of a model, as its specification has them."""
    rules = spec.monitoring
    kept = ("drift_threshold", "accuracy_floor", "accuracy_confidence")
    return {name: float(getattr(rules, name)) for name in kept}


def moves_between(control: Engine, model: str, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """The moves of the champion between two times, oldest first."""
    kept = ("at", "kind", "from_version", "to_version", "generation")
    moves = [move for move in promotions(control, model, MOST_MOVES) if since <= move.at <= until]
    return [{name: getattr(move, name) for name in kept} for move in reversed(moves)]


def newest_scores(telemetry: Engine, model: str, limit: int) -> Sequence[float | None]:
    """The largest drift score of each of the newest scheduled windows, oldest first."""
    query = select(table.c.seq).where(table.c.model == model).order_by(table.c.seq.desc()).limit(1)
    with telemetry.connect() as connection:
        newest = connection.execute(query).scalar()
    return () if newest is None else _scores_until(telemetry, model, newest, limit)


@lru_cache(maxsize=REMEMBERED)
def _scores_until(telemetry: Engine, model: str, seq: int, limit: int) -> tuple[float | None, ...]:
    """Reports are never changed, so what was read up to one of them stays true."""
    mine = (table.c.model == model, table.c.scheduled == 1, table.c.seq <= seq)
    query = select(*_drift_columns()).where(*mine).order_by(table.c.seq.desc()).limit(limit)
    with telemetry.connect() as connection:
        return tuple(_largest(row) for row in reversed(connection.execute(query).all()))


def glances_of(telemetry: Engine, model: str, since: datetime, until: datetime) -> list[Glance]:
    """Every window between two times, by the few numbers that decide whether it is shown."""
    columns = (table.c.seq, table.c.at, *_drift_columns(), _number("accuracy", "estimate"))
    query = select(*columns).where(table.c.model == model, table.c.at >= since, table.c.at <= until)
    with telemetry.connect() as connection:
        rows = connection.execute(query.order_by(table.c.seq)).all()
    return [Glance(seq=row[0], at=row[1], drift=_largest(row[2:-1]), accuracy=row[-1]) for row in rows]


def _drift_columns() -> list[ColumnElement[float]]:
    return [_number("drift", name) for name in DRIFT_SCORES]


def _number(part: str, name: str) -> ColumnElement[float]:
    """A number of the evidence; a check by hand has only the report itself."""
    return func.coalesce(table.c.body["evidence"][part][name].as_float(), table.c.body[part][name].as_float())


def _largest(scores: Sequence[Any]) -> float | None:
    return max((score for score in scores if score is not None), default=None)


def _windows(telemetry: Engine, seqs: Sequence[int]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with telemetry.connect() as connection:
        for start in range(0, len(seqs), 500):  # SQLite takes a bounded number of variables
            query = select(table).where(table.c.seq.in_(seqs[start : start + 500])).order_by(table.c.seq)
            found += [window_of(dict(row._mapping)) for row in connection.execute(query)]
    return found


def window_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """One window in numbers, enums and ids."""
    body = row["body"]
    drift, accuracy = _part(body, "drift"), _part(body, "accuracy")
    report = body.get("drift") or {}
    return {
        "seq": row["seq"],
        "at": row["at"],
        "generation": row["generation"],
        "scheduled": bool(row["scheduled"]),
        "decision_id": body.get("decision_id"),
        "drift": {name: drift.get(name) for name in DRIFT_FIELDS},
        "accuracy": {name: accuracy.get(name) for name in ACCURACY_FIELDS},
        "readings": _readings(report),
        "patterns": len(report.get("new_patterns") or drift.get("new_patterns") or ()),
    }


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return (body.get("evidence") or {}).get(name) or body.get(name) or {}


def _readings(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    given = [*(report.get("readings") or ()), *(report.get("score_readings") or ())][:MOST_READINGS]
    return [
        {"statistic": one.get("statistic") or one.get("feature")}
        | {name: one.get(name) for name in ("raw", "expected", "alarm_at")}
        for one in given
    ]
