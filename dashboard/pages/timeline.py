"""What retrainings and releases brought over time."""

import streamlit as st

from dashboard import charts, frame, tables


def draw(name: str) -> None:
    events = frame.client().timeline(name).events
    chart = charts.timeline_chart(events)
    if chart is None:
        frame.nothing("Nothing was trained or moved yet.", f"`python -m pipeline train {name} --promote`")
        return
    st.altair_chart(chart, width="stretch")
    st.dataframe(
        tables.event_table(events),
        hide_index=True,
        column_config={
            "at": st.column_config.DatetimeColumn("at", format="YYYY-MM-DD HH:mm", width=130),
            "what": st.column_config.TextColumn(width=110),
            "said": st.column_config.TextColumn("what it came to", width=470),
        },
    )


st.title("Retraining history", anchor=False)
chosen = frame.chosen_model()
frame.refreshing(lambda: draw(chosen))
