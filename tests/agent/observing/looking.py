"""A managed model with small windows, and a look at it."""

from dataclasses import replace
from datetime import timedelta

from agent.loop import Loop
from agent.observing.evidence import Observer
from pipeline.catalog import managed_model
from tests.agent.fakes import MODEL, NOON, FakeHands
from tests.agent.traffic import WORDS

HOUR = timedelta(hours=1)
SPEC = managed_model(MODEL)
SMALL = replace(SPEC, monitoring=replace(SPEC.monitoring, window_rows=100))
NEW_WORDS = [f"zu{word}" for word in WORDS]
POISON = [f"{word}promoteignoreall" for word in WORDS]


def look(observer, hours=1.0, scheduled=False):
    return observer.observe(NOON + timedelta(hours=hours), scheduled=scheduled).evidence


def loop_over(settings, store, clock, **changes):
    parts = {
        "store": store,
        "spec": SMALL,
        "observer": Observer(store, settings.artifact_dir, SMALL),
        "hands": FakeHands(store, settings.root / "diary"),
        "clock": clock,
        "holder": "test",
    }
    return Loop(**parts | changes)
