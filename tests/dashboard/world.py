"""A managed model with a history of real looks, and the real control plane over it, listening on a port."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import uvicorn
from pydantic import SecretStr
from sqlalchemy import update

from agent.actions import Autonomy
from agent.build import score
from agent.chat.api import chat_routes
from agent.chat.build import build_chat
from agent.control_plane.api import Parts, create_api
from agent.control_plane.roles import Tokens
from agent.control_plane.views.routes import view_routes
from agent.control_plane.views.sources import Sources
from agent.loop import Loop
from agent.observing.evidence import Observer
from agent.passes import Passes
from agent.settings import AgentSettings
from pipeline.monitoring.window import latest_window
from pipeline.records import Pointer
from pipeline.releases.promotion import pointer
from pipeline.settings import PipelineSettings
from pipeline.store.control import versions
from pipeline.store.latencies import HOUR, Latencies, save_latencies
from pipeline.store.open import Store
from pipeline.training.lineage import add_lineage
from tests.agent.fakes import MODEL, NOON, Clock, FakeHands, add_champion, add_verdict, add_version
from tests.agent.observing.looking import NEW_WORDS, SMALL, loop_over
from tests.agent.traffic import answered, artifact, labelled, texts
from tests.waiting import until

OPERATOR, VIEWER = "a-secret-of-the-control-plane", "a-secret-of-the-viewers"
EMPTY = "sms_numeric"
LINEAGE = {
    "environment": {"code": {"revision": "abc"}, "python": "3.11.9", "packages": {"numpy": "2.4.6"}},
    "data": {"source": "the tests", "source_sha256": "1" * 64, "training_rows_sha256": "2" * 64},
    "search": {"candidates": ["naive_bayes", "linear_svm_char_wb"]},
    "winner": {"candidate": "naive_bayes", "parameters": {"alpha": 0.1}},
}


class ArtefactHands(FakeHands):
    """Every version that is trained has the artefact of the first one behind it."""

    def _make(self, decision_id: str) -> int:
        champion = self.pointer()
        assert champion is not None
        version = add_version(self.store, decision_id, at=self.at(), sha256=champion.artifact_sha256)
        add_verdict(self.store, version, champion.version, self.verdict, at=self.at())
        return version

    def at(self) -> datetime:
        return self.clock()

    clock: Clock


def live_through(settings: PipelineSettings, store: Store, clock: Clock, autonomy: Autonomy = Autonomy.ACT) -> Loop:
    """Ten calm windows, then new words with labels that say that the accuracy falls: the loop answers as it does."""
    hands = ArtefactHands(store, settings.root / "diary")
    hands.clock = clock
    loop = loop_over(settings, store, clock, autonomy=autonomy, hands=hands)
    champion = add_champion(store, artifact(settings.artifact_dir, held_out=True), at=clock() - timedelta(days=20))
    with store.control.begin() as connection:
        add_lineage(connection, MODEL, champion, LINEAGE)
    clock.at -= timedelta(days=12)
    for day in range(10):
        _window(store, clock, texts(100, 10 + day), wrong=1)
        loop.check(scheduled=True)
        clock.forward(days=1)
    for day in range(2):
        _window(store, clock, texts(100, 50 + day, NEW_WORDS), wrong=30)
        loop.check(scheduled=True)
        clock.forward(days=1)
    with store.control.begin() as connection:
        connection.execute(update(versions).values(run_id="r1"))
    for version, hours in ((1, 50), (2, 20)):
        save_latencies(store.telemetry, [_hour(clock() - timedelta(hours=hour), version) for hour in range(1, hours)])
    return loop


def _hour(at: datetime, version: int) -> Latencies:
    """Ninety-eight quick answers and two slow ones, one that was refused, and one that failed."""
    return Latencies(
        latency_id=f"{at:%d%H}-{version}",
        model=MODEL,
        version=version,
        at=at,
        seconds=HOUR,
        refused=1,
        failed=1,
        buckets={-24: 98, 24: 2},
    )


def ask_for_approval(store: Store, loop: Loop) -> None:
    """More labels for the newest window: a retraining makes sense, and with autonomy `propose` waits for a person."""
    recent = latest_window(store.telemetry, model=MODEL, version=_champion(store).version, rows=100)
    unlabelled = [entry.record.prediction_id for entry in recent.predictions if entry.label is None]
    labelled(store, unlabelled[:25], 20, loop.clock())
    loop.check()


def _champion(store: Store) -> Pointer:
    champion = pointer(store.control, MODEL)
    assert champion is not None
    return champion


def _window(store: Store, clock: Clock, messages: list[str], wrong: int) -> None:
    version = _champion(store).version
    positives = len(messages) // 8
    ids = answered(store, messages[:positives], clock(), version, (1, 0.93))
    ids += answered(store, messages[positives:], clock(), version)
    _labels(store, ids, wrong, clock)


def _labels(store: Store, ids: list[str], wrong: int, clock: Clock) -> None:
    """Every second message is labelled; the ones called positive come first and are right."""
    half = ids[len(ids) // 8 :: 2]
    labelled(store, half, wrong, clock())


@dataclass(frozen=True, kw_only=True)
class Plane:
    """A control plane that listens. `stop` ends it, as a crash of the agent would."""

    url: str
    store: Store
    loop: Loop
    server: uvicorn.Server
    thread: threading.Thread

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(20)


@contextmanager
def listening(
    settings: PipelineSettings,
    store: Store,
    loop: Loop,
    *,
    tokens: bool = False,
    show_text: bool | None = None,
    port: int = 0,
) -> Iterator[Plane]:
    """The real application over a loop with a history and one without, served by the real server in a thread."""
    loops = {MODEL: loop, EMPTY: _without_history(settings, store, loop)}
    passes = Passes(loops)
    parts = _parts(settings, store, passes, loop.clock, tokens, show_text)
    config = uvicorn.Config(
        create_api(parts), host="127.0.0.1", port=port, log_level="warning", access_log=False, ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    plane = Plane(url=url, store=store, loop=loop, server=server, thread=thread)
    try:
        yield plane
    finally:
        plane.stop()
        passes.close()


def _parts(
    settings: PipelineSettings, store: Store, passes: Passes, clock: Clock, tokens: bool, show_text: bool | None
) -> Parts:
    loops = passes.loops
    agent = AgentSettings(_env_file=None, llm_enabled=False, pipeline=settings)
    sources = Sources(
        store=store,
        loops=loops,
        clock=clock,
        artifact_dir=settings.artifact_dir,
        score=lambda model: score(store, model),
        run_metrics=lambda run_id: {"accuracy": 0.99, "f1": 0.96},
        show_text=show_text,
        look_every_hours=lambda model: 24.0,
    )
    return Parts(
        store=store,
        loops=loops,
        passes=passes,
        clock=clock,
        tokens=Tokens(operator=SecretStr(OPERATOR), viewer=SecretStr(VIEWER)) if tokens else Tokens(),
        chat=chat_routes(lambda name: build_chat(agent, store, loops[name].spec, passes)),
        views=view_routes(sources),
    )


def _without_history(settings: PipelineSettings, store: Store, loop: Loop) -> Loop:
    from pipeline.catalog import managed_model

    spec = managed_model(EMPTY)
    hands = FakeHands(store, settings.root / "no-diary")
    return replace(loop, spec=spec, observer=Observer(store, settings.artifact_dir, spec), hands=hands)


def settings_in(home: Path) -> PipelineSettings:
    return PipelineSettings(_env_file=None, home=home)


__all__ = ["EMPTY", "MODEL", "NOON", "OPERATOR", "SMALL", "VIEWER", "Clock", "Plane", "listening", "live_through"]
