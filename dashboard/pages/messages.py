"""New patterns and examples of what the champion answered; the text only where the settings allow it."""

import streamlit as st

from dashboard import charts, frame, tables, words

SCORE = st.column_config.ProgressColumn("confidence", min_value=0.0, max_value=1.0, format="%.2f", width=110)


def draw_patterns(name: str) -> None:
    found = frame.client().patterns(name)
    st.markdown("**New patterns**")
    chart = charts.pattern_chart(found.patterns)
    if chart is None:
        frame.nothing(f"No new pattern in the newest {found.windows_looked_at} windows.")
        return
    at = words.clock(found.at) if found.at else "unknown"
    st.altair_chart(chart, width="stretch")
    hidden = "" if found.with_terms else " Their words are hidden: messages may be shown to operators only."
    st.caption(f"Terms that far more messages hold than in training, in the window of {at}.{hidden}")


def draw_examples(name: str, label: int) -> None:
    found = frame.client().examples(name, label)
    if not found.examples:
        frame.nothing(f"No message was called {found.label} lately.")
        return
    st.dataframe(
        {
            "at": [one.at for one in found.examples],
            "message": [tables.shown_text(one) for one in found.examples],
            "confidence": [one.score if label else 1 - one.score for one in found.examples],
            "label": [one.true_label or "" for one in found.examples],
        },
        hide_index=True,
        row_height=42,
        column_config={
            "at": st.column_config.DatetimeColumn("at", format="MM-DD HH:mm", width=95),
            "message": st.column_config.TextColumn("message", width=570),
            "confidence": SCORE,
            "label": st.column_config.TextColumn("true label", width=85),
        },
    )


def draw(name: str) -> None:
    draw_patterns(name)
    labels = frame.client().model(name).labels
    picked = st.segmented_control(
        "Newest messages that the champion called", labels, default=labels[1], key=f"class:{name}", required=True
    )
    draw_examples(name, labels.index(picked or labels[1]))


st.title("Messages and new patterns", anchor=False)
chosen = frame.chosen_model()
frame.refreshing(lambda: draw(chosen))
