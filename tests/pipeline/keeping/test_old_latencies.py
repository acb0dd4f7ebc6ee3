"""Old minutes of latencies go into the archive; their hours stay, and so does the newest row for its number."""

from pipeline.catalog import managed_model
from pipeline.keeping.retention import Archived, archive_old_rows
from pipeline.settings import PipelineSettings
from pipeline.store.latencies import HOUR, MINUTE, save_latencies
from pipeline.store.open import Store
from pipeline.store.telemetry import latencies
from tests.pipeline.keeping.year import MODEL, NOW, archived, latency, stored


def run(settings: PipelineSettings, store: Store) -> Archived | None:
    return archive_old_rows(settings, store, {MODEL: managed_model(MODEL)}, NOW)


def test_old_minutes_of_latencies_go_as_they_were_and_the_hours_stay(settings, store):
    save_latencies(store.telemetry, [latency(n, seconds) for n in range(10) for seconds in (MINUTE, HOUR)])
    save_latencies(store.telemetry, [latency(24 * 360)])
    before = stored(store, latencies)
    assert run(settings.model_copy(update={"keep_latencies_days": 30}), store).rows == {"latencies": 10}
    kept = stored(store, latencies)
    assert [row["seconds"] for row in kept] == [HOUR] * 10 + [MINUTE]
    assert kept == [row for row in before if row in kept]
    gone = [{**row, "month": "2025-01"} for row in before if row not in kept]
    assert archived(settings, "latencies") == gone


def test_the_newest_minute_stays_for_its_number(settings, store):
    save_latencies(store.telemetry, [latency(0), latency(1)])
    assert run(settings.model_copy(update={"keep_latencies_days": 30}), store).rows == {"latencies": 1}
    save_latencies(store.telemetry, [latency(2)])
    assert [row["seq"] for row in stored(store, latencies)] == [2, 3]
