"""Where a version came from: code, packages, data, split, seeds and parameters, and what of it differs today."""

import hashlib
import platform
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from pipeline.store import control as tables

PIPELINE = Path(__file__).parents[1]
# What an artefact's bytes can depend on.
NUMERIC_PACKAGES = ("numpy", "scipy", "scikit-learn", "safetensors", "joblib", "torch", "transformers", "tokenizers")


@cache
def environment() -> dict[str, Any]:
    """Code and packages of this process."""
    installed = {dist.metadata["Name"].lower(): dist.version for dist in metadata.distributions()}
    listed = "\n".join(f"{name}=={version}" for name, version in sorted(installed.items()))
    return {
        "code": {"revision": _revision(), "sha256": _code_sha256()},
        "python": platform.python_version(),
        "machine": f"{sys.platform} {platform.machine()}",
        "packages": {name: installed[name] for name in NUMERIC_PACKAGES if name in installed},
        "all_packages_sha256": hashlib.sha256(listed.encode()).hexdigest(),
    }


def _revision() -> str | None:
    """The commit of the checkout, with a plus where files were changed; None without git."""
    try:
        words = ("git", "-C", str(PIPELINE), "describe", "--always", "--abbrev=40", "--dirty=+", "--exclude=*")
        done = subprocess.run(words, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


def _code_sha256() -> str:
    """A digest over all Python files of the pipeline, by path and content."""
    digest = hashlib.sha256()
    for path in sorted(PIPELINE.rglob("*.py")):
        digest.update(f"{path.relative_to(PIPELINE)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def differences(recorded: Mapping[str, Any], now: Mapping[str, Any], above: str = "") -> list[str]:
    """What differs between two environments, one sentence a value."""
    found: list[str] = []
    for name in sorted({*recorded, *now}):
        before, after = recorded.get(name), now.get(name)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            found += differences(before, after, f"{above}{name}.")
        elif before != after:
            found.append(f"{above}{name} was {before or 'absent'}, is {after or 'absent'}")
    return found


def add_lineage(connection: Connection, model: str, version: int, body: Mapping[str, Any]) -> None:
    """Write what a version is made of, within the caller's transaction."""
    connection.execute(insert(tables.lineage).values(model=model, version=version, body=dict(body)))


def lineage_of(control: Engine, model: str, version: int) -> dict[str, Any] | None:
    """What was recorded of a version; None for one that was registered without."""
    table = tables.lineage
    query = select(table.c.body).where(table.c.model == model, table.c.version == version)
    with control.connect() as connection:
        body: dict[str, Any] | None = connection.execute(query).scalar()
    return body
