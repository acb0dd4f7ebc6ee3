"""What the five systems were asked for."""

from benchmarks.requirement import Measured, feature, figure

MAIN = "SMS spam with TF-IDF candidates (the main system)"
F1_GATE = "SMS spam with an F1 promotion gate"
NUMERIC = "Breast cancer"
REVIEWS = "Sentiment of reviews"
NEIGHBOURS = "SMS spam from numeric features"


def _quality(model: str, metric: str, at_least: float | None = None) -> Measured:
    return Measured(result="models", at=f"models/{model}/ours/{metric}", at_least=at_least, digits=4)


def _trained(model: str, at_most: float | None = None) -> Measured:
    at = f"models/{model}/ours/training_seconds"
    return Measured(result="models", at=at, unit=" s", at_most=at_most, digits=1)


def _windows(source: str, case: str, messages: int, **line: float) -> Measured:
    """The share of windows that the drift scores call drifted."""
    return Measured(result="drift", at=f"texts/source={source},case={case},messages={messages}/alarm", digits=3, **line)


def _numeric_windows(case: str, **line: float) -> Measured:
    return Measured(result="drift", at=f"numeric/case={case},rows=100/alarm", digits=3, **line)


MAIN_SYSTEM = (
    figure(
        MAIN,
        "training time: search of all candidates and the final fit (2 minutes asked at first)",
        Measured(result="training", at="search_and_fit_seconds/median", unit=" s", at_most=15, digits=1),
        "`python -m benchmarks.training`",
    ),
    figure(
        MAIN,
        "accuracy, grouped 5x2 cross-validation",
        Measured(result="training", at="cross_validation_on_all_rows/accuracy", at_least=0.99, digits=4),
        "`python -m benchmarks.training`",
    ),
    figure(
        MAIN,
        "F1, grouped 5x2 cross-validation",
        Measured(result="training", at="cross_validation_on_all_rows/f1", at_least=0.96, digits=4),
        "`python -m benchmarks.training`",
    ),
    figure(
        MAIN,
        "preprocessing and prediction of one message, with its words explained",
        Measured(result="training", at="microseconds_a_message/explain", unit=" µs", at_most=100, digits=0),
        "`python -m benchmarks.training`",
    ),
    figure(
        MAIN,
        "a calm run ends in NO_ACTION (18 of 20 asked)",
        Measured(result="demo", at="calm/no_action_in_both", at_least=18, digits=0),
        "`python -m benchmarks.demo`",
    ),
    figure(
        MAIN,
        "drift detection: campaigns found over 20 seeds",
        Measured(result="demo", at="drift/second_window/RETRAIN", at_least=18, digits=0),
        "`python -m benchmarks.demo`",
        "tests/pipeline/monitoring",
    ),
    figure(
        MAIN,
        "drift detection: share of calm windows of 100 messages that alarm",
        _windows("messages", "no drift", 100, at_most=0.05),
        "`python -m benchmarks.drift`",
    ),
    figure(
        MAIN,
        "drift detection: windows of 100 messages with 25% campaigns that are found",
        _windows("messages", "25% campaigns", 100, at_least=0.95),
        "`python -m benchmarks.drift`",
    ),
    figure(
        MAIN,
        "drift detection: windows of 100 messages with 25% reviews that are found",
        _windows("messages", "25% reviews", 100, at_least=0.95),
        "`python -m benchmarks.drift`",
    ),
    figure(
        MAIN,
        "the same, windows of 200",
        _windows("messages", "25% reviews", 200, at_least=0.99),
        "`python -m benchmarks.drift`",
    ),
    figure(
        MAIN,
        "truly low accuracy declared with 20 chosen labels",
        Measured(result="drift", at="accuracy/table/labels=20,way=chosen/declared_truly_low", at_least=0.70, digits=3),
        "`python -m benchmarks.drift`",
    ),
    figure(
        MAIN,
        "requests that failed in those runs, swaps included",
        Measured(result="demo", at="drift/failed_requests", at_most=0, digits=0),
        "`python -m benchmarks.demo`",
        "tests/serving/test_process.py::test_promotions_under_load_fail_no_request_and_every_answer_is_of_a_promoted_version",
    ),
    figure(
        MAIN,
        "drift of 500 messages measured",
        Measured(result="drift", at="times/text_500_ms", unit=" ms", at_most=100, digits=0),
        "`python -m benchmarks.drift`",
    ),
    feature(MAIN, "one command from data to swap", "`make demo`", "tests/launch/test_demo.py"),
    feature(
        MAIN,
        "rows have homes; near-duplicates never straddle a split",
        "tests/pipeline/data/test_homes.py::test_no_group_of_near_duplicates_straddles_the_homes_of_the_real_data",
        "tests/pipeline/training/test_search.py::test_near_duplicates_never_stand_on_both_sides_of_a_fold",
    ),
    feature(
        MAIN,
        "candidates, parameters, metrics and lineage in MLflow",
        "tests/pipeline/training/test_retraining.py::test_the_first_version_passes_its_gate_and_is_logged_whole",
        "tests/pipeline/training/test_rebuilding.py::test_a_version_records_code_packages_data_split_seeds_and_parameters",
    ),
    feature(
        MAIN,
        "a version can be rebuilt, byte for byte",
        "tests/pipeline/training/test_rebuilding.py::test_a_rebuilt_version_has_the_same_bytes",
    ),
    feature(
        MAIN,
        "new spam patterns are found and named",
        "tests/serving/test_monitoring.py::test_a_campaign_is_drift_and_its_terms_are_a_new_pattern",
    ),
    feature(
        MAIN,
        "retraining learns what drifted and keeps what it knew",
        "tests/pipeline/training/test_learning.py::test_a_retrained_version_gains_on_the_new_and_stays_within_half_a_point_on_the_old",
    ),
)

