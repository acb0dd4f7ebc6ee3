"""The one recipe from data to a judged version: load, train, pack, register, judge. It promotes nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from pipeline.data.homes import JUDGE_SHARE, Homes, rows_sha256
from pipeline.data.intake import Intake, take_in
from pipeline.data.snapshots import keep_rows
from pipeline.data.training_set import HeldBack, Origin, TrainingRow, TrainingSet, training_set
from pipeline.errors import UnknownVersionError
from pipeline.faults import fault_point
from pipeline.gate.baselines import stored_baseline
from pipeline.gate.evaluation import Metrics
from pipeline.gate.evidence import Baseline, GateEvidence
from pipeline.gate.judging import ProductionRows, answers, evaluate_artifact, gate_evidence, split_production
from pipeline.gate.rules import Verdict, judge
from pipeline.gate.verdicts import VerdictRecord, newest_verdict, save_verdict
from pipeline.labels.approvals import approved_sources
from pipeline.labels.feedback import labelled_rows
from pipeline.records import Pointer, Row, VersionRecord
from pipeline.releases.promotion import pointer, version_record
from pipeline.releases.registry import (
    DataDigest,
    RunReport,
    experiment_id,
    log_run,
    open_mlflow,
    register,
    version_of_decision,
)
from pipeline.served.artifact import Artifact, artifact_path, load_artifact, save_artifact, unpack
from pipeline.settings import PipelineSettings
from pipeline.spec import ModelSpec
from pipeline.store.open import Store
from pipeline.training.backends import training_backend
from pipeline.training.choice import WHOLE, TrainingChoice, learned_from, searched
from pipeline.training.fitting import Trained
from pipeline.training.lineage import environment, save_lineage
from pipeline.training.making import Made, make, means
from pipeline.training.search import Progress, Trial


@dataclass(frozen=True, kw_only=True)
class Retraining:
    """What a retraining gave. `version` and `record` are None when the artefact is the champion's, byte for byte."""

    version: VersionRecord | None
    record: VerdictRecord | None
    verdict: Verdict
    artifact_sha256: str
    holdout: Metrics
    trials: tuple[Trial, ...]
    homes: Homes
    production: ProductionRows
    learned: TrainingSet | None
    rejected: Mapping[str, int]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Workbench:
    """What the steps of the recipe share: where things are, the data as it stands, who serves now."""

    settings: PipelineSettings
    store: Store
    spec: ModelSpec
    homes: Homes
    production: ProductionRows
    champion: Pointer | None
    intake: Intake
    approved: frozenset[str]
    baseline: Baseline | None

    def artifact(self, sha256: str) -> Artifact:
        return load_artifact(artifact_path(self.settings.artifact_dir, self.spec.name, sha256), sha256)

    def champion_artifact(self) -> Artifact | None:
        return self.artifact(self.champion.artifact_sha256) if self.champion else None

    def judge_rows(self) -> tuple[Row, ...]:
        return self.production.judge[: self.spec.retraining.judge_rows]


def open_workbench(settings: PipelineSettings, store: Store, spec: ModelSpec) -> Workbench:
    """Read the base data and the labelled production rows of a model. Raises DataUnavailableError, DataCorruptError."""
    intake = take_in(spec, settings, store)
    labelled = labelled_rows(store.telemetry, spec.name, spec.retraining.max_production_rows)
    return Workbench(
        settings=settings,
        store=store,
        spec=spec,
        homes=intake.homes,
        production=split_production(labelled, intake.homes),
        champion=pointer(store.control, spec.name),
        intake=intake,
        approved=approved_sources(store.control, spec.name),
        baseline=stored_baseline(store.control, spec.name),
    )


def retrain(
    bench: Workbench,
    *,
    progress: Progress,
    decision_id: str | None = None,
    experiment_name: str | None = None,
    choice: TrainingChoice = WHOLE,
) -> Retraining:
    """Train on base and production rows, register the version and judge it against the champion.

    `choice` narrows the search or the production rows. Raises InputError for a candidate that the model does not have.

    For a `decision_id` that has its version already, nothing is trained again: that version is judged, if it was not.
    """
    started = perf_counter()
    existing = version_of_decision(bench.store.control, bench.spec.name, decision_id)
    if existing:
        return _resume(bench, existing, started)
    learned = _learned(bench, choice)
    fault_point("training:read")
    made = make(searched(bench.spec, choice), learned, bench.homes.holdout, training_backend(bench.settings), progress)
    trained, challenger = made.trained, unpack(made.content)
    verdict = judge(bench.spec.gate, _evidence(bench, challenger, _parity(bench, trained, challenger)))
    fault_point("training:judged")
    unchanged = bench.champion is not None and bench.champion.artifact_sha256 == challenger.sha256
    version = None if unchanged else _register(bench, made, learned, choice, experiment_name, decision_id)
    return Retraining(
        version=version,
        record=_save(bench, version, verdict) if version else None,
        verdict=verdict,
        artifact_sha256=challenger.sha256,
        holdout=evaluate_artifact(challenger, bench.homes.holdout),
        trials=trained.trials,
        homes=bench.homes,
        production=bench.production,
        learned=learned,
        rejected=_reasons(bench),
        seconds=perf_counter() - started,
    )


