"""What was told once is not news again before its time, however often a model is looked at meanwhile."""

from datetime import timedelta

import pytest

from agent.actions import Action
from agent.record import ledger
from agent.record.ledger import EntryKind
from tests.agent.acting.test_telling import alert_of, world
from tests.agent.builders import DRIFTED
from tests.agent.fakes import MODEL

ON_POSTGRESQL_TOO = True

LOOKS = 260


@pytest.mark.parametrize(("hours", "news"), [(6.0, False), (25.0, True)])
def test_an_alert_is_news_again_by_the_hours_and_not_by_the_number_of_looks(home, store, hours, news):
    loop, _, clock = world(home, store, DRIFTED)
    first = loop.check()
    again = dict(alert_of(store, first)) | {"repeated_of": first.decision.decision_id}
    for look in range(LOOKS):
        ledger.append(
            store.control,
            decision_id=f"look{look}",
            model=MODEL,
            kind=EntryKind.EFFECT_DONE,
            at=clock() + timedelta(minutes=look),
            body={"action": Action.ALERT, "result": again},
        )
    clock.forward(hours=hours)
    assert alert_of(store, loop.check())["repeated_of"] == (None if news else first.decision.decision_id)
