"""The clockwork as an agent of one model runs it, on both databases."""

from datetime import UTC, datetime, timedelta
from threading import Event

from agent.errors import AgentError
from agent.schedule.looking import looking
from agent.schedule.presence import Presence
from agent.settings import AgentSettings
from pipeline.catalog import managed_model

ON_POSTGRESQL_TOO = True

SECONDS = 240.0


def test_an_agent_of_one_model_looks_at_it_though_another_looks_at_all(settings, store):
    everybody = Presence(store.control, "all", timedelta(seconds=60))
    everybody.announce(datetime.now(UTC))
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


def test_a_schedule_of_a_name_that_no_model_has_is_told_when_the_agent_starts(settings, store, caplog):
    changes = {"sms_spamm": {"look_minutes": 5}, "sms_spam": {"look_minutes": 7}}
    with looking(AgentSettings(_env_file=None, pipeline=settings, schedules=changes), store, {}):
        pass
    told = [record.getMessage() for record in caplog.records if "REFIT_AGENT_SCHEDULES" in record.getMessage()]
    assert told == ["REFIT_AGENT_SCHEDULES names sms_spamm, which is no managed model: nothing follows from it."]
