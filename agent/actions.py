"""What can be done about a managed model, and how a set of it reads. Pure: no clock, no files, no model calls."""

from enum import StrEnum


class Action(StrEnum):
    """What can be done about a managed model; a decision is a set of these, and the empty set is `hold`."""

    HOLD = "hold"
    REQUEST_LABELS = "request_labels"
    ALERT = "alert"
    RETRAIN = "retrain"
    PROMOTE = "promote"
    ROLL_BACK = "roll_back"
    ASK_PERSON = "ask_person"


Actions = frozenset[Action]

RETRAIN: Actions = frozenset({Action.RETRAIN})
REACTIONS: Actions = frozenset(Action) - {Action.HOLD}
# These change what is served or spend a budget; the others only tell people something.
CONSEQUENTIAL: Actions = frozenset({Action.RETRAIN, Action.PROMOTE, Action.ROLL_BACK})
TELLING: Actions = frozenset({Action.ALERT, Action.REQUEST_LABELS, Action.ASK_PERSON})


class Headline(StrEnum):
    """A decision in one word, for people and scripts."""

    NO_ACTION = "NO_ACTION"
    ALERT = "ALERT"
    ASK_PERSON = "ASK_PERSON"
    RETRAIN = "RETRAIN"
    PROMOTE = "PROMOTE"
    ROLL_BACK = "ROLL_BACK"


class Autonomy(StrEnum):
    """How far the agent goes by itself: only say it, wait for a person, or act."""

    OBSERVE = "observe"
    PROPOSE = "propose"
    ACT = "act"


_HEADLINES = (
    (Action.ROLL_BACK, Headline.ROLL_BACK),
    (Action.PROMOTE, Headline.PROMOTE),
    (Action.RETRAIN, Headline.RETRAIN),
    (Action.ASK_PERSON, Headline.ASK_PERSON),
    (Action.ALERT, Headline.ALERT),
    (Action.REQUEST_LABELS, Headline.ALERT),
)


def headline_of(effective: Actions) -> Headline:
    """The weightiest of the effective actions in one word; a request for labels alone is an ALERT too."""
    return next((headline for action, headline in _HEADLINES if action in effective), Headline.NO_ACTION)
