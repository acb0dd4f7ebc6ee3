"""The ledger of decisions: reasoning, evidence, margins, other numbers tried, what came of it, regret."""

from functools import partial

import streamlit as st

from dashboard import frame, tables, words
from dashboard.answers.decisions import Decision, Number, Scorecard
from dashboard.harmless import harmless

DECISION = "decision"
PAGE = 50
LIST_HEIGHT = 300
# The numbers that people turn first stand first.
FIRST = (
    "drift_threshold",
    "accuracy_floor",
    "accuracy_confidence",
    "min_new_labels",
    "cooldown_hours",
    "schedule_days",
)


def draw_list(name: str) -> None:
    before = st.session_state.get(f"before:{name}")
    found = frame.client().decisions(name, before=before, limit=PAGE)
    if not found.decisions:
        frame.nothing("Nothing was decided yet.", "The agent looks by the clock; `python -m agent check` looks now.")
        return
    card = frame.client().scorecard(name)
    _card(card)
    regrets = {choice.decision_id: choice.regret for choice in card.choices}
    state = st.dataframe(
        tables.decision_table(found.decisions, regrets if card.asked else None),
        key=f"list:{name}:{before}",
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        height=LIST_HEIGHT,
        column_config={
            "at": st.column_config.DatetimeColumn("at", format="YYYY-MM-DD HH:mm"),
            "done": st.column_config.TextColumn("effective actions", width=250),
        },
    )
    picked = state.selection.rows
    if picked and picked[0] < len(found.decisions):
        _pick(found.decisions[picked[0]].decision_id)
    _pages(name, before, found.next)


def _card(card: Scorecard) -> None:
    if not card.asked:
        st.caption(":material/rule: The rules decided alone: there is no choice of a deciding model to regret.")
        return
    said = f"Asked {card.asked} times, {card.accepted} answers counted. Its own choices: "
    said += ", ".join(f"{count} {words.REGRETS[regret][0].split(':')[0]}" for regret, count in card.counts.items())
    st.caption(f":material/psychology: {said}." + (" It is demoted to advice." if card.demoted else ""))


def _pick(decision_id: str) -> None:
    if st.query_params.get(DECISION) != decision_id:
        st.query_params[DECISION] = decision_id
        st.rerun()


def _pages(name: str, before: int | None, following: int | None) -> None:
    left, right, _ = st.columns([1, 1, 8])
    if left.button("Newest", disabled=before is None):
        st.session_state.pop(f"before:{name}")
        st.rerun()
    if right.button("Older", disabled=following is None):
        st.session_state[f"before:{name}"] = following
        st.rerun()


def _newest(name: str) -> str | None:
    """What is open before a row is chosen."""
    with frame.explained():
        found = frame.client().decisions(name, limit=1).decisions
        return found[0].decision_id if found else None
    return None


def draw_one(decision_id: str) -> None:
    found = frame.client().decision(decision_id)
    word, colour = words.headline(found.headline)
    by = words.DECIDERS.get(found.decided_by, found.decided_by)
    st.markdown(f"### :{colour}-badge[{word}] `{found.decision_id}`")
    st.caption(f"{found.model}, by {by}, {str(found.record['at'])[:16].replace('T', ' ')} UTC, {_look(found)}")
    left, right = st.columns(2)
    with left:
        _reasoning(found)
        _bounds(found)
    with right:
        _evidence(found)
        _outcome(found)
    _replay(found)


def _look(found: Decision) -> str:
    autonomy = found.record["ruling"]["autonomy"]
    return f"{'scheduled look' if found.record['scheduled'] else 'unscheduled look'}, autonomy {autonomy}"


def _reasoning(found: Decision) -> None:
    thought = found.record["deliberation"]
    kept = thought.get("proposal") or thought.get("advice") or {}
    st.markdown("**Reasoning**")
    if kept.get("diagnosis") not in (None, "none"):
        st.markdown(f"Diagnosis: {words.DIAGNOSES.get(kept['diagnosis'], kept['diagnosis'])}{_confidence(kept)}")
    for reason in kept.get("reasons") or ():
        st.markdown(f"- :material/psychology: {harmless(reason)}")
    if thought.get("reason_code"):
        code = str(thought["reason_code"])
        st.markdown(f"- :orange[{words.REASON_CODES.get(code, words.plain(code))}]")
    for fired in found.rules:
        margin = "" if fired.margin is None else f", margin {fired.margin:+.3f}"
        st.markdown(f"- :material/rule: {fired.sentence} :gray[({words.plain(fired.rule)}{margin})]")
    if not found.rules and not kept.get("reasons"):
        st.markdown("- No rule had anything to say: nothing is wrong.")


def _confidence(kept: dict[str, object]) -> str:
    value = kept.get("confidence")
    return f", confidence {value:.0%}" if isinstance(value, float) else ""


