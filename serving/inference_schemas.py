"""What clients of the Open Inference Protocol send and get, as the protocol's JSON has it."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from serving.schemas import Shown


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
