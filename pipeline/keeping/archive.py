"""The archive of rows that left the telemetry database: Parquet by model and month, with a manifest for each batch.

A batch is staged, listed, moved into place, checked, and only then its rows are deleted. Whatever a kill leaves behind
tells how far it came: staging without a manifest is thrown away, a pending manifest is carried on. A manifest among the
finished ones says that its rows are in its files and no longer in the database.
"""

import fcntl
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import ConcurrentChangeError, KeepingError
from pipeline.files import sync
from pipeline.keeping.files import move, read_json, sha256_of, write_json
from pipeline.keeping.parquet import read, write

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True, kw_only=True)
class ArchivedFile:
    """One Parquet file, by its place below the archive."""

    path: str
    sha256: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Rows of one table that leave together, under a name that no other batch of the archive has."""

    name: str
    table: str
    files: tuple[ArchivedFile, ...]

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)


class Archive:
    """A folder that one process at a time works in."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._staging, self._pending, self._done = folder / "staging", folder / "pending", folder / "manifests"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Raises ConcurrentChangeError when another process works in it, KeepingError when it cannot be written."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / "lock").open("w")
        except OSError as error:
            raise KeepingError(f"The archive {self.folder} cannot be written: {error.strerror}.") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise ConcurrentChangeError(
                    f"Another process is archiving to {self.folder}. Try again later."
                ) from None
            yield

    def pending(self) -> list[Batch]:
        """Listed batches whose rows are not all deleted yet; what was staged without a list is dropped."""
        listed = [_batch(read_json(path)) for path in sorted(self._pending.glob("*.json"))]
        for folder in self._staging.glob("*"):
            if folder.name not in {batch.name for batch in listed}:
                shutil.rmtree(folder)
        return listed

    def stage(self, name: str, table: str, parts: Mapping[tuple[str, str], "pyarrow.Table"]) -> Batch:
        """Write the rows of a batch, by model and month, beside the archive; nothing points to them yet."""
        files = []
        for (model, month), rows in sorted(parts.items()):
            place = Path(table) / f"model={model}" / f"month={month}" / f"{name}.parquet"
            staged = self._staging / name / place
            staged.parent.mkdir(parents=True, exist_ok=True)
            write(staged, rows)
            sync(staged)
            files.append(ArchivedFile(path=str(place), sha256=sha256_of(staged), rows=rows.num_rows))
        return Batch(name=name, table=table, files=tuple(files))

    def list(self, batch: Batch, at: datetime) -> None:
        """From here on the batch will be carried to its end, by whichever process."""
        write_json(self._pending / f"{batch.name}.json", {**asdict(batch), "at": at.isoformat()})

    def place(self, batch: Batch) -> None:
        """Move the files to where they stay. Raises KeepingError rather than write over another file."""
        for file in batch.files:
            staged = self._staging / batch.name / file.path
            if staged.exists():
                _move(staged, self.folder / file.path)
        shutil.rmtree(self._staging / batch.name, ignore_errors=True)

    def tables(self, batch: Batch) -> "Iterator[pyarrow.Table]":
        """The rows as they are read back. Raises KeepingError unless each file is what the manifest says."""
        for file in batch.files:
            path = self.folder / file.path
            if sha256_of(path) != file.sha256:
                raise KeepingError(f"The archived file {path} is altered; its rows were not deleted. Restore it.")
            rows = read(path)
            if rows.num_rows != file.rows:
                raise KeepingError(f"The archived file {path} holds {rows.num_rows} rows instead of {file.rows}.")
            yield rows

    def finish(self, batch: Batch) -> None:
        """Put the manifest among the finished ones. Raises KeepingError rather than write over another."""
        _move(self._pending / f"{batch.name}.json", self._done / f"{batch.name}.json")

    def batches(self) -> Sequence[Batch]:
        """Everything that was archived, the oldest numbers first."""
        return [_batch(read_json(path)) for path in sorted(self._done.glob("*.json"))]


def _move(source: Path, target: Path) -> None:
    if target.exists():
        raise KeepingError(f"{target} is there already, and holds other rows than {source}. Put one of them elsewhere.")
    move(source, target)


def _batch(body: Mapping[str, Any]) -> Batch:
    try:
        files = tuple(ArchivedFile(**file) for file in body["files"])
        return Batch(name=body["name"], table=body["table"], files=files)
    except (KeyError, TypeError) as error:
        raise KeepingError("A manifest of the archive is not what Refit writes. Restore the folder.") from error
