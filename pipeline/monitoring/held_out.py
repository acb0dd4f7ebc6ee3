"""What the answers of a version look like on texts that it has never seen: the reference of its scores.

Answers on training texts, or of the folds of a search, are no such reference: they are of another model or too sure.
Pure: no clock, no files, no model calls.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.monitoring.distances import Floats
from pipeline.monitoring.form import FORM_FEATURES, forms
from pipeline.monitoring.neighbours import Neighbours, entries_of
from pipeline.monitoring.numeric import NumericProfile, build_numeric_profile

# Fewer held-out rows than this say too little of what is usual.
MIN_HELD_OUT = 50


class Answered(Protocol):
    """An answer of a model: its class, 0 or 1, and P(positive)."""

    @property
    def prediction(self) -> int: ...

    @property
    def score(self) -> float: ...


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldOut:
    """Answers on held-out texts: P(positive) (m,), the novelty of those called positive (k,), both sorted.

    `form` is of the texts that got the more frequent class `form_class`, so that a changed class mix is no change of
    form. `risk` (3,) are the weights of risk.p_correct. `text` and `term` are the positive training texts (neighbours).
    """

    scores: Floats
    novelty: Floats
    form: NumericProfile
    form_class: int
    risk: Floats
    text: NDArray[np.int32]
    term: NDArray[np.int32]

    @property
    def rows(self) -> int:
        return len(self.scores)

    @property
    def positive_rate(self) -> float:
        return len(self.novelty) / len(self.scores)

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        tensors: dict[str, NDArray[Any]] = {name: getattr(self, name) for name in _ARRAYS}
        tensors["form_class"] = np.array([self.form_class], dtype=np.int64)
        return tensors | {f"form.{name}": tensor for name, tensor in self.form.to_tensors().items()}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]]) -> "HeldOut":
        """What `to_tensors` took apart. Raises KeyError or ValueError for tensors that do not fit."""
        form = {name.removeprefix("form."): tensor for name, tensor in tensors.items() if name.startswith("form.")}
        return cls(
            form=NumericProfile.from_tensors(form),
            form_class=int(tensors["form_class"][0]),
            **{name: tensors[name] for name in _ARRAYS},
        )


_ARRAYS = ("scores", "novelty", "risk", "text", "term")


def held_out_of(
    *,
    texts: Sequence[str],
    answers: Sequence[Answered],
    positives: Sequence[str],
    index: Mapping[str, int],
    weight: Floats,
    new_weight: float,
    risk: Floats,
) -> HeldOut:
    """The reference from held-out `texts` with their answers, the `positives` of the training texts and their terms.

    Raises ValueError for fewer than MIN_HELD_OUT texts.
    """
    if len(texts) < MIN_HELD_OUT:
        raise ValueError(f"{len(texts)} held-out texts are too few for a reference; {MIN_HELD_OUT} are needed.")
    text, term = entries_of(positives, index, weight)
    near = Neighbours(text=text, term=term, weight=weight, new_weight=new_weight)
    predicted = np.array([answer.prediction for answer in answers])
    called = [text for text, answer in zip(texts, answers, strict=True) if answer.prediction]
    usual = int(predicted.mean() >= 0.5)
    return HeldOut(
        scores=np.sort(np.array([answer.score for answer in answers])),
        novelty=np.sort(near.novelty(called, index)),
        form=build_numeric_profile(forms(of_class(texts, answers, usual)), FORM_FEATURES),
        form_class=usual,
        risk=risk,
        text=text,
        term=term,
    )


def of_class(texts: Sequence[str], answers: Sequence[Answered], wanted: int) -> list[str]:
    """The texts that were given that class."""
    return [text for text, answer in zip(texts, answers, strict=True) if answer.prediction == wanted]
