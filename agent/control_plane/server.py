"""Serves the control plane, with or without the loop by the clock in the same process."""

import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from fastapi import APIRouter, FastAPI

from agent.alerts.build import delivering_in_background, reachable
from agent.build import build_loop
from agent.commands.console import opened
from agent.control_plane.admission import require_a_safe_setup, tokens_of
from agent.control_plane.api import Parts, create_api
from agent.control_plane.artifacts import artifact_routes
from agent.control_plane.costs_api import cost_routes
from agent.control_plane.health import folders_written
from agent.loop import Loop
from agent.observability.starting import start_logging
from agent.passes import Passes
from agent.schedule.looking import deployed_plans, looking
from agent.settings import AgentSettings
from pipeline.catalog import catalog, managed_model
from pipeline.clock import utc_now
from pipeline.files import write_whole
from pipeline.store.open import Store

if TYPE_CHECKING:
    from agent.chat.talk import Chat


class AnnouncedServer(uvicorn.Server):
    """Says where it listens, and writes its port to a file, as soon as it accepts connections."""

    def __init__(
        self, config: uvicorn.Config, port_file: Path | None, name: str = "Control plane", path: str = "/docs"
    ):
        super().__init__(config)
        self._port_file, self._name, self._path = port_file, name, path

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.started:
            return
        port = self.servers[0].sockets[0].getsockname()[1]
        print(f"{self._name} on http://{self.config.host}:{port}{self._path}", file=sys.stderr, flush=True)
        if self._port_file:
            write_whole(self._port_file, f"{port}\n")


def serve(host: str | None, port: int | None, port_file: Path | None, with_loop: bool) -> None:
    """Answer until Ctrl-C or SIGTERM; None for host and port takes them from the settings. Raises ApiSetupError."""
    start_logging()
    with opened() as (settings, store):
        address = host or settings.api_host
        require_a_safe_setup(address, tokens_of(settings))
        loops = {spec.name: build_loop(settings, store, spec) for spec in catalog().values()}
        passes = Passes(loops)
        parts = build_parts(settings, store, passes, looks_by_the_clock=with_loop)
        app = create_api(parts)
        config = _config(app, address, settings.api_port if port is None else port)
        # uvicorn raises the signal again when it has ended: this lets the passes under way end first.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        try:
            with (
                reachable(app, settings, store, passes),
                delivering_in_background(settings, store, wanted=with_loop),
                looking(settings, store, loops, wanted=with_loop),
            ):
                AnnouncedServer(config, port_file).run()
        finally:
            passes.close()


def build_parts(settings: AgentSettings, store: Store, passes: Passes, *, looks_by_the_clock: bool = False) -> Parts:
    """Everything that the control plane answers from, every optional part included."""
    return Parts(
        store=store,
        loops=passes.loops,
        passes=passes,
        clock=utc_now,
        tokens=tokens_of(settings),
        max_body_bytes=settings.api_max_body_bytes,
        wait_seconds=settings.api_wait_seconds,
        looks_by_the_clock=looks_by_the_clock,
        events_secret=settings.events_secret,
        plans=deployed_plans(settings, list(catalog().values())),
        chat=_chat(settings, store, passes),
        views=_views(settings, store, passes.loops),
        artifacts=artifact_routes(store.control, settings.pipeline.artifact_dir),
        costs=cost_routes(store, settings.pipeline.artifact_dir, passes.loops, utc_now),
        folders=folders_written(settings.pipeline.root, store),
    )


def _chat(settings: AgentSettings, store: Store, passes: Passes) -> APIRouter:
    """The route of conversations: the same managed models as the loops."""
    from agent.chat.api import chat_routes

    def chat_of(name: str) -> "Chat":
        # Imported by the first question: LangChain takes two seconds and sixty megabytes, and rules need neither.
        from agent.chat.build import build_chat

        return build_chat(settings, store, managed_model(name), passes)

    return chat_routes(chat_of, settings.pipeline.default_model)


def _views(settings: AgentSettings, store: Store, loops: Mapping[str, Loop]) -> APIRouter:
    """The read views, over the same loops."""
    from agent.control_plane.views.build import build_sources
    from agent.control_plane.views.routes import view_routes

    return view_routes(build_sources(settings, store, loops))


def _config(app: FastAPI, host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        app, host=host, port=port, access_log=False, log_level="warning", server_header=False, ws="none"
    )
