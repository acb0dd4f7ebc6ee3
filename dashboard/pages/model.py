"""One managed model: its state, drift, accuracy, class mix, latency, versions and slots, over time."""

import streamlit as st

from dashboard import charts, frame, latency_charts, tables, words
from dashboard.answers.latency import Latencies
from dashboard.answers.models import Model
from dashboard.answers.windows import Series
from dashboard.charts import Chart
from dashboard.harmless import harmless

RANGES = {"1 hour": 1 / 24, "24 hours": 1.0, "7 days": 7.0, "30 days": 30.0, "90 days": 90.0, "1 year": 365.0}


def draw(name: str, days: float) -> None:
    model = frame.client().model(name)
    _head(model)
    series = frame.client().series(name, days)
    if not series.windows:
        frame.nothing(
            "No window was measured in this time.",
            f"A full window has {model.rules['window_rows']} messages. Choose a longer time, or send some.",
        )
    else:
        _charts(series)
    _latency(frame.client().latency(name, days))
    _now(model)


def _head(model: Model) -> None:
    lamp = words.lamp(model.light)
    st.markdown(f":{lamp.colour}-badge[{lamp.icon} {lamp.word}] **{model.why}**")
    thought = model.last_decision
    if thought:
        by = words.DECIDERS.get(thought.decided_by or "", "the rules").capitalize()
        headline, _ = words.headline(thought.headline)
        said = f"{by}, {words.ago(thought.at, frame.now())}: **{headline}**. {harmless(thought.thinks or '')}"
        st.markdown(f"{said} [See the decision](decisions?model={model.model}&decision={thought.decision_id})")
    _figures(model)
    for trouble in model.served.problems if model.served else ():
        st.warning(trouble, icon=":material/dns:")


def _figures(model: Model) -> None:
    accuracy, lines = model.accuracy, model.lines
    latency = model.served.latency if model.served else None
    boxes = st.columns(5)
    boxes[0].metric("Champion", model.champion or "none", help=f"Since {words.ago(model.promoted_at, frame.now())}.")
    boxes[1].metric("Largest drift score", words.number(model.drift), help=f"The line is {lines.drift_threshold:g}.")
    boxes[2].metric(
        "Accuracy",
        words.percent(accuracy.estimate),
        delta=words.interval(accuracy.low, accuracy.high) or None,
        delta_color="off",
        delta_arrow="off",
        help=f"98% interval of {accuracy.labelled or 0} labels. The floor is {lines.accuracy_floor:.1%}.",
    )
    p50, p99 = (latency.p50_ms, latency.p99_ms) if latency else (None, None)
    boxes[3].metric(
        "Latency, median",
        "unknown" if p50 is None else f"{words.number(p50, 2)} ms",
        delta=None if p99 is None else f"99%: {words.number(p99, 2)} ms",
        delta_color="off",
        delta_arrow="off",
        help="Of the newest single predictions of the service's process, at most 4,096.",
    )
    boxes[4].metric("Waits for approval", model.waiting, help=f"Autonomy: {model.autonomy}.")


def _charts(series: Series) -> None:
    left, right = st.columns(2)
    with left:
        _chart("Drift scores", charts.drift_chart(series), "Scores are 0 when typical; the band is what is expected.")
    with right:
        _chart("Accuracy", charts.accuracy_chart(series), "From labels, with the 98% interval.")
    known = charts.statistics(series)
    with left:
        picked = st.selectbox("What moved", list(known), format_func=lambda name: known[name], key="statistic")
        if picked:
            _chart(None, charts.reading_chart(series, picked), "Measured (blue), expected (dashed) and alarm (red).")
    with right:
        mix = charts.reading_chart(series, charts.CLASS_MIX)
        _chart("Class mix", mix, "Share of messages called positive, beside what is expected.")
    if series.measured > len(series.windows):
        st.caption(
            f"{len(series.windows)} of {series.measured} windows are drawn: of each stretch of time those with the "
            "largest drift and the lowest accuracy."
        )


def _latency(found: Latencies) -> None:
    left, right = st.columns(2)
    step, row = words.lasting(found.step_seconds), words.lasting(found.row_seconds).removeprefix("1 ")
    with left:
        chart = latency_charts.latency_chart(found)
        _chart(
            "Latency", chart, f"Of all single predictions of {step} together; thin: the slowest {row} of one process."
        )
    with right:
        chart = latency_charts.request_chart(found)
        _chart("Requests", chart, f"Single predictions in {step}; refused: 4xx, failed: 5xx.")
    if len(found.versions) > 1:
        st.dataframe(latency_charts.version_table(found), hide_index=True)


def _chart(title: str | None, chart: Chart | None, caption: str) -> None:
    if title:
        st.markdown(f"**{title}**")
    if chart is None:
        frame.nothing("Nothing was measured of this in this time.")
        return
    st.altair_chart(chart, width="stretch")
    st.caption(caption)


def _now(model: Model) -> None:
    left, right = st.columns(2)
    with left:
        st.markdown("**Versions and slots**")
        if model.served is None:
            frame.nothing("The prediction service does not answer.", "`python -m serving`, or REFIT_AGENT_SERVING_URL.")
        else:
            st.dataframe(tables.slot_table(model.served.slots), hide_index=True)
        _rollout(model)
    with right:
        st.markdown("**The newest window**")
        _window(model)


def _rollout(model: Model) -> None:
    if model.pin:
        st.info(
            f"v{model.pin.version} is pinned by {model.pin.who}: {harmless(model.pin.why)}", icon=":material/push_pin:"
        )
    if not model.rollout:
        return
    rollout = model.rollout
    stage = rollout.stages[rollout.stage - 1]
    share = f", {stage.share:.0%} of the requests" if stage.traffic == "canary" else ""
    st.progress(
        rollout.stage / (len(rollout.stages) + 1),
        f"Rollout of v{rollout.version}: stage {rollout.stage} of {len(rollout.stages)}, {stage.traffic}{share}",
    )


def _window(model: Model) -> None:
    window = model.newest_window
    if window is None:
        frame.nothing("No window was measured yet.", "The agent looks by the clock; `python -m agent check` looks now.")
        return
    st.markdown(window.recommendation or "Nothing is said of its drift.")
    for line in window.accuracy:
        st.markdown(f"- {line}")
    if window.drift:
        with st.expander("What the monitoring says of its drift"):
            st.markdown("\n".join(f"- {line}" for line in window.drift))


def _look_now(name: str) -> str:
    return f"The agent looked: {words.plain(frame.client().check(name))}."


st.title("One model", anchor=False)
first, second, third = st.columns([5, 8, 2], vertical_alignment="bottom")
with first:
    chosen = frame.chosen_model()
reach = second.segmented_control("Time", list(RANGES), default="30 days", key="reach", required=True)
third.button(
    "Look now",
    disabled=not frame.access().may_act,
    help="Have the agent look, decide and act.",
    on_click=frame.doing(_look_now),
    args=(chosen,),
)
frame.refreshing(lambda: draw(chosen, RANGES[reach or "30 days"]))