def _learned(bench: Workbench, choice: TrainingChoice) -> TrainingSet:
    """Base rows, and the production rows that the model's rules and the choice leave."""
    production = learned_from(bench.spec, bench.production.learned, choice)
    return training_set(bench.homes.train, production, bench.spec.retraining, bench.approved, datetime.now(UTC))


def held_back(settings: PipelineSettings, store: Store, spec: ModelSpec) -> tuple[HeldBack, ...]:
    """The sources of labels that a training would hold back now."""
    return _learned(open_workbench(settings, store, spec), WHOLE).held_back


def _reasons(bench: Workbench) -> dict[str, int]:
    return dict(Counter(one.reason for one in bench.intake.rejected))


def judge_again(bench: Workbench, version: int) -> VerdictRecord:
    """Judge a registered version anew, against the present champion. Raises UnknownVersionError, ArtifactError."""
    record = version_record(bench.store.control, bench.spec.name, version)
    if record is None:
        raise UnknownVersionError(bench.spec.name, version)
    challenger = bench.artifact(record.artifact_sha256)
    return _save(bench, record, judge(bench.spec.gate, _evidence(bench, challenger, _known_parity(bench, version))))


def _resume(bench: Workbench, version: VersionRecord, started: float) -> Retraining:
    record = newest_verdict(bench.store.control, bench.spec.name, version.version) or judge_again(
        bench, version.version
    )
    return Retraining(
        version=version,
        record=record,
        verdict=record.verdict,
        artifact_sha256=version.artifact_sha256,
        holdout=evaluate_artifact(bench.artifact(version.artifact_sha256), bench.homes.holdout),
        trials=(),
        homes=bench.homes,
        production=bench.production,
        learned=None,
        rejected=_reasons(bench),
        seconds=perf_counter() - started,
    )


def _evidence(bench: Workbench, challenger: Artifact, parity: float) -> GateEvidence:
    return gate_evidence(
        challenger, bench.champion_artifact(), bench.homes.holdout, bench.judge_rows(), parity, bench.baseline
    )


def _parity(bench: Workbench, trained: Trained, served: Artifact) -> float:
    """The largest difference between the scores of the served form and of scikit-learn over the holdout."""
    expected = trained.model.scores([row.input for row in bench.homes.holdout])
    return float(np.max(np.abs(answers(served, bench.homes.holdout)[1] - expected)))


def _known_parity(bench: Workbench, version: int) -> float:
    """The parity measured when the version was trained; infinite, and so refused, when nobody measured it."""
    record = newest_verdict(bench.store.control, bench.spec.name, version)
    results = record.verdict.results if record else ()
    return next((r.observed for r in results if r.rule == "served_parity" and r.observed is not None), float("inf"))


def _save(bench: Workbench, version: VersionRecord, verdict: Verdict) -> VerdictRecord:
    return save_verdict(
        bench.store.control,
        model=bench.spec.name,
        version=version.version,
        champion_version=bench.champion.version if bench.champion else None,
        verdict=verdict,
        at=datetime.now(UTC),
    )


def _register(
    bench: Workbench,
    made: Made,
    learned: TrainingSet,
    choice: TrainingChoice,
    experiment_name: str | None,
    decision_id: str | None,
) -> VersionRecord:
    trained, content, rows = made.trained, made.content, learned.plain
    sha256 = save_artifact(bench.settings.artifact_dir, bench.spec.name, content)
    fault_point("training:saved")
    client = open_mlflow(bench.settings)
    experiment = experiment_id(client, experiment_name or bench.spec.name, bench.settings)
    digests = _digests(bench, rows)
    parent = log_run(client, experiment, _search_report(trained, sha256, decision_id), digests)
    for trial in trained.trials:
        log_run(client, experiment, _trial_report(trial, parent))
    fault_point("training:logged")
    record = {
        "artifact_sha256": sha256,
        "artifact_bytes": len(content),
        "trained_at": datetime.now(UTC),
        "training_rows": len(rows),
        "training_rows_sha256": rows_sha256(rows),
        "decision_id": decision_id,
    }
    path = artifact_path(bench.settings.artifact_dir, bench.spec.name, sha256)
    version = register(client, bench.store.control, model=bench.spec.name, run_id=parent, artifact=path, record=record)
    fault_point("training:registered")
    body = _lineage(bench, trained, learned, choice)
    save_lineage(bench.store.control, bench.spec.name, version.version, body)
    client.log_dict(parent, body, "lineage.json")
    fault_point("training:lineage_kept")
    return version


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
            "rejected": _reasons(bench),
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
    tags = {"artifact_sha256": sha256} | ({"decision_id": decision_id} if decision_id else {})
    return RunReport(
        name="search",
        metrics=means(trained.best),
        params={"winner": trained.best.candidate.name, **trained.best.parameters},
        tags=tags,
    )


def _trial_report(trial: Trial, parent: str) -> RunReport:
    return RunReport(name=trial.candidate.name, metrics=means(trial), params=trial.parameters, tags={}, parent=parent)
