"""What waits for a person: approve or reject, once, with the operator's token."""

import streamlit as st

from dashboard import frame, words
from dashboard.answers.decisions import Approval
from dashboard.harmless import harmless


def draw() -> None:
    waiting = frame.client().approvals().approvals
    if not waiting:
        frame.nothing("Nothing waits for approval.", "With autonomy `propose` the agent asks before it acts.")
        return
    if not frame.access().may_approve:
        st.info("Viewer mode: answering takes an operator's or an approver's token.", icon=":material/visibility:")
    who = st.text_input("Who answers, for the record", value=frame.settings().who, key="who", max_chars=80)
    for approval in waiting:
        _ask(approval, who)


def _ask(approval: Approval, who: str) -> None:
    bound = approval.binding
    thought = frame.client().decision(bound.decision_id)
    with st.container(border=True):
        st.markdown(f"#### {words.plain(bound.action).capitalize()} · `{bound.model}`")
        st.caption(
            f"Asked {words.ago(approval.requested_at, frame.now())}, {words.left(approval.expires_at, frame.now())}. "
            f"Bound to decision `{bound.decision_id}`, champion {words.tag(bound.champion_version)}."
        )
        for name, value in bound.arguments.items():
            st.markdown(f"- {words.plain(name)}: `{value}`")
        for reason in thought.reasoning:
            st.markdown(f"- {harmless(reason)}")
        st.page_link(
            "pages/decisions.py",
            label="The decision with its evidence",
            icon=":material/gavel:",
            query_params={"model": bound.model, "decision": bound.decision_id},
        )
        _buttons(approval, who)


def _buttons(approval: Approval, who: str) -> None:
    st.text_input("Reason, if any", key=_reason_key(approval), max_chars=500)
    left, right, _ = st.columns([1, 1, 5])
    barred = not frame.access().may_approve or not who.strip()
    press = frame.doing(_answer)
    left.button(
        "Approve",
        key=f"yes:{approval.approval_id}",
        type="primary",
        disabled=barred,
        on_click=press,
        args=(approval, who, True),
    )
    right.button(
        "Reject", key=f"no:{approval.approval_id}", disabled=barred, on_click=press, args=(approval, who, False)
    )


def _reason_key(approval: Approval) -> str:
    return f"why:{approval.approval_id}"


def _answer(approval: Approval, who: str, granted: bool) -> str:
    reason = str(st.session_state.get(_reason_key(approval)) or "").strip()
    frame.client().answer_approval(approval.approval_id, granted=granted, who=who.strip(), reason=reason)
    done = "approved: the agent carries it out" if granted else "rejected"
    return f"{words.plain(approval.binding.action).capitalize()} of {approval.binding.model} {done}."


st.title("Approvals", anchor=False)
frame.refreshing(draw)
