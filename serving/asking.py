"""How a loaded version is asked, and what counts as its failure."""

from typing import Any

from pipeline.errors import ArtifactError
from pipeline.served.artifact import Artifact
from pipeline.served.protocols import Answer
from serving.slots import Held

TOP_FEATURES = 5
# What an artefact that unpacks, but whose numbers do not belong together, raises when it is asked.
BROKEN_MODEL = (ArtifactError, ValueError, LookupError, ArithmeticError, TypeError)


def explained(held: Held, value: Any) -> Answer:
    """Raises one of BROKEN_MODEL when the version cannot answer."""
    return explained_by(held.artifact, held.tag, value)


def explained_by(artifact: Artifact, name: str, value: Any) -> Answer:
    """The same of an artefact that is in no slot yet."""
    answer = artifact.predictor.explain(value, TOP_FEATURES)
    if not 0.0 <= answer.score <= 1.0:
        raise ArtifactError(f"{name} answers {answer.score}, which is no probability.")
    return answer
