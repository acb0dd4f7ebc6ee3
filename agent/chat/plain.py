"""The plain command set: common questions by their words, answered from the same tools without an LLM.

Pure: no clock, no files, no model calls. A question becomes calls of tools; what they give becomes sentences.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.rules.policy_numbers import NUMBERS

# The acting tools; tools/act.py has the same, and a test holds them together.
REQUESTS = frozenset({"request_retraining", "request_promotion", "request_rollback", "request_labels", "raise_alert"})
# The topic of a plain command that asks for one of them.
REQUEST = "request"

# Below this, four decimal places hide a figure.
SMALL = 0.001

Data = Mapping[str, Any]

HELP = (
    "I answer these from the record, without an LLM: `health`, `drift`, `accuracy`, `history`, "
    "`why was v3 promoted?`, `costs`, `limits`, `what if drift_threshold 0.2`, `runs`, `compare v2 v3`. "
    "Where acting is enabled: `retrain`, `retrain with naive_bayes_word on recent rows`, `promote`, `roll back`, "
    "`request labels`, `alert`."
)


@dataclass(frozen=True)
class Call:
    """One tool to call. `wanted` are its arguments."""

    tool: str
    wanted: Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """What a question asks for; `topic` is what a follow-up such as "and v2?" goes on with."""

    topic: str
    calls: tuple[Call, ...]


def understand(question: str, last_topic: str | None = None) -> Asked | None:
    """The calls that answer a question, or None when it is none of the plain ones."""
    words = question.lower().strip()
    asked_for = _request(words)
    if asked_for:
        return Asked(REQUEST, (asked_for,))
    versions = re.findall(r"\bv(\d{1,6})\b", words)
    if re.search(r"compar|versus|\bvs\b", words) and len(versions) == 2:
        return Asked("compare", (Call("compare_versions", {"first": int(versions[0]), "second": int(versions[1])}),))
    change = _change(words)
    if "what if" in words or "what-if" in words:
        return Asked("what_if", (Call("what_if_changed", change),)) if change else None
    version = re.search(r"\bv(\d{1,6})\b", words)
    topic = next((topic for pattern, topic in _TOPICS if re.search(pattern, words)), None)
    if version and (topic in (None, "why") or "promot" in words):
        return Asked("why", (Call("why_promoted", {"version": int(version[1])}),))
    if topic is None and re.match(r"(and|what about)\b", words):
        topic = last_topic
    calls = _CALLS.get(topic or "")
    return Asked(topic, calls) if topic and calls else None


# Only a whole sentence that asks for it counts: a question that mentions a retraining asks for nothing.
_RETRAIN = re.compile(
    r"(?:please )?(?:retrain|request (?:a )?retraining)(?: now)?"
    r"(?: with (?P<candidates>[\w, ]+?))?(?: on (?:the )?(?P<window>all|recent)(?: rows)?)?[.!]?"
)
_REQUESTS = (
    (re.compile(r"(?:please )?(?:promote(?: the challenger)?|request (?:a )?promotion)[.!]?"), "request_promotion"),
    (re.compile(r"(?:please )?(?:roll ?back|request (?:a )?rollback)[.!]?"), "request_rollback"),
    (re.compile(r"(?:please )?(?:request|ask for) labels[.!]?"), "request_labels"),
    (re.compile(r"(?:please )?(?:alert|raise (?:an )?alert)[.!]?"), "raise_alert"),
)


def _request(words: str) -> Call | None:
    """What a plain command asks for, or None for a question."""
    retrain = _RETRAIN.fullmatch(words)
    if retrain:
        named = re.findall(r"\w+", (retrain["candidates"] or "").replace(" and ", " "))
        return Call("request_retraining", {"candidates": named, "window": retrain["window"] or "all"})
    return next((Call(tool, {}) for pattern, tool in _REQUESTS if pattern.fullmatch(words)), None)


_TOPICS = (
    (r"\bwhy\b|promot", "why"),
    (r"cost|spen[dt]|money|token|expens", "costs"),
    (r"histor|decision|happen|lately|did you do", "history"),
    (r"\bruns?\b|mlflow|experiment", "runs"),
    (r"accura|label|wrong answers", "accuracy"),
    (r"drift|words|campaign", "drift"),
    (r"budget|limit|cooldown|schedule|wait|approv", "limits"),
    (r"health|status|how (is|are|goes)|\bok\b|fine|champion", "health"),
)
_CALLS: Mapping[str, tuple[Call, ...]] = {
    "health": (Call("health", {}),),
    "drift": (Call("drift_report", {}), Call("drift_history", {"limit": 3})),
    "accuracy": (Call("accuracy_and_labels", {}),),
    "history": (Call("decision_history", {"limit": 5}),),
    "costs": (Call("costs", {}),),
    "runs": (Call("search_runs", {"order_by": "f1", "limit": 5}),),
    "limits": (Call("schedule_and_budget", {}),),
}


def _change(words: str) -> dict[str, Any]:
    """A number of the policy and a value for it, as in `drift threshold 0.2` or `drift_threshold were 20%`."""
    flat = re.sub(r"[-_ ]+", " ", words)
    name = next((name for name in sorted(NUMBERS, key=len, reverse=True) if name.replace("_", " ") in flat), None)
    if name is None:
        return {}
    value = re.search(r"(\d+(?:\.\d+)?)\s*(%?)", flat.split(name.replace("_", " "), 1)[1])
    if value is None:
        return {}
    return {"number": name, "value": float(value[1]) / (100 if value[2] else 1)}


def told(tool: str, result: Data) -> list[str]:
    """What one tool gave, in sentences. Every figure in them comes out of the result."""
    if tool in REQUESTS:
        return [_requested(result)]
    if result["status"] != "ok":
        return [str(result.get("reason") or "The tool did not answer.")]
    say = _SAYS.get(tool)
    return say(result["data"]) if say else []


def _health(data: Data) -> list[str]:
    champion = f"v{data['champion']} serves" if data["champion"] else "There is no champion"
    lines = [f"{champion}; the window's data are {data['data_status']}."]
    if data["trouble"]:
        return [f"{champion}, but its traffic could not be looked at: {data['trouble']}."]
    lines += [
        f"{figure['name']}: {figure['value']} (line: {figure['line']}), {figure['reading']}."
        for figure in data["figures"]
    ]
    last = data["last_decision"]
    if last:
        ago = data["hours_since_last_decision"]
        lines.append(f"Last decision: {last['headline']} ({last['decision_id']}), {ago} hours ago.")
    if data["waiting_for_approval"]:
        lines.append(f"Waits for a person: {', '.join(data['waiting_for_approval'])}.")
    return lines


def _drift(data: Data) -> list[str]:
    named = ("vocabulary_drift", "tfidf_drift", "numeric_drift")
    scores = [f"{name} {data[name]:.3f}" for name in named if data.get(name) is not None]
    line = data.get("drift_threshold")
    return [f"Now: {', '.join(scores)} over {data['messages']} messages; the line is {line}."]


def _windows(data: Data) -> list[str]:
    def one(window: Data) -> str:
        scores = [window.get("vocabulary_drift"), window.get("tfidf_drift"), window.get("numeric_drift")]
        return "/".join(f"{score:.3f}" for score in scores if score is not None) or str(window["status"])

    return [f"Earlier windows, newest first: {', '.join(one(window) for window in data['windows'])}."]


def _accuracy(data: Data) -> list[str]:
    if data.get("estimate") is None:
        return [f"Accuracy is unknown: {data['labelled']} labels, {data['status']}."]
    p = data.get("p_below_floor")
    below = "" if p is None else f" P(below {data['accuracy_floor']:.1%}) is {p:.3f}."
    return [f"Accuracy {data['estimate']:.1%} on {data['labelled']} labels.{below}"]


def _history(data: Data) -> list[str]:
    def one(row: Data) -> str:
        done = ", ".join(row["effective"] or []) or "hold"
        trained = f"; trained v{row['trained_version']}, gate {row['verdict']}" if row["trained_version"] else ""
        promoted = ", promoted" if row["promoted"] else ""
        return f"{row['hours_ago']} hours ago: {row['headline']} ({done}){trained}{promoted}, {row['decision_id']}."

    return [one(row) for row in data["decisions"]]


def _why(data: Data) -> list[str]:
    before = f"v{data['from_version']}" if data["from_version"] else "nothing"
    how = "rolled back to" if data["kind"] == "roll_back" else "promoted"
    lines = [f"v{data['version']} was {how} at {data['at']}, in place of {before}."]
    decision = data.get("decision")
    if decision:
        lines.append(f"Decision {data['decision_id']} by {decision['decided_by']}: {' '.join(decision['because'])}")
    elif data["by_a_person"]:
        lines.append("A person did it; no decision of the agent stands behind it.")
    for rule in data["gate_rules"]:
        figures = f": {_told_apart(rule['observed'], rule['required'])}" if rule["observed"] is not None else ""
        lines.append(f"Gate, {rule['rule']}: {rule['outcome']}{figures}.")
    return lines


def _told_apart(observed: float, required: float) -> str:
    """Four places tell most figures apart; a parity of 1.4e-15 beside the 1e-09 allowed takes its exponent."""
    shown = ".4f" if max(abs(observed), abs(required)) >= SMALL else ".2g"
    return f"{observed:{shown}}, required {required:{shown}}"


def _costs(data: Data) -> list[str]:
    return [
        f"In {data['days']} days: {data['decisions']} decisions, {data['retrainings']} retrainings "
        f"({data['training_seconds']} s of training), {data['llm_calls']} LLM calls, {data['tokens']} tokens, "
        f"{data['usd']} USD."
    ]


def _limits(data: Data) -> list[str]:
    training, limits = data["training"], data["limits"]
    since = training["hours_since_attempt"]
    attempt = "no retraining by the agent yet" if since is None else f"the last retraining {since:.1f} hours ago"
    return [
        f"{attempt.capitalize()}; cooldown {limits['cooldown_hours']} hours, {training['attempts_last_day']} of "
        f"{limits['max_per_day']} retrainings in the last day, new labels {training['new_labels']} of "
        f"{limits['min_new_labels']}, {training['fruitless_in_a_row']} of {limits['max_fruitless']} fruitless in a row."
    ]


def _what_if(data: Data) -> list[str]:
    verdict = "nothing changes" if data["same"] else "the decision changes"
    at = data["from_there_it_changes_at"]
    next_ = f" From there it would change at {at:.6g}." if at is not None else " No other value of it changes more."
    return [
        f"Decision {data['decision_id']} with {data['number']} {data['would_be']:g} instead of {data['was']:g}: "
        f"{data['headline_before']} ({data['effective_before']}) -> {data['headline_now']} ({data['effective_now']}): "
        f"{verdict}.{next_}",
        *data["notes"],
    ]


def _requested(result: Data) -> str:
    """What became of a request: recorded, queued_for_approval, or refused with the rule."""
    data = result.get("data", {})
    decision = f" in decision {data['decision_id']}" if "decision_id" in data else ""
    if result["status"] == "refused":
        return f"refused{decision} by {result['rule']}: {result['reason']}"
    if result["status"] == "needs_approval":
        return f"queued_for_approval{decision}: {data['queued_for_approval']} waits for a person."
    if result["status"] == "ok":
        return f"recorded{decision}: {data['recorded']}. {data.get('only_said', '')}".strip()
    return f"The request came to nothing: {result.get('reason')}."


def _runs(data: Data) -> list[str]:
    def one(run: Data) -> str:
        metrics = ", ".join(f"{name} {value:.4f}" for name, value in run["metrics"].items())
        chosen = ", ".join(f"{name} {value}" for name, value in run["parameters"].items())
        return f"{run['run_id']}, {run['hours_ago']} hours ago: {metrics}; {chosen}."

    return [f"Runs, ordered by {data['ordered_by']}:", *(one(run) for run in data["runs"])]


def _compared(data: Data) -> list[str]:
    def one(version: Data) -> str:
        metrics = ", ".join(f"{name} {value:.4f}" for name, value in version["metrics"].items()) or "no metrics"
        return f"v{version['version']}: {metrics}; {version['training_rows']} training rows; gate {version['verdict']}."

    differences = ", ".join(f"{name} {value:+.4f}" for name, value in data["differences"].items())
    return [
        *(one(version) for version in data["versions"]),
        *([f"Second less first: {differences}."] if differences else []),
    ]


def _reading(data: Data) -> list[str]:
    return [f"A reader without tools says of {data['messages']} messages that strangers wrote: {data['reading']}"]


_SAYS: Mapping[str, Callable[[Data], list[str]]] = {
    "health": _health,
    "drift_report": _drift,
    "drift_history": _windows,
    "accuracy_and_labels": _accuracy,
    "decision_history": _history,
    "why_promoted": _why,
    "costs": _costs,
    "schedule_and_budget": _limits,
    "what_if_changed": _what_if,
    "search_runs": _runs,
    "compare_versions": _compared,
    "read_messages": _reading,
}


def sentences_of(results: Sequence[tuple[str, Data]]) -> str:
    return "\n".join(line for tool, result in results for line in told(tool, result))
