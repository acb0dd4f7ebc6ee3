"""What conversations have taken stands in the store: all agents on it share the limit of a day."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from agent.build import allowance
from agent.chat.build import build_chat
from agent.chat.events import EventKind
from agent.chat.sitting import May
from agent.chat.talk import Chat
from agent.record.chat_spending import note_spent, spent_since
from agent.record.usage import Usage
from agent.settings import AgentSettings
from pipeline.catalog import managed_model
from pipeline.clock import utc_now
from pipeline.durations import DAY
from pipeline.settings import PipelineSettings
from pipeline.store.control import llm_spending
from pipeline.store.open import Store, open_store
from tests.agent.fakes import MODEL, NOON
from tests.agent.foresight.chat_requests import answered
from tests.agent.openai_stub import Stub, completion
from tests.agent.scripted import says
from tests.waiting import PATIENCE

ON_POSTGRESQL_TOO = True
ONE = Usage(calls=1, tokens=10, usd=0.5)
CALM = completion(text="All is calm.")


@pytest.fixture
def elsewhere(settings: PipelineSettings, tmp_path_factory: pytest.TempPathFactory) -> PipelineSettings:
    """Another agent's settings: a home of its own for its conversations, on the same two databases."""
    return PipelineSettings(
        _env_file=None,
        home=tmp_path_factory.mktemp("elsewhere"),
        telemetry_url=SecretStr(settings.telemetry_address),
        control_url=SecretStr(settings.control_address),
    )


@pytest.fixture
def other_store(elsewhere: PipelineSettings) -> Iterator[Store]:
    with closing(open_store(elsewhere)) as opened:
        yield opened


def agent_of(settings: PipelineSettings, url: str, **limits: float) -> AgentSettings:
    values = {"base_url": url, "llm_model": "stub", "serving_url": "http://127.0.0.1:9", "pipeline": settings}
    return AgentSettings(_env_file=None, **values | limits)


def chat_of(settings: PipelineSettings, store: Store, url: str, **limits: float) -> Chat:
    return build_chat(agent_of(settings, url, **limits), store, managed_model(MODEL))


def rows_of(store: Store) -> int:
    with store.control.connect() as connection:
        return connection.execute(select(func.count()).select_from(llm_spending)).scalar_one()


def test_two_agents_on_one_store_share_the_calls_of_a_day(settings, store, elsewhere, other_store):
    with Stub([CALM]) as stub:
        here, _ = answered(chat_of(settings, store, stub.url, llm_max_calls_per_day=1), "hello", May())
        there, _ = answered(chat_of(elsewhere, other_store, stub.url, llm_max_calls_per_day=1), "hello", May())
    assert (here["by"], here["note"]) == ("llm", None)
    assert there["by"] == "tools"
    assert there["note"] == "The LLM did not answer (BudgetSpentError); this is what the tools say."
    assert len(stub.requests) == 1


def test_what_one_agent_spent_is_gone_from_what_the_other_may(settings, store, elsewhere, other_store):
    limits = {"llm_max_calls_per_day": 5, "llm_max_tokens_per_day": 500, "llm_max_usd_per_day": 0.0003}
    priced = {"llm_usd_per_million_input": 1.0, "llm_usd_per_million_output": 0.0}
    with Stub([CALM]) as stub:
        answered(chat_of(settings, store, stub.url, **priced), "hello", May())
        left = allowance(agent_of(elsewhere, stub.url, **limits), other_store)
    assert (left.calls, left.tokens) == (4, 380)
    assert left.usd == pytest.approx(0.0002)


def test_nothing_was_spent_before_the_first_question(store):
    assert spent_since(store.control, NOON) == Usage()


def test_a_day_is_counted_over_midnight(store):
    for hours in (-13.5, -11, 0, 11):
        note_spent(store.control, "c1", NOON + timedelta(hours=hours), ONE)
    assert spent_since(store.control, NOON + timedelta(hours=11) - DAY) == ONE + ONE + ONE
    assert spent_since(store.control, NOON + timedelta(hours=12)) == Usage()


def test_what_no_limit_asks_for_any_more_is_dropped(store):
    for day in range(30):
        note_spent(store.control, "c1", NOON + day * DAY, ONE)
    assert rows_of(store) == 3
    assert spent_since(store.control, NOON + 28 * DAY) == ONE + ONE


def test_a_row_says_which_conversation_took_what(store):
    note_spent(store.control, "c" * 40, NOON, Usage(calls=2, tokens=3_000_000_000, usd=0.25))
    with store.control.connect() as connection:
        (row,) = connection.execute(select(llm_spending)).all()
    assert tuple(row)[1:] == (NOON, "c" * 40, 2, 3_000_000_000, 0.25)


def test_an_allowance_reads_no_files_of_earlier_releases(settings, store):
    folder = settings.root / "conversations" / "spent"
    folder.mkdir(parents=True)
    line = f'{{"at": {utc_now().timestamp()}, "calls": 1, "tokens": 10, "usd": 0.5}}\n'
    (folder / f"{utc_now():%Y-%m-%d}.jsonl").write_text(line)
    assert allowance(agent_of(settings, "http://127.0.0.1:9", llm_max_calls_per_day=5), store).calls == 5


def test_who_hangs_up_again_and_again_has_spent_all_the_same(talk):
    """As a server does to the stream of a client that has gone: it cancels until the task has ended."""
    noted = Event()
    chat = talk(says(("health", {})), says(text="All is calm."))
    chat = replace(chat, mind=replace(chat.mind, note_spent=lambda *_: noted.set()))
    occupied = Event()

    async def asking() -> None:
        async for event in chat.ask("how is it?", "c1"):
            if event.kind is EventKind.TOOL_FINISHED:
                pool.submit(occupied.wait, PATIENCE)
                hang_up()

    def hang_up() -> None:
        if not task.done():
            task.cancel()
            asyncio.get_running_loop().call_soon(hang_up)

    async def run() -> None:
        nonlocal task
        asyncio.get_running_loop().set_default_executor(pool)
        task = asyncio.create_task(asking())
        with pytest.raises(asyncio.CancelledError):
            await task
        occupied.set()
        assert await asyncio.to_thread(noted.wait, PATIENCE)

    task: asyncio.Task[None]
    with ThreadPoolExecutor(max_workers=1) as pool:
        asyncio.run(run())
