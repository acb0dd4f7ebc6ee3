"""How a loaded version is asked, and what counts as its failure."""

from typing import Any

from pipeline.errors import ArtifactError
from pipeline.served.artifact import Artifact
from pipeline.served.protocols import Answer
from serving.errors import InvalidInputError
from serving.slots import Held

TOP_FEATURES = 5
# What an artefact that unpacks, but whose numbers do not belong together, raises when it is asked.
BROKEN_MODEL = (ArtifactError, ValueError, LookupError, ArithmeticError, TypeError)


class NoAnswerError(InvalidInputError, ArtifactError):
    """A version that answered when it was loaded has no probability for this input: numbers too large, for instance."""

    code = "no_answer"

    def __init__(self, held: Held, answer: Answer):
        super().__init__(
            f"{held.tag} finds no probability for this input ({answer.score}). Check its numbers and their units: "
            "finite ones can be too large to compute with."
        )


def explained(held: Held, value: Any) -> Answer:
    """Raises one of BROKEN_MODEL when the version cannot answer."""
    answer = held.artifact.predictor.explain(value, TOP_FEATURES)
    if not 0.0 <= answer.score <= 1.0:
        raise NoAnswerError(held, answer)
    return answer


def explained_by(artifact: Artifact, name: str, value: Any) -> Answer:
    """The same of an artefact that is in no slot yet: without a probability it is itself at fault."""
    answer = artifact.predictor.explain(value, TOP_FEATURES)
    if not 0.0 <= answer.score <= 1.0:
        raise ArtifactError(f"{name} answers {answer.score}, which is no probability.")
    return answer
