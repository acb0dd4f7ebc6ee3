"""What the commands share: arguments, consoles, the opened stores, the champion, the reading of files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.catalog import managed_model
from pipeline.commands.offering import called, printable
from pipeline.errors import InputError, NoChampionError
from pipeline.records import Pointer
from pipeline.releases.promotion import pointer
from pipeline.served.artifact import Artifact, artifact_path, load_artifact
from pipeline.settings import PipelineSettings
from pipeline.spec import ModelSpec
from pipeline.store.open import Store, open_store

out, err = Console(), Console(stderr=True)

Model = Annotated[str, typer.Argument(help="A managed model, such as sms_spam.")]
Version = Annotated[str, typer.Argument(help="A version, such as v3.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Who = Annotated[str, typer.Option(help="Who asks; written into the promotion ledger.")]
Why = Annotated[str, typer.Option(help="The reason; written into the promotion ledger.")]
InputFile = Annotated[Path, typer.Option("--file", help="UTF-8 text, one message a line.")]


def say(text: str) -> None:
    """A plain sentence for people; commands in it read as this program is called. Only a terminal has lines to fill."""
    out.print(called(printable(text)), markup=False, highlight=False, soft_wrap=not out.is_terminal)


@contextmanager
def at_work(what: str, json: bool, console: Console = err) -> Iterator[Callable[[str], None]]:
    """A spinner on a terminal, which the function that is given changes the words of; none for scripts."""
    if json or not console.is_terminal:
        yield lambda words: None
        return
    with console.status(what) as status:
        yield status.update


@dataclass(frozen=True)
class Opened:
    """A managed model with the deployment's settings and its open stores."""

    settings: PipelineSettings
    store: Store
    spec: ModelSpec

    def champion(self) -> Pointer:
        """Raises NoChampionError."""
        found = pointer(self.store.control, self.spec.name)
        if found is None:
            raise NoChampionError(self.spec.name)
        return found

    def artifact(self, sha256: str) -> Artifact:
        """Raises ArtifactError."""
        return load_artifact(artifact_path(self.settings.artifact_dir, self.spec.name, sha256), sha256)


@contextmanager
def stores() -> Iterator[Store]:
    """The stores alone. Raises StoreError."""
    store = open_store(PipelineSettings())
    try:
        yield store
    finally:
        store.close()


@contextmanager
def opened(model: str) -> Iterator[Opened]:
    """Raises UnknownModelError, StoreError."""
    settings, spec = PipelineSettings(), managed_model(model)
    store = open_store(settings)
    try:
        yield Opened(settings, store, spec)
    finally:
        store.close()


def read_bytes(file: Path) -> bytes:
    """Raises InputError."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from error


def read_text(file: Path) -> str:
    """UTF-8 text, with or without a byte order mark. Raises InputError."""
    try:
        return read_bytes(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 (byte {error.start}). Save it as UTF-8 and try again.") from error


def write_text(file: Path, text: str, encoding: str = "utf-8") -> None:
    """Raises InputError."""
    try:
        file.write_text(text, encoding=encoding, newline="")
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}.") from error
