"""Turns the bytes of a body into a value, or into one sentence that says what to do about them."""

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from serving.errors import InvalidInputError
from serving.schemas import NOT_BLANK

Parsed = TypeVar("Parsed", bound=BaseModel)

# By pydantic's names of errors; the fields in braces are the place, an example body and pydantic's own context.
SENTENCES = {
    "model_type": "The body must be a JSON object like {example}.",
    "missing": "{where} is missing. Send a JSON object like {example}.",
    "extra_forbidden": "{where} is not a field of this route. Its fields are: {fields}.",
    "string_type": "{where} must be a string.",
    "list_type": "{where} must be a list.",
    "string_pattern_mismatch": "{where} holds characters that cannot be part of it.",
    "string_too_long": "{where} is longer than {max_length:,} characters. Shorten it or send its parts.",
    "string_too_short": "{where} is empty.",
    "too_long": "{where} has more than {max_length:,} entries. Send several requests.",
    "too_short": "{where} is empty. Send at least one entry.",
}
BLANK = "{where} is blank. Send some text."


def parse(schema: type[Parsed], body: bytes) -> Parsed:
    """The body as a value of `schema`. Raises InvalidInputError, whose message quotes nothing of the texts."""
    try:
        parsed: Parsed = schema.__pydantic_validator__.validate_json(body)
        return parsed
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise InvalidInputError(_sentence(first, schema, body)) from None


def _sentence(error: Any, schema: type[BaseModel], body: bytes) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "json_invalid":
        return _not_json(body, schema, str(context.get("error", "")))
    blank = kind == "string_pattern_mismatch" and context.get("pattern") == NOT_BLANK
    sentence = BLANK if blank else SENTENCES.get(kind, "{where} cannot be used.")
    facts = {"where": _where(error["loc"]), "example": _example(schema), "fields": ", ".join(schema.model_fields)}
    return sentence.format(**{**context, **facts})


def _not_json(body: bytes, schema: type[BaseModel], reason: str) -> str:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"The body is not UTF-8 (byte {error.start}). Encode it as UTF-8 and send it again."
    if "surrogate" in reason or "hex escape" in reason:
        return f"The body holds a broken escape, like half of a surrogate pair ({reason}). Send whole characters."
    if not body.strip():
        return f"The body is empty. Send a JSON object like {_example(schema)}."
    return f"The body is not valid JSON ({reason}). Send a JSON object like {_example(schema)}."


def _where(location: Sequence[str | int]) -> str:
    """`messages[3]`; what the client named is cut, and shown in ASCII."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' if text else ''}{ascii(part[:40])[1:-1]}"
    return f"`{text}`" if text else "The body"


def _example(schema: type[BaseModel]) -> str:
    shown = {name: '["..."]' if name in {"messages", "labels"} else '"..."' for name in schema.model_fields}
    return "{" + ", ".join(f'"{name}": {value}' for name, value in shown.items()) + "}"
