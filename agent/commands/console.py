"""What the commands share: the opened stores, the two consoles, common options."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from agent.settings import AgentSettings
from pipeline.commands.common import AsJson, Model, at_work, err, out, say
from pipeline.store.open import Store, open_store

__all__ = ["AsJson", "Decision", "Model", "Plot", "SomeModel", "at_work", "err", "opened", "out", "say"]

SomeModel = Annotated[str | None, typer.Argument(metavar="[MODEL]", help="One managed model; default: all of them.")]
Plot = Annotated[Path | None, typer.Option(metavar="FILE", help="Draw a plot into this file (PNG).")]
Decision = Annotated[str, typer.Argument(metavar="DECISION", help="Its id, as `decisions` lists it.")]


@contextmanager
def opened() -> Iterator[tuple[AgentSettings, Store]]:
    settings = AgentSettings()
    store = open_store(settings.pipeline)
    try:
        yield settings, store
    finally:
        store.close()
