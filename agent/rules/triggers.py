"""Rules about what calls for something: data that judges nothing, drift, accuracy, the schedule, waiting too long.

Pure: no clock, no files, no model calls.
"""

from agent.actions import CONSEQUENTIAL, RETRAIN, Action, Actions
from agent.evidence import DataStatus
from agent.rules.signals import Case, Says
from agent.rules.wording import (
    accuracy_margin,
    accuracy_words,
    answered_margin,
    answered_words,
    below_words,
    breach_words,
    drift_margin,
    drift_words,
    floor_words,
    label_words,
    schedule_words,
    share,
    sign_words,
    weak_margin,
    weak_words,
)

ALERT: Actions = frozenset({Action.ALERT})
ASK_FOR_LABELS: Actions = frozenset({Action.ALERT, Action.REQUEST_LABELS})
ALERT_AND_RETRAIN: Actions = frozenset({Action.ALERT, Action.RETRAIN})


def hold_when_there_is_no_champion(case: Case) -> Says | None:
    model = case.evidence.model
    if case.evidence.champion.version is not None:
        return None
    sentence = f"{model} has no champion yet: train a first version (python -m pipeline train {model} --promote)."
    return Says(sentence, forbids=CONSEQUENTIAL)


def hold_when_no_message_was_seen(case: Case) -> Says | None:
    if case.evidence.drift.status is not DataStatus.NO_DATA or case.evidence.champion.version is None:
        return None
    sentence = "No message has arrived since this champion was promoted, so drift is unknown."
    return Says(sentence)


def hold_when_there_are_too_few_messages(case: Case) -> Says | None:
    drift, least = case.evidence.drift, case.rules.monitoring.min_rows
    if drift.status is not DataStatus.TOO_FEW:
        return None
    sentence = f"{drift.unique_messages} unique messages in the window, {least} are needed: drift is unknown."
    return Says(sentence, margin=float(drift.unique_messages - least))


def hold_until_the_window_is_full(case: Case) -> Says | None:
    drift = case.evidence.drift
    if drift.status is not DataStatus.FILLING:
        return None
    full = drift.full_window or case.rules.monitoring.window_rows
    sentence = f"{drift.messages} messages since the last scheduled look, {full} make a window: drift is not looked at."
    return Says(sentence, margin=float(drift.messages - full))


def alert_when_messages_have_stopped(case: Case) -> Says | None:
    """Stale data judges nothing, but its being stale is worth a look: the service may not be logging."""
    drift, limit = case.evidence.drift, case.rules.monitoring.stale_after_hours
    if drift.status is not DataStatus.STALE:
        return None
    age = drift.hours_since_last_message
    seen = "" if age is None else f" (the last one {age:.0f} hours ago)"
    sentence = f"No message for more than {limit:.0f} hours{seen}: drift and accuracy now are unknown. Is it serving?"
    margin = None if age is None else age - limit
    return Says(sentence, margin=margin, requires=ALERT)


def hold_when_drift_is_not_seen(case: Case) -> Says | None:
    if case.drift_breach is not False or case.drift_score is None:
        return None
    sentence = f"{drift_words(case)}: within the line of {case.rules.monitoring.drift_threshold:.2f}."
    return Says(sentence, margin=drift_margin(case))


def wait_for_a_second_window_when_drift_is_seen_once(case: Case) -> Says | None:
    if not case.drift_breach or case.drift_confirmed:
        return None
    drift = case.evidence.drift
    sentence = (
        f"{drift_words(case)}: above the line of {case.rules.monitoring.drift_threshold:.2f}, but "
        f"{drift.scheduled_breaches} of the last {drift.scheduled_windows} scheduled windows breach and 2 of 3 count."
    )
    return Says(sentence, margin=drift_margin(case))


def wait_for_more_windows_when_drift_is_weak(case: Case) -> Says | None:
    """Looks by the clock repeat all year: what one window shows may be chance unless it is far out."""
    if not case.drift_breach or case.drift_lasts:
        return None
    return Says(weak_words(case), margin=weak_margin(case))


def rest_when_a_retraining_has_answered_this_drift(case: Case) -> Says | None:
    """Drift that lasts and does no harm: a retraining saw it and gained nothing. More of it, or harm, alarms again."""
    if not case.drift_lasts or not case.drift_answered:
        return None
    return Says(answered_words(case), margin=answered_margin(case))


def retrain_when_drift_is_confirmed_and_labels_suffice(case: Case) -> Says | None:
    if not case.drift_confirmed or not case.labels_suffice or case.retraining_blocked:
        return None
    return Says(
        f"{breach_words(case)}, and {label_words(case)}: a retraining is called for.",
        margin=drift_margin(case),
        requires=ALERT_AND_RETRAIN,
        defers=RETRAIN if case.may_defer else frozenset(),
    )


