"""The Open Inference Protocol, version 2, so that clients of KServe, Triton and MLServer work unchanged.

JSON, and Triton's binary extension for inputs and outputs (its clients use it unless told otherwise).
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from pipeline.errors import UnknownVersionError
from pipeline.version import VERSION
from serving.access_log import note
from serving.binary_tensors import JSON_LENGTH, parts_of, read_tensor
from serving.errors import InvalidInputError, JsonResponse
from serving.front_door import SCOPE_KEY
from serving.inference_answers import OUTPUTS, inference_answer
from serving.inference_schemas import InferenceRequest, Tensor
from serving.inputs import NumericBodies, TextBodies
from serving.parsing import parse
from serving.routes import DataPlane, Endpoint
from serving.routing import Slot
from serving.slots import Lineup, Slots


class OpenInference:
    """The handlers."""

    def __init__(self, plane: DataPlane, slots: Slots, most_rows: int):
        self._plane = plane
        self._slots = slots
        self._most_rows = most_rows

    async def server(self, request: Request) -> Response:
        """Name and extensions of the server."""
        return JsonResponse({"name": "refit", "version": VERSION, "extensions": ["binary_tensor_data"]})

    async def live(self, request: Request) -> Response:
        """200 as long as the process answers."""
        return JsonResponse({"live": True})

    async def ready(self, request: Request) -> Response:
        """200 when the default model is served."""
        return self._is_ready(self._plane.parts.default_model)

    async def model_ready(self, request: Request) -> Response:
        """200 when the model is served."""
        return self._is_ready(self._endpoint(request).spec.name)

    async def model(self, request: Request) -> Response:
        """The version that may be asked for by its number, inputs and outputs of a model."""
        endpoint = self._endpoint(request)
        name = endpoint.spec.name
        tags = [self._lineup(request, endpoint).champion.tag]
        outputs = [{"name": output, "datatype": kind, "shape": [-1]} for output, kind in OUTPUTS.items()]
        described = {"name": name, "versions": tags, "platform": "refit", "inputs": [_input(endpoint)]}
        return JsonResponse({**described, "outputs": outputs})

    async def infer(self, request: Request) -> Response:
        """Answers for the rows of one input tensor."""
        endpoint = self._endpoint(request)
        sent, binary = parts_of(await request.body(), request.headers.get(JSON_LENGTH))
        asked = parse(InferenceRequest, sent)
        tensor = asked.inputs[0]
        values = _rows(endpoint, tensor, _data(tensor, binary), self._most_rows)
        lineup = self._lineup(request, endpoint)
        answers = self._plane.answer_many(endpoint.spec, lineup, values, request.scope[SCOPE_KEY].key)
        served = []
        async for answer in answers:
            note(request.scope, answer.entry.prediction_id)
            served.append(answer)
        return inference_answer(endpoint.spec, asked, served)

    def _is_ready(self, name: str) -> Response:
        ready = self._slots.get(name, Slot.CHAMPION) is not None
        return JsonResponse({"name": name, "ready": ready}, 200 if ready else 503)

    def _endpoint(self, request: Request) -> Endpoint:
        endpoint = self._plane.endpoint_of(request.path_params["name"])
        if "version" in request.path_params:
            self._lineup(request, endpoint)
        return endpoint

    def _lineup(self, request: Request, endpoint: Endpoint) -> Lineup:
        """Who may answer: the champion and what is tried beside it, or the one version that the path names.

        Raises UnknownVersionError when that is not the champion: a version on trial answers its share alone.
        """
        name = endpoint.spec.name
        lineup = self._slots.lineup(name)
        number = request.path_params.get("version", "").removeprefix("v")
        if not number:
            return lineup
        if number != str(lineup.champion.version):
            raise UnknownVersionError(name, int(number) if number.isdecimal() else 0)
        return replace(lineup, trial=None, split=None)


def _input(endpoint: Endpoint) -> dict[str, Any]:
    bodies = endpoint.bodies
    if isinstance(bodies, TextBodies):
        return {"name": bodies.field, "datatype": "BYTES", "shape": [-1]}
    return {"name": "features", "datatype": "FP64", "shape": [-1, len(bodies.features)]}


def _data(tensor: Tensor, binary: bytes) -> list[Any]:
    """The values of a tensor, flat."""
    size = tensor.parameters.get("binary_data_size")
    return _flat(tensor.data or []) if size is None else read_tensor(tensor.datatype, binary, size)


def _flat(data: Sequence[Any]) -> list[Any]:
    """Rows as the protocol allows them: nested or flat."""
    flat: list[Any] = []
    for entry in data:
        if isinstance(entry, list):
            if any(isinstance(value, list | dict) for value in entry):
                raise InvalidInputError("`inputs[0].data` is nested too deeply.")
            flat.extend(entry)
        else:
            flat.append(entry)
    return flat


def _rows(endpoint: Endpoint, tensor: Tensor, data: list[Any], most: int) -> Sequence[Any]:
    if int(np.prod(tensor.shape, dtype=object)) != len(data):
        raise InvalidInputError(f"`inputs[0].shape` and its {len(data)} values do not agree.")
    bodies = endpoint.bodies
    values = bodies.tensor(tensor.datatype, tensor.shape, data)
    if not 0 < len(values) <= most:
        raise InvalidInputError(f"Send 1 to {most:,} rows; these are {len(values):,}.")
    if isinstance(bodies, NumericBodies):
        return values
    return bodies.many(_as_batch(values))


def _as_batch(values: Sequence[Any]) -> bytes:
    """Texts are held to the rules of a batch by its own schema."""
    return json.dumps({"messages": values}).encode()
