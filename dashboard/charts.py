"""Answers of the agent as charts. Pure: no clock, no files, no requests.

Colours are readable on light and on dark; text and grid follow the theme of the page.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from dashboard import words
from dashboard.answers.messages import Pattern
from dashboard.answers.versions import Event, RuleResult
from dashboard.answers.windows import Move, Series

ALARM, CALM, MOVED = "#e45756", "#3f9d5f", "#9b6fd0"
LINE_COLOURS = ("#4c8fd6", "#e08e2b", "#2aa198")
HEIGHT = 260
Chart = alt.LayerChart | alt.FacetChart | alt.Chart

WHEN = alt.X("at:T", title=None, axis=alt.Axis(labelAngle=0, tickCount=7, labelOverlap=True))


def drift_frame(series: Series) -> pd.DataFrame:
    """One row a window and known score: at, score, value."""
    rows = [
        {"at": window.at, "score": name, "value": value, "messages": window.drift.messages, "patterns": window.patterns}
        for window in series.windows
        for field, name in words.SCORES.items()
        if (value := getattr(window.drift, field)) is not None
    ]
    return pd.DataFrame(rows, columns=["at", "score", "value", "messages", "patterns"])


def accuracy_frame(series: Series) -> pd.DataFrame:
    """One row a window with labels: at, estimate, low, high, labelled."""
    known = [window for window in series.windows if window.accuracy.estimate is not None]
    return pd.DataFrame(
        [
            {"at": window.at, **{name: getattr(window.accuracy, name) for name in ACCURACY_COLUMNS[1:]}}
            for window in known
        ],
        columns=list(ACCURACY_COLUMNS),
    )


ACCURACY_COLUMNS = ("at", "estimate", "low", "high", "labelled", "upper_estimate")


def reading_frame(series: Series, statistic: str) -> pd.DataFrame:
    """One row a window in which the statistic was measured: at, raw, expected, alarm_at."""
    rows = [
        {"at": window.at, "raw": one.raw, "expected": one.expected, "alarm_at": one.alarm_at}
        for window in series.windows
        for one in window.readings
        if one.statistic == statistic
    ]
    return pd.DataFrame(rows, columns=["at", "raw", "expected", "alarm_at"])


def statistics(series: Series) -> dict[str, str]:
    """The statistics that were measured, by name, with their words; what moved most in the newest window is first."""
    known: dict[str, float] = {}
    for window in series.windows:
        for one in window.readings:
            width = (one.alarm_at or 0.0) - (one.expected or 0.0)
            known[one.statistic] = ((one.raw or 0.0) - (one.expected or 0.0)) / width if width else 0.0
    ordered = sorted(known, key=lambda name: -known[name])
    return {name: series.names.get(name, words.plain(name)) for name in ordered}


CLASS_MIX = "positive_rate"


def drift_chart(series: Series) -> Chart | None:
    """The drift scores on their common scale: below the line a score is as expected at its window's size."""
    frame, line = drift_frame(series), series.lines.drift_threshold
    if frame.empty:
        return None
    top = max(float(frame["value"].max()) * 1.1, 2 * line)
    value = alt.Y("value:Q", title="drift score", scale=alt.Scale(domain=[0, top]))
    colour = alt.Color("score:N", title=None, scale=_scale(frame["score"]), legend=alt.Legend(orient="top"))
    tips: list[Any] = ["at:T", "score:N", alt.Tooltip("value:Q", format=".3f"), "messages:Q", "patterns:Q"]
    base = alt.Chart(frame).encode(x=WHEN, y=value, color=colour, tooltip=tips)
    above = base.transform_filter(alt.datum.value > line).mark_point(filled=True, size=34)
    layers = [
        _band(0.0, line),
        *moved(series.moves),
        base.mark_line(strokeWidth=1.7),
        above,
        *_line(line, "alarm line"),
    ]
    return alt.layer(*layers).properties(height=HEIGHT)


