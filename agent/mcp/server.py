"""The MCP server: the tools of `offered` over the protocol, each marked as one that only reads."""

from collections.abc import Callable
from functools import partial

import anyio.to_thread
from mcp.server import Server, ServerRequestContext
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)

from agent.mcp.offered import Offer, World, answer, offers
from tools.result import ToolResult, ToolStatus

NAME = "refit"
INSTRUCTIONS = (
    "Refit watches classifiers in production and decides when they are retrained. These tools only read: models, "
    "drift, accuracy from labels, decisions with their reasons, versions, what waits for a person. Begin with "
    "list_models. A figure that is null or a status no_data means unknown, never zero and never 'no drift'. "
    "Nothing can be approved, trained or changed from here: name the command instead, `bin/refit approve ID`."
)
READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)

Context = ServerRequestContext[dict[str, object]]


def build_server(world: World, version: str) -> Server[dict[str, object]]:
    return Server(
        NAME,
        version=version,
        title="Refit, read only",
        instructions=INSTRUCTIONS,
        on_list_tools=partial(_list, [_tool(offer) for offer in offers(world)]),
        on_call_tool=partial(_call, partial(answer, world)),
    )


async def _list(found: list[Tool], context: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
    return ListToolsResult(tools=found)


async def _call(ask: Callable[..., ToolResult], context: Context, params: CallToolRequestParams) -> CallToolResult:
    # A look reads databases and measures a window: the protocol goes on meanwhile.
    said = await anyio.to_thread.run_sync(ask, params.name, params.arguments or {})
    return CallToolResult(
        content=[TextContent(type="text", text=said.as_json())], is_error=said.status is ToolStatus.ERROR
    )


def _tool(offer: Offer) -> Tool:
    return Tool(
        name=offer.name,
        title=offer.name.replace("_", " ").capitalize(),
        description=offer.description,
        input_schema=offer.schema,
        annotations=READS,
    )
