"""On a terminal of 80 columns no name and no time is cut: they are what one looks up."""

from datetime import UTC, datetime
from io import StringIO

from rich.console import Console

from agent.commands.costs import decisions_table, models_table
from agent.commands.schedule import plans_table
from pipeline.catalog import managed_model
from pipeline.commands.reporting import looks_table

COST = {
    "decisions": 12_345,
    "look_cpu_seconds": 1_234.56,
    "trainings": 123,
    "training_cpu_seconds": 12_345.6,
    "labels_judged_by": 3_000,
    "labels_learned_from": 1_234_567,
    "llm_tokens": 123_456_789,
    "llm_usd": 12.3456,
    "ledger_bytes": 123_456,
}


def shown(table) -> str:
    console = Console(width=80, file=StringIO())
    console.print(table)
    return console.file.getvalue()


def test_the_tables_of_costs_keep_names_and_ids_whole_and_fold_figures():
    names = ["breast_cancer", "sms_spam_f1"]
    rows = [{"model": name, "cost": COST, "storage_bytes": 3_000_000_000} for name in names]
    found = shown(models_table({"models": rows, "total": COST}))
    row = {"decision_id": "177760212e85", "model": "breast_cancer", "headline": "ASK_PERSON", "cost": COST}
    found += shown(decisions_table({"decisions": [row]}))
    assert "…" not in found
    assert all(name in found for name in [*names, "177760212e85", "ASK_PERSON"])


def test_the_past_looks_keep_their_dates_and_times_whole():
    look = {"at": datetime(2026, 11, 21, 17, 9, 8, tzinfo=UTC), "scheduled": False, "messages": 500, "labelled": 278}
    figures = {"vocabulary_drift": 0.715, "tfidf_drift": 0.878, "numeric_drift": None}
    row = look | figures | {"accuracy": 0.849, "p_below_floor": 1.0}
    found = shown(looks_table([row], managed_model("sms_spam").monitoring))
    assert "…" not in found
    wanted = ["2026-11-21", "17:09:08", "unscheduled", "0.715", "84.9%", "278"]
    assert [word for word in wanted if word not in found] == []


def test_the_schedule_keeps_names_dates_and_times_whole():
    plan = {
        "model": "breast_cancer",
        "kind": "retrain",
        "when": "30 4 1-7 * mon in America/Argentina/Buenos_Aires",
        "last_at": datetime(2026, 11, 20, 7, 31, tzinfo=UTC),
        "next_at": datetime(2026, 12, 7, 7, 32, tzinfo=UTC),
        "next_local": "2026-12-06T23:33:00-03:00",
    }
    found = shown(plans_table([plan]))
    assert "…" not in found
    wanted = ["breast_cancer", "retrain", "2026-11-20", "07:31", "2026-12-07", "07:32", "2026-12-06", "23:33"]
    assert [word for word in wanted if word not in found] == []
