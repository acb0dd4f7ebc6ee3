"""A backup: both databases of the store frozen at one moment, MLflow's, and the files that cannot be made again.

What versions point to is copied after the store is frozen, so nothing that the copy names is missing. Predictions that
wait on the service's own disk are copied before, so each is there or in the database.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from pipeline.errors import KeepingError
from pipeline.files import PARTIAL, sync
from pipeline.keeping.archive import Archive
from pipeline.keeping.copies import Copying, copying
from pipeline.keeping.files import CHUNK, write_json
from pipeline.settings import PipelineSettings
from pipeline.store import control
from pipeline.store.chain import GENESIS

FORMAT = 1
MANIFEST = "backup.json"
SPOOL = "serving/spool"
# Below home; the archive may stand elsewhere, and comes back where the settings say.
FOLDERS = ("artifacts", "registry", "mlflow-artifacts", "conversations", "quarantine")
ARCHIVE = "archive"
FROZEN = {"telemetry": ("reports", "labels"), "control": tuple(control.metadata.tables)}


@dataclass(frozen=True, kw_only=True)
class Backup:
    """What was copied; `left_out` says in sentences what was not."""

    folder: Path
    files: int
    bytes: int
    ledger_entries: int
    left_out: tuple[str, ...]


def addresses(settings: PipelineSettings) -> dict[str, str]:
    """The databases that a backup holds, by name: MLflow's too where this process opens it itself."""
    found = {"telemetry": settings.telemetry_address, "control": settings.control_address}
    if settings.mlflow_address.startswith(("sqlite:", "postgresql")):
        found["mlflow"] = settings.mlflow_address
    return found


def make_backup(settings: PipelineSettings, folder: Path, at: datetime) -> Backup:
    """Write a backup into a folder that is not there yet; it appears whole or not at all. Raises KeepingError."""
    if folder.exists():
        raise KeepingError(f"{folder} exists already. Name a folder that does not, such as {folder}-{at:%Y%m%d-%H%M}.")
    partial = folder.with_name(f"{folder.name}{PARTIAL}{os.getpid()}")
    try:
        body = _written(settings, partial, at)
        partial.rename(folder)
        sync(folder.parent)
    except OSError as error:
        raise KeepingError(f"The backup could not be written to {folder}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    files = body["files"]
    return Backup(
        folder=folder,
        files=len(files),
        bytes=sum(file["bytes"] for file in files.values()),
        ledger_entries=body["ledger"]["entries"],
        left_out=tuple(body["left_out"]),
    )


def _written(settings: PipelineSettings, folder: Path, at: datetime) -> dict[str, Any]:
    folder.mkdir(mode=0o700, parents=True)  # it holds messages
    (folder / "databases").mkdir()
    files = _copy_tree(settings.root / SPOOL, folder, f"home/{SPOOL}")
    with _no_archiving(settings.archive_dir), _opened(addresses(settings)) as databases:
        _freeze(databases)
        ledger = _ledger(databases["control"])
        versions = databases["control"].rows("SELECT model, artifact_sha256 FROM versions ORDER BY model, version")
        for name in FOLDERS:
            files |= _copy_tree(settings.root / name, folder, f"home/{name}")
        files |= _copy_tree(settings.archive_dir, folder, ARCHIVE)
        listed = {}
        for name, database in databases.items():
            place = f"databases/{name}.{'db' if database.kind == 'sqlite' else 'dump'}"
            database.write(folder / place)
            listed[name] = {"kind": database.kind, "file": place}
            files[place] = _measured(folder / place)
    body = {
        "format": FORMAT,
        "at": at.isoformat(),
        "databases": listed,
        "ledger": ledger,
        "left_out": [*_missing(versions, files), *_elsewhere(settings)],
        "files": files,
    }
    write_json(folder / MANIFEST, body)
    return body


@contextmanager
def _no_archiving(archive: Path) -> Iterator[None]:
    """Rows must not move from the database into the archive between the two copies."""
    with Archive(archive).held() if archive.exists() else nullcontext():
        yield


@contextmanager
def _opened(listed: Mapping[str, str]) -> Iterator[dict[str, Copying]]:
    with ExitStack() as stack:
        databases = {}
        for name, address in listed.items():
            if (
                name == "mlflow"
                and address.startswith("sqlite:")
                and not Path(str(make_url(address).database)).exists()
            ):
                continue  # nothing was trained yet
            databases[name] = copying(address)
            stack.callback(databases[name].close)
        yield databases


def _freeze(databases: Mapping[str, Copying]) -> None:
    """One moment for both databases of the store; MLflow's follows, so that it knows every run of the store."""
    with ExitStack() as stack:
        for name, tables in FROZEN.items():
            databases[name].hold(tables)
            stack.callback(databases[name].release)
        for name in FROZEN:
            databases[name].snapshot()
    if "mlflow" in databases:
        databases["mlflow"].snapshot()


def _ledger(database: Copying) -> dict[str, Any]:
    """Its length and its last hash, by which a restored one is known to be whole."""
    ((entries,),) = database.rows("SELECT count(*) FROM ledger")
    newest = database.rows("SELECT hash FROM ledger ORDER BY seq DESC LIMIT 1")
    return {"entries": entries, "tip": newest[0][0] if newest else GENESIS}


def _missing(versions: Sequence[tuple[Any, ...]], files: Mapping[str, Any]) -> list[str]:
    names = {(model, sha256): f"home/artifacts/{model}/{sha256}.safetensors" for model, sha256 in versions}
    return [
        f"The artefact {sha256[:12]} of {model} is not in the artefact folder; its version cannot be served again."
        for (model, sha256), place in names.items()
        if files.get(place, {}).get("sha256") != sha256
    ]


def _elsewhere(settings: PipelineSettings) -> list[str]:
    if "mlflow" in addresses(settings):
        return []
    return ["MLflow is a server of its own: back up its database and its artefacts where it runs."]


def _copy_tree(source: Path, folder: Path, below: str) -> dict[str, dict[str, Any]]:
    """Copy whole files, without what is being written; their sizes and checksums by their place in the backup."""
    copied = {}
    for path in sorted(source.rglob("*")) if source.exists() else ():
        if not path.is_file() or PARTIAL in path.name or path.name == "lock":
            continue
        place = f"{below}/{path.relative_to(source)}"
        try:
            copied[place] = _copy(path, folder / place)
        except FileNotFoundError:
            continue  # replaced or used up meanwhile; what the store names is looked for below
    return copied


def _copy(source: Path, target: Path) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as reading:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as writing:
            while chunk := reading.read(CHUNK):
                digest.update(chunk)
                size += writing.write(chunk)
            writing.flush()
            os.fsync(writing.fileno())
    return {"sha256": digest.hexdigest(), "bytes": size}


def _measured(path: Path) -> dict[str, Any]:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    sync(path)
    return {"sha256": digest.hexdigest(), "bytes": path.stat().st_size}
