"""What every served model can do, whatever its form: answer, explain, and be written as named arrays."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import exp
from typing import Any, Protocol

from numpy.typing import NDArray

Tensors = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """One scored input: class 0 or 1, P(positive class) and what moved it most, in logit units, largest first."""

    prediction: int
    score: float
    top_features: tuple[tuple[str, float], ...] = ()


class Predictor(Protocol):
    """Answers for inputs of one kind: texts, or tuples of numbers in the order of the features."""

    def answer(self, value: Any) -> Answer: ...

    def explain(self, value: Any, top: int = 5) -> Answer: ...

    def answer_many(self, values: Iterable[Any]) -> list[Answer]: ...


class ServedModel(Protocol):
    """The numbers of a model: `kind` names its form, arrays and JSON parameters hold the rest."""

    @property
    def kind(self) -> str: ...

    def to_tensors(self) -> Tensors: ...

    def parameters(self) -> Mapping[str, Any]: ...

    def predictor(self) -> Predictor: ...


def logistic(x: float) -> float:
    """1 / (1 + exp(-x)) without overflow."""
    if x >= 0.0:
        return 1.0 / (1.0 + exp(-x))
    e = exp(x)
    return e / (1.0 + e)
