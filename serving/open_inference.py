"""The Open Inference Protocol, version 2, so that clients of KServe, Triton and MLServer work unchanged.

JSON, and Triton's binary extension for inputs and outputs (its clients use it unless told otherwise). Outputs: `label`,
`probability` (of the positive class) and `prediction_id`, one value a row.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from pipeline.errors import UnknownVersionError
from pipeline.records import version_tag
from pipeline.spec import ModelSpec
from pipeline.version import VERSION
from serving.access_log import note
from serving.answering import Served
from serving.errors import InvalidInputError, JsonResponse
from serving.front_door import SCOPE_KEY
from serving.inputs import NumericBodies, TextBodies
from serving.parsing import parse
from serving.routes import DataPlane, Endpoint
from serving.routing import Slot
from serving.schemas import Shown
from serving.slots import Lineup, Slots

JSON_LENGTH = "inference-header-content-length"
NUMPY_TYPES = {
    "FP16": "<f2", "FP32": "<f4", "FP64": "<f8",
    "INT8": "<i1", "INT16": "<i2", "INT32": "<i4", "INT64": "<i8",
    "UINT8": "<u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8",
}  # fmt: skip
OUTPUTS = {"label": "BYTES", "probability": "FP64", "prediction_id": "BYTES"}


class Tensor(BaseModel):
    model_config = ConfigDict(extra="ignore")

    name: str
    shape: Annotated[list[Annotated[int, Field(ge=0, le=1_000_000)]], Field(min_length=1, max_length=8)]
    datatype: str
    parameters: dict[str, Any] = {}
    data: list[Any] | None = None


class Requested(BaseModel):
    model_config = ConfigDict(extra="ignore")

    name: str
    parameters: dict[str, Any] = {}


class InferenceRequest(BaseModel):
    """One input tensor; `outputs` names those that are wanted, all of them by default."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [{"inputs": [{"name": "message", "shape": [1], "datatype": "BYTES", "data": ["You won!"]}]}]
        },
    )

    id: Annotated[str, StringConstraints(max_length=200)] | None = None
    parameters: dict[str, Any] = {}
    inputs: Annotated[list[Tensor], Field(min_length=1, max_length=1)]
    outputs: list[Requested] | None = None


class OutputTensor(Shown):
    name: str
    datatype: str
    shape: list[int]
    data: list[Any] = Field(default_factory=list)


class InferenceAnswer(Shown):
    model_config = ConfigDict(protected_namespaces=())

    model_name: str
    model_version: str
    id: str | None = None
    outputs: list[OutputTensor]


class InferenceError(Shown):
    """What is wrong, as the protocol has it."""

    error: str


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
        asked, binary = _parsed(await request.body(), request.headers.get(JSON_LENGTH))
        tensor = asked.inputs[0]
        values = _rows(endpoint, tensor, _data(tensor, binary), self._most_rows)
        lineup = self._lineup(request, endpoint)
        answers = self._plane.answer_many(endpoint.spec, lineup, values, request.scope[SCOPE_KEY].key)
        served = []
        async for answer in answers:
            note(request.scope, answer.entry.prediction_id)
            served.append(answer)
        return _answer(endpoint.spec, asked, served)

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


def _parsed(body: bytes, json_length: str | None) -> tuple[InferenceRequest, bytes]:
    """The JSON part of a body and the binary one after it, whose place Triton's clients announce in a header."""
    if json_length is None:
        return parse(InferenceRequest, body), b""
    if not json_length.isdecimal() or len(json_length) > 9 or int(json_length) > len(body):
        raise InvalidInputError("Inference-Header-Content-Length is not the length of the JSON part of the body.")
    return parse(InferenceRequest, body[: int(json_length)]), body[int(json_length) :]


def _data(tensor: Tensor, binary: bytes) -> list[Any]:
    """The values of a tensor, flat."""
    size = tensor.parameters.get("binary_data_size")
    if size is None:
        return _flat(tensor.data or [])
    if size != len(binary) or isinstance(size, bool):
        raise InvalidInputError("`binary_data_size` is not the length of the binary part of the body.")
    if tensor.datatype == "BYTES":
        return [_decoded(part) for part in _strings(binary)]
    kind = NUMPY_TYPES.get(tensor.datatype)
    if kind is None or len(binary) % np.dtype(kind).itemsize:
        raise InvalidInputError("The binary part of the body does not fit the datatype of the input.")
    found: list[Any] = np.frombuffer(binary, dtype=kind).tolist()
    return found


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


def _strings(binary: bytes) -> list[bytes]:
    """Each string stands behind its length, four bytes, little-endian."""
    found: list[bytes] = []
    place = 0
    while place < len(binary):
        if place + 4 > len(binary):
            raise InvalidInputError("The binary part of the body ends within a length.")
        (length,) = struct.unpack_from("<I", binary, place)
        place += 4 + length
        if place > len(binary):
            raise InvalidInputError("The binary part of the body ends within a string.")
        found.append(binary[place - length : place])
    return found


def _decoded(part: bytes) -> str:
    try:
        return part.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidInputError("A text of the input is not UTF-8.") from None


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


def _answer(spec: ModelSpec, asked: InferenceRequest, served: Sequence[Served]) -> Response:
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
    if OUTPUTS[wanted.name] == "FP64":
        raw = np.array(values, dtype="<f8").tobytes()
    else:
        raw = b"".join(struct.pack("<I", len(text)) + text.encode() for text in values)
    return _Output({**described, "parameters": {"binary_data_size": len(raw)}}, raw)
