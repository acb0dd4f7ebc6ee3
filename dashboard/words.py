"""How states, numbers and times are put into words and colours. Pure: no clock, no files, no requests."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Literal, NamedTuple

Colour = Literal["red", "orange", "green", "gray", "blue", "violet"]

MINUTE, HOUR, DAY = 60, 3_600, 86_400
UNITS = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"))


class Lamp(NamedTuple):
    """A light as a word and a colour, so that it reads without colour too; `rank` sorts the worst first."""

    word: str
    colour: Colour
    icon: str
    rank: int


LAMPS: Mapping[str, Lamp] = {
    "red": Lamp("act", "red", ":material/error:", 0),
    "amber": Lamp("look", "orange", ":material/warning:", 1),
    "grey": Lamp("unknown", "gray", ":material/help:", 2),
    "green": Lamp("calm", "green", ":material/check_circle:", 3),
}
# The colours of the chips in tables, in the order of LAMPS; readable on light and dark.
LAMP_COLOURS = ("#d9534f", "#e08e2b", "#8a94a0", "#3f9d5f")

HEADLINES: Mapping[str, tuple[str, Colour]] = {
    "NO_ACTION": ("no action", "green"),
    "ALERT": ("alert", "orange"),
    "ASK_PERSON": ("asks a person", "orange"),
    "RETRAIN": ("retrain", "blue"),
    "PROMOTE": ("promote", "blue"),
    "ROLL_BACK": ("roll back", "violet"),
}
DECIDERS = {"agent": "the agent", "rules": "the rules", "conversation": "a request in a conversation"}
VERDICTS: Mapping[str, Colour] = {"passed": "green", "failed": "red", "undecided": "orange", "unchanged": "gray"}
REGRETS: Mapping[str, tuple[str, Colour]] = {
    "better": ("no regret: it did better than the rules would have", "green"),
    "worse": ("regret: the rules would have done better", "red"),
    "open": ("regret not known yet", "gray"),
}
DIAGNOSES = {
    "data_quality": "data quality",
    "covariate_shift": "covariate shift",
    "new_campaign": "new campaign",
    "class_mix": "class mix",
    "concept_shift": "concept shift",
    "label_delay": "label delay",
}
REASON_CODES = {
    "llm_timeout": "the deciding model did not answer in time",
    "llm_unavailable": "the deciding model could not be reached",
    "llm_garbage": "the deciding model's answer could not be read",
    "no_structured": "the deciding model gave no structured answer",
    "truncated": "the deciding model's answer was cut off",
    "budget": "the budget of the deciding model was used up",
    "policy_clamped": "the policy took from the deciding model's proposal",
    "ungrounded_number": "words of the deciding model were left out: they named what the evidence does not have",
    "advice_only": "the deciding model only advises",
}
SCORES = {"vocabulary_drift": "vocabulary", "tfidf_drift": "TF-IDF", "numeric_drift": "numeric"}


def lamp(light: str) -> Lamp:
    return LAMPS.get(light, LAMPS["grey"])


def headline(name: str | None) -> tuple[str, Colour]:
    return HEADLINES.get(name or "", ((name or "unknown").lower().replace("_", " "), "gray"))


def plain(name: str) -> str:
    """A name of the project as words: `roll_back` is "roll back"."""
    return name.replace("_", " ")


def listed(names: tuple[str, ...] | None) -> str:
    return ", ".join(plain(name) for name in names or ()) or "hold"


def percent(value: float | None, digits: int = 1) -> str:
    return "unknown" if value is None else f"{value:.{digits}%}"


def number(value: float | None, digits: int = 3) -> str:
    """Without trailing zeros; thousands apart."""
    if value is None:
        return "unknown"
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".") if digits and value % 1 else f"{value:,.0f}"


def interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.1%} to {high:.1%}"


def size(count: int) -> str:
    return f"{count / 1e6:.2f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"


def ago(at: datetime | None, now: datetime) -> str:
    """How long before `now`, in the largest unit that fits."""
    if at is None:
        return "never"
    seconds = (now - at).total_seconds()
    for unit, name in UNITS:
        if seconds >= unit:
            count = int(seconds // unit)
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"


def lasting(seconds: int) -> str:
    """A span in the largest unit that it is a multiple of."""
    unit, name = next(((unit, name) for unit, name in UNITS if seconds % unit == 0), (1, "second"))
    return f"{seconds // unit} {name}{'s' if seconds > unit else ''}"


def left(until: datetime, now: datetime) -> str:
    seconds = (until - now).total_seconds()
    if seconds <= 0:
        return "ran out"
    return f"{seconds / HOUR:.0f} hours left" if seconds >= 2 * HOUR else f"{seconds / MINUTE:.0f} minutes left"


def clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


# What an event of a decision, or of the versions, is called.
EVENTS = {
    "effect_started": "started",
    "effect_done": "done",
    "effect_failed": "not done",
    "trained": "trained",
    "promoted": "promoted",
    "promotion_refused": "not promoted",
    "rolled_back": "rolled back",
    "rollout": "rollout",
    "approval_requested": "approval requested",
    "approval_granted": "approved",
    "approval_rejected": "rejected",
    "approval_expired": "approval ran out",
    "closed": "closed",
    "outcome": "outcome",
}


def event_sentence(kind: str, body: Mapping[str, object]) -> str:
    """One event in a sentence of its own fields."""
    say = _SENTENCES.get(kind)
    return say(body) if say else _others(kind, body)


def tag(version: object) -> str:
    return f"v{version}" if version else "nothing"


def _trained(body: Mapping[str, object]) -> str:
    made = f"trained {tag(body['version'])}" if body.get("version") else "trained, no new version"
    seconds = body.get("seconds")
    took = f" in {seconds:.1f} s" if isinstance(seconds, int | float) else ""
    verdict = f", gate {body['verdict']}: {body.get('reason', '')}" if body.get("verdict") else ""
    return f"{made}{took}{verdict}"


def _moved(word: str, body: Mapping[str, object]) -> str:
    why = f": {body['why']}" if body.get("why") else ""
    return f"{word} {tag(body.get('from_version'))} to {tag(body.get('to_version'))}{why}"


def _outcome(body: Mapping[str, object]) -> str:
    before, after = body.get("accuracy_before"), body.get("accuracy_after")
    spent = f", {body['labels_spent']} labels spent" if body.get("labels_spent") is not None else ""
    return f"accuracy {percent(_float(before))} before, {percent(_float(after))} after{spent}"


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _rollout(body: Mapping[str, object]) -> str:
    where = f"stage {body.get('stage')} of {body.get('stages')}, {body.get('traffic')}"
    return f"rollout of {tag(body.get('version'))} {plain(str(body.get('event', '')))} ({where}): {body.get('why', '')}"


def _others(kind: str, body: Mapping[str, object]) -> str:
    action = plain(str(body.get("action") or ""))
    said = f"{action} {EVENTS.get(kind, plain(kind))}".strip()
    who = f" by {body['who']}" if body.get("who") else ""
    reason = body.get("reason")
    return f"{said}{who}" + (f": {reason}" if reason else "")


_SENTENCES: Mapping[str, Callable[[Mapping[str, object]], str]] = {
    "trained": _trained,
    "promoted": lambda body: _moved("promoted", body),
    "rolled_back": lambda body: _moved("rolled back", body),
    "outcome": _outcome,
    "rollout": _rollout,
    "promotion_refused": lambda body: f"{tag(body.get('version'))} was not promoted: {body.get('reason', '')}",
}


# Keys of the label queue beside those of the classes; Streamlit keeps c and r for itself.
SKIP_KEY, CORRECT_KEY = "k", "z"
TAKEN_KEYS = frozenset({SKIP_KEY, CORRECT_KEY, "c", "r"})


def keys_of(labels: tuple[str, ...]) -> tuple[str, ...]:
    """A key for each class: its first letter, or its place where letters would clash."""
    letters = [label[:1].lower() for label in labels]
    clash = len(set(letters) - TAKEN_KEYS) < len(letters)
    return tuple(str(place) for place in range(1, len(labels) + 1)) if clash else tuple(letters)
