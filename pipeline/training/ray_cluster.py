"""The tasks of a training on a Ray cluster. What is lost with a worker or a node is run again elsewhere."""

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import ray

from pipeline.errors import BackendError

Result = TypeVar("Result")

# Of a cluster that is started for one command on this machine.
OWN_OBJECT_STORE_BYTES = 200_000_000
# Of one task, each time because a worker or its node died; an error of the task itself is raised at once.
RETRIES = 5
KNOCK_SECONDS = 5.0
PLAIN = (int, float, str, bool, type(None))


@dataclass(frozen=True, kw_only=True)
class RayCluster:
    """A cluster by its address (ray://host:10001, host:6379, auto); none: one of its own on this machine.

    A task takes one CPU of the cluster. Nodes need the same release of this project and its packages.
    """

    address: str | None
    processes: int

    def each(self, function: Callable[..., Result], tasks: Sequence[tuple[Any, ...]]) -> Iterator[Result]:
        with connected(self.address, self.processes):
            shared = _Shared()
            remote = ray.remote(num_cpus=1, max_retries=RETRIES)(function)
            waiting = [remote.remote(*map(shared.reference, task)) for task in tasks]
            while waiting:
                ready, waiting = ray.wait(waiting)
                yield from ray.get(ready)


class _Shared:
    """Puts each argument into the cluster's memory once, however many tasks take it."""

    def __init__(self) -> None:
        self._references: dict[int, tuple[Any, Any]] = {}

    def reference(self, value: Any) -> Any:
        if isinstance(value, PLAIN):
            return value
        if id(value) not in self._references:
            self._references[id(value)] = value, ray.put(value)  # kept, so that no other value gets its id
        return self._references[id(value)][1]


@contextmanager
def connected(address: str | None, processes: int) -> Iterator[None]:
    """A connection for the block, unless there is one already. Raises BackendError when no cluster answers."""
    if ray.is_initialized():
        yield
        return
    own = {"num_cpus": processes, "object_store_memory": OWN_OBJECT_STORE_BYTES, "include_dashboard": False}
    if address:
        _knock(address)
    try:
        ray.init(address=address or "local", log_to_driver=False, **({} if address else own))
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise BackendError(f"No Ray cluster answers at {address} ({type(error).__name__}). Start one there.") from error
    try:
        yield
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Where nobody listens, Ray itself tries for minutes and then ends the process. Raises BackendError."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdigit():  # such as auto
        return
    try:
        socket.create_connection((host, int(port)), timeout=KNOCK_SECONDS).close()
    except OSError as error:
        raise BackendError(f"Nobody listens at {address}. Start a Ray cluster there, or name another one.") from error
