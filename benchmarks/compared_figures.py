"""Which figures of each benchmark are compared with its run before, and which way each is better.

A figure that nothing here names is a setting, a count of what was tried, or a peer's, and is left out.
"""

from collections.abc import Mapping
from enum import StrEnum


class Better(StrEnum):
    """Which way a figure is better."""

    HIGHER = "higher"
    LOWER = "lower"


HIGHER, LOWER = Better.HIGHER, Better.LOWER
OURS = "servers/Refit, everything on"
QUALITY = ("accuracy", "precision", "recall", "f1")

# Patterns of places, as fnmatch has them, in the order in which they are tried. See `comparison.figures` for places.
FIGURES: Mapping[str, Mapping[str, Better]] = {
    "training": {
        "search_and_fit_seconds/median": LOWER,
        "microseconds_a_message/answer": LOWER,
        "microseconds_a_message/explain": LOWER,
        "times_faster_than_scikit_learn": HIGHER,
        "profile_seconds": LOWER,
        "artifact_bytes": LOWER,
        **{f"cross_validation_on_all_rows/{name}": HIGHER for name in QUALITY},
        **{f"holdout/{name}": HIGHER for name in QUALITY},
        "*/log_loss": LOWER,
        "*/ece": LOWER,
    },
    "models": {
        "models/*/ours/accuracy": HIGHER,
        "models/*/ours/f1": HIGHER,
        "models/*/ours/*": LOWER,
    },
    "gate": {"table/case=*better*/passed": HIGHER, "table/*/passed": LOWER},
    "learning": {"points/*/campaign_recall": HIGHER, "points/*/*_accuracy": HIGHER, "points/*/old_f1": HIGHER},
    "deciding": {
        "look_ms/*": LOWER,
        "replay_ms/*": LOWER,
        "replayed_the_same": HIGHER,
        "verify_ledger_ms": LOWER,
        "starts/*_seconds": LOWER,
    },
    "triggers": {
        "scenarios": HIGHER,
        "rules/*/share": HIGHER,
        "agent/score/share": HIGHER,
        "hostile/through": LOWER,
        "unsafe": LOWER,
        "agent/unsafe": LOWER,
        "agent/cost_usd": LOWER,
        "agent/median_seconds": LOWER,
    },
    "drift": {
        "texts/*case=no drift*/alarm": LOWER,
        "texts/*case=no drift*/worst_split": LOWER,
        "texts/*/alarm": HIGHER,
        "numeric/*case=no drift*/alarm": LOWER,
        "numeric/*/alarm": HIGHER,
        "accuracy/upper_estimate_auc": HIGHER,
        "accuracy/table/*/covered": HIGHER,
        "accuracy/table/*/declared_*": HIGHER,
        "accuracy/table/*/falsely_*": LOWER,
        "accuracy/table/*/width": LOWER,
        "times/*": LOWER,
        "build_seconds": LOWER,
    },
    "drift_tried": {"combined/*/calm": LOWER, "combined/*/found/*": HIGHER, "risks/*": HIGHER},
    "looks_delay": {"delays/*/median_looks": LOWER, "delays/*/not_in_forty": LOWER, "calm/far_looks_a_year*": LOWER},
    "serving": {
        f"{OURS}/requests_per_second": HIGHER,
        f"{OURS}/*_ms": LOWER,
        f"{OURS}/failures": LOWER,
        f"{OURS}/ready_seconds": LOWER,
        f"{OURS}/*_mb": LOWER,
        "ratios/*": HIGHER,
        "batch_of_1000_ms/answer_many": LOWER,
        "batch_of_1000_ms/explain_each": LOWER,
        "pressure/alone/*_ms": LOWER,
        "pressure/with_*_ms": LOWER,
        "pressure/alone/failures": LOWER,
        "pressure/with_*/failures": LOWER,
    },
    "soak": {
        "failures": LOWER,
        "batches_of_two_versions": LOWER,
        "answers_of_another_version_than_they_name": LOWER,
        "seconds_until_both_services_have_swapped/*": LOWER,
    },
    "store": {
        "sqlite/*rows_per_second*": HIGHER,
        "postgresql/*rows_per_second*": HIGHER,
        "sqlite/curve/*": LOWER,
        "postgresql/curve/*": LOWER,
    },
    "registry_access": {"*": LOWER},
    "dashboard": {"sizes/*_seconds/*": LOWER, "sizes/*/store_bytes": LOWER},
    "many_models": {
        "*/seconds": LOWER,
        "rounds/*/cpu_seconds": LOWER,
        "*_mb": LOWER,
        "two_agents/smallest_share": HIGHER,
        "*/models_with_one_decision": HIGHER,
    },
    "scaling": {
        "*/requests_per_second": HIGHER,
        "*/p99_ms": LOWER,
        "*/failures": LOWER,
        "search/*_seconds": LOWER,
        "backfill/*_seconds": LOWER,
        "backfill/row_bytes": LOWER,
    },
    "alerts": {"seconds/*": LOWER, "lost": LOWER, "twice": LOWER},
    "containers": {"*_seconds": LOWER, "image_bytes/*": LOWER},
    "reliability": {
        "summary/violations": LOWER,
        "summary/kills": HIGHER,
        "summary/seconds_until_all_is_well/*": LOWER,
    },
    "demo": {
        "drift/second_window/RETRAIN": HIGHER,
        "drift/promoted": HIGHER,
        "drift/accuracy_after": HIGHER,
        "calm/no_action_in_both": HIGHER,
        "drift/seconds": LOWER,
        "calm/seconds": LOWER,
        **{f"{story}/{wrong}": LOWER for story in ("drift", "calm") for wrong in ("errors", "failed_requests")},
    },
}

# Settings that figures depend on: a run with others is told from the one before.
SETTINGS: Mapping[str, tuple[str, ...]] = {
    "gate": ("runs",),
    "drift": ("splits",),
    "deciding": ("looks", "messages_a_look"),
    "serving": ("connections", "rounds", "seconds", "pressure/*/rate"),
    "soak": ("requests", "swaps", "services"),
    "many_models": ("messages", "about/*/models"),
    "scaling": ("about/*/connections", "about/*/clients", "about/*/cores"),
    "alerts": ("alerts", "poll_seconds"),
    "demo": ("drift/runs", "calm/runs"),
}
