"""The managed models: every file of pipeline/models, and of a folder of one's own, that defines a SPEC.

A file that cannot be read takes no other model down: it is named with its reason, and the rest is managed.
"""

import importlib
import importlib.util
import logging
import pkgutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

from pipeline import models
from pipeline.errors import InputError, UnknownModelError
from pipeline.settings import PipelineSettings
from pipeline.spec import ModelSpec

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """The managed models by name, in alphabetical order, and why a file gave none."""

    specs: dict[str, ModelSpec]
    broken: dict[str, str]


def catalog() -> dict[str, ModelSpec]:
    """All managed models by name, in alphabetical order."""
    return shelf(PipelineSettings().models_dir).specs


def whole_catalog() -> dict[str, ModelSpec]:
    """All managed models, for work that must leave none out. Raises InputError when a model file cannot be used."""
    found = shelf(PipelineSettings().models_dir)
    if found.broken:
        why = "; ".join(f"{file}: {reason}" for file, reason in found.broken.items())
        raise InputError(f"A model may be missing, because a model file cannot be used. Mend it first. {why}")
    return found.specs


def managed_model(name: str) -> ModelSpec:
    """The specification of one managed model. Raises UnknownModelError, which lists the known names."""
    found = shelf(PipelineSettings().models_dir)
    try:
        return found.specs[name]
    except KeyError:
        raise UnknownModelError(name, list(found.specs), found.broken.get(name)) from None


@cache
def shelf(extra: Path | None) -> Shelf:
    """What the package and the folder `extra` hold; of two files that claim one name the first gives the model."""
    specs: dict[str, ModelSpec] = {}
    broken: dict[str, str] = {}
    for file, module in _modules(extra, broken):
        spec = getattr(module, "SPEC", None)
        if not isinstance(spec, ModelSpec):
            broken[file] = "it defines no SPEC = ModelSpec(...)"
        elif spec.name in specs:
            broken[file] = f"it defines {spec.name!r}, as another file does; rename one of them"
        else:
            specs[spec.name] = spec
    for file, why in broken.items():
        log.error("The model file %s is left out: %s", file, why)
    return Shelf(specs=dict(sorted(specs.items())), broken=broken)


def _modules(extra: Path | None, broken: dict[str, str]) -> Iterator[tuple[str, ModuleType]]:
    """The modules that can be imported, by the name of their file; the others are noted in `broken`."""
    names = [module.name for module in pkgutil.iter_modules(models.__path__)]
    files = sorted(extra.glob("*.py")) if extra else []
    for name, file in [*((name, None) for name in names), *((file.stem, file) for file in files)]:
        try:
            yield name, _from_file(file) if file else importlib.import_module(f"{models.__name__}.{name}")
        except Exception as error:  # noqa: BLE001  whatever a model's file does, the other models are managed
            broken[name] = f"{type(error).__name__}: {error}"


def _from_file(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"managed_models_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    # Where dataclasses look up the names of annotations that are strings.
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[spec.name]
        raise
    return module
