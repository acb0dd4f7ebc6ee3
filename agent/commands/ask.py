"""`python -m agent ask "why was v3 promoted?"`."""

import asyncio
from typing import Annotated
from uuid import uuid4

import typer

from agent.commands import rendering
from agent.commands.console import AsJson, err, opened, out
from pipeline.catalog import managed_model


def ask(
    question: Annotated[str, typer.Argument(help="Such as: why was v3 promoted?")],
    model: Annotated[str | None, typer.Option(help="A managed model; default: the one of the settings.")] = None,
    conversation: Annotated[str | None, typer.Option(help="Go on with a conversation, by its id.")] = None,
    json: AsJson = False,
) -> None:
    """Ask about health, history, drift, costs or "what if". Without an LLM the plain commands answer."""
    from agent.chat.build import build_chat
    from agent.chat.talk import EventKind

    with opened() as (settings, store), err.status("looking") as status:
        chat = build_chat(settings, store, managed_model(model or settings.pipeline.default_model))

        async def run() -> list[object]:
            seen: list[object] = []
            async for event in chat.ask(question, conversation or uuid4().hex[:12]):
                seen.append({"kind": event.kind, **event.data})
                if event.kind is EventKind.TOOL_STARTED:
                    status.update(str(event.data["tool"]).replace("_", " "))
                final.update(event.data if event.kind is EventKind.FINAL else {})
            return seen

        final: dict[str, object] = {}
        events = asyncio.run(run())
    if json:
        rendering.print_json({**final, "events": events})
        return
    if final["note"]:
        err.print(str(final["note"]), highlight=False)
    out.print(str(final["answer"]), highlight=False, markup=False, soft_wrap=True)
    err.print(f"Go on: --conversation {final['conversation']}", highlight=False, style="dim")
