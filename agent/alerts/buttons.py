"""Buttons under messages: each carries an opaque id that is good for one thing, once, for a while."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from pipeline.store.control import alert_buttons as table
from pipeline.store.control import alert_received as received
from pipeline.store.engine import writing


class Purpose(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    LABEL = "label"


@dataclass(frozen=True, kw_only=True)
class Made:
    """A button as the store keeps it; `subject` is an approval, or a prediction with its label."""

    button_id: str
    purpose: Purpose
    model: str
    subject: dict[str, Any]
    expires_at: datetime
    used_by: str | None = None
    used_at: datetime | None = None


def make(control: Engine, purpose: Purpose, model: str, subject: dict[str, Any], expires_at: datetime) -> str:
    """The id of a new button; 122 random bits, so that none can be guessed."""
    button_id = uuid4().hex
    values = {"button_id": button_id, "purpose": purpose.value, "model": model, "subject": subject}
    with writing(control).begin() as connection:
        connection.execute(insert(table).values(**values, expires_at=expires_at))
    return button_id


def find(control: Engine, button_id: str) -> Made | None:
    with control.connect() as connection:
        row = connection.execute(select(table).where(table.c.button_id == button_id)).first()
    return Made(**dict(row._mapping) | {"purpose": Purpose(row.purpose)}) if row else None


def use(control: Engine, button_id: str, who: str, now: datetime) -> bool:
    """Use a button up. False for all but the first, and for one that has expired."""
    mine = (table.c.button_id == button_id, table.c.used_by.is_(None), table.c.expires_at > now)
    with writing(control).begin() as connection:
        return connection.execute(update(table).where(*mine).values(used_by=who, used_at=now)).rowcount == 1


def first_time(control: Engine, request_key: str, now: datetime) -> bool:
    """Whether a request is seen for the first time; of two at once one is."""
    try:
        with writing(control).begin() as connection:
            connection.execute(insert(received).values(request_key=request_key, at=now))
    except IntegrityError:
        return False
    return True


def forget(control: Engine, before: datetime) -> None:
    """Drop what expired or was received before a time."""
    with writing(control).begin() as connection:
        connection.execute(delete(table).where(table.c.expires_at < before))
        connection.execute(delete(received).where(received.c.at < before))
