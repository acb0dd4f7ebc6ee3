"""The requirements of the five systems, and of the assistant around them."""

from benchmarks.requirement import Measured, Requirement

MAIN = "SMS spam with TF-IDF candidates (the main system)"
F1_GATE = "SMS spam with an F1 promotion gate"
NUMERIC = "Breast cancer"
REVIEWS = "Sentiment of reviews"
NEIGHBOURS = "SMS spam from numeric features"
AGENT = "The agent"
SERVICE = "The prediction service"
SURFACES = "What operators see"
RUNNING = "Running it"
SCALE = "Beyond one machine"

OURS = "servers/Refit, everything on"


def _feature(system: str, text: str, *shown_by: str) -> Requirement:
    return Requirement(system=system, text=text, shown_by=shown_by)


def _figure(system: str, text: str, measured: Measured, *shown_by: str) -> Requirement:
    return Requirement(system=system, text=text, measured=measured, shown_by=shown_by)


def _quality(model: str, metric: str, at_least: float | None = None) -> Measured:
    return Measured(result="models", at=f"models/{model}/ours/{metric}", at_least=at_least, digits=4)


def _trained(model: str, at_most: float | None = None) -> Measured:
    at = f"models/{model}/ours/training_seconds"
    return Measured(result="models", at=at, unit=" s", at_most=at_most, digits=1)


MAIN_SYSTEM = (
    _figure(
        MAIN,
        "training time: search of all candidates and the final fit (2 minutes asked at first)",
        Measured(result="training", at="search_and_fit_seconds/median", unit=" s", at_most=15, digits=1),
        "`python -m benchmarks.training`",
    ),
    _figure(
        MAIN,
        "accuracy, grouped 5x2 cross-validation",
        Measured(result="training", at="cross_validation_on_all_rows/accuracy", at_least=0.99, digits=4),
        "`python -m benchmarks.training`",
    ),
    _figure(
        MAIN,
        "F1, grouped 5x2 cross-validation",
        Measured(result="training", at="cross_validation_on_all_rows/f1", at_least=0.96, digits=4),
        "`python -m benchmarks.training`",
    ),
    _figure(
        MAIN,
        "preprocessing and prediction of one message, with its words explained",
        Measured(result="training", at="microseconds_a_message/explain", unit=" µs", at_most=100, digits=0),
        "`python -m benchmarks.training`",
    ),
    _figure(
        MAIN,
        "a calm run ends in NO_ACTION (18 of 20 asked)",
        Measured(result="demo", at="calm/no_action_in_both", at_least=18, digits=0),
        "`python -m benchmarks.demo`",
    ),
    _figure(
        MAIN,
        "drift detection: campaigns found over 20 seeds",
        Measured(result="demo", at="drift/second_window/RETRAIN", at_least=18, digits=0),
        "`python -m benchmarks.demo`",
        "tests/pipeline/monitoring",
    ),
    _figure(
        MAIN,
        "requests that failed in those runs, swaps included",
        Measured(result="demo", at="drift/failed_requests", at_most=0, digits=0),
        "`python -m benchmarks.demo`",
        "tests/serving/test_process.py::test_promotions_under_load_fail_no_request_and_every_answer_is_of_a_promoted_version",
    ),
    _figure(
        MAIN,
        "drift of 500 messages measured",
        Measured(result="drift", at="times/text_500_ms", unit=" ms", at_most=100, digits=0),
        "`python -m benchmarks.drift`",
    ),
    _feature(MAIN, "one command from data to swap", "`make demo`", "tests/launch/test_demo.py"),
    _feature(
        MAIN,
        "rows have homes; near-duplicates never straddle a split",
        "tests/pipeline/data/test_homes.py::test_no_group_of_near_duplicates_straddles_the_homes_of_the_real_data",
        "tests/pipeline/training/test_search.py::test_near_duplicates_never_stand_on_both_sides_of_a_fold",
    ),
    _feature(
        MAIN,
        "candidates, parameters, metrics and lineage in MLflow",
        "tests/pipeline/training/test_retraining.py::test_the_first_version_passes_its_gate_and_is_logged_whole",
        "tests/pipeline/training/test_rebuilding.py::test_a_version_records_code_packages_data_split_seeds_and_parameters",
    ),
    _feature(
        MAIN,
        "a version can be rebuilt, byte for byte",
        "tests/pipeline/training/test_rebuilding.py::test_a_rebuilt_version_has_the_same_bytes",
    ),
    _feature(
        MAIN,
        "new spam patterns are found and named",
        "tests/serving/test_monitoring.py::test_a_campaign_is_drift_and_its_terms_are_a_new_pattern",
    ),
    _feature(
        MAIN,
        "retraining learns what drifted and keeps what it knew",
        "tests/pipeline/training/test_learning.py::test_a_retrained_version_gains_on_the_new_and_stays_within_half_a_point_on_the_old",
    ),
)