def accuracy_chart(series: Series) -> Chart | None:
    """Accuracy from labels with its 98% interval and the floor."""
    frame, floor = accuracy_frame(series), series.lines.accuracy_floor
    if frame.empty:
        return None
    bottom = min(float(frame["low"].min()), floor) - 0.02
    scale = alt.Scale(domain=[max(bottom, 0.0), 1.0])
    tips: list[Any] = [
        "at:T",
        *(alt.Tooltip(f"{name}:Q", format=".1%") for name in ("estimate", "low", "high")),
        "labelled:Q",
    ]
    base = alt.Chart(frame).encode(x=WHEN, tooltip=tips)
    percent = alt.Axis(format="%")
    area = base.mark_area(opacity=0.22, color=LINE_COLOURS[0]).encode(
        y=alt.Y("low:Q", scale=scale, title="accuracy", axis=percent), y2="high:Q"
    )
    line = base.mark_line(color=LINE_COLOURS[0], point=alt.OverlayMarkDef(size=14)).encode(y="estimate:Q")
    return alt.layer(area, *moved(series.moves), line, *_line(floor, "floor")).properties(height=HEIGHT)


def reading_chart(series: Series, statistic: str) -> Chart | None:
    """One statistic as it was measured, in the band between what is expected at its window's size and the alarm."""
    frame = reading_frame(series, statistic)
    if frame.empty:
        return None
    shown_as = "%" if statistic in series.shares else ".3f"
    axis = alt.Axis(format=".0%" if shown_as == "%" else ".2f")
    tips: list[Any] = ["at:T", *(alt.Tooltip(f"{name}:Q", format=".1%" if shown_as == "%" else ".3f") for name in READ)]
    base = alt.Chart(frame).encode(x=WHEN, tooltip=tips)
    band = base.mark_area(opacity=0.18, color=CALM).encode(
        y=alt.Y("expected:Q", title=None, axis=axis, scale=alt.Scale(zero=False)), y2="alarm_at:Q"
    )
    expected = base.mark_line(color=CALM, strokeDash=[4, 3]).encode(y="expected:Q")
    alarm = base.mark_line(color=ALARM, strokeWidth=1.4).encode(y="alarm_at:Q")
    raw = base.mark_line(color=LINE_COLOURS[0], strokeWidth=1.7).encode(y="raw:Q")
    return alt.layer(band, *moved(series.moves), expected, alarm, raw).properties(height=HEIGHT)


READ = ("raw", "expected", "alarm_at")


def rule_chart(rules: Sequence[RuleResult]) -> Chart | None:
    """How far each rule of the gate was from its line, in the units of the rule: to the right is passed."""
    rows = [
        {
            "rule": words.plain(rule.rule),
            "margin": (rule.observed - rule.required) * (-1 if rule.rule == "served_parity" else 1),
            "outcome": rule.outcome,
            "reason": rule.reason,
        }
        for rule in rules
        if rule.observed is not None and rule.required is not None
    ]
    if not rows:
        return None
    outcomes = ["passed", "failed", "undecided"]
    colour = alt.Color(
        "outcome:N", title=None, scale=alt.Scale(domain=outcomes, range=[CALM, ALARM, LINE_COLOURS[1]]), legend=None
    )
    bars = (
        alt.Chart(pd.DataFrame(rows))
        .mark_bar(size=14)
        .encode(
            x=alt.X("margin:Q", title="beyond the line"),
            y=alt.Y("rule:N", title=None, sort=None, axis=alt.Axis(labelLimit=220, labelOverlap=False)),
            color=colour,
            tooltip=["rule:N", alt.Tooltip("margin:Q", format="+.4f"), "outcome:N", "reason:N"],
        )
    )
    zero = alt.Chart(pd.DataFrame({"margin": [0.0]})).mark_rule(color="#8a94a0").encode(x="margin:Q")
    return alt.layer(bars, zero).properties(height=40 + 26 * len(rows))


KINDS = ("trained", "promoted", "rolled back", "not promoted", "rollout", "rejected", "not done", "outcome")
KIND_COLOURS = (LINE_COLOURS[0], CALM, MOVED, LINE_COLOURS[1], "#2aa198", "#b5832a", ALARM, "#8a94a0")


