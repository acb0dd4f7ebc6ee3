"""A cable between two processes that a test can cut: a TCP proxy that passes on, breaks, or goes silent."""

import select
import socket
import threading
from contextlib import suppress
from enum import StrEnum

LOOK_SECONDS = 0.02
CHUNK = 65_536

Address = tuple[str, int] | str  # of a TCP port, or the path of a Unix socket


class Cable:
    """Listens on a port of this machine and passes everything on to `target`, until told otherwise."""

    class State(StrEnum):
        """`cut`: connections break and none is made. `silent`: connections stay and nothing comes through."""

        WHOLE = "whole"
        CUT = "cut"
        SILENT = "silent"

    def __init__(self, target: Address):
        self.target = target
        self.state = Cable.State.WHOLE
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> "Cable":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while not self._stop.is_set():
            if not select.select([self._listener], [], [], LOOK_SECONDS)[0]:
                continue
            near, _ = self._listener.accept()
            threading.Thread(target=self._pass_on, args=(near,), daemon=True).start()

    def _pass_on(self, near: socket.socket) -> None:
        with near, suppress(OSError):
            if self.state is Cable.State.CUT:
                _break(near)
                return
            while self.state is Cable.State.SILENT and not self._stop.wait(LOOK_SECONDS):
                pass
            with self._connected() as far:
                self._carry(near, far)

    def _connected(self) -> socket.socket:
        if isinstance(self.target, str):
            far = socket.socket(socket.AF_UNIX)
            far.connect(self.target)
            return far
        return socket.create_connection(self.target)

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        other = {near: far, far: near}
        while not self._stop.is_set():
            if self.state is Cable.State.CUT:
                _break(near)
                return
            if self.state is Cable.State.SILENT:
                self._stop.wait(LOOK_SECONDS)
                continue
            for ready in select.select([near, far], [], [], LOOK_SECONDS)[0]:
                content = ready.recv(CHUNK)
                if not content:
                    return
                other[ready].sendall(content)


def _break(connection: socket.socket) -> None:
    """The other side gets a reset, as from a machine that knows nothing of the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
