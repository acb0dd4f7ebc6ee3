"""All commands of the agent, each with examples that a test parses."""

from agent.commands import (
    alerts,
    answering,
    ask,
    costs,
    deciding,
    doctor,
    exporting,
    foresight,
    jobs,
    mcp,
    records,
    replay,
    schedule,
    serve,
    simulate,
    status,
)
from pipeline.commands.offering import Group, Offered

LOOK, DECIDE, AHEAD, RUN = "Look", "Decide and answer", "Look ahead", "Run"

ALERTS = Group(
    name="alerts",
    help="Alerts: what waits, what was given up, and whether a channel works.",
    panel=RUN,
    commands=(
        Offered(name="status", run=alerts.status, examples=("alerts status",)),
        Offered(name="test", run=alerts.try_out, examples=("alerts test",)),
        Offered(name="retry", run=alerts.retry, examples=("alerts retry", "alerts retry 7")),
        Offered(name="deliver", run=alerts.deliver, examples=("alerts deliver",)),
    ),
)
EXPORT = Group(
    name="export",
    help="What the ledger holds, one row a line, as JSON lines or CSV.",
    panel=LOOK,
    commands=(
        Offered(
            name="decisions",
            run=exporting.export_decisions,
            examples=(
                "export decisions --model sms_spam --since 2026-11-01",
                "export decisions --format csv --out decisions.csv",
            ),
        ),
    ),
)
JOBS = Group(
    name="jobs",
    help="Trainings of the agent as jobs: how far they are, how they ended, and how to end one.",
    panel=RUN,
    commands=(
        Offered(name="list", run=jobs.list_jobs, examples=("jobs list", "jobs list sms_spam --json")),
        Offered(name="show", run=jobs.show_job, examples=("jobs show 177760212e85.1",)),
        Offered(name="log", run=jobs.show_log, examples=("jobs log 177760212e85.1 --lines 20",)),
        Offered(name="cancel", run=jobs.cancel_job, examples=("jobs cancel 177760212e85.1 --who ann",)),
    ),
)
COMMANDS: tuple[Offered | Group, ...] = (
    Offered(name="status", run=status.status, panel=LOOK, examples=("status", "status sms_spam", "status --json")),
    Offered(
        name="decisions", run=records.decisions, panel=LOOK, examples=("decisions", "decisions sms_spam --limit 5")
    ),
    Offered(name="explain", run=records.explain, panel=LOOK, examples=("explain 177760212e85",)),
    Offered(
        name="ask",
        run=ask.ask,
        panel=LOOK,
        examples=('ask "why was v2 promoted?"', "ask --act retrain --model sms_spam"),
    ),
    Offered(name="scorecard", run=records.show_scorecard, panel=LOOK, examples=("scorecard sms_spam",)),
    Offered(
        name="costs",
        run=costs.costs,
        panel=LOOK,
        examples=("costs", "costs --model sms_spam --since 2026-11-01 --json"),
    ),
    Offered(name="verify", run=records.verify, panel=LOOK, examples=("verify", "verify --tip 43b2ec4d")),
    EXPORT,
    Offered(
        name="check",
        run=deciding.check,
        panel=DECIDE,
        examples=("check sms_spam", "check sms_spam --scheduled", "check sms_spam --dry-run --json"),
    ),
    Offered(
        name="decide",
        run=deciding.decide,
        panel=DECIDE,
        examples=("decide --evidence examples/evidence_with_labels.json",),
    ),
    Offered(name="approvals", run=answering.approvals, panel=DECIDE, examples=("approvals", "approvals sms_spam")),
    Offered(
        name="approve",
        run=answering.approve,
        panel=DECIDE,
        examples=('approve 5b1c0f2a9d3e --who ann --reason "looked at it"',),
    ),
    Offered(name="reject", run=answering.reject, panel=DECIDE, examples=("reject 5b1c0f2a9d3e --who ann",)),
    Offered(
        name="what-if",
        run=foresight.what_if_command,
        panel=AHEAD,
        examples=("what-if 177760212e85 --drift-threshold 0.2", "what-if 177760212e85 --set max_per_day=2"),
    ),
    Offered(
        name="replay",
        run=replay.replay,
        panel=AHEAD,
        examples=("replay 177760212e85", "replay --model sms_spam --since 2026-11-01 --policy policy.yaml"),
    ),
    Offered(
        name="simulate", run=simulate.simulate, panel=AHEAD, examples=("simulate --history calm,campaigns --days 90",)
    ),
    Offered(
        name="backtest",
        run=foresight.backtest_command,
        panel=AHEAD,
        examples=(
            "backtest --csv examples/backtest_sms.csv --time at --text message --prediction prediction --label label",
        ),
    ),
    Offered(name="eval", run=foresight.eval_command, panel=AHEAD, examples=("eval --limit 10",)),
    Offered(name="run", run=deciding.run, panel=RUN, examples=("run", "run sms_spam --interval-minutes 15")),
    Offered(name="schedule", run=schedule.schedule, panel=RUN, examples=("schedule", "schedule --json")),
    Offered(name="serve", run=serve.serve, panel=RUN, examples=("serve --with-loop",)),
    Offered(name="mcp", run=mcp.mcp, panel=RUN, examples=("mcp", "mcp --http --port 8101")),
    Offered(name="doctor", run=doctor.doctor, panel=RUN, examples=("doctor", "doctor --json")),
    JOBS,
    ALERTS,
)
