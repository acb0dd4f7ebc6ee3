"""Starts the service: python -m serving [--host H] [--port N] [--port-file PATH]."""

import serving.trimmed_imports  # noqa: F401, I001 - before uvicorn

import argparse
import asyncio
import gc
import socket
import sys
from pathlib import Path

import uvicorn

from pipeline.files import write_whole
from serving.app import create_service
from serving.connections import Limits, sweep_for_ever
from serving.logs import LOG_CONFIG
from serving.settings import ServingSettings
from serving.straight_connection import connection_class

# How long a thread keeps Python's lock while the event loop waits for it; the default of 5 ms is felt at p99.
SWITCH_SECONDS = 0.0005
# Entries of the log wait by the hundred; looking through them every 700 objects, the default, finds no cycle.
YOUNG_OBJECTS = 20_000


class AnnouncedServer(uvicorn.Server):
    """Writes its port to a file as soon as it accepts connections, so that a caller may let it choose one."""

    def __init__(self, config: uvicorn.Config, port_file: Path | None):
        super().__init__(config)
        self._port_file = port_file

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.started:
            return
        self._sweeping = asyncio.create_task(sweep_for_ever(self.server_state.connections))
        gc.collect()
        gc.set_threshold(YOUNG_OBJECTS, 20, 20)
        gc.freeze()  # modules and artefacts stay; a full collection looked through them for 60 ms
        port = self.servers[0].sockets[0].getsockname()[1]
        print(
            f"Serving on http://{self.config.host}:{port}  (docs: /docs, health: /health)", file=sys.stderr, flush=True
        )
        if self._port_file:
            write_whole(self._port_file, f"{port}\n")


def _limits(settings: ServingSettings) -> Limits:
    return Limits(
        head_seconds=settings.head_seconds,
        body_seconds=settings.body_seconds,
        write_seconds=settings.write_seconds,
        max_head_bytes=settings.max_head_bytes,
    )


def main(arguments: list[str] | None = None) -> None:
    settings = ServingSettings()
    parser = argparse.ArgumentParser(prog="python -m serving", description="Answers predictions over HTTP.")
    parser.add_argument("--host", default=settings.host)
    parser.add_argument("--port", type=int, default=settings.port, help="0 takes a free one")
    parser.add_argument("--port-file", type=Path, help="written with the port once connections are accepted")
    chosen = parser.parse_args(arguments)
    sys.setswitchinterval(SWITCH_SECONDS)
    service = create_service(settings)
    config = uvicorn.Config(
        service.app,
        host=chosen.host,
        port=chosen.port,
        loop="uvloop",
        http=connection_class(_limits(settings), service.straight),
        limit_concurrency=settings.max_connections,
        timeout_keep_alive=settings.keep_alive_seconds,
        ws="none",
        access_log=False,
        log_config=LOG_CONFIG,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_graceful_shutdown=max(1, round(settings.drain_seconds)),
    )
    AnnouncedServer(config, chosen.port_file).run()


if __name__ == "__main__":
    main()
