"""What the tests of faults wait for, as questions to a running deployment."""

import sqlite3
from contextlib import suppress
from typing import Any

import httpx
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from agent.record import ledger
from agent.record.ledger import Entry, EntryKind
from pipeline.releases.promotion import pointer
from pipeline.store.control import schedule_claims
from pipeline.store.open import Store
from tests.faults.client import Client
from tests.faults.deployment import Deployment, Kept, until
from tests.faults.flowers import MODEL, shift_of


def generation(store: Store) -> int:
    """How often the champion has moved; 0 without one."""
    current = pointer(store.control, MODEL)
    return current.generation if current else 0


def drifting(deployment: Deployment, store: Store, seed: int = 1) -> Client:
    """A client whose traffic drifts away from every champion."""
    known = 0

    def shift() -> float:
        nonlocal known
        with suppress(SQLAlchemyError, sqlite3.Error):  # the store may be what fails
            known = generation(store)
        return shift_of(known)

    return Client(deployment.serving, shift, seed)


def health(serving: Kept) -> dict[str, Any]:
    """What the service says about itself, whatever its status."""
    found: dict[str, Any] = httpx.get(f"{serving.url}/health", timeout=30).json()
    return found


def counted(serving: Kept, metric: str) -> int:
    lines = httpx.get(f"{serving.url}/metrics", timeout=30).text.splitlines()
    return next((int(float(line.rsplit(" ", 1)[1])) for line in lines if line.startswith(metric)), 0)


def everything_is_written(serving: Kept) -> None:
    """Wait until no answer waits for the store any more, neither in memory nor on the local disk."""

    def waiting() -> int:
        said = health(serving)["prediction_log"]
        return int(said["waiting"] + said["spooled"])

    until(lambda: waiting() == 0, lambda: f"{waiting()} rows wait for ever: {serving.said()}")


def events(store: Store, kind: EntryKind) -> list[Entry]:
    return ledger.events(store.control, MODEL, [kind], 10_000)


def promoted_again(deployment: Deployment, store: Store, times: int = 1) -> None:
    """Wait for further promotions: traffic, drift, decision, training, gate and swap all work."""
    aim = generation(store) + times
    until(lambda: generation(store) >= aim, lambda: f"No promotion {aim}: {said(deployment)}")


def looked_again(deployment: Deployment, store: Store, times: int = 3) -> None:
    """Wait until the agent has looked and decided so many more times."""
    aim = len(events(store, EntryKind.DECISION)) + times
    until(lambda: len(events(store, EntryKind.DECISION)) >= aim, lambda: f"No looks: {said(deployment)}")


def answered_again(client: Client, deployment: Deployment, count: int = 50) -> None:
    """Wait until clients have got so many more answers."""
    aim = client.told.predictions + count
    until(lambda: client.told.predictions >= aim, lambda: f"No answers: {said(deployment)}")


def looking_pid(store: Store) -> int:
    """The process that was the last to look at the model by the clock; 0 when none ever has."""
    claims = schedule_claims.c
    query = select(claims.holder).where(claims.model == MODEL).order_by(claims.fired_at.desc()).limit(1)
    with store.control.connect() as connection:
        holder = connection.execute(query).scalar()
    return int(holder.rsplit(":", 1)[1]) if holder else 0


def looking(deployment: Deployment, store: Store) -> Kept | None:
    """The agent that looks at the model."""
    return next((agent for agent in deployment.agents if agent.pid == looking_pid(store)), None)


def said(deployment: Deployment) -> str:
    return "\n".join(f"{process.name}: {process.said()}" for process in deployment.processes)
