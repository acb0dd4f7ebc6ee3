"""The outputs of the Open Inference Protocol: `label`, `probability` (of the positive class) and `prediction_id`.

One value a row each; those that a request names, as JSON or in Triton's binary extension.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from starlette.responses import Response

from pipeline.records import version_tag
from pipeline.spec import ModelSpec
from serving.answering import Served
from serving.binary_tensors import JSON_LENGTH, written_tensor
from serving.errors import InvalidInputError, JsonResponse
from serving.inference_schemas import InferenceRequest

OUTPUTS = {"label": "BYTES", "probability": "FP64", "prediction_id": "BYTES"}


def inference_answer(spec: ModelSpec, asked: InferenceRequest, served: Sequence[Served]) -> Response:
    """The answer to a request whose rows, at least one, were served. Raises InvalidInputError for an unknown output."""
    columns: Mapping[str, list[Any]] = {
        "label": [spec.labels[one.answer.prediction] for one in served],
        "probability": [one.answer.score for one in served],
        "prediction_id": [one.entry.prediction_id for one in served],
    }
    tag = version_tag(served[0].entry.version)  # of every row: a request is answered by one version
    tensors = [_output(columns, wanted) for wanted in _wanted(asked)]
    body = {"model_name": spec.name, "model_version": tag, "outputs": [tensor.described for tensor in tensors]}
    if asked.id is not None:
        body["id"] = asked.id
    raw = b"".join(tensor.binary for tensor in tensors)
    if not raw:
        return JsonResponse(body)
    content = json.dumps(body).encode("ascii")
    return Response(content + raw, media_type="application/octet-stream", headers={JSON_LENGTH: str(len(content))})


class _Wanted(NamedTuple):
    name: str
    binary: bool


def _wanted(asked: InferenceRequest) -> list[_Wanted]:
    everywhere = bool(asked.parameters.get("binary_data_output"))
    if not asked.outputs:
        return [_Wanted(name, everywhere) for name in OUTPUTS]
    unknown = [requested.name for requested in asked.outputs if requested.name not in OUTPUTS]
    if unknown:
        raise InvalidInputError(f"There is no such output. The outputs are: {', '.join(OUTPUTS)}.")
    return [_Wanted(each.name, bool(each.parameters.get("binary_data", everywhere))) for each in asked.outputs]


class _Output(NamedTuple):
    described: dict[str, Any]
    binary: bytes


def _output(columns: Mapping[str, list[Any]], wanted: _Wanted) -> _Output:
    values = columns[wanted.name]
    described: dict[str, Any] = {"name": wanted.name, "datatype": OUTPUTS[wanted.name], "shape": [len(values)]}
    if not wanted.binary:
        return _Output({**described, "data": values}, b"")
    raw = written_tensor(OUTPUTS[wanted.name], values)
    return _Output({**described, "parameters": {"binary_data_size": len(raw)}}, raw)
