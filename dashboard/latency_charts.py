"""How long answers took and how many there were, as charts. Pure: no clock, no files, no requests."""

import altair as alt
import pandas as pd

from dashboard.answers.latency import Latencies
from dashboard.charts import ALARM, CALM, HEIGHT, LINE_COLOURS, WHEN, Chart, moved

# What a line shows, by the field of a point; the slowest minute is drawn thin.
LINES = {"p50_ms": "median", "p99_ms": "99%", "worst_p99_ms": "99% of the slowest"}
LINE_WIDTHS = (1.7, 1.7, 0.8)
ENDS = {"answered": CALM, "refused": LINE_COLOURS[1], "failed": ALARM}


def latency_frame(found: Latencies) -> pd.DataFrame:
    """One row a point and known percentile: at, line, milliseconds, requests."""
    rows = [
        {"at": point.at, "line": name, "milliseconds": value, "requests": point.requests}
        for point in found.points
        for field, name in LINES.items()
        if (value := getattr(point, field)) is not None
    ]
    return pd.DataFrame(rows, columns=["at", "line", "milliseconds", "requests"])


def request_frame(found: Latencies) -> pd.DataFrame:
    """One row a point and way of ending that occurred: at, end, requests."""
    rows = [
        {"at": point.at, "end": end, "requests": number}
        for point in found.points
        for end, number in (
            ("answered", point.requests - point.refused - point.failed),
            ("refused", point.refused),
            ("failed", point.failed),
        )
        if number
    ]
    return pd.DataFrame(rows, columns=["at", "end", "requests"])


def latency_chart(found: Latencies) -> Chart | None:
    """Median and 99th percentile on a logarithmic scale: they are often a hundredfold apart."""
    frame = latency_frame(found)
    if frame.empty:
        return None
    names = list(LINES.values())
    tips = ["at:T", "line:N", alt.Tooltip("milliseconds:Q", format=".3~r"), "requests:Q"]
    lines = (
        alt.Chart(frame)
        .mark_line(point=alt.OverlayMarkDef(size=10))
        .encode(
            x=WHEN,
            y=alt.Y(
                "milliseconds:Q",
                title="milliseconds",
                scale=alt.Scale(type="log"),
                axis=alt.Axis(tickCount=5, gridOpacity=0.4),
            ),
            color=alt.Color(
                "line:N",
                title=None,
                scale=alt.Scale(domain=names, range=list(LINE_COLOURS)),
                legend=alt.Legend(orient="top"),
            ),
            strokeWidth=alt.StrokeWidth("line:N", legend=None, scale=alt.Scale(domain=names, range=list(LINE_WIDTHS))),
            tooltip=tips,
        )
    )
    return alt.layer(*moved(found.moves), lines).properties(height=HEIGHT)


def request_chart(found: Latencies) -> Chart | None:
    """Requests of each stretch of time, by how they ended."""
    frame = request_frame(found)
    if frame.empty:
        return None
    ends = [end for end in ENDS if end in set(frame["end"])]
    bars = (
        alt.Chart(frame)
        .mark_bar(width=alt.RelativeBandSize(0.9))
        .encode(
            x=WHEN,
            y=alt.Y("requests:Q", title="requests"),
            color=alt.Color(
                "end:N",
                title=None,
                scale=alt.Scale(domain=ends, range=[ENDS[end] for end in ends]),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=["at:T", "end:N", "requests:Q"],
        )
    )
    return alt.layer(bars, *moved(found.moves)).properties(height=HEIGHT)


def version_table(found: Latencies) -> pd.DataFrame:
    """One line a version that was asked in the time; latencies in milliseconds."""
    return pd.DataFrame(
        {
            "version": [one.version or "none loaded" for one in found.versions],
            "requests": [one.requests for one in found.versions],
            "median, ms": [one.p50_ms for one in found.versions],
            "99%, ms": [one.p99_ms for one in found.versions],
            "refused": [one.refused for one in found.versions],
            "failed": [one.failed for one in found.versions],
        }
    )
