"""The managed models: every module of pipeline/models that defines a SPEC, found by name."""

import importlib
import pkgutil
from functools import cache

from pipeline import models
from pipeline.errors import UnknownModelError
from pipeline.spec import ModelSpec


@cache
def catalog() -> dict[str, ModelSpec]:
    """All managed models by name, in alphabetical order. Raises ValueError when two files claim one name."""
    specs: dict[str, ModelSpec] = {}
    for module in pkgutil.iter_modules(models.__path__):
        spec: ModelSpec = importlib.import_module(f"{models.__name__}.{module.name}").SPEC
        if spec.name in specs:
            raise ValueError(f"Two files under pipeline/models define the managed model {spec.name!r}; rename one.")
        specs[spec.name] = spec
    return dict(sorted(specs.items()))


def managed_model(name: str) -> ModelSpec:
    """The specification of one managed model. Raises UnknownModelError, which lists the known names."""
    try:
        return catalog()[name]
    except KeyError:
        raise UnknownModelError(name, list(catalog())) from None
