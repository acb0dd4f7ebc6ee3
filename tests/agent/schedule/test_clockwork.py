"""The clockwork on real stores: agents share the models, no time fires twice, what was missed is made up for once."""

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from sqlalchemy import insert

from agent.errors import AgentError, BusyError
from agent.schedule.assignment import ranking
from agent.schedule.calendar import Kind, Plan
from agent.schedule.clockwork import Clockwork
from agent.schedule.duties import Duties
from agent.schedule.housekeeping import Housekeeping
from agent.schedule.leading import leadership
from agent.schedule.pace import Pace
from agent.schedule.presence import Presence
from agent.schedule.turns import Turns
from pipeline.errors import KeepingError
from pipeline.store.control import schedule_claims
from pipeline.store.open import open_store
from tests.waiting import until

ON_POSTGRESQL_TOO = True

SECONDS = 240.0
OFTEN = timedelta(milliseconds=200)
SELDOM = timedelta(days=365)  # so long that no test runs into the next time of its plan
MODELS = [f"model_{number}" for number in range(10)]


def plan(model="a", every=SELDOM):
    return Plan(model=model, kind=Kind.LOOK, every=every)


def clockwork(store, looks, plans=None, *, resumes=None, holder="one", patience_seconds=5.0, chores=None, pace=None):
    presence = Presence(store.control, holder, timedelta(seconds=60))
    plans = plans if plans is not None else [plan(model) for model in looks]
    return Clockwork(
        Turns(store.control, plans, presence, patience_seconds),
        Duties(looks=looks, resumes=resumes or {}),
        chores or Housekeeping(),
        clock=lambda: datetime.now(UTC),
        tick_seconds=0.1,
        pace=pace,
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
    until(lambda: "The look at a failed: no luck" in caplog.text)
    until(lambda: "The look at b failed: ValueError" in caplog.text)
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
    lead = leadership(store.control, "one", timedelta(seconds=60))

    def archive():
        raise KeepingError("the archive cannot be written")

    chores = Housekeeping(archive=archive, first_archive=timedelta(seconds=1), leadership=lead)
    running(store, {"a": looked.set}, chores=chores)
    until(lambda: "Archiving old predictions and reports failed: the archive cannot be written" in caplog.text)
    assert looked.wait(SECONDS)


def test_of_two_agents_only_the_leader_archives_and_the_other_does_once_it_leads(settings, store):
    other, archived = open_store(settings), []

    def works(at, who):
        lead = leadership(at.control, who, timedelta(seconds=60))
        chores = Housekeeping(archive=lambda: archived.append(who), first_archive=timedelta(0), leadership=lead)
        return clockwork(at, {"a": lambda: None}, holder=who, chores=chores)

    first, second = works(store, "one"), works(other, "two")
    first.start()
    try:
        until(lambda: archived == ["one"])
        second.start()
        first.close()
        until(lambda: archived == ["one", "two"])
    finally:
        second.close()
        other.close()


def test_a_new_agent_finishes_what_was_left_undone(running, store):
    answers, resumed = [BusyError("a", "the dead one", datetime.now(UTC))], Event()

    def resume():
        if answers:
            raise answers.pop()
        resumed.set()

    running(store, {"a": lambda: None}, resumes={"a": resume})
    assert resumed.wait(SECONDS)


def test_two_agents_share_the_models_fire_no_time_twice_and_one_follows_the_other(settings, store):
    other, fired = open_store(settings), []
    plans = [plan(model, OFTEN) for model in MODELS]
    first, second = (
        clockwork(
            at, {model: lambda model=model, who=who: fired.append((model, who)) for model in MODELS}, plans, holder=who
        )
        for at, who in ((store, "one"), (other, "two"))
    )
    started = datetime.now(UTC)
    first.start()
    second.start()
    try:
        until(lambda: {model for model, _ in fired} == set(MODELS) and {who for _, who in fired} == {"one", "two"})
        first.close()
        since = len(fired)
        until(lambda: {model for model, _ in fired[since:]} == set(MODELS))
        assert {who for _, who in fired[since:]} == {"two"}
    finally:
        second.close()
        other.close()
    most = (datetime.now(UTC) - started) / OFTEN + 2
    assert max(Counter(model for model, _ in fired).values()) <= most


def test_an_agent_that_joins_in_the_middle_gets_its_share_of_what_waits(settings, store):
    """The first agent has two places and keeps them until the second one is there."""
    other, joined, looked = open_store(settings), Event(), []

    def looks(who):
        def look(model):
            looked.append((model, who))
            assert joined.wait(SECONDS)

        return {model: lambda model=model: look(model) for model in MODELS}

    strict = {"patience_seconds": 10 * SECONDS, "pace": Pace(places=2, kept_seconds=10 * SECONDS)}
    first = clockwork(store, looks("one"), **strict)
    second = clockwork(other, looks("two"), holder="two", patience_seconds=10 * SECONDS)
    first.start()
    try:
        until(lambda: len(looked) == 2)
        before = {model for model, _ in looked}
        second.start()
        until(lambda: len(looked) > 2)
        joined.set()
        until(lambda: len(looked) == len(MODELS))
    finally:
        joined.set()
        first.close()
        second.close()
        other.close()
    theirs = {model for model in MODELS if ranking(model, ["one", "two"])[0] == "two"}
    assert {model for model, who in looked if who == "two"} == theirs - before
    assert sorted(model for model, _ in looked) == sorted(MODELS)


def test_what_an_agent_fails_to_do_in_time_another_does(running, store):
    """The other agent is there and does nothing."""
    Presence(store.control, "stuck", timedelta(hours=1)).announce(datetime.now(UTC))
    looked = set()
    looks = {model: lambda model=model: looked.add(model) for model in MODELS}
    assert any(ranking(model, ["one", "stuck"])[0] == "stuck" for model in MODELS)
    running(store, looks, patience_seconds=0.5)
    until(lambda: looked == set(MODELS))


def test_what_was_missed_while_nobody_ran_is_made_up_for_by_one_look(running, store):
    long_ago = datetime.now(UTC) - 2 * SELDOM
    row = {"due_at": long_ago, "fired_at": long_ago, "holder": "gone", "token": 1}
    with store.control.begin() as connection:
        connection.execute(insert(schedule_claims).values(model="a", kind="look", **row))
    looks, beat = [], []
    plans = [plan("a"), plan("beat", OFTEN)]
    running(store, {"a": lambda: looks.append(1), "beat": lambda: beat.append(1)}, plans)
    until(lambda: len(beat) >= 5)
    assert looks == [1]


AGENT = """
import sys, time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from pydantic import SecretStr
from pipeline.settings import PipelineSettings
from pipeline.store.open import open_store
from agent.schedule.calendar import Kind, Plan
from agent.schedule import turns
from agent.schedule.clockwork import Clockwork
from agent.schedule.duties import Duties
from agent.schedule.housekeeping import Housekeeping
from agent.schedule.presence import Presence
name, telemetry, control, diary, *models = sys.argv[1:]
store = open_store(PipelineSettings(_env_file=None, home=Path(diary).parent, telemetry_url=SecretStr(telemetry),
                                    control_url=SecretStr(control)))
plans = [Plan(model=model, kind=Kind.LOOK, every=timedelta(seconds=1)) for model in models]
really_claim = turns.claim
def claim(control, place, plan, due_at, now):
    won = really_claim(control, place, plan, due_at, now)
    if won:
        with open(diary, "a") as file:
            file.write(f"{name} {plan.model} {due_at.isoformat()}\\n")
    return won
turns.claim = claim
work = Clockwork(turns.Turns(store.control, plans, Presence(store.control, name, timedelta(seconds=2)), 1.0),
                 Duties(looks={model: lambda: None for model in models}), Housekeeping(),
                 clock=lambda: datetime.now(UTC), tick_seconds=0.2)
work.start()
time.sleep(600)
"""


def test_the_models_of_a_killed_agent_are_taken_over_and_no_time_is_answered_for_twice(settings, store, tmp_path):
    diary = tmp_path / "diary.txt"
    diary.touch()
    addresses = [settings.telemetry_address, settings.control_address]
    words = [*addresses, str(diary), *MODELS]
    agents = {name: subprocess.Popen([sys.executable, "-c", AGENT, name, *words]) for name in ("one", "two")}

    def lines():
        return [line.split() for line in diary.read_text().splitlines() if line.count(" ") == 2]

    try:
        until(lambda: {who for who, *_ in lines()} == {"one", "two"})
        os.kill(agents["one"].pid, signal.SIGKILL)
        agents["one"].wait()
        since = len(lines())
        until(lambda: {model for _, model, _ in lines()[since:]} == set(MODELS))
    finally:
        for agent in agents.values():
            agent.kill()
            agent.wait()
    assert {who for who, *_ in lines()[since:]} == {"two"}
    assert set(Counter((model, due_at) for _, model, due_at in lines()).values()) == {1}