def timeline_chart(events: Sequence[Event]) -> Chart | None:
    """What happened to the versions of a model, one lane a kind."""
    rows = [
        {
            "at": event.at,
            "what": words.EVENTS.get(event.kind, event.kind),
            "said": words.event_sentence(event.kind, event.model_dump()),
            "by": event.by,
        }
        for event in events
    ]
    if not rows:
        return None
    kinds = [kind for kind in KINDS if any(row["what"] == kind for row in rows)]
    colours = [KIND_COLOURS[KINDS.index(kind)] for kind in kinds]
    chart: alt.Chart = (
        alt.Chart(pd.DataFrame(rows))
        .mark_point(filled=True, size=110, opacity=0.85)
        .encode(
            x=WHEN,
            y=alt.Y("what:N", title=None, sort=kinds, axis=alt.Axis(grid=True)),
            color=alt.Color("what:N", legend=None, scale=alt.Scale(domain=kinds, range=colours)),
            tooltip=["at:T", "what:N", "said:N", "by:N"],
        )
        .properties(height=60 + 34 * len(kinds))
    )
    return chart


def pattern_chart(patterns: Sequence[Pattern]) -> Chart | None:
    """New patterns by the share of messages that hold them."""
    rows = [
        {
            "pattern": ", ".join(pattern.terms) or f"pattern {place}",
            "share": pattern.share,
            "count": pattern.count,
            "lift": pattern.lift,
        }
        for place, pattern in enumerate(patterns, 1)
    ]
    if not rows:
        return None
    chart: alt.Chart = (
        alt.Chart(pd.DataFrame(rows))
        .mark_bar(size=15, color=LINE_COLOURS[1])
        .encode(
            x=alt.X("share:Q", title="share of the window's messages", axis=alt.Axis(format="%")),
            y=alt.Y("pattern:N", title=None, sort=None, axis=alt.Axis(labelLimit=320, labelOverlap=False)),
            tooltip=["pattern:N", "count:Q", alt.Tooltip("share:Q", format=".1%"), alt.Tooltip("lift:Q", format=".0f")],
        )
        .properties(height=40 + 26 * len(rows))
    )
    return chart


def _scale(names: "pd.Series[Any]") -> alt.Scale:
    known = [name for name in words.SCORES.values() if name in set(names)]
    return alt.Scale(domain=known, range=list(LINE_COLOURS[: len(known)]))


def _band(low: float, high: float) -> alt.Chart:
    """The whole width between two values: where a reading is as expected."""
    base = alt.Chart(pd.DataFrame({"low": [low], "high": [high]}))
    band: alt.Chart = base.mark_rect(opacity=0.10, color=CALM).encode(y="low:Q", y2="high:Q")
    return band


def _line(value: float, name: str) -> list[alt.Chart]:
    base = alt.Chart(pd.DataFrame({"value": [value], "name": [f"{name} {value:g}"]}))
    rule = base.mark_rule(color=ALARM, strokeDash=[6, 3], strokeWidth=1.4).encode(y="value:Q")
    text = base.mark_text(align="left", baseline="bottom", dx=4, dy=-3, color=ALARM, fontSize=11).encode(
        x=alt.value(0), y="value:Q", text="name:N"
    )
    return [rule, text]


def moved(moves: Sequence[Move]) -> list[alt.Chart]:
    """Where the champion changed: what was measured before and after is of different versions."""
    if not moves:
        return []
    rows = [{"at": move.at, "version": f"v{move.to_version}", "kind": words.plain(move.kind)} for move in moves]
    base = alt.Chart(pd.DataFrame(rows)).encode(x=WHEN, tooltip=["at:T", "kind:N", "version:N"])
    text = base.mark_text(align="left", baseline="top", dx=4, dy=2, color=MOVED, fontSize=11)
    return [base.mark_rule(color=MOVED, strokeWidth=1.3), text.encode(y=alt.value(0), text="version:N")]
