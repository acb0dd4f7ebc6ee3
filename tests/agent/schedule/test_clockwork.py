"""The clockwork on real stores: no time fires twice, a dead leader is followed, what was missed is made up for once."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from sqlalchemy import insert

from agent.errors import AgentError, BusyError
from agent.schedule.calendar import Kind, Plan
from agent.schedule.clockwork import Clockwork
from agent.schedule.leading import leadership
from agent.schedule.looking import looking
from agent.settings import AgentSettings
from pipeline.catalog import managed_model
from pipeline.errors import KeepingError
from pipeline.store.control import schedule_claims
from pipeline.store.open import open_store

ON_POSTGRESQL_TOO = True

SECONDS = 240.0
OFTEN = timedelta(milliseconds=200)
SELDOM = timedelta(hours=1)


def eventually(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def plan(model="a", every=SELDOM):
    return Plan(model=model, kind=Kind.LOOK, every=every)


def clockwork(store, looks, plans=None, resumes=None, holder="one", ttl=60.0, **more):
    return Clockwork(
        control=store.control,
        plans=plans or [plan(model) for model in looks],
        looks=looks,
        resumes=resumes or {},
        leadership=leadership(store.control, holder, timedelta(seconds=ttl)),
        clock=lambda: datetime.now(UTC),
        tick_seconds=0.1,
        **more,
    )


@pytest.fixture
def running():
    works = []

    def start(*arguments, **options):
        works.append(clockwork(*arguments, **options))
        works[-1].start()
        return works[-1]

    yield start
    for work in works:
        work.close()


def test_every_model_is_looked_at_once_at_the_start_though_others_fail_or_are_busy(running, store, caplog):
    looked, tried = Event(), Event()

    def fail():
        raise AgentError("no luck")

    def break_down():
        raise ValueError("a secret message")

    def busy():
        if tried.is_set():
            return
        tried.set()
        raise BusyError("m", "other", datetime.now(UTC))

    running(store, {"a": fail, "b": break_down, "c": busy, "d": looked.set})
    assert looked.wait(SECONDS)
    eventually(lambda: "The look at a failed: no luck" in caplog.text)
    eventually(lambda: "The look at b failed: ValueError" in caplog.text)
    assert "a secret message" not in caplog.text
    assert tried.wait(SECONDS)


def test_a_look_that_found_its_model_busy_is_made_when_it_is_free(running, store):
    answers = [BusyError("a", "other", datetime.now(UTC)) for _ in range(3)]
    made = Event()

    def look():
        if answers:
            raise answers.pop()
        made.set()

    running(store, {"a": look})
    assert made.wait(SECONDS)


def test_the_leader_archives_old_rows_and_one_that_fails_stops_no_look(running, store, caplog):
    looked = Event()

    def archive():
        raise KeepingError("the archive cannot be written")

    running(store, {"a": looked.set}, archive=archive, first_archive=timedelta(seconds=1))
    eventually(lambda: "Archiving old predictions and reports failed: the archive cannot be written" in caplog.text)
    assert looked.wait(SECONDS)


def test_a_new_leader_finishes_what_was_left_undone(running, store):
    answers, resumed = [BusyError("a", "the dead one", datetime.now(UTC))], Event()

    def resume():
        if answers:
            raise answers.pop()
        resumed.set()

    running(store, {"a": lambda: None}, resumes={"a": resume})
    assert resumed.wait(SECONDS)


def test_two_clockworks_on_one_store_fire_no_time_twice_and_one_follows_the_other(settings, store):
    other, fired = open_store(settings), []
    first = clockwork(store, {"a": lambda: fired.append("one")}, [plan(every=OFTEN)])
    second = clockwork(other, {"a": lambda: fired.append("two")}, [plan(every=OFTEN)], holder="two")
    started = datetime.now(UTC)
    first.start()
    eventually(lambda: first.leads)
    second.start()
    try:
        eventually(lambda: len(fired) >= 5)
        assert set(fired) == {"one"}
        first.close()
        eventually(lambda: fired.count("two") >= 5)
    finally:
        second.close()
        other.close()
    most = (datetime.now(UTC) - started) / OFTEN + 2
    assert len(fired) <= most


def test_what_was_missed_while_nobody_ran_is_made_up_for_by_one_look(running, store):
    long_ago = datetime.now(UTC) - timedelta(days=30)
    row = {"due_at": long_ago, "fired_at": long_ago, "holder": "gone", "token": 1}
    with store.control.begin() as connection:
        connection.execute(insert(schedule_claims).values(model="a", kind="look", **row))
    looks, beat = [], []
    plans = [plan("a"), plan("beat", OFTEN)]
    running(store, {"a": lambda: looks.append(1), "beat": lambda: beat.append(1)}, plans)
    eventually(lambda: len(beat) >= 5)
    assert looks == [1]


def test_an_agent_of_one_model_looks_at_it_though_another_leads_all(settings, store):
    everybody = leadership(store.control, "all", timedelta(seconds=60))
    assert everybody.lead(datetime.now(UTC)) is not None
    looked = Event()

    class OneModel:
        spec = managed_model("sms_spam")

        def check(self, *, scheduled):
            looked.set()
            raise AgentError("enough")

        def resume(self):
            pass

    with looking(AgentSettings(_env_file=None, pipeline=settings), store, {"sms_spam": OneModel()}):
        assert looked.wait(SECONDS)
    everybody.close(datetime.now(UTC))


AGENT = """
import sys, time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from pydantic import SecretStr
from pipeline.settings import PipelineSettings
from pipeline.store.open import open_store
from agent.schedule.calendar import Kind, Plan
from agent.schedule import clockwork
from agent.schedule.leading import leadership
name, telemetry, control, diary = sys.argv[1:]
store = open_store(PipelineSettings(_env_file=None, home=Path(diary).parent, telemetry_url=SecretStr(telemetry),
                                    control_url=SecretStr(control)))
plan = Plan(model="a", kind=Kind.LOOK, every=timedelta(milliseconds=500))
really_claim = clockwork.claim
def claim(control, lead, plan, due_at, now):
    won = really_claim(control, lead, plan, due_at, now)
    if won:
        with open(diary, "a") as file:
            file.write(f"{name} {due_at.isoformat()}\\n")
    return won
clockwork.claim = claim
work = clockwork.Clockwork(control=store.control, plans=[plan], looks={"a": lambda: None}, resumes={},
                           leadership=leadership(store.control, name, timedelta(seconds=2)),
                           clock=lambda: datetime.now(UTC), tick_seconds=0.2)
work.start()
time.sleep(600)
"""


def test_a_killed_leader_is_followed_by_another_process_and_no_time_is_answered_for_twice(settings, store, tmp_path):
    diary = tmp_path / "diary.txt"
    diary.touch()
    addresses = [settings.telemetry_address, settings.control_address]
    agents = {
        name: subprocess.Popen([sys.executable, "-c", AGENT, name, *addresses, str(diary)]) for name in ("one", "two")
    }

    def lines():
        return [line.split() for line in diary.read_text().splitlines()]

    try:
        eventually(lambda: len(lines()) >= 4)
        leader = lines()[0][0]
        follower = "two" if leader == "one" else "one"
        assert {who for who, _ in lines()} == {leader}
        os.kill(agents[leader].pid, signal.SIGKILL)
        eventually(lambda: sum(who == follower for who, _ in lines()) >= 4)
    finally:
        for agent in agents.values():
            agent.kill()
            agent.wait()
    assert set(Counter(due_at for _, due_at in lines()).values()) == {1}
