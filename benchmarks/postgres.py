"""A PostgreSQL server of one's own behind a Unix socket, for measuring and for tests."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from sqlalchemy import create_engine, text


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server. `restart` ends it without a shutdown, as a crash would, and starts it again."""

    socket_dir: Path
    restart: Callable[[], None]

    def url(self, database: str) -> str:
        return f"postgresql+psycopg2://postgres@/{database}?host={self.socket_dir}"

    def create(self, database: str, template: str = "template0") -> None:
        self._run(f"CREATE DATABASE {database} TEMPLATE {template}")

    def address(self, database: str) -> str:
        """The address of a database, which is made when it is not there."""
        if not self._run(f"SELECT 1 FROM pg_database WHERE datname = '{database}'"):
            self.create(database)
        return self.url(database)

    def _run(self, statement: str) -> object:
        """The first value of the answer, None when there is none."""
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            done = connection.execute(text(statement))
            found = done.scalar() if done.returns_rows else None
        engine.dispose()
        return found


@contextmanager
def server(folder: Path | None = None, options: Sequence[str] = (), end: str = "fast") -> Iterator[Server]:
    """Start a server over the data in `folder`, which is made when it is not there; without one, data last as long.

    `options` are settings such as "fsync=off"; without any, commits are durable as in production. `end` is the mode in
    which pg_ctl stops it. Raises FileNotFoundError when PostgreSQL is not installed.
    """
    programs = installed()
    own = Path(mkdtemp(prefix="refit-pg-"))  # short: the path of a Unix socket has at most 107 bytes
    data = (folder or own) / "data"
    data.parent.mkdir(parents=True, exist_ok=True)
    as_owner = _unprivileged(own, data.parent)

    def run(*command: str | Path) -> None:
        subprocess.run([*as_owner, *command], check=True, stdout=subprocess.DEVNULL, cwd=own)

    try:
        if not data.exists():
            run(programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
        given = " ".join(f"-c {one}" for one in ("listen_addresses=", *options, f"unix_socket_directories={own}"))
        control = (programs / "pg_ctl", "-D", data, "-w", "-t", "120")
        starting = (*control, "-o", given, "-l", own / "log")
        run(*starting, "start")
        try:
            yield Server(socket_dir=own, restart=lambda: run(*starting, "-m", "immediate", "restart"))
        finally:
            run(*control, "-m", end, "stop")
    finally:
        shutil.rmtree(own, ignore_errors=True)


def installed() -> Path:
    """The folder of the server's programs. Raises FileNotFoundError."""
    found = shutil.which("pg_ctl")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if not folders:
        raise FileNotFoundError("initdb and pg_ctl are not installed; on Debian: apt-get install postgresql.")
    return folders[0]


def _unprivileged(*folders: Path) -> list[str]:
    """The prefix of a command that must not run as root, which PostgreSQL refuses; its user gets the folders."""
    if os.getuid() != 0:
        return []
    owner = pwd.getpwnam("postgres")
    for folder in folders:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    return ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