OTHER_SYSTEMS = (
    figure(F1_GATE, "F1 on the frozen holdout", _quality("sms_spam", "f1", 0.90), "`python -m benchmarks.models`"),
    figure(F1_GATE, "accuracy on the same", _quality("sms_spam", "accuracy"), "`python -m benchmarks.models`"),
    figure(F1_GATE, "training time", _trained("sms_spam"), "`python -m benchmarks.models`"),
    feature(
        F1_GATE,
        "promoted only when its F1 is strictly better than the stored baseline",
        "tests/pipeline/gate/test_baselines.py::test_only_a_strictly_better_f1_beats_the_stored_baseline",
    ),
    feature(
        F1_GATE,
        "the baseline is exported and imported as a file",
        "tests/pipeline/gate/test_baselines.py::test_a_baseline_goes_through_its_file_and_the_store_unchanged",
    ),
    feature(
        F1_GATE,
        "`/classify` for older clients",
        "tests/serving/test_front_door.py::test_older_clients_may_classify_with_either_name",
    ),
    figure(
        NUMERIC,
        "F1 (positive: benign) on the frozen holdout",
        _quality("breast_cancer", "f1"),
        "`python -m benchmarks.models`",
    ),
    figure(NUMERIC, "accuracy on the same", _quality("breast_cancer", "accuracy"), "`python -m benchmarks.models`"),
    figure(NUMERIC, "training time", _trained("breast_cancer"), "`python -m benchmarks.models`"),
    feature(
        NUMERIC,
        "30 features in order or by name; what is wrong is named",
        "tests/serving/test_many_models.py::test_features_in_order_and_by_name_get_the_same_answer",
        "tests/serving/test_many_models.py::test_wrong_features_are_refused_with_the_one_that_is_wrong",
    ),
    feature(
        NUMERIC,
        "two candidates, gate F1 >= production, registry.json and audit.log",
        "tests/pipeline/test_models.py::test_a_first_version_of_every_model_passes_its_gate_and_can_be_served",
        "tests/pipeline/releases/test_views.py::test_a_move_is_written_into_the_files_of_the_registry",
    ),
    figure(
        NUMERIC,
        "drift detection: share of calm windows of 100 rows that alarm",
        _numeric_windows("no drift", at_most=0.05),
        "`python -m benchmarks.drift`",
    ),
    figure(
        NUMERIC,
        "drift detection: windows of 100 rows in which 5 of 30 features moved by half a deviation",
        _numeric_windows("5 of 30 by 0.5 sd", at_least=0.95),
        "`python -m benchmarks.drift`",
    ),
    feature(
        NUMERIC, "drift of numbers", "tests/serving/test_numeric_drift.py::test_shifted_features_are_drift_and_named"
    ),
    figure(
        REVIEWS,
        "accuracy on a leak-free holdout",
        _quality("sentiment", "accuracy", 0.91),
        "`python -m benchmarks.models`",
    ),
    figure(REVIEWS, "F1 on the same", _quality("sentiment", "f1"), "`python -m benchmarks.models`"),
    figure(
        REVIEWS,
        "drift detection: windows of 100 reviews with 25% of another source that are found",
        _windows("IMDB", "25% of the other source", 100, at_least=0.95),
        "`python -m benchmarks.drift`",
    ),
    figure(REVIEWS, "whole training", _trained("sentiment", 60), "`python -m benchmarks.models`"),
    figure(
        REVIEWS,
        "one prediction",
        Measured(
            result="models",
            at="models/sentiment/ours/prediction_microseconds",
            unit=" µs",
            at_most=2_000,
            digits=0,
        ),
        "`python -m benchmarks.models`",
    ),
    feature(
        REVIEWS,
        "a transformer behind the same specification",
        "tests/pipeline/training/test_fine_tuning.py::test_the_whole_recipe_registers_a_transformer_that_passes_the_gate_of_sentiment",
    ),
    feature(
        REVIEWS,
        "the official test half is the frozen holdout where its folder is given",
        "tests/pipeline/test_sentiment.py::test_the_official_test_half_is_the_frozen_holdout_and_nothing_of_it_is_trained_on",
    ),
    figure(
        NEIGHBOURS,
        "accuracy on the frozen holdout (gate: more than 0.85)",
        _quality("sms_numeric", "accuracy", 0.85),
        "`python -m benchmarks.models`",
    ),
    figure(NEIGHBOURS, "F1 on the frozen holdout", _quality("sms_numeric", "f1"), "`python -m benchmarks.models`"),
    figure(NEIGHBOURS, "training time", _trained("sms_numeric"), "`python -m benchmarks.models`"),
    feature(
        NEIGHBOURS,
        "shadow, canary, blue/green and rollback",
        "tests/serving/test_rollouts.py",
        "tests/pipeline/test_sms_numeric.py::test_its_versions_come_into_service_by_a_canary_and_new_rows_count_double",
    ),
    feature(
        NEIGHBOURS,
        "messages that became shorter are drift",
        "tests/pipeline/test_sms_numeric.py::test_messages_that_became_shorter_are_drift_and_the_length_is_named",
    ),
    feature(
        NEIGHBOURS,
        "an answer says which marks moved it",
        "tests/pipeline/test_sms_numeric.py::test_a_message_of_digits_and_marks_is_explained_by_them",
    ),
)
