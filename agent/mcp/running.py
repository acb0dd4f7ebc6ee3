"""Runs the MCP server: over standard input and output for an assistant here, or over HTTP behind the agent's gate."""

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import anyio
import uvicorn
from langchain_core.tools import BaseTool
from mcp.server.stdio import stdio_server
from mcp.server.transport_security import TransportSecuritySettings

from agent.build import build_observer, read_tools
from agent.chat.build import look
from agent.chat.tools import Snapshot, chat_tools
from agent.commands.status import rows_of
from agent.control_plane.admission import Admission, require_a_safe_setup, tokens_of
from agent.control_plane.gate import Gate
from agent.control_plane.server import AnnouncedServer
from agent.decision import PolicyRules
from agent.evidence import Evidence
from agent.mcp.offered import World
from agent.mcp.server import build_server
from agent.observability.starting import start_logging
from agent.settings import AgentSettings
from pipeline.catalog import catalog, managed_model
from pipeline.clock import utc_now
from pipeline.store.open import Store
from pipeline.version import VERSION

PATH = "/mcp"


def build_world(settings: AgentSettings, store: Store) -> World:
    return World(
        store=store,
        clock=utc_now,
        tools_of=partial(_tools_of, settings, store),
        rows=lambda: rows_of(settings, store, list(catalog().values())),
        templates=_templates(settings, store),
    )


def over_stdio(settings: AgentSettings, store: Store) -> None:
    """Answer one assistant until it closes its end. Standard output is the protocol's: all else goes to stderr."""
    server = build_server(build_world(settings, store), VERSION)

    async def answer() -> None:
        async with stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())

    start_logging()
    print("Refit's MCP server reads standard input. An assistant starts it; see docs/mcp.md.", file=sys.stderr)
    anyio.run(answer)


def over_http(settings: AgentSettings, store: Store, host: str, port: int, port_file: Path | None) -> None:
    """Answer until stopped, to whoever has a token of the control plane. Raises ApiSetupError."""
    start_logging()
    tokens = tokens_of(settings)
    require_a_safe_setup(host, tokens)
    server = build_server(build_world(settings, store), VERSION)
    # The gate checks host, origin and token before; a second list of hosts here would have to repeat it.
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        stateless_http=True,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        host=host,
    )
    guarded = Gate(app, Admission(tokens), settings.api_max_body_bytes)
    config = uvicorn.Config(guarded, host=host, port=port, access_log=False, log_level="warning", server_header=False)
    AnnouncedServer(config, port_file, "MCP server", PATH).run()


def _tools_of(settings: AgentSettings, store: Store, model: str) -> Mapping[str, BaseTool]:
    """The tools over one model as it stands now. Raises UnknownModelError."""
    spec = managed_model(model)
    snapshot, reading = look(settings, store, spec, build_observer(settings, store, spec))
    return chat_tools(snapshot, reading)


def _templates(settings: AgentSettings, store: Store) -> dict[str, BaseTool]:
    """The same tools over nothing: nothing is measured for their names and arguments."""
    spec = next(iter(catalog().values()))
    evidence, rules = Evidence(model=spec.name, at=utc_now()), PolicyRules()
    snapshot = Snapshot(model=spec.name, evidence=evidence, rules=rules, store=store, now=utc_now())
    return chat_tools(snapshot, read_tools(settings, store, spec, evidence, rules))
