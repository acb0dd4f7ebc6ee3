"""The registry of a model as files for people who grep: registry.json and audit.log, written whole from the store."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from pipeline.files import write_whole
from pipeline.records import version_tag
from pipeline.releases.promotion import pointer, promotions, versions
from pipeline.store import control as tables

MOST = 10_000


def write_registry(control: Engine, model: str, folder: Path, at: datetime) -> tuple[Path, Path]:
    """Write FOLDER/MODEL/registry.json and FOLDER/MODEL/audit.log. The store is the truth; nobody reads these back."""
    here = folder / model
    here.mkdir(parents=True, exist_ok=True)
    registry, audit = here / "registry.json", here / "audit.log"
    write_whole(registry, json.dumps(registry_body(control, model, at), indent=1, default=plain) + "\n")
    write_whole(audit, "".join(line + "\n" for line in audit_lines(control, model)))
    return registry, audit


def registry_body(control: Engine, model: str, at: datetime) -> dict[str, Any]:
    """Champion, versions with the newest verdict over each, and every move of the pointer."""
    champion, verdicts = pointer(control, model), _verdicts(control, model)
    newest = {row["version"]: row["status"] for row in verdicts}
    listed = [
        asdict(one) | {"tag": one.tag, "verdict": newest.get(one.version)} for one in versions(control, model, MOST)
    ]
    moves = [asdict(move) for move in promotions(control, model, MOST)]
    body = {"model": model, "written_at": at, "champion": asdict(champion) if champion else None}
    return {**body, "versions": listed, "promotions": moves}


def audit_lines(control: Engine, model: str) -> list[str]:
    """One line an event, oldest first: time, model, what, version, and the rest as key=value."""
    events: list[tuple[datetime, str, int, dict[str, Any]]] = [
        (one.trained_at, "registered", one.version, {"rows": one.training_rows, "sha256": one.artifact_sha256})
        for one in versions(control, model, MOST)
    ]
    events += [
        (row["at"], f"judged_{row['status']}", row["version"], {"reason": row["body"]["reason"]})
        for row in _verdicts(control, model)
    ]
    events += [
        (move.at, move.kind.value, move.to_version, {"who": move.who, "why": move.why})
        for move in promotions(control, model, MOST)
    ]
    return [_line(model, *event) for event in sorted(events, key=lambda event: event[0])]


def _line(model: str, at: datetime, what: str, version: int, rest: dict[str, Any]) -> str:
    told = " ".join(f"{name}={json.dumps(value)}" for name, value in rest.items())
    return f"{at.isoformat(timespec='milliseconds')} {model} {what} {version_tag(version)} {told}"


def _verdicts(control: Engine, model: str) -> list[dict[str, Any]]:
    """Verdicts over a model, oldest first."""
    table = tables.verdicts
    query = select(table).where(table.c.model == model).order_by(table.c.at)
    with control.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(query)]


def plain(value: object) -> str:
    """What JSON has no form for: times in ISO 8601."""
    return value.isoformat() if isinstance(value, datetime) else str(value)
