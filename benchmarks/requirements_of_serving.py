"""What the prediction service was asked for."""

from benchmarks.requirement import Measured, feature, figure

SERVICE = "The prediction service"
OURS = "servers/Refit, everything on"

THE_SERVICE = (
    figure(
        SERVICE,
        "API latency at 1,000 requests/s: p95",
        Measured(result="serving", at="pressure/alone/p95_ms", unit=" ms"),
        "`python -m benchmarks.serving`",
    ),
    figure(
        SERVICE,
        "API latency at 1,000 requests/s: p99",
        Measured(result="serving", at="pressure/alone/p99_ms", unit=" ms", digits=1),
        "`python -m benchmarks.serving`",
    ),
    figure(
        SERVICE,
        "the same with batches of 1,000 and swaps",
        Measured(result="serving", at="pressure/with_batches_and_swaps/p99_ms", unit=" ms", at_most=3, digits=1),
        "`python -m benchmarks.serving`",
    ),
    figure(
        SERVICE,
        "requests/s beside a FastAPI route that does nothing",
        Measured(result="serving", at="ratios/FastAPI route that does nothing", unit=" times", at_least=1.3),
        "`python -m benchmarks.serving`",
    ),
    figure(
        SERVICE,
        "requests/s beside the best peer with its scikit-learn model",
        Measured(result="serving", at="ratios/FastAPI + scikit-learn pipeline", unit=" times", at_least=10, digits=1),
        "`python -m benchmarks.serving`",
    ),
    figure(
        SERVICE,
        "requests/s beside MLServer with our predictor inside",
        Measured(result="serving", at="ratios/MLServer, our predictor inside", unit=" times", at_least=3, digits=1),
        "`python -m benchmarks.serving`",
    ),
    figure(
        SERVICE,
        "first answer after the start",
        Measured(result="serving", at=f"{OURS}/ready_seconds", unit=" s", at_most=1),
        "`python -m benchmarks.serving`",
    ),
    figure(
        SERVICE,
        "resident memory",
        Measured(result="serving", at=f"{OURS}/resident_mb", unit=" MB", at_most=90, digits=0),
        "`python -m benchmarks.serving`",
    ),
    figure(
        SERVICE,
        "failed requests in 100 swaps under load",
        Measured(result="soak", at="failures", at_most=0, digits=0),
        "`python -m benchmarks.soak`",
    ),
    figure(
        SERVICE,
        "both of two services have swapped after a promotion, median",
        Measured(result="soak", at="seconds_until_both_services_have_swapped/median", unit=" s"),
        "`python -m benchmarks.soak`",
        "tests/serving/test_faults.py::test_replicas_with_disks_of_their_own_swap_together_and_survive_a_kill",
    ),
    figure(
        SERVICE,
        "batches of 1,000 beside scikit-learn's pipeline",
        Measured(
            result="serving",
            at="batch_of_1000_ms/answer_many",
            peer="batch_of_1000_ms/scikit_learn_pipeline",
            unit=" times as fast",
            at_least=2,
            digits=1,
        ),
        "`python -m benchmarks.serving`",
    ),
    feature(
        SERVICE,
        "a served prediction needs no heavy library",
        "tests/serving/test_process.py::test_a_served_prediction_needs_no_heavy_library",
    ),
    feature(
        SERVICE,
        "bad input gets a clear error of the right kind",
        "tests/serving/test_bad_input.py",
        "tests/serving/test_fuzz.py",
    ),
    feature(
        SERVICE,
        "the straight way answers fuzzed requests as FastAPI's own route does",
        "tests/serving/test_straight.py::test_fuzzed_requests_get_the_same_answer_on_the_straight_way",
    ),
    feature(
        SERVICE,
        "shadow, canary and blue/green advance and go back by themselves, also while the agent is away",
        "tests/serving/test_rollouts.py",
        "tests/serving/test_faults.py::test_without_mlflow_and_agent_versions_are_promoted_swapped_and_taken_back",
    ),
    feature(
        SERVICE,
        "without its store it answers from its local copy and keeps what it answers",
        "tests/serving/test_process.py::test_a_service_starts_from_its_local_copy_when_the_store_is_away",
        "tests/serving/test_spool.py",
    ),
    feature(
        SERVICE,
        "latency history by model and version, kept in the store",
        "tests/serving/test_latency_history.py",
        "tests/agent/control_plane/test_latency.py",
    ),
    feature(
        SERVICE,
        "a bad challenger leaves the champion serving",
        "tests/serving/test_following.py::test_a_corrupt_challenger_leaves_the_champion_serving_and_says_so",
    ),
    feature(
        SERVICE,
        "each logging mode keeps its guarantee through kills",
        "tests/serving/test_process.py::test_in_the_durable_mode_every_answer_before_a_kill_is_in_the_store",
        "tests/serving/test_process.py::test_a_kill_under_load_loses_the_last_answers_alone",
        "tests/serving/test_process.py::test_predictions_of_a_time_without_store_survive_a_kill_and_are_written_once",
    ),
    feature(
        SERVICE,
        "keys, rates, size limits; no text of a message in a log",
        "tests/serving/test_front_door.py",
        "tests/serving/test_process.py::test_no_text_of_a_message_reaches_the_servers_log",
    ),
    feature(
        SERVICE,
        "the Open Inference Protocol, with a published client",
        "tests/serving/test_published_clients.py::test_the_client_of_triton_gets_answers_in_json_and_in_binary",
    ),
    feature(
        SERVICE,
        "no documented route answers 5xx to generated requests",
        "tests/serving/test_published_clients.py::test_schemathesis_finds_no_request_that_breaks_a_documented_route",
    ),
    feature(
        SERVICE,
        "slow clients, half-open connections and 1,000 of them keep nobody from being served",
        "tests/serving/test_connections.py",
    ),
)
