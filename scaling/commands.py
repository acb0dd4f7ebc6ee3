"""The commands over large logs, on a Ray cluster or in this process, and the service in replicas."""

import signal
import threading
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import partial
from json import dumps
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.common import AsJson, Model, opened, say
from pipeline.commands.reporting import print_json
from pipeline.errors import NoChampionError, UnknownVersionError
from pipeline.records import VersionRecord, version_tag
from pipeline.releases.promotion import pointer, version_record
from pipeline.served.artifact import artifact_path, read_checked
from pipeline.settings import PipelineSettings
from pipeline.store.open import Store
from scaling.logs import DatabaseLog, Log, ParquetLog, Part
from scaling.running import Result, Task, require_ray, run_here, run_on_ray
from scaling.tasks import Job, report_part, score_part


class Backend(StrEnum):
    RAY = "ray"
    LOCAL = "local"


Out = Annotated[Path, typer.Option("--out", help="Where results are written; on a cluster, a place all nodes share.")]
Version = Annotated[int | None, typer.Option("--version", min=1, help="A version's number; default: the champion.")]
Parquet = Annotated[Path | None, typer.Option("--parquet", help="Read an archive instead of the telemetry database.")]
Address = Annotated[str | None, typer.Option("--address", help="The cluster; default: REFIT_RAY_ADDRESS.")]
Where = Annotated[Backend, typer.Option("--backend", help="A Ray cluster, or this process.")]


def score(
    model: Model,
    out: Out,
    version: Version = None,
    parquet: Parquet = None,
    rows: Annotated[int, typer.Option(min=1, help="Rows of one task.")] = 10_000,
    backend: Where = Backend.RAY,
    address: Address = None,
    json: AsJson = False,
) -> None:
    """Score every logged input of a model with one of its versions; Parquet files in the folder --out."""
    job, settings = _job(model, version, parquet)
    parts = job.log.parts(model, None, rows)
    out.mkdir(parents=True, exist_ok=True)
    done = _run(partial(score_part, job, out.absolute()), parts, backend, address, settings)
    scored = sum(one["rows"] for one in done)
    if json:
        print_json({"model": model, "version": job.version, "rows": scored, "out": str(out)})
        return
    say(f"Scored {scored:,} rows of {model} with {version_tag(job.version)} into {out}.")


def backfill(
    model: Model,
    out: Out,
    version: Version = None,
    parquet: Parquet = None,
    rows: Annotated[int | None, typer.Option(min=1, help="Rows of a window; default: the model's own.")] = None,
    backend: Where = Backend.RAY,
    address: Address = None,
    json: AsJson = False,
) -> None:
    """The drift report of every window of a version's answers, as lines of JSON in the file --out."""
    job, settings = _job(model, version, parquet)
    with opened(model) as at:
        size = rows or at.spec.monitoring.window_rows
    parts = job.log.parts(model, job.version, size)
    done = sorted(_run(partial(report_part, job), parts, backend, address, settings), key=lambda one: one["number"])
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("".join(dumps(one) + "\n" for one in done), encoding="utf-8")
    drifted = sum(bool((one["drift"] or {}).get("drift_detected")) for one in done)
    if json:
        print_json(
            {"model": model, "version": job.version, "windows": len(done), "with_drift": drifted, "out": str(out)}
        )
        return
    say(f"{len(done)} windows of {model} {version_tag(job.version)}, {drifted} with drift, written to {out}.")


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    least: Annotated[int, typer.Option(min=1, help="Fewest replicas.")] = 1,
    most: Annotated[int, typer.Option(min=1, help="Most replicas.")] = 4,
    cpus: Annotated[float, typer.Option(min=0, help="CPUs of the cluster that a replica takes.")] = 1.0,
    address: Address = None,
) -> None:
    """Answer predictions from replicas on a Ray cluster until stopped (Ctrl-C)."""
    require_ray()
    # Imported here: Ray Serve takes seconds, and the other commands need none of it.
    from pipeline.training.ray_cluster import connected
    from scaling.deployment import Replicas, deploy
    from serving.settings import ServingSettings

    settings = ServingSettings()
    stopped = threading.Event()
    with connected(address or settings.pipeline.ray_address, settings.pipeline.training_processes):
        deploy(settings, Replicas(least=least, most=most, cpus=cpus), host, port)
        # After the deployment: Ray has handlers of its own, which end the process at once.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        say(f"Serving on http://{host}:{port} with {least} to {most} replicas. Ctrl-C stops.")
        stopped.wait()


def _run(
    task: Task, parts: Sequence[Part], backend: Backend, address: str | None, settings: PipelineSettings
) -> Iterator[Result]:
    if backend is Backend.LOCAL:
        return run_here(task, parts)
    return run_on_ray(task, parts, address or settings.ray_address, settings.training_processes)


def _job(model: str, version: int | None, parquet: Path | None) -> tuple[Job, PipelineSettings]:
    """Raises NoChampionError, UnknownVersionError, ArtifactError."""
    with opened(model) as at:
        found = _version(at.store, model, version)
        path = artifact_path(at.settings.artifact_dir, model, found.artifact_sha256)
        log: Log = ParquetLog(parquet.absolute()) if parquet else DatabaseLog(at.settings.telemetry_address)
        job = Job(
            log=log,
            model=model,
            version=found.version,
            content=read_checked(path, found.artifact_sha256),
            models_dir=at.settings.models_dir,
        )
        return job, at.settings


def _version(store: Store, model: str, version: int | None) -> VersionRecord:
    champion = pointer(store.control, model)
    if version is None and champion is None:
        raise NoChampionError(model)
    number = version or (champion.version if champion else 0)
    found = version_record(store.control, model, number)
    if found is None:
        raise UnknownVersionError(model, number)
    return found
