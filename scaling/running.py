"""Runs a function over the parts of a log, here or on a Ray cluster by Ray Data; lost parts are run again."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from typing import Any

from pipeline.errors import BackendError
from scaling.logs import Part

Result = dict[str, Any]
Task = Callable[[Part], Result]

# Of tasks that are lost because their worker or node died; more than a cluster loses while one part is read.
LOST_TASK_RETRIES = 20


def require_ray() -> None:
    """Raises BackendError that says how to install it."""
    if find_spec("ray") is None:
        raise BackendError("Ray is not installed. Install it: pip install -r requirements-ray.txt")


def run_here(task: Task, parts: Sequence[Part]) -> Iterator[Result]:
    """One part after the other in this process."""
    return map(task, parts)


def run_on_ray(task: Task, parts: Sequence[Part], address: str | None, processes: int) -> Iterator[Result]:
    """A task of the cluster for each part, in the order in which they end. Raises BackendError."""
    require_ray()
    import ray

    from pipeline.training.ray_cluster import connected

    with connected(address, processes):
        shared = ray.put(task)  # with the artefact in it; once a node, not once a task

        def run(row: Result) -> Result:
            done = ray.get(shared)(Part(**row))
            return {"result": json.dumps(done)}  # as text: a table would give lists and nulls other types

        ray.data.DataContext.get_current().enable_progress_bars = False
        parts_set = ray.data.from_items([asdict(part) for part in parts], override_num_blocks=max(len(parts), 1))
        mapped = parts_set.map(run, num_cpus=1, max_retries=LOST_TASK_RETRIES)
        for row in mapped.iter_rows():
            yield json.loads(row["result"])
