"""What the assistant around the five systems was asked for."""

from benchmarks.requirement import Measured, feature, figure

AGENT = "The agent"
SURFACES = "What operators see"

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
    figure(
        AGENT,
        "scenarios that the rules and the deciding model are scored on",
        Measured(result="triggers", at="scenarios", at_least=80, digits=0),
        "`make eval`",
    ),
    figure(
        AGENT,
        "the deciding model is right in (needs a configured LLM)",
        Measured(result="triggers", at="agent/score/share", at_least=0.8, digits=3),
        "`make eval`",
        "tests/agent/foresight/test_evaluation.py::test_without_an_llm_the_report_says_not_run_and_has_no_score",
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
    feature(
        AGENT,
        "the documented example: RETRAIN with new labels, ALERT without",
        "tests/agent/commands/test_cli.py::test_the_documented_example_decides_as_documented",
    ),
    feature(
        AGENT,
        "a hostile model that always asks for the worst gets nothing beyond the bounds",
        "tests/agent/deliberation/test_hostile.py",
    ),
    feature(
        AGENT,
        "each number of the reasoning is in the evidence, or the rule's own sentence stands",
        "tests/agent/deliberation/test_grounding.py",
        "tests/agent/deliberation/test_assistant.py::test_a_reason_with_a_number_that_is_not_in_the_evidence_is_replaced_by_the_rules_own_sentence",
    ),
    feature(
        AGENT,
        "limits of calls, tokens and money, of a decision and of a day",
        "tests/agent/deliberation/test_assistant.py::test_money_is_limited_and_counted",
        "tests/agent/record/test_day_of_the_llm.py",
    ),
    feature(
        AGENT,
        "a model that does worse than the rules is demoted to advice, and the rules go on",
        "tests/agent/record/test_scorecard.py::test_three_choices_that_did_worse_demote_to_advice_and_the_rules_go_on",
    ),
    feature(
        AGENT,
        "a conversation that has read messages loses the acting tools",
        "tests/agent/foresight/test_chat_reading.py",
    ),
    feature(
        AGENT,
        "the real way to an LLM: tools, broken answers, limits, a small local one on request",
        "tests/agent/deliberation/test_assistant_http.py",
        "tests/agent/deliberation/test_local_llm.py",
    ),
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
    feature(
        SURFACES,
        "alerts with the messages whose labels could change the decision",
        "tests/agent/alerts/test_labelling.py",
    ),
    feature(
        SURFACES,
        "strangers' text in alerts makes no link and no mention",
        "tests/agent/alerts/test_rendering.py::test_text_for_slack_holds_no_markup_and_nothing_that_becomes_a_link",
    ),
    feature(
        SURFACES,
        "dashboard pages: models, versions, decisions with what-if, label queue, approvals, chat",
        "tests/dashboard/test_pages.py",
    ),
    feature(SURFACES, "the dashboard in a real browser over the running system", "tests/dashboard/test_chromium.py"),
    feature(SURFACES, "one command line, every example parses", "tests/launch/test_command_line.py"),
    feature(SURFACES, "read-only tools for an assistant of one's own", "tests/agent/mcp"),
    feature(SURFACES, "a runbook entry for every alert", "tests/agent/alerts/test_runbook.py"),
    feature(
        SURFACES,
        "pages of settings, HTTP APIs, commands and diagrams are generated and current",
        "`make docs`",
        "tests/launch/pages",
    ),
)
