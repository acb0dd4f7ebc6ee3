"""The policy: plain rules that say what must, may wait, and may be done. Pure: no clock, no files, no model calls.

A rule is a function whose name is a sentence; the name is written into the decision. Each gives its reason and, where
it rests on a number, the margin to its threshold. Rules require, defer, permit or forbid; `bounds` puts them together:
what is forbidden by one rule is neither required nor permitted, whoever asks for it. Telling people cannot be
forbidden, so a breach that may not be retrained still alerts.
"""

from collections.abc import Callable, Iterable, Mapping

from agent.actions import CONSEQUENTIAL, TELLING, Actions
from agent.decision import Bounds, Fired, PolicyRules
from agent.evidence import Evidence
from agent.record.canonical import sha256_of
from agent.rules import limits, moves, triggers
from agent.rules.signals import Case, Says

# Goes up whenever the same evidence could give other bounds; a test holds it against a digest of known cases.
POLICY_VERSION = "3"

Rule = Callable[[Case], Says | None]

RULES_1: tuple[Rule, ...] = (
    triggers.hold_when_there_is_no_champion,
    triggers.hold_when_no_message_was_seen,
    triggers.hold_when_there_are_too_few_messages,
    triggers.hold_until_the_window_is_full,
    triggers.alert_when_messages_have_stopped,
    triggers.hold_when_drift_is_not_seen,
    triggers.wait_for_a_second_window_when_drift_is_seen_once,
    triggers.retrain_when_drift_is_confirmed_and_labels_suffice,
    triggers.ask_when_drift_has_no_labels,
    triggers.alert_when_drift_may_not_be_retrained_yet,
    triggers.hold_when_accuracy_is_clear,
    triggers.label_more_when_accuracy_is_undecided,
    triggers.retrain_when_accuracy_is_below_the_floor_and_labels_suffice,
    triggers.ask_when_accuracy_is_below_the_floor_without_new_labels,
    triggers.alert_when_accuracy_may_not_be_retrained_yet,
    triggers.retrain_when_the_schedule_is_due_and_labels_suffice,
    triggers.wait_for_labels_when_only_the_schedule_is_due,
    triggers.ask_a_person_when_a_breach_waits_too_long,
    limits.allow_a_retraining_on_enough_new_labels,
    limits.no_retraining_without_enough_new_labels,
    limits.no_retraining_during_cooldown,
    limits.no_retraining_beyond_the_daily_budget,
    limits.ask_a_person_when_retrainings_do_not_help,
    limits.no_retraining_soon_after_a_person_refused_one,
    limits.nothing_new_while_an_approval_is_pending,
    moves.promote_a_challenger_that_passed_the_gate,
    moves.no_promotion_without_a_fresh_passed_verdict,
    moves.roll_back_when_the_new_champion_fails_without_drift,
    moves.allow_a_rollback_when_the_previous_champion_was_better,
)

RULES_2: tuple[Rule, ...] = (
    *RULES_1,
    triggers.say_when_answers_shift,
    triggers.say_when_answers_let_expect_a_low_accuracy,
)
_TAKEN_OUT = triggers.wait_for_a_second_window_when_drift_is_seen_once
_DRIFT = RULES_2.index(_TAKEN_OUT)
RULES: tuple[Rule, ...] = (
    *RULES_2[:_DRIFT],
    triggers.wait_for_more_windows_when_drift_is_weak,
    triggers.rest_when_a_retraining_has_answered_this_drift,
    *RULES_2[_DRIFT + 1 :],
    moves.wait_while_a_version_is_rolled_out,
)
# What earlier releases decided by, for replays. A rule that changes its mind keeps its earlier form under another name.
RULES_OF: Mapping[str, tuple[Rule, ...]] = {"1": RULES_1, "2": RULES_2, POLICY_VERSION: RULES}


def bounds(evidence: Evidence, rules: PolicyRules, version: str = POLICY_VERSION) -> Bounds:
    """What the rules require, let wait and permit for this evidence, with every rule that had something to say."""
    case = Case(evidence, rules)
    said = [(rule.__name__, rule(case)) for rule in RULES_OF[version]]
    fired = tuple(Fired(rule=name, **vars(says)) for name, says in said if says)
    forbidden = _union(result.forbids for result in fired) & CONSEQUENTIAL
    required = _union(result.requires for result in fired) - forbidden
    permitted = (TELLING | _union(result.permits | result.requires for result in fired)) - forbidden
    # What one rule lets wait and another requires at once does not wait.
    urgent = _union(result.requires - result.defers for result in fired)
    deferrable = (_union(result.defers for result in fired) & required) - urgent
    return Bounds(required=required, deferrable=deferrable, permitted=permitted, fired=fired, triggers=case.triggers)


def policy_hash(rules: PolicyRules, version: str = POLICY_VERSION) -> str:
    """Identifies the policy of a decision: its version, its rules by name, and their numbers."""
    return sha256_of({"version": version, "rules": [rule.__name__ for rule in RULES_OF[version]], "numbers": rules})


def _union(sets: Iterable[Actions]) -> Actions:
    return frozenset().union(*sets)
