"""The label queue: the messages whose labels say most about accuracy, one at a time, with the keyboard."""

import streamlit as st

from dashboard import frame, tables
from dashboard.answers.messages import Queue, Shown
from dashboard.words import CORRECT_KEY, SKIP_KEY, keys_of


def draw(name: str) -> None:
    queue = frame.client().label_queue(name)
    passed = st.session_state.setdefault(f"passed:{name}", [])
    waiting = [item for item in queue.items if item.prediction_id not in passed]
    _progress(name, queue)
    if not waiting:
        _none_left(name, queue)
        return
    _message(waiting[0])
    _buttons(name, queue, waiting[0])


def _progress(name: str, queue: Queue) -> None:
    given = len(st.session_state.get(f"given:{name}", ()))
    st.caption(f"{queue.waiting} different messages of the newest {queue.window} wait; {queue.labelled} have a label.")
    if given:
        st.progress(given / (given + queue.waiting), f"{given} labelled in this session")


def _none_left(name: str, queue: Queue) -> None:
    frame.nothing(
        "Nothing is left to label." if queue.window else "There are no messages to label yet.",
        "What was skipped comes again after a reload." if st.session_state[f"passed:{name}"] else "",
    )


def _message(item: Shown) -> None:
    with st.container(border=True, height=150):
        # As plain text: what a stranger wrote must not become a link or a picture.
        st.text(tables.shown_text(item))
    st.caption("The model's own answer is not shown: people would lean towards it.")


def _buttons(name: str, queue: Queue, item: Shown) -> None:
    may = frame.access().may_act
    if not may:
        st.info("Viewer mode: labelling takes the operator's token.", icon=":material/visibility:")
    columns = st.columns([2] * len(queue.labels) + [1, 1])
    for column, label, key in zip(columns, queue.labels, keys_of(queue.labels), strict=False):
        column.button(
            label,
            key=f"label:{label}",
            shortcut=key,
            disabled=not may,
            width="stretch",
            type="primary",
            on_click=frame.doing(_give),
            args=(name, item.prediction_id, label),
        )
    columns[-2].button(
        "Skip", key="skip", shortcut=SKIP_KEY, width="stretch", on_click=_pass, args=(name, item.prediction_id)
    )
    columns[-1].button(
        "Correct last",
        key="correct",
        shortcut=CORRECT_KEY,
        disabled=not may or not st.session_state.get(f"given:{name}"),
        width="stretch",
        help="Gives the last label the other class.",
        on_click=frame.doing(_turn_over),
        args=(name, queue.labels),
    )


def _give(name: str, prediction_id: str, label: str) -> str:
    frame.client().give_label(name, prediction_id, label)
    st.session_state.setdefault(f"given:{name}", []).append((prediction_id, label))
    return f"Labelled {label}."


def _pass(name: str, prediction_id: str) -> None:
    st.session_state[f"passed:{name}"].append(prediction_id)


def _turn_over(name: str, labels: tuple[str, ...]) -> str:
    """The last label becomes the other class: labels are kept for ever, and the newest counts."""
    prediction_id, label = st.session_state[f"given:{name}"][-1]
    other = next(one for one in labels if one != label)
    frame.client().give_label(name, prediction_id, other)
    st.session_state[f"given:{name}"][-1] = (prediction_id, other)
    return f"The last label is {other} now."


st.title("Label queue", anchor=False)
chosen = frame.chosen_model()
frame.refreshing(lambda: draw(chosen))
