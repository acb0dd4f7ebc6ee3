"""Answers as JSON bytes."""

from collections.abc import Sequence

import msgspec

from pipeline.spec import ModelSpec, NumericInput
from serving.answering import Served

_encode = msgspec.json.Encoder().encode


def prediction_json(spec: ModelSpec, served: Served) -> bytes:
    """One prediction as the routes answer it."""
    tag, answer, entry = served
    unit = "feature" if isinstance(spec.input, NumericInput) else "word"
    return _encode(
        {
            "prediction": spec.labels[answer.prediction],
            "confidence": answer.score if answer.prediction else 1.0 - answer.score,
            "model_version": tag,
            "timestamp": entry.at.isoformat(),
            "top_features": [{unit: word, "contribution": value} for word, value in answer.top_features],
            "prediction_id": entry.prediction_id,
        }
    )


def batch_json(predictions: Sequence[bytes]) -> bytes:
    return b'{"predictions":[' + b",".join(predictions) + b"]}"
