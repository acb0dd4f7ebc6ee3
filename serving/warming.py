"""Asks a version for the first time, before any caller does: whether it is of the right kind, and answers at all."""

from typing import Any

from pipeline.catalog import managed_model
from pipeline.errors import ArtifactError
from pipeline.served.artifact import Artifact
from pipeline.served.numeric_forms import NumericPredictor
from pipeline.spec import ModelSpec, NumericInput
from serving.asking import explained_by

TEXTS = ("Are we still meeting for lunch tomorrow?", "WINNER! Claim your £500 prize now, call 08001234567")


def warm_up(model: str, artifact: Artifact) -> None:
    """Raises one of asking.BROKEN_MODEL for an artefact of another model's kind, or one that cannot answer."""
    for value in _values(managed_model(model), artifact):
        explained_by(artifact, f"The artefact {artifact.sha256[:12]}", value)


def _values(spec: ModelSpec, artifact: Artifact) -> list[Any]:
    """What to ask with. An artefact may be whole and registered, and still be that of another model."""
    predictor = artifact.predictor
    takes = predictor.model.features if isinstance(predictor, NumericPredictor) else None
    wanted = spec.input.features if isinstance(spec.input, NumericInput) else None
    if takes != wanted:
        raise ArtifactError(
            f"It takes {_said(takes)}, and {spec.name} is asked with {_said(wanted)}: it is the artefact of another "
            f"model. Train {spec.name} again."
        )
    return list(TEXTS) if wanted is None else [(0.0,) * len(wanted)]


def _said(features: tuple[str, ...] | None) -> str:
    return "texts" if features is None else f"{len(features)} numbers ({', '.join(features[:2])}, ...)"
