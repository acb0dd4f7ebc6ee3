"""Rules about how much retraining is allowed: labels, cooldown, budget, brake, approvals.

Pure: no clock, no files, no model calls.
"""

from agent.actions import CONSEQUENTIAL, RETRAIN, Action
from agent.evidence import DataStatus
from agent.rules.signals import Case, Says
from agent.rules.wording import capital, fruitless_words, label_words


def allow_a_retraining_on_enough_new_labels(case: Case) -> Says | None:
    if not case.labels_suffice or case.retraining_blocked or case.evidence.drift.status is DataStatus.STALE:
        return None
    sentence = f"{capital(label_words(case))}: a retraining could learn something."
    return Says(sentence, margin=case.labels_margin, permits=RETRAIN)


def no_retraining_without_enough_new_labels(case: Case) -> Says | None:
    if case.labels_suffice:
        return None
    return Says(
        f"{capital(label_words(case))}.",
        margin=case.labels_margin,
        forbids=RETRAIN,
    )


def no_retraining_during_cooldown(case: Case) -> Says | None:
    since, limit = case.evidence.training.hours_since_attempt, case.rules.retraining.cooldown_hours
    if since is None or not case.cooling_down:
        return None
    sentence = f"The last retraining was {since:.1f} hours ago; the cooldown is {limit:.1f} hours."
    return Says(sentence, margin=since - limit, forbids=RETRAIN)


def no_retraining_beyond_the_daily_budget(case: Case) -> Says | None:
    done, limit = case.evidence.training.attempts_last_day, case.rules.retraining.max_per_day
    if not case.budget_spent:
        return None
    sentence = f"{done} retrainings in the last 24 hours, {limit} are allowed."
    return Says(sentence, margin=float(limit - done), forbids=RETRAIN)


def ask_a_person_when_retrainings_do_not_help(case: Case) -> Says | None:
    """The brake: it holds retraining back, and asks a person as soon as something calls for one."""
    fruitless, limit = case.evidence.training.fruitless_in_a_row, case.rules.retraining.max_fruitless
    if not case.brake_on:
        return None
    no_other = f"From {limit} on, no other is started until a person runs a training or a version is promoted."
    sentence = f"{capital(fruitless_words(fruitless))}. {no_other}"
    return Says(
        sentence,
        margin=float(limit - fruitless),
        requires=frozenset({Action.ASK_PERSON}) if case.breach else frozenset(),
        forbids=RETRAIN,
    )


def no_retraining_soon_after_a_person_refused_one(case: Case) -> Says | None:
    since, limit = case.evidence.training.hours_since_refusal, case.rules.retraining.cooldown_hours
    if since is None or not case.refused_lately:
        return None
    sentence = f"A person refused a retraining {since:.1f} hours ago; it is not asked again for {limit:.1f} hours."
    return Says(sentence, margin=since - limit, forbids=RETRAIN)


def nothing_new_while_an_approval_is_pending(case: Case) -> Says | None:
    if not case.waits_for_approval:
        return None
    names = ", ".join(sorted(case.evidence.history.waiting_for_approval))
    sentence = f"A person is still being asked about: {names}. Nothing else is started until then."
    return Says(sentence, forbids=CONSEQUENTIAL)
