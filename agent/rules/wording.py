"""How readings of the evidence are put into words. Pure: no clock, no files, no model calls."""

from agent.rules.signals import Case
from pipeline.durations import HOURS_PER_DAY
from pipeline.gate.rules import VerdictStatus
from pipeline.monitoring.looks import CLEARLY, FAR, LOOKED_BACK, mean, score_at
from pipeline.records import version_tag


def drift_words(case: Case) -> str:
    return ", ".join(f"{name} {score(value)}" for name, value in case.drift_scores.items())


def breach_words(case: Case) -> str:
    return f"{drift_words(case)}: above the line of {case.rules.monitoring.drift_threshold:.2f}"


def drift_margin(case: Case) -> float | None:
    return None if case.drift_score is None else case.drift_score - case.rules.monitoring.drift_threshold


def weak_words(case: Case) -> str:
    """Why drift that was seen is not acted on yet, and when it would be."""
    line = case.rules.monitoring.drift_threshold
    if case.rules.monitoring.confirm_windows == 3:
        recent = case.distances()[:LOOKED_BACK]
        return (
            f"{breach_words(case)}, which may be chance. It is acted on at once above {score(score_at(FAR, line))}, or "
            f"when the mean of two or three windows is above {score(score_at(CLEARLY, line))} "
            f"({score(score_at(mean(recent), line))} in the last {len(recent)})."
        )
    drift = case.evidence.drift
    breaches, windows = drift.scheduled_breaches, drift.scheduled_windows
    return f"{breach_words(case)}, but {breaches} of the last {windows} scheduled windows breach and 2 of 3 count."


def weak_margin(case: Case) -> float | None:
    """To the line of the mean of several windows, or to the one at which a single window acts at once."""
    line, recent = case.rules.monitoring.drift_threshold, case.distances()[:LOOKED_BACK]
    if case.rules.monitoring.confirm_windows != 3:
        return drift_margin(case)
    needed = CLEARLY if len(recent) > 1 else FAR
    return score_at(mean(recent), line) - score_at(needed, line)


def answered_words(case: Case) -> str:
    """Why drift that lasts calls for nothing, and what would make it call again."""
    return (
        f"{breach_words(case)}, as it was when a retraining saw it and brought no better version, and labels cleared "
        f"the model ({accuracy_words(case)}). It rests until it grows by a quarter, or labels turn against the model."
    )


def answered_margin(case: Case) -> float | None:
    """How far the distance lies from alarming again, as a share of what was answered."""
    answered = case.evidence.history.answered_drift
    return None if answered is None else mean(case.distances(answered)[:LOOKED_BACK]) - CLEARLY


def sign_words(case: Case) -> str:
    """The shifted signs with their line, and the likely causes by their names."""
    named = ", ".join(f"{name} {score(value)}" for name, value in case.signs.items())
    causes = ", ".join(case.evidence.drift.causes or ())
    likely = f" (likely cause: {causes})" if causes else ""
    return f"{named}: above the line of {case.rules.monitoring.drift_threshold:.2f}{likely}"


def accuracy_words(case: Case) -> str:
    accuracy, p = case.evidence.accuracy, case.p_below_floor
    return f"accuracy {share(accuracy.estimate)} on {accuracy.labelled} labels, P(below the floor) {score(p)}"


def below_words(case: Case) -> str:
    return f"{accuracy_words(case)}: below the floor of {floor_words(case)}"


def accuracy_margin(case: Case) -> float | None:
    return None if case.p_below_floor is None else case.p_below_floor - case.rules.monitoring.accuracy_confidence


def floor_words(case: Case) -> str:
    return share(case.rules.monitoring.accuracy_floor)


def label_words(case: Case) -> str:
    new, least = case.evidence.training.new_labels, case.rules.retraining.min_new_labels
    have = "an unknown number of" if new is None else str(new)
    return f"{have} new labelled rows have come since the last training ({least} are needed)"


def fruitless_words(count: int) -> str:
    """At least one, as evidence counts them: after the last promotion, or training that a person ran."""
    what = "the last retraining" if count == 1 else f"{count} retrainings in a row"
    return f"{what}, scheduled ones not counted, ended without a version that passed the gate"


def schedule_words(case: Case) -> str:
    overdue = case.evidence.training.calendar_overdue_hours
    if overdue is not None:
        return f"A retraining has been due by the calendar for {overdue:.1f} hours"
    hours = case.evidence.training.hours_since_training or 0.0
    days = case.rules.retraining.schedule_days
    return f"The last training was {hours / HOURS_PER_DAY:.1f} days ago and the schedule is every {days:.0f} days"


def previous_words(case: Case) -> str:
    version = case.evidence.champion.previous_version
    return f"{version_tag(version)} before it" if version is not None else "the one before it"


def why_not_proven(case: Case) -> str:
    challenger, champion = case.evidence.challenger, case.evidence.champion
    assert challenger is not None
    if challenger.verdict is not VerdictStatus.PASSED:
        return f"its gate verdict is {challenger.verdict or 'missing'}"
    reasons = {
        "a person refused it": challenger.refused_by_person,
        "it was champion before and was left": challenger.served_before,
        "its rollout was taken back or cancelled": bool(challenger.taken_back),
        "it serves already": challenger.version == champion.version,
        "it was not judged against the present champion": challenger.judged_against != champion.version,
    }
    return next((reason for reason, applies in reasons.items() if applies), "its verdict is not fresh")


def score(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}".rstrip("0").ljust(4, "0")


def share(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1%}"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
