"""A home with both databases at their newest schema: migrated once in a process, and copied for each test."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from pipeline.settings import PipelineSettings
from pipeline.store.open import open_store


def migrated(home: Path) -> Path:
    """`home`, which is made where it is not there, with two empty databases; one that has its own keeps them."""
    home.mkdir(parents=True, exist_ok=True)
    if not any(home.glob("*.db")):
        for file in _template().glob("*.db"):
            shutil.copy(file, home / file.name)
    return home


@cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="refit-migrated-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    open_store(PipelineSettings(_env_file=None, home=folder, telemetry_url=None, control_url=None)).close()
    return folder
