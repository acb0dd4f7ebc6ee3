"""Makes a version again from its recorded rows, and says whether it is the same, byte for byte, or what differs."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import safetensors.numpy

from pipeline.data.snapshots import Part, read_rows
from pipeline.data.training_set import TrainingSet
from pipeline.errors import ArtifactError
from pipeline.releases.promotion import known_version
from pipeline.served.artifact import artifact_path, read_checked
from pipeline.settings import PipelineSettings
from pipeline.spec import ModelSpec, SearchRules
from pipeline.store.open import Store
from pipeline.training.backends import training_backend
from pipeline.training.choice import TrainingChoice, searched
from pipeline.training.lineage import differences, environment, lineage_of
from pipeline.training.making import make
from pipeline.training.registering import rows_folder
from pipeline.training.search import Progress


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """`environment` and `content` say in sentences what differs; both are empty where all is the same."""

    recorded_sha256: str
    rebuilt_sha256: str
    environment: tuple[str, ...]
    content: tuple[str, ...]

    @property
    def identical(self) -> bool:
        return self.recorded_sha256 == self.rebuilt_sha256


def rebuild(settings: PipelineSettings, store: Store, spec: ModelSpec, version: int, progress: Progress) -> Rebuilt:
    """Train again on the recorded rows with the recorded search. Nothing is registered.

    Raises UnknownVersionError, ArtifactError when the version, its lineage or its rows are not there.
    """
    record = known_version(store.control, spec.name, version)
    lineage = lineage_of(store.control, spec.name, version)
    if lineage is None:
        raise ArtifactError(f"{spec.name} {record.tag} was registered without lineage and cannot be rebuilt.")
    folder = rows_folder(settings, spec.name)
    learned = TrainingSet(rows=read_rows(folder, _parts(lineage["training_rows"])))
    holdout = tuple(one.row for one in read_rows(folder, _parts(lineage["holdout_rows"])))
    made = make(_as_recorded(spec, lineage), learned, holdout, training_backend(settings), progress)
    before = read_checked(
        artifact_path(settings.artifact_dir, spec.name, record.artifact_sha256), record.artifact_sha256
    )
    return Rebuilt(
        recorded_sha256=record.artifact_sha256,
        rebuilt_sha256=hashlib.sha256(made.content).hexdigest(),
        environment=tuple(differences(lineage["environment"], environment())),
        content=tuple(_differing(before, made.content)),
    )


def _parts(listed: list[dict[str, Any]]) -> tuple[Part, ...]:
    return tuple(Part(**part) for part in listed)


def _as_recorded(spec: ModelSpec, lineage: Mapping[str, Any]) -> ModelSpec:
    """The specification with the search rules and candidates of that time, as far as it still has them."""
    recorded = dict(lineage["search"])
    names, _ = tuple(recorded.pop("candidates")), recorded.pop("window")
    return replace(searched(spec, TrainingChoice(candidates=names)), search=SearchRules(**recorded))


def _differing(before: bytes, after: bytes) -> list[str]:
    """One sentence for each array that differs."""
    if before == after:
        return []
    old, new = safetensors.numpy.load(before), safetensors.numpy.load(after)
    found = [f"{name} is only in {'the record' if name in old else 'the rebuilt one'}" for name in {*old} ^ {*new}]
    for name in sorted({*old} & {*new}):
        one, other = old[name], new[name]
        if one.shape != other.shape:
            found.append(f"{name} has the shape {other.shape} instead of {one.shape}")
        elif one.tobytes() != other.tobytes():
            found.append(_by_how_much(name, one, other))
    return sorted(found)


def _by_how_much(name: str, one: Any, other: Any) -> str:
    if not np.issubdtype(one.dtype, np.floating):
        return f"{name} differs in {int((one != other).sum())} of {one.size} places"
    return f"{name} differs by at most {float(np.max(np.abs(one - other))):.1e}"
