"""Pins: a pinned model keeps its champion, whatever the gate says, until a person lifts the pin or it lapses."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from pipeline.errors import ConcurrentChangeError, PromotionRefusedError
from pipeline.records import Pin, Provenance, version_tag
from pipeline.store import control as tables
from pipeline.store.engine import racing


def active_pin(control: Engine, model: str, now: datetime) -> Pin | None:
    """The pin that holds `model` now; None when it may move."""
    with control.connect() as connection:
        return pin_in_force(connection, model, now)


def pin_in_force(connection: Connection, model: str, now: datetime) -> Pin | None:
    newest = _newest(connection, model)
    if newest is None or not newest["pinned"] or (newest["until"] and newest["until"] <= now):
        return None
    return Pin(**{name: value for name, value in newest.items() if name != "pinned"})


def append_pin(
    connection: Connection,
    model: str,
    version: int,
    provenance: Provenance,
    *,
    pinned: bool,
    lift_when: str | None = None,
    until: datetime | None = None,
) -> Pin:
    newest = _newest(connection, model)
    pin = Pin(
        model=model,
        seq=newest["seq"] + 1 if newest else 1,
        version=version,
        who=provenance.who,
        why=provenance.why,
        lift_when=lift_when,
        until=until,
        at=provenance.at,
    )
    connection.execute(insert(tables.pins).values(pinned=int(pinned), **vars(pin)))
    return pin


def unpin(control: Engine, model: str, expected_pin: int, provenance: Provenance) -> Pin:
    """Lift the pin with that number; the pin that was lifted. Raises ConcurrentChangeError when it is another now."""
    with racing(control, "the pin", model) as connection:
        held = pin_in_force(connection, model, provenance.at)
        if held is None or held.seq != expected_pin:
            raise ConcurrentChangeError(
                f"{model} is not held by pin {expected_pin}" + (f", but by pin {held.seq}." if held else ".")
            )
        append_pin(connection, model, held.version, provenance, pinned=False)
        return held


def require_no_pin(connection: Connection, model: str, now: datetime) -> None:
    """Raises PromotionRefusedError, which says who pinned the model, why, and what would lift the pin."""
    held = pin_in_force(connection, model, now)
    if held is not None:
        raise PromotionRefusedError(pin_sentence(held))


def pin_sentence(pin: Pin) -> str:
    lifts = [f"when {pin.lift_when}"] if pin.lift_when else []
    lifts += [f"at {pin.until:%Y-%m-%d %H:%M} UTC"] if pin.until else []
    lifted = f" It is to be lifted {' or '.join(lifts)}." if lifts else ""
    return (
        f"{pin.model} is pinned at {version_tag(pin.version)} by {pin.who} (pin {pin.seq}): {pin.why}.{lifted} "
        f"Lift it with POST /control/models/{pin.model}/unpin."
    )


def _newest(connection: Connection, model: str) -> Mapping[str, Any] | None:
    table = tables.pins
    row = connection.execute(select(table).where(table.c.model == model).order_by(table.c.seq.desc()).limit(1)).first()
    return dict(row._mapping) if row else None
