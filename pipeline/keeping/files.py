"""Files that must be whole and there after a loss of power: manifests, checksums, moves."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import KeepingError
from pipeline.files import sync, write_whole

CHUNK = 1 << 20


def sha256_of(path: Path) -> str:
    """Raises KeepingError when the file is not there or cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise KeepingError(f"{path} cannot be read: {error.strerror}.") from error
    return digest.hexdigest()


def move(source: Path, target: Path) -> None:
    """Rename, and have both folders know it. Raises OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
    sync(target.parent)
    sync(source.parent)


def write_json(path: Path, body: Mapping[str, Any]) -> None:
    """Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(body, indent=1, sort_keys=True) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Raises KeepingError."""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise KeepingError(
            f"{path} cannot be read ({type(error).__name__}). Restore it, or use another copy."
        ) from error
    if not isinstance(body, dict):
        raise KeepingError(f"{path} is not what Refit writes there. Restore it, or use another copy.")
    return body
