"""What was asked of running the assistant for years, and beyond one machine."""

from benchmarks.requirement import Measured, feature, figure

RUNNING = "Running it"
SCALE = "Beyond one machine"

THE_RUNNING = (
    figure(
        RUNNING,
        "registry access: the champion by its alias, MLflow embedded, 1,000 runs",
        Measured(result="store", at="mlflow/embedded SQLite/champion_by_alias", unit=" ms", at_most=2_000, digits=1),
        "`python -m benchmarks.registry_access`",
    ),
    figure(
        RUNNING,
        "prediction log on SQLite, rows/s in batches of 100 (the service's own are up to 250)",
        Measured(result="store", at="sqlite/rows_per_second/100", at_least=20_000, digits=0),
        "`python -m benchmarks.store`",
    ),
    figure(
        RUNNING,
        "the same on PostgreSQL",
        Measured(result="store", at="postgresql/rows_per_second/100", at_least=20_000, digits=0),
        "`python -m benchmarks.store`",
    ),
    feature(RUNNING, "one command starts, watches, restarts and stops everything", "tests/launch/test_up.py"),
    feature(
        RUNNING,
        "schedules by calendar and zone, no time fires twice",
        "tests/agent/schedule/test_clockwork.py",
        "tests/agent/schedule",
    ),
    feature(
        RUNNING,
        "training as a job with limits, progress and cancellation",
        "tests/tools/test_training.py",
        "tests/tools/test_jobs.py",
    ),
    feature(RUNNING, "migrations forward from every revision, with the data", "tests/pipeline/store"),
    feature(RUNNING, "retention, backup and restore", "tests/pipeline/keeping", "tests/serving/test_restored.py"),
    feature(RUNNING, "replicas fetch artefacts by digest", "tests/serving/test_replicas.py"),
    figure(
        RUNNING,
        "container start: from starting stopped containers to an answer",
        Measured(result="containers", at="started_to_answer_seconds", unit=" s", at_most=30, digits=1),
        "`python -m benchmarks.containers`",
        "tests/deployment/test_compose.py::test_after_a_restart_it_predicts_with_what_it_had",
    ),
    feature(
        RUNNING,
        "container start: the whole compose file, ready, and a retraining through it",
        "`make test-containers`",
        "tests/deployment/test_compose.py",
    ),
    feature(RUNNING, "manifests and workflows fit their schemas", "tests/deployment"),
    feature(RUNNING, "metrics, structured logs, spans", "tests/agent/observability"),
    figure(
        RUNNING,
        "violations of what must hold over seeded kills of the whole system",
        Measured(result="reliability", at="summary/violations", at_most=0, digits=0),
        "`make soak`",
        "tests/faults",
    ),
    figure(
        RUNNING,
        "seeded kills in the committed report",
        Measured(result="reliability", at="summary/kills", at_least=200, digits=0),
        "`make soak`",
    ),
    feature(RUNNING, "every managed model from training to the alert", "`make test-integration`", "tests/integration"),
)

BEYOND = (
    feature(SCALE, "training, scoring and serving on a Ray cluster, with workers killed", "tests/scaling"),
    figure(
        SCALE,
        "a round of looks at 500 models on one agent",
        Measured(result="many_models", at="rounds/-1/seconds", unit=" s", at_most=60, digits=1),
        "`python -m benchmarks.many_models`",
    ),
    feature(SCALE, "many models on one agent; slow and broken ones delay no other", "tests/agent/test_many_models.py"),
    figure(
        SCALE,
        "the smaller part of the models that one of two agents takes that start together",
        Measured(result="many_models", at="two_agents/smallest_share", at_least=0.3),
        "`python -m benchmarks.many_models two_agents`",
    ),
    feature(
        SCALE,
        "several agents share the models evenly and take over from each other",
        "tests/agent/schedule/test_assignment.py",
        "tests/agent/schedule/test_clockwork.py::test_the_models_of_a_killed_agent_are_taken_over_and_no_time_is_answered_for_twice",
    ),
    feature(SCALE, "costs of a decision and of a model", "tests/agent/record/test_costs.py"),
)
