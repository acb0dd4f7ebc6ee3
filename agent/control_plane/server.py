"""Serves the control plane, with or without the loop by the clock in the same process."""

import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import APIRouter, FastAPI

from agent.alerts.build import delivering_in_background, reachable
from agent.build import build_loop, now
from agent.commands.console import opened
from agent.commands.looking import look, start_logging
from agent.control_plane.admission import require_a_safe_setup
from agent.control_plane.api import Parts, create_api
from agent.control_plane.roles import Tokens
from agent.loop import Loop
from agent.passes import Passes
from agent.settings import AgentSettings
from pipeline.catalog import catalog, managed_model
from pipeline.store.open import Store


class AnnouncedServer(uvicorn.Server):
    """Says where it listens, and writes its port to a file, as soon as it accepts connections."""

    def __init__(self, config: uvicorn.Config, port_file: Path | None):
        super().__init__(config)
        self._port_file = port_file

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.started:
            return
        port = self.servers[0].sockets[0].getsockname()[1]
        print(f"Control plane on http://{self.config.host}:{port}  (docs: /docs)", file=sys.stderr, flush=True)
        if self._port_file:
            partial = self._port_file.with_name(f"{self._port_file.name}.partial")
            partial.write_text(f"{port}\n")
            partial.replace(self._port_file)


def serve(host: str | None, port: int | None, port_file: Path | None, with_loop: bool) -> None:
    """Answer until Ctrl-C or SIGTERM; None for host and port takes them from the settings. Raises ApiSetupError."""
    start_logging()
    with opened() as (settings, store):
        address = host or settings.api_host
        require_a_safe_setup(address, Tokens(operator=settings.api_token, viewer=settings.api_read_token))
        loops = {spec.name: build_loop(settings, store, spec) for spec in catalog().values()}
        passes = Passes(loops)
        parts = Parts(
            store=store,
            loops=loops,
            passes=passes,
            clock=now,
            tokens=Tokens(operator=settings.api_token, viewer=settings.api_read_token),
            max_body_bytes=settings.api_max_body_bytes,
            wait_seconds=settings.api_wait_seconds,
            looks_by_the_clock=with_loop,
            chat=_chat(settings, store, passes),
        )
        app = create_api(parts)
        config = _config(app, address, settings.api_port if port is None else port)
        # uvicorn raises the signal again when it has ended: this lets the passes under way end first.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        try:
            with (
                reachable(app, settings, store, passes),
                delivering_in_background(settings, store, wanted=with_loop),
                _looking(loops, settings.interval_minutes, with_loop),
            ):
                AnnouncedServer(config, port_file).run()
        finally:
            passes.close()


def _chat(settings: AgentSettings, store: Store, passes: Passes) -> APIRouter:
    """The route of conversations: the same managed models as the loops."""
    from agent.chat.api import chat_routes
    from agent.chat.build import build_chat

    return chat_routes(lambda name: build_chat(settings, store, managed_model(name), passes))


def _config(app: FastAPI, host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        app, host=host, port=port, access_log=False, log_level="warning", server_header=False, ws="none"
    )


@contextmanager
def _looking(loops: Mapping[str, Loop], minutes: float, wanted: bool) -> Iterator[None]:
    """Looks by the clock for as long as the block lasts."""
    if not wanted:
        yield
        return
    from agent.scheduler import build_scheduler

    scheduler = build_scheduler({name: look(loop) for name, loop in loops.items()}, minutes)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=True)
