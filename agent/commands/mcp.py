"""The command `mcp`: read-only tools for an operator's own assistant."""

from pathlib import Path
from typing import Annotated

import typer

from agent.commands.console import opened

PORT = 8101


def mcp(
    http: Annotated[bool, typer.Option("--http", help="Over HTTP, at /mcp, instead of standard input.")] = False,
    host: Annotated[str, typer.Option(help="Address to listen on, with --http.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port, with --http; 0 takes a free one.")] = PORT,
    port_file: Annotated[Path | None, typer.Option(help="Written with the port once connections are taken.")] = None,
) -> None:
    """Let an assistant that speaks the Model Context Protocol ask about the models. It can change nothing."""
    # Imported here: LangChain and the protocol take a second, and the other commands need none of it.
    from agent.mcp.running import over_http, over_stdio

    with opened() as (settings, store):
        if http:
            over_http(settings, store, host, port, port_file)
        else:
            over_stdio(settings, store)
