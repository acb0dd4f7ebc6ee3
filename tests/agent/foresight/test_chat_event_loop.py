"""What the LLM of a conversation may cost and do is read from the record in a thread, while other requests go on."""

from dataclasses import replace

from sqlalchemy import text

from agent.deliberation.budget import Allowance
from tests.agent.event_loops import made_in_event_loop
from tests.agent.foresight.chat_requests import answered
from tests.agent.scripted import says


def test_allowance_and_demotion_are_read_outside_of_the_event_loop(talk, store):
    def read():
        with store.control.connect() as connection:
            connection.execute(text("select 1"))

    def allowance():
        read()
        return Allowance(calls=10, tokens=100_000, usd=1.0)

    def advice_only():
        return read() is not None

    chat = talk(says(text="All is calm."))
    asked = made_in_event_loop(store.control)
    final, _ = answered(replace(chat, mind=replace(chat.mind, allowance=allowance, advice_only=advice_only)), "hello")
    assert final["by"] == "llm"
    assert len(asked) >= 2
    assert not any(asked)
