"""The dashboard's entry: navigation, what this reader may do, links from alerts; each page is a file of its own."""

import streamlit as st

from dashboard import frame

st.set_page_config(page_title="Refit", page_icon=":material/model_training:", layout="wide", initial_sidebar_state=220)

OVERVIEW = st.Page("pages/overview.py", title="Overview", icon=":material/grid_view:", default=True)
MODEL = st.Page("pages/model.py", title="One model", icon=":material/monitoring:")
VERSIONS = st.Page("pages/versions.py", title="Versions", icon=":material/compare_arrows:")
TIMELINE = st.Page("pages/timeline.py", title="Retraining history", icon=":material/timeline:")
DECISIONS = st.Page("pages/decisions.py", title="Decisions", icon=":material/gavel:")
APPROVALS = st.Page("pages/approvals.py", title="Approvals", icon=":material/approval:")
MESSAGES = st.Page("pages/messages.py", title="Messages", icon=":material/sms:")
LABELS = st.Page("pages/labels.py", title="Label queue", icon=":material/label:")
CHAT = st.Page("pages/chat.py", title="Ask the agent", icon=":material/forum:")

READS = "This token reads and asks, and changes nothing."

page = st.navigation(
    {
        "Watch": [OVERVIEW, MODEL, VERSIONS, TIMELINE],
        "Decide": [DECISIONS, APPROVALS, CHAT],
        "Label": [LABELS, MESSAGES],
    }
)


def follow_link() -> None:
    """Alerts link to the root with a model and perhaps a decision: open the page that shows it."""
    asked = {name: st.query_params[name] for name in ("model", "decision") if st.query_params.get(name)}
    if page is OVERVIEW and asked:
        st.switch_page(DECISIONS if "decision" in asked else MODEL, query_params=asked)


def show_standing() -> None:
    access = frame.access()
    with st.sidebar:
        if not access.may_act:
            mode = "approver mode" if access.may_approve else "viewer mode"
            told = "This token answers approvals and changes nothing else." if access.may_approve else READS
            st.badge(mode, icon=":material/visibility:", color="gray", help=told)
        if access.llm:
            st.caption(f":material/psychology: Deciding model: {access.llm}")
        else:
            st.caption(":material/rule: No deciding model is set up: the rules decide alone.")


if frame.greet():
    show_standing()
    follow_link()
    page.run()
