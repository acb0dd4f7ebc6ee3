"""What the assistant around the five systems was asked for."""

from benchmarks.requirement import Measured, feature, figure

AGENT = "The agent"
SERVICE = "The prediction service"
SURFACES = "What operators see"

OURS = "servers/Refit, everything on"

THE_AGENT = (
    figure(
        AGENT,
        "trigger reliability: what a scenario makes mandatory is done",
        Measured(result="triggers", at="rules/mandatory/share", at_least=0.99, digits=3),
        "`make eval`",
        "tests/agent/foresight/test_evaluation.py::test_the_rules_do_what_a_scenario_expects",
    ),
    figure(
        AGENT,
        "hostile proposals of which anything got through",
        Measured(result="triggers", at="hostile/through", at_most=0, digits=0),
        "`make eval`",
    ),
    feature(
        AGENT,
        "every scenario gets the actions that it states, hostile proposals get nothing beyond",
        "tests/agent/rules/test_policy.py::test_a_scenario_gives_the_bounds_that_it_states",
        "tests/agent/foresight/test_evaluation.py::test_the_rules_do_what_a_scenario_expects",
        "tests/agent/foresight/test_evaluation.py::test_no_hostile_proposal_gets_anything_unsafe_through",
    ),
    feature(
        AGENT,
        "for every evidence and every answer: what is permitted, and nothing required left out",
        "tests/agent/rules/test_guardrails.py::test_whatever_the_evidence_and_the_proposal_the_invariants_hold",
    ),
    feature(
        AGENT,
        "no word of a message reaches the deciding model",
        "tests/agent/test_non_interference.py::test_the_deciding_model_is_sent_the_same_whatever_strangers_wrote",
    ),
    feature(
        AGENT,
        "without an LLM, or with one that fails, the rules decide",
        "tests/agent/deliberation/test_assistant_http.py::test_a_bad_answer_leaves_the_decision_to_the_rules",
        "tests/agent/test_build.py::test_without_key_and_address_and_when_switched_off_the_rules_decide_alone",
    ),
    feature(
        AGENT,
        "a killed agent loses no decision and repeats no training and no promotion",
        "tests/agent/test_kill_and_restart.py::test_a_kill_loses_no_decision_and_repeats_no_training_and_no_promotion",
    ),
    feature(AGENT, "two agents act once", "tests/agent/test_kill_and_restart.py::test_two_agents_at_once_act_once"),
    feature(
        AGENT,
        "decisions are chained and can be verified and replayed",
        "tests/agent/record/test_ledger.py::test_an_altered_entry_is_found",
        "tests/agent/record/test_replay.py::test_a_decision_of_the_agent_replays_without_it",
    ),
    feature(AGENT, "approvals bind what was seen, once", "tests/agent/acting/test_approvals.py"),
    feature(AGENT, "questions in chat, with an LLM and without", "tests/agent/foresight/test_chat.py"),
    feature(
        AGENT,
        "what-if, replay of a history, backtest, simulation",
        "tests/agent/foresight/test_what_if.py",
        "tests/agent/foresight/test_history_replay.py",
        "tests/agent/foresight/test_backtest.py",
        "tests/agent/foresight/test_simulation.py",
    ),
    figure(
        AGENT,
        "a scheduled look at 500 messages, from the log to the ledger",
        Measured(result="deciding", at="look_ms/median", unit=" ms", digits=0),
        "`python -m benchmarks.deciding`",
    ),
)

THE_SERVICE = (
    figure(
        SERVICE,
        "API latency at 1,000 requests/s: p99 (p95 lies below it)",
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

THE_SURFACES = (
    figure(
        SURFACES,
        "dashboard load: first page, cold, 100 models with a year of history",
        Measured(result="dashboard", at="sizes/1/first_page_cold_seconds/median", unit=" s", at_most=3, digits=1),
        "`python -m benchmarks.dashboard`",
    ),
    figure(
        SURFACES,
        "the same, warm",
        Measured(result="dashboard", at="sizes/1/first_page_warm_seconds/median", unit=" s", at_most=1, digits=1),
        "`python -m benchmarks.dashboard`",
    ),
    figure(
        SURFACES,
        "alert delivery: from the record to the message, 99th percentile of 100 (within 60 s asked)",
        Measured(result="alerts", at="seconds/p99", unit=" s", at_most=60, digits=1),
        "`python -m benchmarks.alerts`",
    ),
    figure(
        SURFACES,
        "alerts that were lost",
        Measured(result="alerts", at="lost", at_most=0, digits=0),
        "`python -m benchmarks.alerts`",
    ),
    feature(
        SURFACES,
        "alert delivery: at least once, in order, in one thread for each incident",
        "tests/agent/alerts/test_delivery.py::test_a_decision_arrives_in_one_thread_and_in_order_and_its_end_is_written_on_the_first_message",
        "tests/agent/alerts/test_delivery.py::test_a_sender_that_is_killed_in_the_middle_loses_nothing_and_keeps_the_order",
    ),
    feature(
        SURFACES,
        "a channel that is down delays no decision and gets everything later",
        "tests/agent/alerts/test_delivery.py::test_a_channel_that_is_down_for_long_delays_no_decision_and_gets_everything_later",
    ),
    feature(
        SURFACES,
        "approvals and questions in Slack, over HTTP and Socket Mode",
        "tests/agent/alerts/test_slack_answers.py",
    ),
    feature(
        SURFACES,
        "mail over TLS and a signed webhook",
        "tests/agent/alerts/test_mail.py",
        "tests/agent/alerts/test_webhook.py",
    ),
    feature(SURFACES, "the dashboard in a real browser over the running system", "tests/dashboard/test_chromium.py"),
    feature(SURFACES, "one command line, every example parses", "tests/launch/test_command_line.py"),
    feature(SURFACES, "read-only tools for an assistant of one's own", "tests/agent/mcp"),
    feature(SURFACES, "a runbook entry for every alert", "tests/agent/alerts/test_runbook.py"),
)
