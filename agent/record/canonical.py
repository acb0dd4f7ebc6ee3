"""One text and one hash for one value. Pure: no clock, no files, no model calls."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pipeline.records import LATER


def to_plain(value: object) -> Any:
    """JSON-ready data: dataclasses as objects, sets sorted, enums by value, times in ISO 8601 UTC.

    Raises TypeError for what has no plain form.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value.value if isinstance(value, StrEnum) else value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        named = {item.name: getattr(value, item.name) for item in fields(value)}
        left_out = {item.name for item in fields(value) if item.metadata == LATER and named[item.name] == item.default}
        return {name: to_plain(item) for name, item in named.items() if name not in left_out}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(to_plain(item) for item in value)
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical form.")


def canonical_json(value: object) -> str:
    """One text for one value: sorted keys, no spaces, no NaN (ValueError)."""
    return json.dumps(to_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_of(value: object) -> str:
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()
