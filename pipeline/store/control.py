"""Tables of the control database.

Versions, verdicts, promotions, pins, rollouts; the ledger, approvals, leases; what people were told of and answered.
"""

from sqlalchemy import JSON, Column, Float, Index, Integer, MetaData, SmallInteger, String, Table, Text
from sqlalchemy.schema import UniqueConstraint

from pipeline.store.engine import Sequence64, UtcDateTime

metadata = MetaData()

versions = Table(
    "versions",
    metadata,
    Column("model", String(80), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("artifact_sha256", String(64), nullable=False),
    Column("artifact_bytes", Integer, nullable=False),
    Column("run_id", String(64)),
    Column("trained_at", UtcDateTime, nullable=False),
    Column("training_rows", Integer, nullable=False),
    Column("training_rows_sha256", String(64), nullable=False),
    Column("decision_id", String(40)),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("verdict_id", String(40), primary_key=True),
    Column("model", String(80), nullable=False),
    Column("version", Integer, nullable=False),
    Column("champion_version", Integer, doc="The version it was compared with; none for a first version."),
    Column("status", String(20), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("body", JSON, nullable=False),
    Index("verdicts_by_version", "model", "version"),
)

promotions = Table(
    "promotions",
    metadata,
    # (model, generation) is the compare-and-set: two processes cannot both make the next move.
    Column("model", String(80), primary_key=True),
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(20), nullable=False),
    Column("from_version", Integer),
    Column("to_version", Integer, nullable=False),
    Column("who", String(120), nullable=False),
    Column("why", Text, nullable=False),
    Column("verdict_id", String(40)),
    Column("decision_id", String(40)),
    Column("at", UtcDateTime, nullable=False),
)

pins = Table(
    "pins",
    metadata,
    # Append-only: the newest row of a model says whether it is pinned, and (model, seq) is the compare-and-set.
    Column("model", String(80), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("pinned", SmallInteger, nullable=False, doc="1: pinned, 0: the pin before it is lifted."),
    Column("version", Integer, nullable=False, doc="The champion at that time."),
    Column("who", String(120), nullable=False),
    Column("why", Text, nullable=False),
    Column("lift_when", Text, doc="What would lift the pin, in words."),
    Column("until", UtcDateTime, doc="When the pin lapses by itself; none: never."),
    Column("at", UtcDateTime, nullable=False),
)

rollout_events = Table(
    "rollout_events",
    metadata,
    # Append-only: the newest row of a model is the state of its rollout, and (model, seq) is the compare-and-set.
    Column("model", String(80), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("rollout_id", String(40), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("champion_version", Integer, nullable=False),
    Column("generation", Integer, nullable=False, doc="Of the champion pointer when the rollout began."),
    Column("verdict_id", String(40), nullable=False),
    Column("decision_id", String(40)),
    Column("stage", Integer, nullable=False, doc="Position in the plan."),
    Column("plan", JSON, nullable=False, doc="Strategy, stages and guards, as they were when the rollout began."),
    Column("body", JSON, nullable=False, doc="The figures that the move was made on."),
    Column("who", String(120), nullable=False),
    Column("why", Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

lineage = Table(
    "lineage",
    metadata,
    Column("model", String(80), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("body", JSON, nullable=False, doc="Code, packages, data digests, split, seeds, parameters, row files."),
)

baselines = Table(
    "baselines",
    metadata,
    # Append-only: the newest row of a model is what its gate compares with.
    Column("model", String(80), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("who", String(120), nullable=False),
    Column("body", JSON, nullable=False),
)

label_approvals = Table(
    "label_approvals",
    metadata,
    Column("model", String(80), primary_key=True),
    Column("source", String(80), primary_key=True),
    Column("who", String(120), nullable=False),
    Column("why", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("entry_id", String(40), nullable=False, unique=True),
    Column("decision_id", String(40), nullable=False),
    Column("model", String(80), nullable=False),
    Column("kind", String(40), nullable=False, doc="`decision`, or the kind of an event that was appended to one."),
    Column("at", UtcDateTime, nullable=False),
    Column("idempotency_key", String(120), unique=True, doc="An entry with a key is written once, whoever tries."),
    Column("body", Text, nullable=False, doc="Canonical JSON; the hash covers these very bytes."),
    Column("previous_hash", String(64), nullable=False, unique=True, doc="Unique, so the chain cannot fork."),
    Column("hash", String(64), nullable=False),
    Index("ledger_by_decision", "decision_id", "seq"),
    Index("ledger_by_model", "model", "kind", "seq"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("approval_id", String(40), primary_key=True),
    Column("decision_id", String(40), nullable=False),
    Column("model", String(80), nullable=False),
    Column("action", String(40), nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("evidence_hash", String(64), nullable=False),
    Column("champion_version", Integer),
    Column("state", String(20), nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("decided_by", String(120)),
    Column("decided_at", UtcDateTime),
    Column("reason", Text),
    UniqueConstraint("decision_id", "action", name="one_approval_per_action"),
    Index("approvals_by_state", "state", "model"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(120), primary_key=True),
    Column("holder", String(120), nullable=False),
    Column("token", Integer, nullable=False, doc="Grows with each new holder: a fencing token."),
    Column("expires_at", UtcDateTime, nullable=False),
)

alert_cursors = Table(
    "alert_cursors",
    metadata,
    # How far each source of alerts was read; it moves in the transaction that queues what was read.
    Column("source", String(120), primary_key=True),
    Column("position", Sequence64, nullable=False),
)

alert_incidents = Table(
    "alert_incidents",
    metadata,
    Column("incident_id", String(80), primary_key=True),
    Column("model", String(80), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("resolved_at", UtcDateTime),
    Column("resolution", Text),
    Index("alert_incidents_by_model", "model", "kind", "opened_at"),
)

alert_outbox = Table(
    "alert_outbox",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("channel", String(20), nullable=False),
    Column("notice_key", String(120), nullable=False, doc="One notice goes out once on each channel."),
    Column("thread", String(80), nullable=False, doc="The incident, or the decision; its notices keep their order."),
    Column("model", String(80), nullable=False),
    Column("severity", String(20), nullable=False),
    Column("body", Text, nullable=False, doc="The notice as JSON; it holds no message of a user."),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False, doc="The compare-and-set of who sends it now."),
    Column("queued_at", UtcDateTime, nullable=False),
    Column("next_attempt_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime, doc="When it was sent, or given up."),
    Column("last_error", String(200)),
    Column("receipt", JSON, doc="What the channel calls the message, for updates of it."),
    UniqueConstraint("channel", "notice_key", name="one_notice_per_channel"),
    Index("alert_outbox_by_state", "state", "channel", "seq"),
    Index("alert_outbox_by_thread", "channel", "thread", "seq"),
)

alert_buttons = Table(
    "alert_buttons",
    metadata,
    Column("button_id", String(40), primary_key=True, doc="Opaque; all that a click carries."),
    Column("purpose", String(20), nullable=False),
    Column("model", String(80), nullable=False),
    Column("subject", JSON, nullable=False, doc="What the button is for: an approval, or a prediction and its label."),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_by", String(120)),
    Column("used_at", UtcDateTime),
)

alert_received = Table(
    "alert_received",
    metadata,
    # A request that is sent again, by a retry or by somebody who recorded it, finds its key here and does nothing.
    Column("request_key", String(80), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)

schedule_claims = Table(
    "schedule_claims",
    metadata,
    # The newest time of a schedule that somebody has answered for; it only moves forward, so nothing fires twice.
    Column("model", String(80), primary_key=True),
    Column("kind", String(20), primary_key=True, doc="look, or retraining."),
    Column("due_at", UtcDateTime, nullable=False),
    Column("fired_at", UtcDateTime, nullable=False),
    Column("holder", String(120), nullable=False),
    Column("token", Integer, nullable=False, doc="The agent's fencing token; an older one can claim nothing."),
)

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", String(60), primary_key=True, doc="The decision and its attempt."),
    Column("model", String(80), nullable=False),
    Column("decision_id", String(40), nullable=False),
    Column("state", String(20), nullable=False),
    Column("active_model", String(80), unique=True, doc="The model while the job runs: one job for each at a time."),
    Column("host", String(120), nullable=False),
    Column("pid", Integer),
    Column("pid_started_at", Float, doc="Process ids are used again; id and start time are not."),
    Column("stage", String(120)),
    Column("steps_done", Integer),
    Column("steps_total", Integer),
    Column("memory_bytes", Sequence64, doc="The most that the process and its workers have used."),
    Column("memory_limit_bytes", Sequence64),
    Column("time_limit_seconds", Float, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("heartbeat_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("exit_code", Integer),
    Column("reason", Text),
    Column("version", Integer),
    Column("run_id", String(64)),
    Column("cancelled_by", String(120)),
    Column("cancelled_at", UtcDateTime),
    Index("jobs_by_model", "model", "started_at"),
    Index("jobs_by_decision", "decision_id", "started_at"),
)

data_events = Table(
    "data_events",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("event_key", String(120), nullable=False, unique=True, doc="What is announced twice is looked at once."),
    Column("model", String(80), nullable=False),
    Column("source", String(80), nullable=False),
    Column("rows", Sequence64),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("handled_at", UtcDateTime),
    Column("decision_id", String(40)),
    Column("last_error", String(200)),
    Column("retry_at", UtcDateTime, doc="Not before then a look that failed is tried again."),
    Index("data_events_by_state", "state", "model", "seq"),
)

llm_spending = Table(
    "llm_spending",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("conversation", String(40), nullable=False),
    Column("calls", Integer, nullable=False, doc="Of one question; those of a decision stand in the ledger."),
    Column("tokens", Sequence64, nullable=False),
    Column("usd", Float, nullable=False),
    Index("llm_spending_by_time", "at"),
)
