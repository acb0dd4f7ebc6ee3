"""What was asked of monitoring, of the gate, and of looking after any model."""

from benchmarks.requirement import Measured, feature, figure

MONITORING = "Monitoring"
GATE = "The gate"
ANY_MODEL = "Any model"


def _passes(case: str, at_least: float | None = None, at_most: float | None = None) -> Measured:
    """The share of simulated challengers that the gate passes on 200 recent labels."""
    at = f"table/case={case},labels=200/passed"
    return Measured(result="gate", at=at, at_least=at_least, at_most=at_most, digits=3)


THE_MONITORING = (
    figure(
        MONITORING,
        "drift of 1,000 messages measured, all scores",
        Measured(result="drift", at="times/text_1000_ms", unit=" ms", at_most=100, digits=0),
        "`python -m benchmarks.drift`",
    ),
    figure(
        MONITORING,
        "drift of 500 rows of 30 numbers measured",
        Measured(result="drift", at="times/numeric_500x30_ms", unit=" ms", at_most=10, digits=1),
        "`python -m benchmarks.drift`",
    ),
    figure(
        MONITORING,
        "a reference profile built",
        Measured(result="drift", at="times/profile_seconds", unit=" s", at_most=4),
        "`python -m benchmarks.drift`",
    ),
    figure(
        MONITORING,
        "its size in the artefact",
        Measured(result="drift", at="times/profile_bytes", unit=" bytes", at_most=1_000_000, digits=0),
        "`python -m benchmarks.drift`",
    ),
    figure(
        MONITORING,
        "the 98% interval of accuracy covers the truth, 20 chosen labels",
        Measured(result="drift", at="accuracy/table/labels=20,way=chosen/covered", at_least=0.95, digits=3),
        "`python -m benchmarks.drift`",
        "tests/pipeline/monitoring/test_posterior.py",
    ),
    figure(
        MONITORING,
        "all reads of a look at ten million rows, SQLite",
        Measured(result="store", at="sqlite/curve/rows=10000000/look", unit=" ms", digits=0),
        "`python -m benchmarks.store`",
        "tests/pipeline/monitoring/test_window.py",
    ),
    figure(
        MONITORING,
        "the same on PostgreSQL",
        Measured(result="store", at="postgresql/curve/rows=10000000/look", unit=" ms", digits=0),
        "`python -m benchmarks.store`",
    ),
    feature(
        MONITORING,
        "a calm year of hourly looks raises a handful of false alarms",
        "tests/pipeline/monitoring/test_looks.py::test_the_mean_of_three_raises_a_handful_of_false_alarms_a_year_and_finds_clear_drift",
    ),
    feature(MONITORING, "causes of drift are named", "tests/pipeline/monitoring/test_causes.py"),
    feature(
        MONITORING,
        "too few messages, stale and no data are answers of their own",
        "tests/serving/test_monitoring.py::test_under_thirty_messages_nothing_is_said_about_drift",
        "tests/pipeline/monitoring/test_drift.py",
    ),
    feature(
        MONITORING,
        "late and out-of-order labels, clocks that are ahead",
        "tests/pipeline/monitoring/test_labels_of_windows.py",
        "tests/pipeline/monitoring/test_clock_ahead.py",
    ),
    feature(
        MONITORING,
        "a label queue, feedback that may be sent twice, sheets for people who label",
        "tests/pipeline/labels/test_queue.py",
        "tests/pipeline/labels/test_feedback.py",
    ),
    feature(
        MONITORING,
        "drift beside Evidently and beside plain distances, in one run",
        "`make bench-drift`",
        "tests/pipeline/monitoring/test_page.py",
    ),
)

THE_GATE = (
    figure(
        GATE,
        "challengers 5 points better that pass, 200 recent labels",
        _passes("5 points better", at_least=0.9),
        "`python -m benchmarks.gate`",
        "tests/pipeline/gate/test_rules.py::test_challengers_that_are_truly_five_points_better_pass_nine_times_in_ten",
    ),
    figure(
        GATE,
        "the same where the errors of the two are independent",
        _passes("5 points better, independent", at_least=0.9),
        "`python -m benchmarks.gate`",
    ),
    figure(
        GATE,
        "equal challengers that pass, 200 recent labels, many differences",
        _passes("equal, many differences", at_most=0.05),
        "`python -m benchmarks.gate`",
        "tests/pipeline/gate/test_rules.py::test_equal_or_worse_challengers_pass_at_most_once_in_twenty",
    ),
    feature(
        GATE,
        "an undecided gate says how many more labels would decide",
        "tests/pipeline/gate/test_rules.py::test_a_gain_that_may_be_chance_does_not_pass_and_says_how_many_labels_decide",
    ),
    feature(
        GATE,
        "the champion's own bytes end as unchanged",
        "tests/pipeline/gate/test_rules.py::test_the_champions_own_bytes_are_unchanged_whatever_the_rules_say",
    ),
    feature(
        GATE,
        "served scores are the trained ones within 1e-9",
        "tests/pipeline/gate/test_rules.py::test_served_scores_must_agree_with_trained_scores",
    ),
    feature(
        GATE,
        "one function promotes, by name and generation; a rollback restores the champion before",
        "tests/pipeline/releases/test_promotion.py",
        "tests/pipeline/releases/test_races.py",
    ),
)

THE_MODELS = (
    feature(
        ANY_MODEL,
        "another model is one file: trained, served, watched, retrained, promoted",
        "tests/pipeline/test_toy_model.py::test_a_model_of_one_file_is_trained_served_watched_retrained_and_promoted",
    ),
    feature(
        ANY_MODEL,
        "a model that fails takes no other down",
        "tests/pipeline/test_toy_model.py::test_a_file_that_cannot_be_read_takes_no_other_model_down",
        "tests/serving/test_many_models.py",
    ),
    feature(
        ANY_MODEL,
        "training data from a path, a URL with checksum, a SQL query or the store",
        "tests/pipeline/data/test_configured.py",
        "tests/pipeline/data/test_damaged_sources.py",
    ),
    feature(
        ANY_MODEL,
        "bad rows in quarantine with reasons; too many stop the run",
        "tests/pipeline/data/test_quality.py",
    ),
    feature(
        ANY_MODEL,
        "labels of one source beyond its share are held back for approval",
        "tests/pipeline/data/test_training_set.py::test_labels_of_one_source_beyond_its_share_are_held_back",
        "tests/pipeline/data/test_source_share.py",
    ),
    feature(
        ANY_MODEL,
        "no row that judges is trained on",
        "tests/pipeline/data/test_judge_rows.py::test_no_row_that_judges_is_learned_from_whatever_the_training_data_are",
    ),
    feature(
        ANY_MODEL,
        "what is served is data, loaded by its digest, without pickle",
        "tests/pipeline/served/test_artifact.py",
        "tests/serving/test_following.py::test_an_altered_local_artefact_is_not_served_the_shared_one_is",
    ),
    figure(
        ANY_MODEL,
        "campaign messages found after a retraining on 100 labels of them",
        Measured(result="learning", at="points/labelled=100/campaign_recall", digits=3),
        "`python -m benchmarks.learning`",
    ),
)
