"""Triton's binary extension: tensors as bytes behind the JSON part of a body. Pure: no clock, no files, no model calls.

Numbers stand little-endian, one after another; each string stands behind its length.
"""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from serving.errors import InvalidInputError

JSON_LENGTH = "inference-header-content-length"
NUMPY_TYPES = {
    "FP16": "<f2", "FP32": "<f4", "FP64": "<f8",
    "INT8": "<i1", "INT16": "<i2", "INT32": "<i4", "INT64": "<i8",
    "UINT8": "<u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8",
}  # fmt: skip
STRINGS = "BYTES"


def parts_of(body: bytes, json_length: str | None) -> tuple[bytes, bytes]:
    """The JSON part of a body and the binary one after it, whose place Triton's clients announce in a header."""
    if json_length is None:
        return body, b""
    if not json_length.isdecimal() or len(json_length) > 9 or int(json_length) > len(body):
        raise InvalidInputError("Inference-Header-Content-Length is not the length of the JSON part of the body.")
    return body[: int(json_length)], body[int(json_length) :]


def read_tensor(datatype: str, binary: bytes, size: object) -> list[Any]:
    """The values of a tensor, flat. `size`: what the request says of its bytes. Raises InvalidInputError."""
    if size != len(binary) or isinstance(size, bool):
        raise InvalidInputError("`binary_data_size` is not the length of the binary part of the body.")
    if datatype == STRINGS:
        return [_decoded(part) for part in _strings(binary)]
    kind = NUMPY_TYPES.get(datatype)
    if kind is None or len(binary) % np.dtype(kind).itemsize:
        raise InvalidInputError("The binary part of the body does not fit the datatype of the input.")
    found: list[Any] = np.frombuffer(binary, dtype=kind).tolist()
    return found


def written_tensor(datatype: str, values: Sequence[Any]) -> bytes:
    """The bytes of a tensor of strings, or of numbers of a type in NUMPY_TYPES."""
    if datatype == STRINGS:
        return b"".join(struct.pack("<I", len(text)) + text.encode() for text in values)
    return np.array(values, dtype=NUMPY_TYPES[datatype]).tobytes()


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
