"""`python -m agent ask "why was v3 promoted?"`, and with --act: `python -m agent ask --act retrain`."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from uuid import uuid4

import typer

from agent.build import build_loop
from agent.commands import rendering
from agent.commands.console import AsJson, at_work, err, opened, say
from agent.passes import Passes
from agent.settings import AgentSettings
from pipeline.catalog import managed_model
from pipeline.store.open import Store


@contextmanager
def _passes(settings: AgentSettings, store: Store, model: str | None, act: bool) -> Iterator[Passes | None]:
    """Where decisions are opened, if that was asked for; what was begun is carried out before the command ends."""
    if not act:
        yield None
        return
    spec = managed_model(model or settings.pipeline.default_model)
    passes = Passes({spec.name: build_loop(settings, store, spec)})
    try:
        yield passes
    finally:
        passes.close()


def ask(
    question: Annotated[str, typer.Argument(help="Such as: why was v3 promoted?")],
    model: Annotated[str | None, typer.Option(help="A managed model; default: the one of the settings.")] = None,
    conversation: Annotated[str | None, typer.Option(help="Go on with a conversation, by its id.")] = None,
    act: Annotated[bool, typer.Option("--act", help="Let requests, such as `retrain`, open decisions.")] = False,
    json: AsJson = False,
) -> None:
    """Ask about health, history, drift, costs or "what if". Without an LLM the plain commands answer."""
    from agent.chat.build import build_chat
    from agent.chat.events import EventKind
    from agent.chat.sitting import May

    with (
        opened() as (settings, store),
        _passes(settings, store, model, act) as passes,
        at_work("looking", json) as update,
    ):
        chat = build_chat(settings, store, managed_model(model or settings.pipeline.default_model), passes)

        async def run() -> list[object]:
            seen: list[object] = []
            async for event in chat.ask(question, conversation or uuid4().hex[:12], May(act=act)):
                seen.append({"kind": event.kind, **event.data})
                if event.kind is EventKind.TOOL_STARTED:
                    update(str(event.data["tool"]).replace("_", " "))
                final.update(event.data if event.kind is EventKind.FINAL else {})
            return seen

        final: dict[str, object] = {}
        events = asyncio.run(run())
    if json:
        rendering.print_json({**final, "events": events})
        return
    if final["note"]:
        err.print(str(final["note"]), highlight=False)
    say(str(final["answer"]))
    err.print(f"Go on: --conversation {final['conversation']}", highlight=False, style="dim")
