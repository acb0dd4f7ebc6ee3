"""docs/settings.md from the settings classes: every variable with its default, its limits and its meaning."""

import importlib
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import AliasChoices, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from launch.pages.places import cell

ROOT = Path(__file__).parents[2]
ROOMS = ("pipeline", "serving", "tools", "agent", "scaling", "launch", "dashboard")
LIMITS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than", "min_length": "length at least"}
KINDS = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false", "Path": "path"}


def settings_classes() -> list[type[BaseSettings]]:
    """Every settings class of every room, found by its source: none can be forgotten."""
    found = []
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            names = re.findall(r"^class (\w+)\(BaseSettings\)", file.read_text(), re.MULTILINE)
            if names:
                module = importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
                found += [getattr(module, name) for name in names]
    return found


def settings_page() -> str:
    return "\n".join(line for kind in settings_classes() for line in _section(kind))


def _section(kind: type[BaseSettings]) -> Iterator[str]:
    summary, _, more = (kind.__doc__ or "").partition("\n\n")
    yield f"## {_title(kind)}\n"
    yield " ".join(f"{summary} {more}".split()) + "\n"
    yield "| variable | default | what it is |"
    yield "|---|---|---|"
    for name, field in kind.model_fields.items():
        if not _nested(field.annotation):
            yield f"| {_names(kind, name, field)} | {_default(field)} | {_meaning(field)} |"
    yield ""


def _title(kind: type[BaseSettings]) -> str:
    return f"`{kind.__module__}.{kind.__name__}`"


def _names(kind: type[BaseSettings], name: str, field: FieldInfo) -> str:
    """The variables that are read, the first of them first."""
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return ", ".join(f"`{choice}`" for choice in alias.choices)
    if isinstance(alias, str):
        return f"`{alias}`"
    return f"`{kind.model_config.get('env_prefix', '')}{name}`".upper()


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default_factory_takes_validated_data:  # it follows another setting, as its description says
        return ""
    value = field.default if field.default is not PydanticUndefined else field.get_default(call_default_factory=True)
    if value is None or value in ((), {}, ""):
        return ""
    shown = value.value if hasattr(value, "value") else value
    return f"`{str(shown).lower() if isinstance(shown, bool) else shown}`"


def _meaning(field: FieldInfo) -> str:
    secret = "**Secret.** " if SecretStr in _leaves(field.annotation) else ""
    limits = [f"{words} {_limit(field, name)}" for name, words in LIMITS.items() if _limit(field, name) is not None]
    kind = ", ".join([_kind(field.annotation), *limits])
    return cell(f"{secret}{field.description or ''} ({kind})")


def _limit(field: FieldInfo, name: str) -> Any:
    return next((getattr(one, name) for one in field.metadata if getattr(one, name, None) is not None), None)


def _kind(annotation: Any) -> str:
    leaves = [leaf for leaf in _leaves(annotation) if leaf is not NoneType]
    if len(leaves) == 1 and isinstance(leaves[0], type) and issubclass(leaves[0], Enum):
        return "one of " + ", ".join(f"`{member.value}`" for member in leaves[0])
    if get_origin(annotation) is Literal:
        return "one of " + ", ".join(f"`{value}`" for value in get_args(annotation))
    if _collection(annotation):
        return "list or JSON"
    return KINDS.get(getattr(leaves[0], "__name__", ""), "text") if leaves else "text"


def _collection(annotation: Any) -> bool:
    parts = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return any(get_origin(part) in (tuple, list, dict, set) for part in parts)


def _leaves(annotation: Any) -> list[Any]:
    """The plain types that an annotation is made of."""
    inner = get_args(annotation) if get_origin(annotation) is not Literal else ()
    return [leaf for part in inner for leaf in _leaves(part)] if inner else [annotation]


def _nested(annotation: Any) -> bool:
    return any(isinstance(leaf, type) and issubclass(leaf, BaseSettings) for leaf in _leaves(annotation))
