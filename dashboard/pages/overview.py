"""All managed models: which need somebody, what serves, what the agent thinks."""

import streamlit as st

from dashboard import frame, tables, words
from dashboard.answers.models import ModelRow, Overview
from dashboard.harmless import harmless

CARDS = 3
ROWS_SHOWN = 11
ROW_HEIGHT = 35


def draw() -> None:
    found = frame.client().overview()
    if not found.models:
        frame.nothing("No model is managed yet.", "A managed model is one file: docs/add-a-model.md")
        return
    light, search = _filters(found)
    _table(tables.chosen(found.models, light, search), found)
    for row in tables.needing(found, CARDS):
        _card(row, found)


def _card(row: ModelRow, found: Overview) -> None:
    lamp, thought = words.lamp(row.light), row.last_decision
    with st.container(border=True):
        left, right = st.columns([6, 1], vertical_alignment="center")
        left.markdown(f":{lamp.colour}-badge[{lamp.icon} {lamp.word}] **{row.title}** · `{row.model}` · {row.why}")
        if thought and thought.thinks:
            by = words.DECIDERS.get(thought.decided_by or "", "the rules")
            headline, _ = words.headline(thought.headline)
            left.caption(
                f"{by.capitalize()} ({words.ago(thought.at, found.at)}): **{headline}**. {harmless(thought.thinks)}"
            )
        if right.button("Open", key=f"open:{row.model}", width="stretch"):
            _open(row.model)


def _filters(found: Overview) -> tuple[str | None, str]:
    counts = tables.counts(found)
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    shown = [light for light, count in counts.items() if count]
    light = left.segmented_control(
        f"{len(found.models)} managed models",
        shown,
        format_func=lambda name: f"{words.lamp(name).icon} {counts[name]} {words.lamp(name).word}",
        key="light",
    )
    search = right.text_input("Search", key="search", placeholder="name, title, reason")
    return light, search


def _table(rows: list[ModelRow], found: Overview) -> None:
    if not rows:
        frame.nothing("No model fits this filter.", "Clear the search or choose another state.")
        return
    config = st.column_config
    table = tables.overview_table(rows, found.at)
    state = st.dataframe(
        table,
        key="models",
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        placeholder="–",
        height=ROW_HEIGHT * (min(len(rows), ROWS_SHOWN) + 1) + 3,
        column_config={
            "state": config.MultiselectColumn(
                "state", options=[lamp.word for lamp in words.LAMPS.values()], color=words.LAMP_COLOURS, width=90
            ),
            "model": config.TextColumn("model", width=105),
            "why": config.TextColumn("why", width=200),
            "drift": config.NumberColumn("drift", format="%.3f", width=60, help="Largest drift score; 0 is typical."),
            "recent": config.LineChartColumn("windows", y_min=0.0, width=100),
            "accuracy": config.NumberColumn("accuracy", format="%.1f%%", width=75),
            "champion": config.TextColumn("serves", width=60),
            "decision": config.TextColumn("last decision", width=95),
            "looked": config.TextColumn("looked at", width=110),
            "waiting": config.NumberColumn("to approve", width=80),
            "interval": config.TextColumn("98% interval", width=125),
        },
    )
    picked = state.selection.rows
    if picked and picked[0] < len(rows):
        _open(rows[picked[0]].model)
    st.caption("A row opens its model. Headers sort.")


def _open(model: str) -> None:
    st.switch_page("pages/model.py", query_params={frame.MODEL: model})


st.title("Managed models", anchor=False)
frame.refreshing(draw)
