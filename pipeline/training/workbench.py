"""What the steps of a retraining share: the data of a model as it stands, and who serves now."""

from collections import Counter
from dataclasses import dataclass

from pipeline.data.homes import Homes
from pipeline.data.intake import Intake, take_in
from pipeline.gate.baselines import stored_baseline
from pipeline.gate.evidence import Baseline
from pipeline.gate.judging import ProductionRows, split_production
from pipeline.labels.approvals import approved_sources
from pipeline.labels.feedback import labelled_rows
from pipeline.records import Pointer, Row
from pipeline.releases.promotion import pointer
from pipeline.served.artifact import Artifact, artifact_path, load_artifact
from pipeline.settings import PipelineSettings
from pipeline.spec import ModelSpec
from pipeline.store.open import Store


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

    def rejected(self) -> dict[str, int]:
        """How many base rows are quarantined, by the reason."""
        return dict(Counter(one.reason for one in self.intake.rejected))


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