def _bounds(found: Decision) -> None:
    st.markdown("**What the policy allowed, and what was done**")
    rows = {
        "required": (found.required, "orange"),
        "may wait": (found.deferrable, "gray"),
        "permitted": (found.permitted, "blue"),
        "effective": (found.effective or ("hold",), "green"),
    }
    for name, (actions, colour) in rows.items():
        chips = " ".join(f":{colour}-badge[{words.plain(action)}]" for action in actions) or ":gray[nothing]"
        st.markdown(f"{name}: {chips}")
    for refusal in found.record["ruling"].get("refusals") or ():
        st.markdown(f"- :red[not done]: {words.plain(refusal['action'])}: {harmless(refusal['sentence'])}")


def _evidence(found: Decision) -> None:
    st.markdown("**Evidence against its lines**")
    st.dataframe(
        tables.figure_table(found.figures),
        hide_index=True,
        column_config={
            "figure": st.column_config.TextColumn(width=115),
            "now": st.column_config.TextColumn(width=115),
            "line": st.column_config.TextColumn(width=85),
            "margin": st.column_config.NumberColumn(format="%+.3g", width=65),
        },
    )


def _outcome(found: Decision) -> None:
    st.markdown("**What came of it**")
    told = tables.steps(found.events)
    if not told:
        st.caption("Nothing had to be done." if not found.effective else "Nothing happened yet.")
    for at, sentence in told:
        st.markdown(f"- :gray[{at}] {harmless(sentence)}")


def _replay(found: Decision) -> None:
    may = frame.access().may_act
    if st.button("Replay without the LLM", disabled=not may, help="Decides again from the record; changes nothing."):
        again = frame.client().replay(found.decision_id)
        if again.same:
            st.success("The same bounds and the same actions.", icon=":material/verified:")
        else:
            st.error(f"It differs in: {', '.join(again.differences)}", icon=":material/error:")


def draw_what_if(decision_id: str) -> None:
    """Sliders on the numbers that this decision turns on; the agent computes what would have been decided."""
    st.markdown("### What if")
    start = frame.client().what_if(decision_id, {})
    changes = _sliders(decision_id, start.numbers)
    found = frame.client().what_if(decision_id, changes) if changes else start
    before, now = words.headline(found.headline_before)[0], words.headline(found.headline_now)[0]
    if not changes:
        st.caption("Move a number to see what would have been decided on the same evidence.")
    elif found.same:
        st.info(f"It would have been the same: **{before}**.", icon=":material/equal:")
    else:
        st.warning(
            f"**{before}** would have become **{now}**: {words.listed(found.effective_now)}.",
            icon=":material/alt_route:",
        )
    for change in found.rules if changes else ():
        if change["fired_before"] != change["fires_now"]:
            word = ":green[would fire]" if change["fires_now"] else ":gray[would not fire]"
            st.markdown(f"- {words.plain(change['rule'])} {word}")
    for note in found.notes:
        st.caption(note)


def _sliders(decision_id: str, numbers: tuple[Number, ...]) -> dict[str, float]:
    ordered = sorted(numbers, key=lambda one: FIRST.index(one.name) if one.name in FIRST else len(FIRST))
    changes: dict[str, float] = {}
    columns = st.columns(3)
    for place, one in enumerate(ordered):
        with columns[place % 3]:
            value = _slider(decision_id, one)
        if value is not None and value != one.recorded:
            changes[one.name] = value
    return changes


def _slider(decision_id: str, one: Number) -> float | None:
    if one.recorded is None:
        st.caption(f"{words.plain(one.name)}: not set")
        return None
    turn = (
        f"Beyond {words.number(one.beyond, 4)} it becomes: {words.headline(one.becomes)[0]}."
        if one.beyond is not None
        else "No value of it alone would change the decision."
    )
    low, high = min(one.low, one.recorded), max(one.high, one.recorded)
    key = f"what-if:{decision_id}:{one.name}"
    if one.whole:
        return float(st.slider(words.plain(one.name), int(low), int(high), int(one.recorded), help=turn, key=key))
    # A step of the range's thousandth or so, and a grid that the recorded value lies on.
    step = 0.001 if high <= 1 else 0.01 if high <= 10 else 0.5
    return st.slider(
        words.plain(one.name),
        float(low),
        float(high),
        float(one.recorded),
        step=step,
        format="%.3g",
        help=turn,
        key=key,
    )


st.title("Decisions", anchor=False)
chosen = frame.chosen_model()
if st.session_state.get("decisions of") not in (None, chosen):
    st.query_params.pop(DECISION, None)
st.session_state["decisions of"] = chosen
frame.refreshing(lambda: draw_list(chosen))
opened = st.query_params.get(DECISION) or _newest(chosen)
if opened:
    frame.refreshing(partial(draw_one, opened))
    frame.steady(partial(draw_what_if, opened))
