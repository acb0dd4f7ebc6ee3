"""Requests in a conversation, and the decision that came of them."""

import asyncio

from agent.chat.desk import Desk, Hindrance
from agent.chat.events import EventKind
from agent.chat.sitting import May
from agent.chat.talk import Chat
from agent.deliberation.proposal import Deliberation
from agent.loop import Loop
from agent.passes import Passes
from agent.record import ledger
from agent.record.codec import decision_of
from tests.agent.builders import CALM, LABELLED, merged
from tests.agent.fakes import MODEL

ACT = May(act=True)
TRAINABLE = merged(CALM, LABELLED)


def desk_of(loop: Loop, passes: Passes, by: Deliberation, hindrance: Hindrance) -> Desk:
    """A desk that waits for its decision as long as a machine with other work may need."""
    return Desk(loop=loop, passes=passes, by=by, hindrance=hindrance, wait_seconds=300.0)


def answered(chat: Chat, question: str, may: May = ACT, conversation: str = "c1"):
    async def run():
        return [event async for event in chat.ask(question, conversation, may)]

    events = asyncio.run(run())
    finished = [event.data for event in events if event.kind is EventKind.TOOL_FINISHED]
    return events[-1].data, {data["tool"]: data["status"] for data in finished}


def closed(chat: Chat, store):
    """The only decision there is, with the kinds of its events, once the passes have ended."""
    chat.open_desk(Deliberation(), lambda: None).passes.close()
    (entry,) = ledger.decisions(store.control, MODEL)
    return decision_of(entry), [event.kind for event in ledger.entries_of(store.control, entry.decision_id)]
