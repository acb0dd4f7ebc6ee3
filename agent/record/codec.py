"""Reads evidence and decisions back from JSON, strictly: what does not fit is an error that says where."""

from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from agent.decision import Decision
from agent.errors import EvidenceFileError, LedgerError
from agent.evidence import Evidence
from agent.record.ledger import Entry


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def read_evidence(path: Path) -> Evidence:
    """The evidence in a JSON file. Raises EvidenceFileError that names the first field that is wrong."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EvidenceFileError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        evidence: Evidence = _adapter(Evidence).validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise EvidenceFileError(
            f"{path} is no evidence: {where}: {first['msg']}. See examples/evidence_with_labels.json."
        ) from None
    return evidence


def decision_of(entry: Entry) -> Decision:
    """The decision in a ledger entry. Raises LedgerError when its body does not hold one."""
    try:
        decision: Decision = _adapter(Decision).validate_json(entry.text)
    except ValidationError as error:
        raise LedgerError(
            f"Entry {entry.seq} of the ledger holds no decision ({error.error_count()} fields are wrong). "
            "Was it altered? python -m agent verify"
        ) from None
    return decision
