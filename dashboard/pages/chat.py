"""Ask the agent about a model; with the operator's token and the switch, requests open decisions that rules bound."""

from collections.abc import Iterator
from uuid import uuid4

import streamlit as st

from dashboard import frame, words
from dashboard.answers.chat import Said
from dashboard.harmless import harmless

EXAMPLES = ("How is the model doing?", "Why was the last decision made?", "What would change the decision?")


def talk(name: str) -> tuple[str, list[dict[str, str]]]:
    """The conversation of this session about a model: its id, and what was said."""
    kept = st.session_state.setdefault("talks", {})
    found: tuple[str, list[dict[str, str]]] = kept.setdefault(name, (uuid4().hex[:12], []))
    return found


def show(said: list[dict[str, str]]) -> None:
    for turn in said:
        with st.chat_message(turn["who"]):
            st.markdown(harmless(turn["text"]))
            if turn.get("note"):
                st.caption(harmless(turn["note"]))


def answer(name: str, question: str, act: bool) -> None:
    conversation, said = talk(name)
    said.append({"who": "user", "text": question})
    show(said[-1:])
    with st.chat_message("assistant"), frame.explained():
        text, note = _told(frame.client().ask(name, question, conversation, act))
        said.append({"who": "assistant", "text": text, "note": note})


def _told(events: Iterator[Said]) -> tuple[str, str]:
    """Show an answer as it comes: the tools that are asked, the words, and last what counts."""
    status = st.status("Looking…", expanded=False)
    place, text, note = st.empty(), "", ""
    for event in events:
        if event.kind == "tool_started":
            status.update(label=f"Asking {words.plain(str(event.data.get('tool')))}…")
        elif event.kind == "tool_finished":
            status.write(f"{words.plain(str(event.data.get('tool')))}: {event.data.get('status')}")
        elif event.kind == "text":
            text += str(event.data.get("text", ""))
            place.markdown(harmless(text))
        elif event.kind == "final":
            text = str(event.data.get("answer") or event.data.get("note") or "There is no answer.")
            note = _note(event.data)
            place.markdown(harmless(text))
    status.update(label="Answered", state="complete")
    if note:
        st.caption(harmless(note))
    return text, note


def _note(data: dict[str, object]) -> str:
    by = "Answered without an LLM, from the tools alone." if data.get("by") == "tools" else ""
    said = str(data["note"]) if data.get("answer") and data.get("note") else ""
    return " ".join(part for part in (by, said) if part)


st.title("Ask the agent", anchor=False)
first, second = st.columns([3, 2], vertical_alignment="bottom")
with first:
    chosen = frame.chosen_model()
acting = second.toggle(
    "Let requests open decisions",
    disabled=not frame.access().may_act_in_chat,
    help="The policy bounds them as any other. Needs an operator's token to be set up.",
)
if frame.access().llm is None:
    st.caption(":material/rule: No deciding model is set up: answers come from the tools alone.")
show(talk(chosen)[1])
asked = st.chat_input(f"A question about {chosen}", max_chars=2_000)
if not asked and not talk(chosen)[1]:
    asked = st.pills("For example", EXAMPLES, key=f"example:{chosen}")
if asked:
    answer(chosen, asked, acting)
