"""Where the tasks of a training run: in processes of this machine, or on a Ray cluster. The results are the same."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from joblib import Parallel, delayed

from pipeline.errors import BackendError
from pipeline.settings import PipelineSettings

Result = TypeVar("Result")


class Backend(Protocol):
    """`each` calls a function with the arguments of every task, and gives what it returns in the order it comes."""

    def each(self, function: Callable[..., Result], tasks: Sequence[tuple[Any, ...]]) -> Iterator[Result]: ...


@dataclass(frozen=True)
class LocalProcesses:
    """So many processes of this machine; with 1 everything runs in this one."""

    processes: int

    def each(self, function: Callable[..., Result], tasks: Sequence[tuple[Any, ...]]) -> Iterator[Result]:
        results: Iterator[Result] = Parallel(n_jobs=self.processes, return_as="generator_unordered")(
            delayed(function)(*task) for task in tasks
        )
        return results


def training_backend(settings: PipelineSettings) -> Backend:
    """The backend that the settings name. Raises BackendError where Ray is asked for and not installed."""
    if settings.training_backend == "local":
        return LocalProcesses(settings.training_processes)
    # Imported here: Ray takes seconds and a quarter of a gigabyte of disk, and one machine needs none of it.
    try:
        from pipeline.training.ray_cluster import RayCluster
    except ImportError:
        raise BackendError("Ray is not installed. Install it: pip install -r requirements-ray.txt") from None
    return RayCluster(address=settings.ray_address, processes=settings.training_processes)
