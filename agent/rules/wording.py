"""How readings of the evidence are put into words. Pure: no clock, no files, no model calls."""

from agent.rules.signals import HOURS_PER_DAY, Case
from pipeline.gate.rules import VerdictStatus
from pipeline.records import version_tag


def drift_words(case: Case) -> str:
    return ", ".join(f"{name} {score(value)}" for name, value in case.drift_scores.items())


def breach_words(case: Case) -> str:
    return f"{drift_words(case)}: above the line of {case.rules.monitoring.drift_threshold:.2f}"


def drift_margin(case: Case) -> float | None:
    return None if case.drift_score is None else case.drift_score - case.rules.monitoring.drift_threshold


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


def schedule_words(case: Case) -> str:
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
