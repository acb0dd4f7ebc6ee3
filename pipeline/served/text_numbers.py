"""A model over numbers that are counted in a text: the text goes in, a model of numbers answers.

Pure: no clock, no files, no model calls.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pipeline.served.numeric_forms import Floats, NumericModel
from pipeline.served.protocols import Answer, Tensors
from pipeline.served.text_features import FUNCTIONS


@dataclass(frozen=True, kw_only=True)
class TextNumbersModel:
    """`function` names one of text_features.FUNCTIONS; `numbers` is the model over what it counts."""

    kind: ClassVar[str] = "text_numbers"
    function: str
    numbers: NumericModel

    def to_tensors(self) -> Tensors:
        return self.numbers.to_tensors()

    def parameters(self) -> dict[str, Any]:
        return {**self.numbers.parameters(), "function": self.function}

    @classmethod
    def from_tensors(cls, tensors: Tensors, parameters: Mapping[str, Any]) -> "TextNumbersModel":
        """Raises KeyError, TypeError or ValueError when arrays or parameters do not make a model."""
        numbers = NumericModel.from_tensors(tensors, parameters)
        if FUNCTIONS[parameters["function"]].names != numbers.features:
            raise ValueError("the function counts other features than the model was trained on")
        return cls(function=parameters["function"], numbers=numbers)

    def predictor(self) -> "TextNumbersPredictor":
        return TextNumbersPredictor(self)


class TextNumbersPredictor:
    """Answers for texts; an explanation says what was counted, such as `15 punctuation marks`."""

    def __init__(self, model: TextNumbersModel):
        self.model = model
        self._function = FUNCTIONS[model.function]
        self._numbers = model.numbers.predictor()
        self._said = {feature.name: feature for feature in self._function.features}

    def answer(self, text: str) -> Answer:
        return self._numbers.answer(self._function.count(text))

    def explain(self, text: str, top: int = 5) -> Answer:
        counted = self._function.count(text)
        answer = self._numbers.explain(counted, top)
        values = dict(zip(self._function.names, counted, strict=True))
        said = tuple((self._said[name].phrase(values[name]), part) for name, part in answer.top_features)
        return Answer(answer.prediction, answer.score, said)

    def answer_many(self, texts: Iterable[str]) -> list[Answer]:
        return self._numbers.answer_many(self._function.count(text) for text in texts)

    @property
    def features(self) -> tuple[str, ...]:
        return self._function.names

    def counted(self, texts: Iterable[str]) -> Floats:
        """The numbers of each text, (n, features): what monitoring compares."""
        rows = [self._function.count(text) for text in texts]
        return np.array(rows, dtype=np.float64).reshape(-1, len(self._function.names))
