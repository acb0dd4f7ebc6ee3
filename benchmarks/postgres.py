"""A PostgreSQL server for measuring: its own data folder, the server's own settings, reached by a Unix socket."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from sqlalchemy import create_engine, text


@contextmanager
def server(folder: Path) -> Iterator[Path]:
    """Start a server over the data in `folder`, which is made when it is not there; gives the folder of its socket.

    Commits are durable, as in production.
    """
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    socket = Path(mkdtemp(prefix="refit-pg-"))
    folder.mkdir(parents=True, exist_ok=True)
    as_owner = _unprivileged(folder, socket)
    data = folder / "data"
    if not data.exists():
        made = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
        subprocess.run([*as_owner, *made], check=True, capture_output=True, cwd=socket)
    control = [*as_owner, programs / "pg_ctl", "-D", data, "-w", "-t", "120"]
    options = f"-c listen_addresses= -c unix_socket_directories={socket}"
    start = [*control, "-o", options, "-l", socket / "log", "start"]
    subprocess.run(start, check=True, stdout=subprocess.DEVNULL, cwd=socket)
    try:
        yield socket
    finally:
        subprocess.run([*control, "-m", "fast", "stop"], check=True, stdout=subprocess.DEVNULL, cwd=socket)
        shutil.rmtree(socket, ignore_errors=True)


def address(socket: Path, name: str) -> str:
    """The address of a database, which is made when it is not there."""
    url = f"postgresql+psycopg2://postgres@/{{}}?host={socket}"
    engine = create_engine(url.format("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        there = connection.execute(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}).scalar()
        if not there:
            connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return url.format(name)


def _unprivileged(*folders: Path) -> list[str]:
    """PostgreSQL refuses to run as root: its own user owns the folders then."""
    if os.getuid() != 0:
        return []
    owner = pwd.getpwnam("postgres")
    for folder in folders:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    return ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
