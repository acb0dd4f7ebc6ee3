"""Answers as words, tables and charts: both sides of each border, and nothing where nothing is known."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard import charts, latency_charts, lineage, tables, words
from dashboard.answers.latency import Latencies
from dashboard.answers.messages import Pattern
from dashboard.answers.models import Overview
from dashboard.answers.versions import Event, RuleResult, Version
from dashboard.answers.windows import Series

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def row(model, light="green", why="Calm.", **more):
    base = {
        "model": model,
        "title": model.title(),
        "kind": "text",
        "light": light,
        "why": why,
        "champion": "v1",
        "generation": 1,
        "promoted_at": NOON,
        "autonomy": "act",
        "waiting": 0,
        "lines": {"drift_threshold": 0.15, "accuracy_floor": 0.93, "accuracy_confidence": 0.975},
        "drift": 0.04,
        "accuracy": {"estimate": 0.98, "low": 0.95, "high": 0.99},
        "recent_drift": [0.01, None, 0.04],
        "last_decision": None,
    }
    return base | more


def overview(*rows):
    return Overview.model_validate({"at": NOON, "models": rows})


FOUR = overview(
    row("calm"), row("drifting", "amber", "Drift."), row("broken", "red", "Accuracy 80%."), row("new", "grey", "New.")
)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (30, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (7_199, "1 hour ago"),
        (7_200, "2 hours ago"),
        (86_400, "1 day ago"),
    ],
)
def test_how_long_ago(seconds, said):
    assert words.ago(NOON, NOON + timedelta(seconds=seconds)) == said


def test_unknown_numbers_are_unknown_and_never_zero():
    assert (words.percent(None), words.number(None), words.ago(None, NOON)) == ("unknown", "unknown", "never")
    assert words.interval(0.9, None) == ""
    assert (words.number(0.0), words.number(1234.5, 1), words.number(3.0)) == ("0", "1,234.5", "3")
    assert (words.lamp("purple").word, words.headline("NEW_KIND")[0]) == ("unknown", "new kind")
    assert words.left(NOON, NOON) == "ran out"


def test_the_worst_comes_first_and_every_word_of_a_search_must_fit():
    assert [one.model for one in tables.chosen(FOUR.models, None, "")] == ["broken", "drifting", "new", "calm"]
    assert [one.model for one in tables.chosen(FOUR.models, "amber", "")] == ["drifting"]
    assert [one.model for one in tables.chosen(FOUR.models, None, "accuracy BROKEN")] == ["broken"]
    assert tables.chosen(FOUR.models, None, "broken drift") == []
    assert [one.model for one in tables.needing(FOUR, 5)] == ["broken", "drifting"]
    assert tables.counts(FOUR) == {"red": 1, "amber": 1, "grey": 1, "green": 1}


def test_the_overview_leaves_unknown_windows_out_of_the_sparkline():
    table = tables.overview_table(FOUR.models, NOON)
    assert table["recent"][0] == [0.01, 0.04]
    assert list(table["looked"]) == ["never"] * 4
    assert tables.overview_table([], NOON).empty


def reading(raw):
    return {"statistic": "positive_rate", "raw": raw, "expected": 0.13, "alarm_at": 0.2}


def window(seq, drift, **more):
    base = {
        "seq": seq,
        "at": NOON + seq * timedelta(hours=1),
        "generation": 1,
        "scheduled": True,
        "decision_id": None,
        "drift": {"status": "sufficient", "vocabulary_drift": drift, "tfidf_drift": None},
        "accuracy": {},
        "readings": [],
        "patterns": 0,
    }
    return base | more


def series(*windows, moves=()):
    return Series.model_validate(
        {
            "model": "calm",
            "since": NOON,
            "until": NOON + timedelta(days=1),
            "measured": len(windows),
            "windows": windows,
            "lines": {"drift_threshold": 0.2, "accuracy_floor": 0.9, "accuracy_confidence": 0.975},
            "names": {"positive_rate": "share of messages called positive"},
            "shares": ["positive_rate"],
            "moves": moves,
        }
    )


MOVE = {"at": NOON, "kind": "promote", "from_version": 1, "to_version": 2, "generation": 2}


def test_charts_draw_the_lines_that_the_agent_gave():
    found = charts.drift_chart(series(window(1, 0.1), window(2, 0.3), moves=[MOVE])).to_dict()
    drawn = str(found["datasets"])
    assert "alarm line 0.2" in drawn
    assert "'version': 'v2'" in drawn
    known = {"accuracy": {"estimate": 0.95, "low": 0.9, "high": 0.98, "labelled": 40}}
    assert "floor 0.9" in str(charts.accuracy_chart(series(window(1, 0.1, **known))).to_dict()["datasets"])


def measured(**more):
    return {"requests": 10, "refused": 0, "failed": 0, "p50_ms": 0.1, "p99_ms": 2.0} | more


def latencies(*points, versions=(), moves=()):
    return Latencies.model_validate(
        {
            "model": "calm",
            "since": NOON,
            "until": NOON + timedelta(days=1),
            "step_seconds": 300,
            "row_seconds": 60,
            "points": [
                {"at": NOON + place * timedelta(minutes=5), "worst_p99_ms": point.get("p99_ms")} | point
                for place, point in enumerate(points)
            ],
            "versions": versions,
            "moves": moves,
        }
    )


def test_latencies_are_drawn_where_they_are_known_and_requests_by_how_they_ended():
    refused = measured(requests=4, refused=3, failed=1, p50_ms=None, p99_ms=None)
    found = latencies(measured(), refused, moves=[MOVE])
    assert list(latency_charts.latency_frame(found)["line"]) == ["median", "99%", "99% of the slowest"]
    drawn = latency_charts.request_frame(found)
    assert list(zip(drawn["end"], drawn["requests"], strict=True)) == [("answered", 10), ("refused", 3), ("failed", 1)]
    assert "'version': 'v2'" in str(latency_charts.latency_chart(found).to_dict()["datasets"])
    assert "log" in str(latency_charts.latency_chart(found).to_dict()["layer"])
    assert latency_charts.request_chart(found) is not None


def test_versions_that_were_asked_have_a_line_each():
    found = latencies(versions=[measured(version="v1"), measured(version=None, p50_ms=None)])
    table = latency_charts.version_table(found)
    assert list(table["version"]) == ["v1", "none loaded"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(60, "1 minute"), (300, "5 minutes"), (7_200, "2 hours"), (86_400, "1 day"), (90, "90 seconds")],
)
def test_a_span_is_said_in_the_largest_unit_that_fits(seconds, said):
    assert words.lasting(seconds) == said


def test_windows_without_a_score_are_left_out_of_a_chart():
    frame = charts.drift_frame(series(window(1, 0.1), window(2, None)))
    assert list(frame["value"]) == [0.1]


def test_where_nothing_was_measured_there_is_no_chart():
    nothing = series(window(1, None))
    assert charts.drift_chart(nothing) is None
    assert charts.accuracy_chart(nothing) is None
    assert charts.reading_chart(nothing, charts.CLASS_MIX) is None
    assert latency_charts.latency_chart(latencies()) is None
    assert latency_charts.request_chart(latencies()) is None
    assert charts.timeline_chart([]) is None
    assert charts.pattern_chart([]) is None
    assert charts.rule_chart([]) is None
    assert charts.statistics(nothing) == {}


def test_what_moved_most_in_the_newest_window_is_offered_first():
    other = {"statistic": "oov_gt", "raw": 0.5, "expected": 0.1, "alarm_at": 0.12}
    found = charts.statistics(series(window(1, 0.1, readings=[reading(0.14), other])))
    assert list(found) == ["oov_gt", "positive_rate"]
    assert found["positive_rate"] == "share of messages called positive"


def test_a_rule_that_asks_for_less_is_drawn_to_the_right_when_it_is_kept():
    rules = [
        RuleResult(rule="served_parity", outcome="passed", observed=1e-12, required=1e-9, reason=""),
        RuleResult(rule="f1_at_least", outcome="failed", observed=0.8, required=0.9, reason=""),
        RuleResult(rule="better", outcome="undecided", observed=None, required=0.01, reason=""),
    ]
    margins = {
        name["rule"]: name["margin"]
        for rows in charts.rule_chart(rules).to_dict()["datasets"].values()
        for name in rows
        if "rule" in name
    }
    assert margins["served parity"] > 0 > margins["f1 at least"]
    assert "better" not in margins


def test_patterns_without_their_words_are_numbered():
    found = str(charts.pattern_chart([Pattern(count=5, share=0.1, lift=9.0)]).to_dict())
    assert "pattern 1" in found


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("trained", {"version": 2, "seconds": 3.21, "verdict": "passed", "reason": "ok"}, "trained v2 in 3.2 s, gate"),
        ("trained", {"version": None}, "no new version"),
        ("promoted", {"from_version": None, "to_version": 1}, "promoted nothing to v1"),
        ("outcome", {"accuracy_before": 0.9, "accuracy_after": None}, "accuracy 90.0% before, unknown after"),
        ("approval_granted", {"action": "roll_back", "who": "ann"}, "roll back approved by ann"),
        ("a_later_kind", {}, "a later kind"),
    ],
)
def test_an_event_is_a_sentence_of_its_own_fields(kind, body, said):
    assert said in words.event_sentence(kind, body)
    table = tables.event_table([Event(at=NOON, kind=kind, decision_id=None, by="x", **body)])
    assert said in table["said"][0]


def test_framing_events_are_not_told_twice():
    events = [
        {"kind": "effect_started", "action": "retrain", "at": "2026-11-21T12:00:00+00:00"},
        {"kind": "trained", "version": 2, "at": "2026-11-21T12:00:00+00:00"},
        {"kind": "effect_done", "action": "retrain", "at": "2026-11-21T12:00:00+00:00"},
        {"kind": "closed", "at": "2026-11-21T12:00:00+00:00"},
    ]
    assert tables.steps(events) == [("2026-11-21 12:00", "trained v2")]


def test_keys_are_first_letters_unless_they_clash():
    assert words.keys_of(("ham", "spam")) == ("h", "s")
    assert words.keys_of(("positive", "poor")) == ("1", "2")
    assert words.keys_of(("angry", "kind")) == ("1", "2")
    assert words.keys_of(("clean", "spam")) == ("1", "2")


def version(**more):
    base = {
        "version": 1,
        "tag": "v1",
        "trained_at": NOON,
        "training_rows": 10,
        "artifact_bytes": 10,
        "decision_id": None,
        "verdict": None,
        "judged_at": None,
        "judged_against": None,
        "verdict_reason": None,
        "artifact_sha256": "a" * 64,
        "run_id": None,
        "metrics": {"f1": 0.9},
        "metrics_trouble": None,
        "rules": [],
        "lineage": None,
    }
    return Version.model_validate(base | more)


def test_metrics_that_one_version_lacks_have_no_change():
    table = tables.metric_table(version(), version(tag="v2", metrics={"f1": 0.95, "accuracy": 0.99}))
    assert list(table["metric"]) == ["accuracy", "f1"]
    assert table["change"].isna().tolist() == [True, False]


def test_a_lineage_cannot_break_out_of_its_graph():
    graph = lineage.lineage_graph(version(lineage={"data": 1, "search": {}, "winner": {}, "source": 'a"]; b'} | {}))
    assert graph.count('"') % 2 == 0
    assert '"]; b' not in graph
