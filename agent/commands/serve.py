"""The command `serve`, the agent's control plane."""

from pathlib import Path
from typing import Annotated

import typer


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default from settings.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="0 takes a free one.")] = None,
    port_file: Annotated[Path | None, typer.Option(help="Written with the port once connections are taken.")] = None,
    with_loop: Annotated[bool, typer.Option("--with-loop", help="Look at all models by the clock as well.")] = False,
) -> None:
    """Answer the control plane's HTTP API: decisions, approvals, checks (Ctrl-C stops)."""
    # Imported here: FastAPI takes a quarter of a second, and the other commands need none of it.
    from agent.control_plane.server import serve as serve_until_stopped

    serve_until_stopped(host, port, port_file, with_loop)
