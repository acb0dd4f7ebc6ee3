"""A loop over real stores with fake hands, for tests of what is recorded and done."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.actions import Autonomy
from agent.loop import Loop
from agent.record import ledger
from pipeline.catalog import managed_model
from pipeline.store.open import Store
from tests.agent.builders import DRIFTED, LABELLED, evidence_with, merged
from tests.agent.fakes import MODEL, Clock, FakeHands, FixedObserver, add_champion

BREACH = merged(DRIFTED, LABELLED)


def loop_in(home: Path, store: Store, evidence: Mapping[str, Any] | None = None, **changes: Any) -> Loop:
    """A loop that sees `evidence` (drift with labels, unless told otherwise) beside one champion."""
    if not FakeHands(store, home / "diary").pointer():
        add_champion(store)
    seen = evidence_with(BREACH if evidence is None else evidence)
    clock = changes.get("clock", Clock())
    parts: dict[str, Any] = {
        "store": store,
        "spec": managed_model(MODEL),
        "observer": FixedObserver(seen),
        "hands": FakeHands(store, home / "diary", clock=clock),
        "clock": clock,
        "autonomy": Autonomy.ACT,
        "holder": "test",
    }
    return Loop(**parts | changes)


def kinds(store: Store, decision_id: str) -> list[str]:
    return [entry.kind for entry in ledger.entries_of(store.control, decision_id)]
