"""A conversation over HTTP: the stream of its events, and who may let it act."""

import json
from dataclasses import replace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr

from agent.chat.api import chat_routes
from agent.chat.desk import Desk
from agent.chat.talk import Chat
from agent.control_plane.api import Parts, create_api
from agent.control_plane.roles import Tokens
from agent.passes import Passes
from pipeline.errors import UnknownModelError
from tests.agent.builders import CALM
from tests.agent.fakes import MODEL
from tests.agent.world import loop_in


def client_of(talk: Chat) -> TestClient:
    def chat_of(name: str) -> Chat:
        if name != MODEL:
            raise UnknownModelError(name, [MODEL])
        return talk

    app = FastAPI()
    app.include_router(chat_routes(chat_of))
    return TestClient(app)


def parsed(text: str) -> list[tuple[str, dict]]:
    blocks = [block.split("\n") for block in text.strip().split("\n\n")]
    return [(block[0].removeprefix("event: "), json.loads(block[1].removeprefix("data: "))) for block in blocks]


def test_the_http_stream_tells_tools_text_and_the_final_answer(chat) -> None:
    answer = client_of(chat()).post("/chat", json={"question": "costs", "conversation": "c9"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = parsed(answer.text)
    assert [name for name, _ in events] == ["tool_started", "tool_finished", "text", "final"]
    assert events[-1][1]["conversation"] == "c9"
    assert events[-1][1]["answer"] == events[-2][1]["text"]


def test_a_stream_that_fails_ends_with_a_final_event_that_says_so(chat) -> None:
    talk = chat()
    broken = Chat(look=lambda: 1 / 0, conversations=talk.conversations, title="x")
    ((name, data),) = parsed(client_of(broken).post("/chat", json={"question": "costs"}).text)
    assert name == "final"
    assert "ZeroDivisionError" in data["note"]


@pytest.mark.parametrize(
    "body", [{}, {"question": " "}, {"question": "x" * 2_001}, {"question": "x", "conversation": "../y"}, {"q": 1}]
)
def test_a_question_that_is_none_is_a_422(chat, body) -> None:
    assert client_of(chat()).post("/chat", json=body).status_code == 422


def test_the_control_plane_serves_the_chat_behind_its_token(home, store, chat) -> None:
    loop = loop_in(home, store)
    passes = Passes({MODEL: loop})
    try:
        parts = Parts(
            store=store, loops=passes.loops, passes=passes, clock=loop.clock, chat=chat_routes(lambda name: chat())
        )
        client = TestClient(create_api(parts), base_url="http://127.0.0.1:8100")
        assert parsed(client.post("/chat", json={"question": "health"}).text)[-1][0] == "final"
        assert client.post("/chat", json={"question": "health"}, headers={"origin": "http://evil"}).status_code == 403
        asked = client.post("/chat", json={"question": "retrain", "act": True})
        assert asked.status_code == 403
        assert "operator's token" in asked.json()["error"]["message"]
    finally:
        passes.close()


OPERATOR, VIEWER = SecretStr("the-secret-of-operators"), SecretStr("the-secret-of-viewers")
APPROVER = SecretStr("the-secret-of-approvers")


@pytest.mark.parametrize(
    ("token", "act", "status", "word"),
    [
        (OPERATOR, True, 200, "refused in decision"),
        (OPERATOR, False, 200, "acting_is_not_enabled"),
        (APPROVER, False, 200, "acting_is_not_enabled"),
        (APPROVER, True, 403, "operator's token"),
        (VIEWER, False, 200, "acting_is_not_enabled"),
        (VIEWER, True, 403, "operator's token"),
        (None, True, 401, "Send a token"),
        (None, False, 401, "Send a token"),
    ],
)
def test_over_http_acting_needs_the_operators_token_and_explicit_enabling(
    home, store, chat, token, act, status, word
) -> None:
    loop = loop_in(home, store, CALM)
    passes = Passes({MODEL: loop})
    try:
        talk = replace(chat(), open_desk=lambda by, why: Desk(loop=loop, passes=passes, by=by, hindrance=why))
        tokens = Tokens(operator=OPERATOR, approver=APPROVER, viewer=VIEWER)
        parts = Parts(
            store=store,
            loops=passes.loops,
            passes=passes,
            clock=loop.clock,
            tokens=tokens,
            chat=chat_routes(lambda name: talk),
        )
        client = TestClient(create_api(parts), base_url="http://127.0.0.1:8100")
        headers = {"authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        answer = client.post("/chat", json={"question": "retrain", "act": act}, headers=headers)
        assert (answer.status_code, word in answer.text) == (status, True), answer.text
    finally:
        passes.close()
