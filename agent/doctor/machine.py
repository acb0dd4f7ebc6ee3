"""Checks of this machine: room and rights on the disk, the clock, the ports."""

import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import psutil
from sqlalchemy import text

from agent.doctor.finding import Finding, broken, off, ok, warning
from agent.record import ledger
from agent.settings import AgentSettings
from pipeline.store.open import Store

LOW_BYTES, FEW_BYTES = 200_000_000, 2_000_000_000
# Leases last a minute, so clocks of several agents must agree better than that.
WRONG_BY = timedelta(seconds=5)
AHEAD_BY = timedelta(minutes=2)
SECONDS = 2.0


def disk_has_room(settings: AgentSettings) -> Iterator[Finding]:
    for name, folder in (("REFIT_HOME", settings.pipeline.root), ("REFIT_DATA_DIR", settings.pipeline.data_dir)):
        there = _nearest(folder.absolute())
        yield _writable(name, there)
        free = shutil.disk_usage(there).free
        seen = f"{free / 1e9:.1f} GB free on the disk of {folder}"
        if free < LOW_BYTES:
            yield broken("disk", f"{name} room", seen, "Free some: python -m pipeline retention, jobs/ and backups.")
        elif free < FEW_BYTES:
            yield warning("disk", f"{name} room", seen, "Free some, or move the folder to a larger disk.")
        else:
            yield ok("disk", f"{name} room", seen)


def _nearest(folder: Path) -> Path:
    """The folder itself, or the nearest one above it that is there."""
    return next(above for above in (folder, *folder.parents) if above.exists())


def _writable(name: str, folder: Path) -> Finding:
    probe = folder / f".refit-doctor-{uuid4().hex[:8]}"
    try:
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        mend = f"Give the user {os.getuid()} the right to write there, or set {name} to another folder."
        return broken("disk", name, f"{folder} cannot be written: {error.strerror}", mend)
    return ok("disk", name, f"{folder} can be written")


def clock_is_right(store: Store, now: datetime) -> Iterator[Finding]:
    if store.control.dialect.name == "postgresql":
        with store.control.connect() as connection:
            theirs = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        yield _compared("database server", theirs - now)
    newest = ledger.decisions(store.control, limit=1)
    if newest and newest[0].at - now > AHEAD_BY:
        seen = f"the newest decision is of {newest[0].at:%Y-%m-%d %H:%M} UTC, which lies ahead"
        yield broken("clock", "ledger", seen, "Set the clock (timedatectl set-ntp true); it was ahead or is behind.")
    else:
        yield ok("clock", "ledger", f"it is {now:%Y-%m-%d %H:%M:%S} UTC, and nothing was recorded after that")


def _compared(with_whom: str, difference: timedelta) -> Finding:
    seen = f"{difference.total_seconds():+.1f} s from this machine's"
    if abs(difference) > WRONG_BY:
        return broken("clock", with_whom, seen, "Let both keep time by NTP: timedatectl set-ntp true")
    return ok("clock", with_whom, seen)


def ports_are_free_or_ours(wanted: dict[str, int]) -> Iterator[Finding]:
    """Each port is free, or what listens there is what should."""
    paths = {"serving": "/health/live", "agent": "/health", "dashboard": "/_stcore/health"}
    for service, port in wanted.items():
        holder = _listener(port)
        if holder is None:
            yield off("ports", f"{service} {port}", "free: it does not run")
        elif _answers(f"http://127.0.0.1:{port}{paths[service]}"):
            yield ok("ports", f"{service} {port}", f"answers ({holder})")
        else:
            mend = f"Stop it, or start with another port: python -m launch up --help ({service})."
            yield broken("ports", f"{service} {port}", f"taken by {holder}, which is no {service}", mend)


def _listener(port: int) -> str | None:
    try:
        found = [one for one in psutil.net_connections("tcp") if one.status == "LISTEN" and one.laddr.port == port]
    except psutil.Error:
        return None
    if not found:
        return None
    return f"process {found[0].pid}" if found[0].pid else "a process of another user"


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=SECONDS).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
