"""How a loaded version is asked, and what counts as its failure."""

from typing import Any

from pipeline.errors import ArtifactError
from pipeline.served.protocols import Answer
from serving.slots import Held

TOP_FEATURES = 5
# What an artefact that unpacks, but whose numbers do not belong together, raises when it is asked.
BROKEN_MODEL = (ArtifactError, ValueError, LookupError, ArithmeticError, TypeError)


def explained(held: Held, value: Any) -> Answer:
    """Raises one of BROKEN_MODEL when the version cannot answer."""
    answer = held.artifact.predictor.explain(value, TOP_FEATURES)
    if not 0.0 <= answer.score <= 1.0:
        raise ArtifactError(f"{held.tag} answers {answer.score}, which is no probability.")
    return answer
