"""The one recipe from data to a judged version: load, train, pack, register, judge. It promotes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter

import numpy as np

from pipeline.data.homes import Homes
from pipeline.data.training_set import HeldBack, TrainingSet, training_set
from pipeline.faults import fault_point
from pipeline.gate.evaluation import Metrics
from pipeline.gate.evidence import GateEvidence
from pipeline.gate.judging import ProductionRows, answers, evaluate_artifact, gate_evidence
from pipeline.gate.rules import Verdict, judge
from pipeline.gate.verdicts import VerdictRecord, newest_verdict, save_verdict
from pipeline.records import VersionRecord
from pipeline.releases.promotion import known_version
from pipeline.releases.registry import version_of_decision
from pipeline.served.artifact import Artifact, unpack
from pipeline.settings import PipelineSettings
from pipeline.spec import ModelSpec
from pipeline.store.open import Store
from pipeline.training.backends import training_backend
from pipeline.training.choice import WHOLE, TrainingChoice, learned_from, searched
from pipeline.training.fitting import Trained
from pipeline.training.making import make
from pipeline.training.registering import register_version
from pipeline.training.search import Progress, Trial
from pipeline.training.workbench import Workbench, open_workbench


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
    version, record = None, None
    if bench.champion is None or bench.champion.artifact_sha256 != challenger.sha256:
        names = {"experiment_name": experiment_name, "decision_id": decision_id}
        version, record = register_version(bench, made, learned, choice, verdict, **names)
    return Retraining(
        version=version,
        record=record,
        verdict=verdict,
        artifact_sha256=challenger.sha256,
        holdout=evaluate_artifact(challenger, bench.homes.holdout),
        trials=trained.trials,
        homes=bench.homes,
        production=bench.production,
        learned=learned,
        rejected=bench.rejected(),
        seconds=perf_counter() - started,
    )


def _learned(bench: Workbench, choice: TrainingChoice) -> TrainingSet:
    """Base rows, and the production rows that the model's rules and the choice leave."""
    production = learned_from(bench.spec, bench.production.learned, choice)
    return training_set(bench.homes.train, production, bench.spec.retraining, bench.approved, datetime.now(UTC))


def held_back(settings: PipelineSettings, store: Store, spec: ModelSpec) -> tuple[HeldBack, ...]:
    """The sources of labels that a training would hold back now."""
    return _learned(open_workbench(settings, store, spec), WHOLE).held_back


def judge_again(bench: Workbench, version: int) -> VerdictRecord:
    """Judge a registered version anew, against the present champion. Raises UnknownVersionError, ArtifactError."""
    challenger = bench.artifact(known_version(bench.store.control, bench.spec.name, version).artifact_sha256)
    return save_verdict(
        bench.store.control,
        model=bench.spec.name,
        version=version,
        champion_version=bench.champion.version if bench.champion else None,
        verdict=judge(bench.spec.gate, _evidence(bench, challenger, _known_parity(bench, version))),
        at=datetime.now(UTC),
    )


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
        rejected=bench.rejected(),
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
