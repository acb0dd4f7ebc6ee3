"""Registers what was trained as a version: its artefact, its runs, its lineage and the rows that it was made of.

In the control store the version appears with its lineage and its verdict, all or nothing: a training that is killed
before is trained again, and one that is killed after is done.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.data.homes import JUDGE_SHARE, rows_sha256
from pipeline.data.snapshots import keep_rows
from pipeline.data.training_set import Origin, TrainingRow, TrainingSet
from pipeline.faults import fault_point
from pipeline.gate.rules import Verdict
from pipeline.gate.verdicts import VerdictRecord, add_verdict
from pipeline.records import Row, VersionRecord
from pipeline.releases.registry import (
    TRIALS_TAG,
    DataDigest,
    RunReport,
    add_version,
    answered,
    experiment_id,
    log_run,
    open_mlflow,
    registered_in_mlflow,
    show_challenger,
)
from pipeline.served.artifact import artifact_path, save_artifact
from pipeline.settings import PipelineSettings
from pipeline.store.engine import racing
from pipeline.training.choice import TrainingChoice
from pipeline.training.fitting import Trained
from pipeline.training.lineage import add_lineage, environment
from pipeline.training.making import Made, means
from pipeline.training.search import Trial
from pipeline.training.workbench import Workbench


@dataclass(frozen=True, kw_only=True)
class Logged:
    """What MLflow has of a training: its run, and its number of the version."""

    run_id: str
    version: int


def register_version(
    bench: Workbench,
    made: Made,
    learned: TrainingSet,
    choice: TrainingChoice,
    verdict: Verdict,
    *,
    experiment_name: str | None,
    decision_id: str | None,
) -> tuple[VersionRecord, VerdictRecord]:
    """Keep a trained artefact with all that it was made of, and give it the next number. Raises StoreError, OSError."""
    model, content, rows = bench.spec.name, made.content, learned.plain
    sha256 = save_artifact(bench.settings.artifact_dir, model, content)
    fault_point("training:saved")
    lineage = _lineage(bench, made.trained, learned, choice)
    logged = _logged(
        bench, made.trained, rows, lineage, _search_report(made.trained, sha256, decision_id), experiment_name
    )
    at = datetime.now(UTC)
    record = {"artifact_sha256": sha256, "artifact_bytes": len(content), "trained_at": at, "decision_id": decision_id}
    record |= {"training_rows": len(rows), "training_rows_sha256": rows_sha256(rows)}
    with racing(bench.store.control, "the versions", model) as connection:
        version = add_version(connection, model=model, run_id=logged.run_id, in_mlflow=logged.version, record=record)
        add_lineage(connection, model, version.version, lineage)
        judged = add_verdict(
            connection,
            model=model,
            version=version.version,
            champion_version=bench.champion.version if bench.champion else None,
            verdict=verdict,
            at=at,
        )
    fault_point("training:registered")
    show_challenger(bench.settings, version)
    return version, judged


def _logged(
    bench: Workbench,
    trained: Trained,
    rows: Sequence[Row],
    lineage: dict[str, Any],
    report: RunReport,
    experiment_name: str | None,
) -> Logged:
    """Write the runs of a training and their version into MLflow."""
    settings, model = bench.settings, bench.spec.name
    client = open_mlflow(settings)
    with answered():
        experiment = experiment_id(client, experiment_name or model, settings)
        parent = log_run(client, experiment, report, _digests(bench, rows))
        for trial in trained.trials:
            log_run(client, experiment, _trial_report(trial, parent))
        fault_point("training:logged")
        client.log_dict(parent, lineage, "lineage.json")
        fault_point("training:lineage_kept")
        artifact = artifact_path(settings.artifact_dir, model, report.tags["artifact_sha256"])
        version = registered_in_mlflow(client, model, parent, artifact)
        fault_point("training:version_made")
    return Logged(run_id=parent, version=version)


def _lineage(bench: Workbench, trained: Trained, learned: TrainingSet, choice: TrainingChoice) -> dict[str, Any]:
    spec, homes = bench.spec, bench.homes
    folder = rows_folder(bench.settings, spec.name)
    held = tuple(TrainingRow(row=row, origin=Origin.BASE) for row in homes.holdout)
    return {
        "environment": environment(),
        "data": {
            "source": homes.source,
            "source_sha256": homes.source_sha256,
            "homes_sha256": homes.digests(),
            "training_rows_sha256": rows_sha256(learned.plain),
            "provenance": learned.provenance(),
            "held_back": [asdict(one) for one in learned.held_back],
            "too_old": learned.too_old,
            "rejected": bench.rejected(),
        },
        "split": {"rule": "sha256 of the group key", **asdict(spec.homes), "judge": JUDGE_SHARE},
        "search": {**asdict(spec.search), "candidates": list(choice.candidates), "window": choice.window.value},
        "winner": {"candidate": trained.best.candidate.name, "parameters": trained.best.parameters},
        "training_rows": [part.as_dict() for part in keep_rows(folder, learned.rows)],
        "holdout_rows": [part.as_dict() for part in keep_rows(folder, held)],
    }


def rows_folder(settings: PipelineSettings, model: str) -> Path:
    """Where the snapshots of a model's rows are kept."""
    return settings.artifact_dir / model / "rows"


def _digests(bench: Workbench, rows: Sequence[Row]) -> list[DataDigest]:
    homes, source = bench.homes, bench.homes.source
    judged = bench.judge_rows()
    return [
        DataDigest(role="training", source=source, rows=len(rows), sha256=rows_sha256(rows)),
        DataDigest(role="holdout", source=source, rows=len(homes.holdout), sha256=rows_sha256(homes.holdout)),
        DataDigest(role="recent", source="labelled production rows", rows=len(judged), sha256=rows_sha256(judged)),
    ]


def _search_report(trained: Trained, sha256: str, decision_id: str | None) -> RunReport:
    tags = {"artifact_sha256": sha256, TRIALS_TAG: str(len(trained.trials))}
    if decision_id:
        tags["decision_id"] = decision_id
    return RunReport(
        name="search",
        metrics=means(trained.best),
        params={"winner": trained.best.candidate.name, **trained.best.parameters},
        tags=tags,
    )


def _trial_report(trial: Trial, parent: str) -> RunReport:
    return RunReport(name=trial.candidate.name, metrics=means(trial), params=trial.parameters, tags={}, parent=parent)
