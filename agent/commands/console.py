"""What the commands share: the opened stores, the two consoles, common options."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console

from agent.settings import AgentSettings
from pipeline.store.open import Store, open_store

out, err = Console(), Console(stderr=True)

Model = Annotated[str, typer.Argument(help="A managed model, such as sms_spam.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


@contextmanager
def opened() -> Iterator[tuple[AgentSettings, Store]]:
    settings = AgentSettings()
    store = open_store(settings.pipeline)
    try:
        yield settings, store
    finally:
        store.close()
