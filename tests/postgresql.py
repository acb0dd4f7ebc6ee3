"""A PostgreSQL server of the tests' own, behind a Unix socket; each test gets databases of its own.

Tests that need it carry the mark `postgresql`. Without the server's programs they skip and say so; with
REFIT_TEST_REQUIRE=postgresql, as in CI, they fail instead.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, make_url, text

from pipeline.settings import PipelineSettings
from pipeline.store.open import open_store
from tests.required import skip_or_fail

BOTH_DATABASES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql))

# Nothing here has to survive a power cut.
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=")
# A server that is killed loses nothing that it had committed.
KEEPING = ("fsync=off", "listen_addresses=")


class PostgresServer:
    """A running server; `fresh_pair` and `empty_pair` give settings of databases that nobody else uses.

    `restart` ends it without a shutdown, as a crash would, and starts it again.
    """

    def __init__(self, socket_dir: Path, template_home: Path, restart: Callable[[], None]):
        self.socket_dir, self.restart = socket_dir, restart
        for database in ("telemetry", "control"):
            self._create(f"{database}_template")
        open_store(self._settings(template_home, "telemetry_template", "control_template")).close()

    def fresh_pair(self, home: Path) -> PipelineSettings:
        return self._pair(home, "telemetry_template", "control_template")

    def empty_pair(self, home: Path) -> PipelineSettings:
        return self._pair(home, "template0", "template0")

    def copy_of(self, settings: PipelineSettings, home: Path) -> PipelineSettings:
        """A pair with all that stands in another, to which nobody may be connected."""
        names = [make_url(address).database for address in (settings.telemetry_address, settings.control_address)]
        return self._pair(home, *map(str, names))

    def _pair(self, home: Path, telemetry_template: str, control_template: str) -> PipelineSettings:
        mark = uuid4().hex[:12]
        self._create(f"telemetry_{mark}", telemetry_template)
        self._create(f"control_{mark}", control_template)
        return self._settings(home, f"telemetry_{mark}", f"control_{mark}")

    def url(self, database: str) -> str:
        return f"postgresql+psycopg2://postgres@/{database}?host={self.socket_dir}"

    def _create(self, name: str, template: str = "template0") -> None:
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        engine.dispose()

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
    programs = _programs()
    folder = Path(mkdtemp(prefix="refit-pg-"))  # short: the path of a Unix socket has at most 107 bytes
    data, as_owner = folder / "data", _unprivileged(folder)
    try:
        initialise = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
        subprocess.run([*as_owner, *initialise], check=True, capture_output=True, cwd=folder)
        given = " ".join(f"-c {option}" for option in (*options, f"unix_socket_directories={folder}"))
        control = [*as_owner, programs / "pg_ctl", "-D", data, "-w"]
        starting = [*control, "-t", "60", "-o", given, "-l", folder / "log"]
        subprocess.run([*starting, "start"], check=True, stdout=subprocess.DEVNULL, cwd=folder)

        def restart() -> None:
            again = [*starting, "-m", "immediate", "restart"]
            subprocess.run(again, check=True, stdout=subprocess.DEVNULL, cwd=folder)

        try:
            yield PostgresServer(folder, folder, restart)
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, stdout=subprocess.DEVNULL, cwd=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    found = shutil.which("pg_ctl")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if not folders:
        skip_or_fail("postgresql", "initdb and pg_ctl are not installed; on Debian: apt-get install postgresql.")
    return folders[0]


def _unprivileged(folder: Path) -> list[str]:
    """The prefix of a command that must not run as root, which PostgreSQL refuses; `folder` is given to its user."""
    if os.getuid() != 0:
        return []
    owner = pwd.getpwnam("postgres")
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
