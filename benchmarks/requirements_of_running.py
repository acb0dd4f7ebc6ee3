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
    feature(
        RUNNING,
        "doctor: a deployment is checked, and each finding says how to mend it",
        "`make doctor`",
        "tests/agent/doctor/test_doctor.py",
    ),
    feature(
        RUNNING,
        "data events: POST /events/data starts a retraining check, signed, once for what waits",
        "tests/agent/control_plane/test_events.py",
        "tests/agent/schedule/test_announced_data.py",
    ),
    feature(
        RUNNING,
        "roles: viewer, operator and approver, each with a token of its own",
        "tests/agent/control_plane/test_admission.py::test_a_viewer_reads_and_changes_nothing",
        "tests/agent/control_plane/test_admission.py::test_an_approver_reads_and_answers_approvals_and_opens_no_decision",
    ),
    feature(
        RUNNING,
        "dependency audit in CI (no list of weaknesses could be reached where this was built)",
        "`make audit`",
        ".github/workflows/code.yml",
    ),
    feature(
        RUNNING,
        "SBOM of all that is pinned and of each image",
        "`make sbom`",
        "tests/deployment/test_programs.py::test_the_bill_of_materials_follows_its_schema_and_names_every_pinned_package",
    ),
    feature(
        RUNNING,
        "secrets come from files and stand in no log, page or error",
        "tests/deployment/test_programs.py::test_secrets_are_drawn_once_or_taken_from_the_environment_and_never_printed",
        "tests/agent/doctor/test_doctor.py::test_no_secret_is_told_wherever_it_was_set",
    ),
    feature(RUNNING, "migrations forward from every revision, with the data", "tests/pipeline/store"),
    feature(RUNNING, "retention, backup and restore", "tests/pipeline/keeping", "tests/serving/test_restored.py"),
    feature(
        RUNNING,
        "MLflow embedded, or a server with proxied artefacts; without it everything but training goes on",
        "tests/pipeline/releases/test_mlflow_server.py",
        "tests/faults/test_away.py::test_without_mlflow_a_training_fails_and_says_so_and_the_next_one_succeeds_once_it_is_back",
    ),
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
    feature(
        RUNNING,
        "compose in CI: the whole compose file runs with podman and runc, in a job of its own",
        "`make test-containers`",
        ".github/workflows/code.yml",
        "tests/deployment/test_compose.py::test_the_compose_file_predicts_sees_drift_retrains_and_promotes",
    ),
    feature(
        RUNNING,
        "containers: not root, nothing written to their root, only what their role needs",
        "tests/deployment/test_compose.py::test_a_container_is_healthy_and_neither_root_nor_able_to_write_its_root",
        "tests/deployment/test_compose.py::test_an_image_carries_nothing_that_its_role_does_not_need",
    ),
    feature(
        RUNNING,
        "Kubernetes manifests follow their schemas and fit each other",
        "tests/deployment/test_kubernetes.py",
    ),
    feature(
        RUNNING,
        "models workflow: train on new data, gate, shadow, promote, by schedule, dispatch, merge or data event",
        ".github/workflows/models.yml",
        "tests/deployment/test_files.py::test_there_is_a_workflow_for_the_code_and_one_for_the_models",
        "tests/deployment/test_files.py::test_a_workflow_uses_the_verbs_of_the_makefile",
    ),
    feature(RUNNING, "manifests and workflows fit their schemas", "tests/deployment"),
    feature(RUNNING, "metrics, structured logs, spans", "tests/agent/observability"),
    feature(
        RUNNING,
        "Grafana dashboard file, of figures that there are",
        "tests/agent/observability/test_grafana.py",
    ),
    feature(
        RUNNING,
        "network faults: PostgreSQL or the service crashes, is cut off and comes back; nothing is lost or repeated",
        "tests/faults/test_postgresql.py",
        "tests/faults/test_away.py::test_an_agent_that_cannot_reach_the_service_says_so_and_decides_and_promotes_all_the_same",
    ),
    feature(
        RUNNING,
        "disk faults: full, read-only, half-written files",
        "tests/faults/test_disks.py",
        "tests/faults/test_read_only.py",
        "tests/faults/test_half_written.py",
    ),
    feature(RUNNING, "clock jumps stop nothing and repeat nothing", "tests/faults/test_clock.py"),
    feature(RUNNING, "Slack, MLflow or the LLM away", "tests/faults/test_away.py"),
    feature(
        RUNNING, "two agents, two schedulers", "tests/faults/test_agents.py", "tests/agent/schedule/test_leading.py"
    ),
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
    feature(
        SCALE,
        "the same bytes from a Ray cluster as from local processes",
        "tests/scaling/test_training.py::test_a_model_made_on_the_cluster_has_the_bytes_of_one_made_here",
    ),
    feature(
        SCALE,
        "Ray Serve replicas with autoscaling, same routes, same slots",
        "tests/scaling/test_replicas.py::test_the_routes_are_those_of_the_service",
        "tests/scaling/test_replicas.py::test_replicas_come_with_the_load_and_go_with_it",
        "tests/scaling/test_replicas.py::test_a_replica_that_is_killed_is_replaced_and_the_service_answers_on",
    ),
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
    feature(
        SCALE,
        "capacity: measured curves, and what far larger loads would take",
        "`python -m benchmarks.capacity`",
        "tests/scaling/test_capacity_page.py",
    ),
    feature(
        SCALE,
        "every benchmark in one command, each compared with its run before",
        "`make bench`",
        "tests/benchmarks/test_running.py",
        "tests/benchmarks/test_comparison.py",
    ),
)
