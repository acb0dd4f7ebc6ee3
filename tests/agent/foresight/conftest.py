"""Chats about a model, over one loop."""

from functools import partial
from pathlib import Path

import pytest

from agent.chat.memory import Conversations
from agent.chat.talk import Chat
from agent.chat.tools import Snapshot
from agent.passes import Passes
from agent.record import chat_spending, history
from agent.record.canonical import to_plain
from tests.agent.builders import DRIFTED, LABELLED, evidence_with, merged, rules_with
from tests.agent.fakes import MODEL, NOON
from tests.agent.foresight.chat_mind import mind
from tests.agent.foresight.chat_requests import TRAINABLE, desk_of
from tests.agent.world import loop_in
from tools.observe import Sight, observe_tools

SEEN = evidence_with(merged(DRIFTED, LABELLED))


@pytest.fixture
def chat(home: Path, store):
    """A chat about a model whose v2 was trained and promoted by a decision; a script may be its LLM."""
    loop_in(home, store).check()

    def open_chat(*script, **changes) -> Chat:
        snapshot = Snapshot(model=MODEL, evidence=SEEN, rules=rules_with(), store=store, now=NOON)
        sight = Sight(
            model=MODEL,
            evidence=to_plain(SEEN),
            rules=to_plain(rules_with()),
            store=store,
            history=lambda limit: history.rows(store.control, MODEL, limit, NOON),
        )
        parts = {
            "look": lambda: (snapshot, observe_tools(sight)),
            "conversations": Conversations(home / "conversations"),
            "title": "SMS spam",
            "mind": mind(*script, **changes) if script else None,
        }
        return Chat(**parts)

    return open_chat


@pytest.fixture
def talk(home, store):
    """Opens a chat over one loop: `evidence` and the other changes go to the loop, a script becomes the LLM."""
    opened = []

    def open_talk(*script, evidence=TRAINABLE, messages=None, advice_only=False, desk=True, **changes) -> Chat:
        loop = loop_in(home, store, evidence, **changes)
        passes = Passes({MODEL: loop})
        opened.append(passes)
        snapshot = Snapshot(model=MODEL, evidence=evidence_with(evidence), rules=rules_with(), store=store, now=NOON)
        note = partial(chat_spending.note_spent, store.control)
        thinking = (
            mind(*script, messages=messages, advice_only=lambda: advice_only, note_spent=note) if script else None
        )
        return Chat(
            look=lambda: (snapshot, []),
            conversations=Conversations(home / "conversations"),
            title="SMS spam",
            mind=thinking,
            open_desk=partial(desk_of, loop, passes) if desk else None,
        )

    yield open_talk
    for passes in opened:
        passes.close()
