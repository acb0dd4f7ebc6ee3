"""Ports: which are free, and who has one that is not."""

import errno
import socket
from dataclasses import dataclass

import psutil

from pipeline.errors import RefitError

HOST = "127.0.0.1"


class PortTakenError(RefitError):
    """A port is taken; the message names the process, where it can be seen, and the option that chooses another."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A port that a service wants, 0 for any; `option` is how another one is chosen."""

    service: str
    port: int
    option: str


def chosen(wanted: Wanted, *, any_free: bool) -> int:
    """The port to use. Raises PortTakenError for one that is taken, unless any free one will do."""
    if wanted.port == 0:
        return free_port()
    problem = _why_not(wanted.port)
    if problem is None:
        return wanted.port
    if any_free:
        return free_port()
    raise PortTakenError(
        f"Port {wanted.port}, which {wanted.service} wants, {problem}. "
        f"Stop that process, or choose another port: {wanted.option} N (0 takes a free one)."
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _why_not(port: int) -> str | None:
    """Why nobody may listen on a port; None where one may."""
    with socket.socket() as probe:
        # As servers do: connections of one that has just ended are no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen()
        except OSError as error:
            return "may not be used by this user" if error.errno == errno.EACCES else f"is taken by {holder_of(port)}"
    return None


def holder_of(port: int) -> str:
    """The process that listens on a port, in words; another user's cannot always be seen."""
    try:
        listening = [
            c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN and c.laddr.port == port
        ]
        for found in listening:
            if found.pid:
                line = " ".join(psutil.Process(found.pid).cmdline())
                return f"process {found.pid} ({line[:80] or 'unnamed'})"
    except psutil.Error:
        pass
    return "a process that this user cannot see"