def ask_when_drift_has_no_labels(case: Case) -> Says | None:
    if not case.drift_confirmed or case.labels_suffice:
        return None
    sentence = f"{breach_words(case)}, but {label_words(case)}: too few to learn from, so labels are asked for."
    return Says(sentence, margin=case.labels_margin, requires=ASK_FOR_LABELS)


def alert_when_drift_may_not_be_retrained_yet(case: Case) -> Says | None:
    if not case.drift_confirmed or not case.labels_suffice or not case.retraining_blocked:
        return None
    sentence = f"{breach_words(case)}, and {label_words(case)}, but a limit holds the retraining back."
    return Says(sentence, margin=drift_margin(case), requires=ALERT)


def say_when_answers_shift(case: Case) -> Says | None:
    """Signals named apart from drift: a shifted class mix or new kinds of positive messages are said, nothing more.

    Only drift of the words (or of numeric features) and a low accuracy call for a retraining: a class mix may change
    while the model stays right, and a campaign that it does not know shows in the words or in the labels. These signs
    cross their line in half a percent of calm windows each; as they require nothing, they add no false alarm. The
    deciding model reads them, and may ask for labels or raise an alert on them, which is always permitted.
    """
    if not case.signs:
        return None
    sentence = f"{sign_words(case)}. By itself this calls for nothing: drift of the words and labels decide."
    return Says(sentence, margin=max(case.signs.values()) - case.rules.monitoring.drift_threshold)


def say_when_answers_let_expect_a_low_accuracy(case: Case) -> Says | None:
    """An estimate without labels is too high under drift, so below the floor it is worth saying, and proves nothing."""
    upper = case.evidence.accuracy.upper_estimate
    if not case.suspected or upper is None:
        return None
    sentence = (
        f"The answers alone let expect an accuracy of {share(upper)} at most, below the floor of {floor_words(case)}; "
        "labels do not settle it yet."
    )
    return Says(sentence, margin=upper - case.rules.monitoring.accuracy_floor)


def hold_when_accuracy_is_clear(case: Case) -> Says | None:
    p = case.p_below_floor
    if p is None or case.accuracy_below or case.accuracy_undecided:
        return None
    sentence = f"{accuracy_words(case)}: the floor of {floor_words(case)} is held."
    return Says(sentence, margin=accuracy_margin(case))


def label_more_when_accuracy_is_undecided(case: Case) -> Says | None:
    if not case.accuracy_undecided:
        return None
    more = case.evidence.accuracy.more_labels
    ask = f" About {more} more labels would decide it." if more else ""
    sentence = f"{accuracy_words(case)}: not settled against the floor of {floor_words(case)}.{ask}"
    return Says(sentence, margin=accuracy_margin(case))


def retrain_when_accuracy_is_below_the_floor_and_labels_suffice(case: Case) -> Says | None:
    if not case.accuracy_below or not case.labels_suffice or case.retraining_blocked:
        return None
    return Says(
        f"{below_words(case)}, and {label_words(case)}: a retraining is called for.",
        margin=accuracy_margin(case),
        requires=ALERT_AND_RETRAIN,
    )


def ask_when_accuracy_is_below_the_floor_without_new_labels(case: Case) -> Says | None:
    if not case.accuracy_below or case.labels_suffice:
        return None
    sentence = f"{below_words(case)}, but {label_words(case)}: labels are asked for."
    return Says(sentence, margin=case.labels_margin, requires=ASK_FOR_LABELS)


def alert_when_accuracy_may_not_be_retrained_yet(case: Case) -> Says | None:
    if not case.accuracy_below or not case.labels_suffice or not case.retraining_blocked:
        return None
    sentence = f"{below_words(case)}, but a limit holds the retraining back."
    return Says(sentence, margin=accuracy_margin(case), requires=ALERT)


def retrain_when_the_schedule_is_due_and_labels_suffice(case: Case) -> Says | None:
    if not case.schedule_due or not case.labels_suffice or case.retraining_blocked:
        return None
    return Says(
        f"{schedule_words(case)}, and {label_words(case)}: a retraining is called for.",
        margin=case.schedule_margin_hours,
        requires=RETRAIN,
        defers=RETRAIN if case.may_defer else frozenset(),
    )


def wait_for_labels_when_only_the_schedule_is_due(case: Case) -> Says | None:
    if not case.schedule_due or case.breach or case.labels_suffice:
        return None
    return Says(
        f"{schedule_words(case)}, but {label_words(case)}: a retraining on the same rows can change nothing.",
        margin=case.labels_margin,
    )


def ask_a_person_when_a_breach_waits_too_long(case: Case) -> Says | None:
    waited, limit = case.evidence.history.unresolved_breach_hours, case.rules.retraining.max_wait_hours
    if not case.breach or waited is None or waited < limit:
        return None
    sentence = f"This breach has been unresolved for {waited:.1f} hours, {limit:.0f} are allowed: a person is asked."
    return Says(
        sentence,
        margin=waited - limit,
        requires=frozenset({Action.ASK_PERSON}),
    )
