"""A scripted LLM for conversations, which notes what it was shown and which tools it was offered."""

from contextlib import asynccontextmanager
from typing import Any

from agent.chat.thinking import Mind
from agent.deliberation.budget import Allowance
from tests.agent.scripted import Scripted


class Noting(Scripted):
    """Notes the tools of each call; a call for which none were bound has none."""

    offered: list[list[str]]
    bound: tuple[str, ...] = ()

    def bind_tools(self, tools: Any, **_: Any) -> "Noting":
        copy = self.model_copy(update={"bound": tuple(tool.name for tool in tools)})
        # The copy answers from the same script and writes into the same notes.
        copy.script, copy.seen, copy.offered = self.script, self.seen, self.offered
        return copy

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **more: Any) -> Any:
        self.offered.append(list(self.bound))
        return super()._generate(messages, stop, run_manager, **more)


def mind(*script: Any, tokens: int = 100_000, seconds: float = 30.0, **changes: Any) -> Mind:
    model = Noting(script=[], seen=[], offered=[])
    model.script = list(script)

    @asynccontextmanager
    async def opened():
        yield model

    made = Mind(
        open_model=opened,
        **{
            "allowance": lambda: Allowance(calls=100, tokens=tokens, usd=1.0),
            "note_spent": lambda *_: None,
            "llm_name": "scripted",
            "wall_clock_seconds": seconds,
        }
        | changes,
    )
    object.__setattr__(made, "seen", model.seen)
    object.__setattr__(made, "offered", model.offered)
    return made
