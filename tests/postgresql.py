"""A PostgreSQL server of the tests' own, behind a Unix socket; each test gets databases of its own.

Tests that need it carry the mark `postgresql`. Without the server's programs they skip and say so; with
REFIT_TEST_REQUIRE=postgresql, as in CI, they fail instead.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import make_url

from benchmarks.postgres import Server, installed, server
from pipeline.settings import PipelineSettings
from pipeline.store.open import open_store
from tests.required import skip_or_fail

BOTH_DATABASES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql))

# Nothing here has to survive a power cut.
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
# A server that is killed loses nothing that it had committed.
KEEPING = ("fsync=off",)


class PostgresServer:
    """A running server; `fresh_pair` and `empty_pair` give settings of databases that nobody else uses.

    `restart` ends it without a shutdown, as a crash would, and starts it again.
    """

    def __init__(self, running: Server):
        self._running, self.socket_dir, self.restart = running, running.socket_dir, running.restart
        for database in ("telemetry", "control"):
            running.create(f"{database}_template")
        open_store(self._settings(self.socket_dir, "telemetry_template", "control_template")).close()

    def fresh_pair(self, home: Path) -> PipelineSettings:
        return self._pair(home, "telemetry_template", "control_template")

    def empty_pair(self, home: Path) -> PipelineSettings:
        return self._pair(home, "template0", "template0")

    def copy_of(self, settings: PipelineSettings, home: Path) -> PipelineSettings:
        """A pair with all that stands in another, to which nobody may be connected."""
        names = [make_url(address).database for address in (settings.telemetry_address, settings.control_address)]
        return self._pair(home, *map(str, names))

    def url(self, database: str) -> str:
        return self._running.url(database)

    def _pair(self, home: Path, telemetry_template: str, control_template: str) -> PipelineSettings:
        mark = uuid4().hex[:12]
        self._running.create(f"telemetry_{mark}", telemetry_template)
        self._running.create(f"control_{mark}", control_template)
        return self._settings(home, f"telemetry_{mark}", f"control_{mark}")

    def _settings(self, home: Path, telemetry: str, control: str) -> PipelineSettings:
        return PipelineSettings(
            _env_file=None,
            home=home,
            telemetry_url=SecretStr(self.url(telemetry)),
            control_url=SecretStr(self.url(control)),
        )


@contextmanager
def running_server(options: Sequence[str] = QUICK) -> Iterator[PostgresServer]:
    """Start a server, give it, and take it away with its data."""
    try:
        installed()
    except FileNotFoundError as missing:
        skip_or_fail("postgresql", str(missing))
    with server(options=options, end="immediate") as running:
        yield PostgresServer(running)