OTHER_SYSTEMS = (
    _figure(F1_GATE, "F1 on the frozen holdout", _quality("sms_spam", "f1", 0.90), "`python -m benchmarks.models`"),
    _feature(
        F1_GATE,
        "promoted only when its F1 is strictly better than the stored baseline",
        "tests/pipeline/gate/test_baselines.py::test_only_a_strictly_better_f1_beats_the_stored_baseline",
    ),
    _feature(
        F1_GATE,
        "the baseline is exported and imported as a file",
        "tests/pipeline/gate/test_baselines.py::test_a_baseline_goes_through_its_file_and_the_store_unchanged",
    ),
    _feature(
        F1_GATE,
        "`/classify` for older clients",
        "tests/serving/test_front_door.py::test_older_clients_may_classify_with_either_name",
    ),
    _figure(
        NUMERIC,
        "F1 (positive: benign) on the frozen holdout",
        _quality("breast_cancer", "f1"),
        "`python -m benchmarks.models`",
    ),
    _figure(NUMERIC, "training time", _trained("breast_cancer"), "`python -m benchmarks.models`"),
    _feature(
        NUMERIC,
        "30 features in order or by name; what is wrong is named",
        "tests/serving/test_many_models.py::test_features_in_order_and_by_name_get_the_same_answer",
        "tests/serving/test_many_models.py::test_wrong_features_are_refused_with_the_one_that_is_wrong",
    ),
    _feature(
        NUMERIC,
        "two candidates, gate F1 >= production, registry.json and audit.log",
        "tests/pipeline/test_models.py::test_a_first_version_of_every_model_passes_its_gate_and_can_be_served",
        "tests/pipeline/releases/test_views.py::test_a_move_is_written_into_the_files_of_the_registry",
    ),
    _feature(
        NUMERIC, "drift of numbers", "tests/serving/test_numeric_drift.py::test_shifted_features_are_drift_and_named"
    ),
    _figure(
        REVIEWS,
        "accuracy on a leak-free holdout",
        _quality("sentiment", "accuracy", 0.91),
        "`python -m benchmarks.models`",
    ),
    _figure(REVIEWS, "whole training", _trained("sentiment", 60), "`python -m benchmarks.models`"),
    _figure(
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
    _feature(
        REVIEWS,
        "a transformer behind the same specification",
        "tests/pipeline/training/test_fine_tuning.py::test_the_whole_recipe_registers_a_transformer_that_passes_the_gate_of_sentiment",
    ),
    _feature(
        REVIEWS,
        "the official test half is the frozen holdout where its folder is given",
        "tests/pipeline/test_sentiment.py::test_the_official_test_half_is_the_frozen_holdout_and_nothing_of_it_is_trained_on",
    ),
    _figure(
        NEIGHBOURS,
        "accuracy on the frozen holdout (gate: more than 0.85)",
        _quality("sms_numeric", "accuracy", 0.85),
        "`python -m benchmarks.models`",
    ),
    _figure(NEIGHBOURS, "F1 on the frozen holdout", _quality("sms_numeric", "f1"), "`python -m benchmarks.models`"),
    _feature(
        NEIGHBOURS,
        "shadow, canary, blue/green and rollback",
        "tests/serving/test_rollouts.py",
        "tests/pipeline/test_sms_numeric.py::test_its_versions_come_into_service_by_a_canary_and_new_rows_count_double",
    ),
    _feature(
        NEIGHBOURS,
        "messages that became shorter are drift",
        "tests/pipeline/test_sms_numeric.py::test_messages_that_became_shorter_are_drift_and_the_length_is_named",
    ),
    _feature(
        NEIGHBOURS,
        "an answer says which marks moved it",
        "tests/pipeline/test_sms_numeric.py::test_a_message_of_digits_and_marks_is_explained_by_them",
    ),
)

THE_AGENT = (
    _figure(
        AGENT,
        "trigger reliability: what a scenario makes mandatory is done",
        Measured(result="triggers", at="rules/mandatory/share", at_least=0.99, digits=3),
        "`make eval`",
        "tests/agent/foresight/test_evaluation.py::test_the_rules_do_what_a_scenario_expects",
    ),
    _figure(
        AGENT,
        "hostile proposals of which anything got through",
        Measured(result="triggers", at="hostile/through", at_most=0, digits=0),
        "`make eval`",
    ),
    _feature(
        AGENT,
        "every scenario gets the actions that it states, hostile proposals get nothing beyond",
        "tests/agent/rules/test_policy.py::test_a_scenario_gives_the_bounds_that_it_states",
        "tests/agent/foresight/test_evaluation.py::test_the_rules_do_what_a_scenario_expects",
        "tests/agent/foresight/test_evaluation.py::test_no_hostile_proposal_gets_anything_unsafe_through",
    ),
    _feature(
        AGENT,
        "for every evidence and every answer: what is permitted, and nothing required left out",
        "tests/agent/rules/test_guardrails.py::test_whatever_the_evidence_and_the_proposal_the_invariants_hold",
    ),
    _feature(
        AGENT,
        "no word of a message reaches the deciding model",
        "tests/agent/test_non_interference.py::test_the_deciding_model_is_sent_the_same_whatever_strangers_wrote",
    ),
    _feature(
        AGENT,
        "without an LLM, or with one that fails, the rules decide",
        "tests/agent/deliberation/test_assistant_http.py::test_a_bad_answer_leaves_the_decision_to_the_rules",
        "tests/agent/test_build.py::test_without_key_and_address_and_when_switched_off_the_rules_decide_alone",
    ),
    _feature(
        AGENT,
        "a killed agent loses no decision and repeats no training and no promotion",
        "tests/agent/test_kill_and_restart.py::test_a_kill_loses_no_decision_and_repeats_no_training_and_no_promotion",
    ),
    _feature(AGENT, "two agents act once", "tests/agent/test_kill_and_restart.py::test_two_agents_at_once_act_once"),
    _feature(
        AGENT,
        "decisions are chained and can be verified and replayed",
        "tests/agent/record/test_ledger.py::test_an_altered_entry_is_found",
        "tests/agent/record/test_replay.py::test_a_decision_of_the_agent_replays_without_it",
    ),
    _feature(AGENT, "approvals bind what was seen, once", "tests/agent/acting/test_approvals.py"),
    _feature(AGENT, "questions in chat, with an LLM and without", "tests/agent/foresight/test_chat.py"),
    _feature(
        AGENT,
        "what-if, replay of a history, backtest, simulation",
        "tests/agent/foresight/test_what_if.py",
        "tests/agent/foresight/test_history_replay.py",
        "tests/agent/foresight/test_backtest.py",
        "tests/agent/foresight/test_simulation.py",
    ),
    _figure(
        AGENT,
        "a scheduled look at 500 messages, from the log to the ledger",
        Measured(result="deciding", at="look_ms/median", unit=" ms", digits=0),
        "`python -m benchmarks.deciding`",
    ),
)

THE_SERVICE = (
    _figure(
        SERVICE,
        "API latency at 1,000 requests/s: p99 (p95 lies below it)",
        Measured(result="serving", at="pressure/alone/p99_ms", unit=" ms", digits=1),
        "`python -m benchmarks.serving`",
    ),
    _figure(
        SERVICE,
        "the same with batches of 1,000 and swaps",
        Measured(result="serving", at="pressure/with_batches_and_swaps/p99_ms", unit=" ms", at_most=3, digits=1),
        "`python -m benchmarks.serving`",
    ),
    _figure(
        SERVICE,
        "requests/s beside a FastAPI route that does nothing",
        Measured(result="serving", at="ratios/FastAPI route that does nothing", unit=" times", at_least=1.3),
        "`python -m benchmarks.serving`",
    ),
    _figure(
        SERVICE,
        "requests/s beside the best peer with its scikit-learn model",
        Measured(result="serving", at="ratios/FastAPI + scikit-learn pipeline", unit=" times", at_least=10, digits=1),
        "`python -m benchmarks.serving`",
    ),
    _figure(
        SERVICE,
        "requests/s beside MLServer with our predictor inside",
        Measured(result="serving", at="ratios/MLServer, our predictor inside", unit=" times", at_least=3, digits=1),
        "`python -m benchmarks.serving`",
    ),
    _figure(
        SERVICE,
        "first answer after the start",
        Measured(result="serving", at=f"{OURS}/ready_seconds", unit=" s", at_most=1),
        "`python -m benchmarks.serving`",
    ),
    _figure(
        SERVICE,
        "resident memory",
        Measured(result="serving", at=f"{OURS}/resident_mb", unit=" MB", at_most=90, digits=0),
        "`python -m benchmarks.serving`",
    ),
    _figure(
        SERVICE,
        "failed requests in 100 swaps under load",
        Measured(result="soak", at="failures", at_most=0, digits=0),
        "`python -m benchmarks.soak`",
    ),
    _feature(
        SERVICE,
        "a bad challenger leaves the champion serving",
        "tests/serving/test_following.py::test_a_corrupt_challenger_leaves_the_champion_serving_and_says_so",
    ),
    _feature(
        SERVICE,
        "each logging mode keeps its guarantee through kills",
        "tests/serving/test_process.py::test_in_the_durable_mode_every_answer_before_a_kill_is_in_the_store",
        "tests/serving/test_process.py::test_a_kill_under_load_loses_the_last_answers_alone",
        "tests/serving/test_process.py::test_predictions_of_a_time_without_store_survive_a_kill_and_are_written_once",
    ),
    _feature(
        SERVICE,
        "keys, rates, size limits; no text of a message in a log",
        "tests/serving/test_front_door.py",
        "tests/serving/test_process.py::test_no_text_of_a_message_reaches_the_servers_log",
    ),
    _feature(
        SERVICE,
        "the Open Inference Protocol, with a published client",
        "tests/serving/test_published_clients.py::test_the_client_of_triton_gets_answers_in_json_and_in_binary",
    ),
    _feature(
        SERVICE,
        "no documented route answers 5xx to generated requests",
        "tests/serving/test_published_clients.py::test_schemathesis_finds_no_request_that_breaks_a_documented_route",
    ),
    _feature(
        SERVICE,
        "slow clients, half-open connections and 1,000 of them keep nobody from being served",
        "tests/serving/test_connections.py",
    ),
)

REQUIREMENTS = (*MAIN_SYSTEM, *OTHER_SYSTEMS, *THE_AGENT, *THE_SERVICE)
