"""The parts of one service, wired: what the handlers share. Opens nothing until it is started."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from pipeline.catalog import catalog
from pipeline.spec import ModelSpec
from pipeline.store.latencies import save_latencies
from serving.counters import Counters
from serving.databases import Database
from serving.fetching import ArtifactFetcher
from serving.follower import Follower
from serving.latency_history import LatencyHistory
from serving.local_copy import LocalCopy
from serving.prediction_log import PredictionLog
from serving.releasing import Releaser
from serving.settings import ServingSettings
from serving.shadow import Shadow
from serving.slots import Slots
from serving.spool import Spool
from serving.telemetry_writer import telemetry_writer

Result = TypeVar("Result")
SHADOW_STOP_SECONDS = 1.0
HISTORY_STOP_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What would hold up the event loop has threads: `workers` for the databases and the drift scores, `answerers` for
    models that have to be waited for. A database that hangs holds back no prediction.
    """

    settings: ServingSettings
    specs: Mapping[str, ModelSpec]
    slots: Slots
    follower: Follower
    log: PredictionLog
    shadow: Shadow
    releaser: Releaser
    control: Database
    telemetry: Database
    counters: Counters
    history: LatencyHistory
    workers: ThreadPoolExecutor
    answerers: ThreadPoolExecutor

    @property
    def default_model(self) -> str:
        return self.settings.pipeline.default_model

    async def start(self) -> None:
        """Start the threads; wait a moment for the first look at the store, so that most starts are ready at once."""
        self.log.start()
        self.shadow.start()
        self.follower.start()
        self.releaser.start()
        self.history.start()
        await asyncio.to_thread(self.follower.first_look.wait, self.settings.start_wait_seconds)

    async def stop(self) -> None:
        """Write what waits in the log, for as long as the settings allow."""
        self.follower.stop()
        self.releaser.stop()
        self.history.stop()
        await asyncio.to_thread(self.shadow.stop, SHADOW_STOP_SECONDS)
        await asyncio.to_thread(self.log.close, self.settings.drain_seconds)
        await asyncio.to_thread(self.history.wait, HISTORY_STOP_SECONDS)
        self.workers.shutdown(wait=False, cancel_futures=True)
        self.answerers.shutdown(wait=False, cancel_futures=True)
        self.control.close()
        self.telemetry.close()

    async def in_thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self.workers, work)

    async def answered(self, work: Callable[[], Result]) -> Result:
        """The same for answers of models."""
        return await asyncio.get_running_loop().run_in_executor(self.answerers, work)


def _fetch(settings: ServingSettings) -> Callable[[str, str], bytes] | None:
    if settings.artifacts_url is None:
        return None
    timeout = settings.artifacts_timeout_seconds
    return ArtifactFetcher(settings.artifacts_url, settings.artifacts_token, timeout_seconds=timeout).fetch


def _log(settings: ServingSettings, telemetry: Database) -> PredictionLog:
    return PredictionLog(
        telemetry_writer(telemetry.engine),
        capacity=settings.log_queue_rows,
        batch_rows=settings.log_batch_rows,
        flush_seconds=settings.log_flush_seconds,
        spool=Spool(settings.local_dir / "spool", settings.spool_bytes) if settings.spool_bytes else None,
    )


def build_parts(settings: ServingSettings) -> Parts:
    """Every managed model that can be served, with no thread started and no database opened."""
    pipeline = settings.pipeline
    specs = catalog()
    control = Database("control", pipeline.control_address, pipeline.root)
    durable = settings.log_mode == "durable"
    telemetry = Database("telemetry", pipeline.telemetry_address, pipeline.root, sync_each_commit=durable)
    slots = Slots(tuple(specs))
    log, counters = _log(settings, telemetry), Counters(specs)
    return Parts(
        settings=settings,
        specs=specs,
        slots=slots,
        follower=Follower(
            slots=slots,
            control=control.engine,
            artifact_dir=pipeline.artifact_dir,
            local=LocalCopy(settings.local_dir),
            poll_seconds=settings.poll_seconds,
            retry_seconds=settings.retry_seconds,
            fetch=_fetch(settings),
        ),
        log=log,
        shadow=Shadow(log.offer, settings.shadow_queue),
        releaser=Releaser(
            slots=slots,
            control=control.engine,
            telemetry=telemetry.engine,
            check_seconds=settings.release_check_seconds,
        ),
        control=control,
        telemetry=telemetry,
        counters=counters,
        history=LatencyHistory(counters, lambda rows: save_latencies(telemetry.engine(), rows)),
        workers=ThreadPoolExecutor(max_workers=2, thread_name_prefix="work"),
        answerers=ThreadPoolExecutor(max_workers=2, thread_name_prefix="answer"),
    )
