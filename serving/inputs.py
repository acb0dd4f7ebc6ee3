"""What a model takes, text or numbers: the bodies of its routes, and the values that its predictor is asked with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any

from pydantic import Field

from pipeline.spec import ModelSpec, NumericInput, TextInput
from serving.errors import InvalidInputError
from serving.parsing import parse
from serving.schemas import Body, body_schema, text_type

FEATURES = "features"
ROWS = "rows"


@dataclass(frozen=True, kw_only=True)
class TextBodies:
    """`field` is the name of the text in a single prediction; the older clients' route takes `text` too."""

    field: str
    message: type[Body]
    classify: type[Body]
    batch: type[Body]
    drift: type[Body]

    def one(self, body: bytes) -> str:
        text: str = getattr(parse(self.message, body), self.field)
        return text

    def older(self, body: bytes) -> str:
        """The text of an older client: under `text`, or under the model's own field."""
        found = parse(self.classify, body)
        given = [value for value in vars(found).values() if value is not None]
        if len(given) != 1:
            raise InvalidInputError(f'Send one of `text` and `{self.field}`, like {{"text": "..."}}.')
        text: str = given[0]
        return text

    def many(self, body: bytes) -> list[str]:
        texts: list[str] = parse(self.batch, body).messages  # type: ignore[attr-defined]
        return texts

    def for_drift(self, body: bytes) -> list[str]:
        texts: list[str] = parse(self.drift, body).messages  # type: ignore[attr-defined]
        return texts

    def tensor(self, datatype: str, shape: Sequence[int], data: Sequence[Any]) -> list[str]:
        """The inputs of an Open Inference request."""
        if datatype != "BYTES":
            raise InvalidInputError("The input of a text model has the datatype BYTES.")
        return list(data)


@dataclass(frozen=True, kw_only=True)
class NumericBodies:
    """Numbers in the order of the features, or by their names."""

    features: tuple[str, ...]
    message: type[Body]
    classify: type[Body]
    batch: type[Body]
    drift: type[Body]

    def one(self, body: bytes) -> tuple[float, ...]:
        return self.row(parse(self.message, body).features, FEATURES)  # type: ignore[attr-defined]

    older = one

    def many(self, body: bytes) -> list[tuple[float, ...]]:
        rows = parse(self.batch, body).rows  # type: ignore[attr-defined]
        return [self.row(row, f"{ROWS}[{place}]") for place, row in enumerate(rows)]

    def for_drift(self, body: bytes) -> list[tuple[float, ...]]:
        rows = parse(self.drift, body).rows  # type: ignore[attr-defined]
        return [self.row(row, f"{ROWS}[{place}]") for place, row in enumerate(rows)]

    def tensor(self, datatype: str, shape: Sequence[int], data: Sequence[Any]) -> list[tuple[float, ...]]:
        """The inputs of an Open Inference request: one row of features after the other."""
        width = len(self.features)
        if not datatype.startswith(("FP", "INT", "UINT")) or len(data) % width:
            raise InvalidInputError(f"The input of this model has numbers of the shape [rows, {width}].")
        rows = [data[start : start + width] for start in range(0, len(data), width)]
        return [self.row(row, f"row {place}") for place, row in enumerate(rows)]

    def row(self, given: Any, where: str) -> tuple[float, ...]:
        """The numbers of one row in order. Raises InvalidInputError, which names the feature that is wrong."""
        if isinstance(given, Mapping):
            self._check_names(given, where)
            given = [given[name] for name in self.features]
        if len(given) != len(self.features):
            raise InvalidInputError(f"`{where}` has {len(given)} numbers, {len(self.features)} are needed.")
        for name, value in zip(self.features, given, strict=True):
            if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
                raise InvalidInputError(f"`{where}`: {name} must be a finite number.")
        return tuple(map(float, given))

    def _check_names(self, given: Mapping[str, Any], where: str) -> None:
        missing = [name for name in self.features if name not in given]
        unknown = [ascii(name[:40])[1:-1] for name in given if name not in self.features]
        if missing:
            raise InvalidInputError(f"`{where}`: {missing[0]} is missing.")
        if unknown:
            raise InvalidInputError(f"`{where}`: {unknown[0]} is not a feature of this model.")


Bodies = TextBodies | NumericBodies


def bodies(spec: ModelSpec, most_batch: int, most_drift: int) -> Bodies:
    """What the routes of one model take."""
    if isinstance(spec.input, NumericInput):
        return _numeric(spec, spec.input, most_batch, most_drift)
    return _text(spec, spec.input, most_batch, most_drift)


def _text(spec: ModelSpec, given: TextInput, most_batch: int, most_drift: int) -> TextBodies:
    text: Any = text_type(spec)
    optional = (text | None, None)

    def listed(most: int) -> type[Body]:
        kind = Annotated[list[text], Field(min_length=1, max_length=most)]
        return body_schema(f"{spec.name}_messages_{most}", {"messages": (kind, ...)}, {"messages": ["..."]})

    return TextBodies(
        field=given.field,
        message=body_schema(f"{spec.name}_input", {given.field: (text, ...)}, {given.field: "..."}),
        classify=body_schema(f"{spec.name}_classify", {"text": optional, given.field: optional}, {"text": "..."}),
        batch=listed(most_batch),
        drift=listed(most_drift),
    )


def _numeric(spec: ModelSpec, given: NumericInput, most_batch: int, most_drift: int) -> NumericBodies:
    row: Any = list[Any] | dict[str, Any]
    example = dict.fromkeys(given.features, 0.0)

    def listed(most: int) -> type[Body]:
        kind = Annotated[list[row], Field(min_length=1, max_length=most)]
        return body_schema(f"{spec.name}_rows_{most}", {ROWS: (kind, ...)}, {ROWS: [example]})

    message = body_schema(f"{spec.name}_input", {FEATURES: (row, ...)}, {FEATURES: example})
    return NumericBodies(
        features=given.features,
        message=message,
        classify=message,
        batch=listed(most_batch),
        drift=listed(most_drift),
    )
