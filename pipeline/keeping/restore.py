"""Puts a backup back: checked before anything is touched, into an empty home, and the ledger's chain walked after."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import func, make_url, select

from pipeline.errors import KeepingError
from pipeline.files import whole_file
from pipeline.keeping.backup import ARCHIVE, FOLDERS, FORMAT, MANIFEST, SPOOL, addresses
from pipeline.keeping.copies import is_in_use, put_back_postgresql, put_back_sqlite, tables_of, tables_of_dump
from pipeline.keeping.files import read_json, sha256_of
from pipeline.settings import PipelineSettings
from pipeline.store import control, telemetry
from pipeline.store.chain import verify_chain
from pipeline.store.open import Store, open_store

SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What stands in the restored stores. `aside` is where the files went that were there before."""

    at: datetime
    files: int
    versions: int
    predictions: int
    ledger_entries: int
    aside: Path | None


def check_backup(folder: Path) -> dict[str, Any]:
    """The manifest of a backup whose files are all as they were written. Raises KeepingError that names what is not."""
    body = read_json(folder / MANIFEST)
    if body.get("format") != FORMAT:
        raise KeepingError(f"{folder} was written by a newer release (format {body.get('format')}). Install that one.")
    wrong = [place for place, file in body["files"].items() if not _is_as_written(folder / place, file["sha256"])]
    if wrong:
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise KeepingError(f"The backup {folder} is damaged: {', '.join(wrong[:SHOWN])}{more}. Use another one.")
    return body


def restore(settings: PipelineSettings, folder: Path, at: datetime, *, replace: bool = False) -> Restored:
    """Put a backup into the home and the databases that the settings name.

    Where there is something already it refuses, unless told to `replace`: then files and SQLite databases are moved
    aside, and tables of PostgreSQL dropped. Raises KeepingError; nothing is touched before every check has passed.
    """
    body = check_backup(folder)
    targets = _targets(settings, body["databases"])
    _require_room(settings, targets, replace)
    _require_readable(folder, body["databases"])
    files = [place for place in body["files"] if not place.startswith("databases/")]
    aside = _free_name(settings.root / f"before-restore-{at:%Y%m%d-%H%M%S}") if replace else None
    try:
        if aside:
            _put_aside(settings, targets, aside)
        for name, address in targets.items():
            source = folder / body["databases"][name]["file"]
            if body["databases"][name]["kind"] == "postgresql":
                put_back_postgresql(source, address)
            else:
                put_back_sqlite(source, _file_of(address))
        for place in files:
            _put_back(folder / place, _home_of(settings, place))
    except OSError as error:
        where, before = error.filename or "a file", f" What was there before is in {aside}." if aside else ""
        raise KeepingError(
            f"The restore stopped half-way, at {where}: {error.strerror or error}.{before} Make room, and restore "
            "again with --replace."
        ) from error
    return _looked_over(settings, body, len(files), aside)


def _is_as_written(path: Path, sha256: str) -> bool:
    try:
        return sha256_of(path) == sha256
    except KeepingError:
        return False


def _targets(settings: PipelineSettings, databases: Mapping[str, Any]) -> dict[str, str]:
    """Where each database of the backup goes. Raises KeepingError when it is of another kind there."""
    here = addresses(settings)
    for name, copied in databases.items():
        kind = make_url(here[name]).get_backend_name() if name in here else "elsewhere"
        if kind != copied["kind"]:
            raise KeepingError(
                f"The backup holds {name} of {copied['kind']}, and the settings name one of the kind {kind}. "
                "Restore it where the same databases are configured."
            )
    return {name: here[name] for name in databases}


def _require_room(settings: PipelineSettings, targets: Mapping[str, str], replace: bool) -> None:
    files = {name: _file_of(address) for name, address in targets.items() if address.startswith("sqlite:")}
    there = [str(path) for path in [*files.values(), *_folders(settings)] if path.exists() and _holds_something(path)]
    there += [f"the database {name}" for name, url in targets.items() if name not in files and tables_of(url)]
    if there and not replace:
        raise KeepingError(
            f"There is something already: {', '.join(there[:SHOWN])}. Restore into an empty home (REFIT_HOME), or "
            "add --replace to put it aside."
        )
    used = [name for name, path in files.items() if path.exists() and is_in_use(path)]
    if used:
        raise KeepingError(f"Processes use {', '.join(used)}. Stop serving, agent and MLflow, then restore.")


def _require_readable(folder: Path, databases: Mapping[str, Any]) -> None:
    """The program that reads a dump may be missing here, or older than the one that wrote it. Raises KeepingError."""
    for copied in databases.values():
        if copied["kind"] == "postgresql":
            tables_of_dump(folder / copied["file"])


def _folders(settings: PipelineSettings) -> list[Path]:
    return [*(settings.root / name for name in FOLDERS), settings.archive_dir]


def _holds_something(path: Path) -> bool:
    return path.is_file() or any(path.iterdir())


def _free_name(folder: Path) -> Path:
    """The folder, or one with a number behind its name where a restore of the same second has taken it."""
    names = (folder.with_name(f"{folder.name}-{number}" if number else folder.name) for number in count())
    return next(name for name in names if not name.exists())


def _put_aside(settings: PipelineSettings, targets: Mapping[str, str], aside: Path) -> None:
    """Predictions that wait in the service's spool stay: they are written once, whatever the store holds."""
    aside.mkdir(parents=True)
    for name, address in targets.items():
        if not address.startswith("sqlite:"):
            continue  # its tables are dropped in the transaction that fills it
        file = _file_of(address)
        for path in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))):
            if path.exists():
                shutil.move(path, aside / f"{name}-{path.name}")
    for path in _folders(settings):
        if path.exists():
            shutil.move(path, aside / path.name)


def _home_of(settings: PipelineSettings, place: str) -> Path:
    if place.startswith(f"{ARCHIVE}/"):
        return settings.archive_dir / place.removeprefix(f"{ARCHIVE}/")
    return settings.root / place.removeprefix("home/")


def _put_back(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(target) as partial:
        shutil.copyfile(source, partial)
        if str(target.parent).endswith(SPOOL):
            partial.chmod(0o600)  # it holds messages


def _looked_over(settings: PipelineSettings, body: Mapping[str, Any], files: int, aside: Path | None) -> Restored:
    """Bring the schema forward where the backup is of an earlier release, and hold the ledger to what was noted."""
    store = open_store(settings)
    try:
        found, noted = verify_chain(store.control), body["ledger"]
        if not found.intact or (found.entries, found.tip) != (noted["entries"], noted["tip"]):
            why = found.reason or f"{found.entries} entries instead of {noted['entries']}"
            raise KeepingError(f"The restored ledger is not the one that was backed up: {why}. Use another backup.")
        return Restored(
            at=datetime.fromisoformat(body["at"]),
            files=files,
            versions=_count(store, "control"),
            predictions=_count(store, "telemetry"),
            ledger_entries=found.entries,
            aside=aside,
        )
    finally:
        store.close()


def _count(store: Store, database: str) -> int:
    table, engine = (
        (control.versions, store.control) if database == "control" else (telemetry.predictions, store.telemetry)
    )
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar() or 0


def _file_of(address: str) -> Path:
    return Path(str(make_url(address).database)).absolute()
