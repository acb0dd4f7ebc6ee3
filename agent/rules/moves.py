"""Rules about moving the champion pointer: promote what is proven, go back from what fails.

Pure: no clock, no files, no model calls.
"""

from agent.actions import RETRAIN, Action
from agent.rules.signals import Case, Says
from agent.rules.wording import accuracy_margin, below_words, floor_words, previous_words, why_not_proven
from pipeline.records import version_tag


def promote_a_challenger_that_passed_the_gate(case: Case) -> Says | None:
    """Moving to a version that is proven better comes before training or going back to another."""
    challenger = case.evidence.challenger
    if challenger is None or challenger.verdict_age_hours is None or not case.challenger_is_proven or case.rolling_out:
        return None
    promote = frozenset({Action.PROMOTE})
    sentence = (
        f"{version_tag(challenger.version)} passed the gate against the present champion "
        f"{challenger.verdict_age_hours:.1f} hours ago ({case.rules.verdict_valid_hours:.0f} are allowed): "
        "it is promoted before anything else is trained."
    )
    return Says(
        sentence,
        margin=case.rules.verdict_valid_hours - challenger.verdict_age_hours,
        requires=promote,
        defers=promote if case.may_defer else frozenset(),
        forbids=frozenset({Action.RETRAIN, Action.ROLL_BACK}),
    )


def wait_while_a_version_is_rolled_out(case: Case) -> Says | None:
    """The service carries a rollout on and takes it back by itself; going back to the previous champion stays open."""
    rollout = case.evidence.rollout
    if rollout is None:
        return None
    where, hours = f"stage {rollout.stage} of {rollout.stages}", rollout.hours_since_begun
    sentence = (
        f"{version_tag(rollout.version)} is being rolled out ({rollout.strategy.replace('_', ' ')}, {where}, begun "
        f"{hours:.1f} hours ago): nothing else is trained or promoted until it ends."
    )
    return Says(sentence, forbids=frozenset({Action.RETRAIN, Action.PROMOTE}))


def no_promotion_without_a_fresh_passed_verdict(case: Case) -> Says | None:
    challenger = case.evidence.challenger
    if challenger is None or case.challenger_is_proven:
        return None
    return Says(
        f"{version_tag(challenger.version)} may not be promoted: {why_not_proven(case)}.",
        forbids=frozenset({Action.PROMOTE}),
    )


def roll_back_when_the_new_champion_fails_without_drift(case: Case) -> Says | None:
    """Without drift the drop came with the version, so the version before it is the remedy, not another training."""
    if not case.previous_was_better or case.drift_breach is not False:
        return None
    return Says(
        f"{below_words(case)}, without drift, and {previous_words(case)} was not: the version is the cause.",
        margin=accuracy_margin(case),
        requires=frozenset({Action.ROLL_BACK, Action.ALERT}),
        forbids=RETRAIN,
    )


def allow_a_rollback_when_the_previous_champion_was_better(case: Case) -> Says | None:
    if not case.previous_was_better:
        return None
    return Says(
        f"The champion is below the floor of {floor_words(case)} and {previous_words(case)} was not.",
        margin=accuracy_margin(case),
        permits=frozenset({Action.ROLL_BACK}),
    )
