"""The base rows of a model as a training takes them: from its source or a configured one, checked, in their homes."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.data.configured import configured_data
from pipeline.data.homes import Home, Homes, assign_homes, home_of, rows_sha256
from pipeline.data.quality import check_rows, hold_to_share, quarantine
from pipeline.settings import DataFrom, PipelineSettings
from pipeline.spec import LoadedData, ModelSpec, Rejected
from pipeline.store.open import Store


@dataclass(frozen=True, kw_only=True)
class Intake:
    """Rows with homes, and what was kept aside; `file` holds the rejected rows, None when there are none."""

    homes: Homes
    rejected: tuple[Rejected, ...]
    file: Path | None


def take_in(spec: ModelSpec, settings: PipelineSettings, store: Store | None = None) -> Intake:
    """Read, check and place the base rows of a model; `store` is needed where the setting names its labels.

    Raises DataUnavailableError, DataCorruptError (also when too many rows cannot be used), InputError.
    """
    loaded = load(spec, settings, store)
    checked, frozen = check_rows(spec, loaded.rows), check_rows(spec, loaded.holdout or (), "holdout row")
    rejected = (*loaded.rejected, *checked.rejected, *frozen.rejected)
    file = quarantine(settings.root / "quarantine", spec.name, rejected)
    hold_to_share(spec, len(checked.rows) + len(frozen.rows), rejected, file)
    usable = LoadedData(
        rows=checked.rows,
        source=loaded.source,
        sha256=loaded.sha256,
        holdout=None if loaded.holdout is None else frozen.rows,
    )
    return Intake(homes=assign_homes(usable, spec.homes), rejected=rejected, file=file)


def load(spec: ModelSpec, settings: PipelineSettings, store: Store | None = None) -> LoadedData:
    """What the model's own source gives, or the sources that the setting names for it, one after the other."""
    named = settings.training_data.get(spec.name)
    if not named:
        return spec.load(settings)
    alone = all(source.store for source in named)
    parts = [_one(spec, settings, store, source, alone=alone) for source in named]
    frozen = [part.holdout for part in parts if part.holdout is not None]
    return LoadedData(
        rows=tuple(row for part in parts for row in part.rows),
        source=" and ".join(part.source for part in parts),
        sha256=parts[0].sha256 if len(parts) == 1 else _joined([part.sha256 for part in parts]),
        rejected=tuple(one for part in parts for one in part.rejected),
        holdout=tuple(row for part in frozen for row in part) if frozen else None,
    )


def _one(
    spec: ModelSpec, settings: PipelineSettings, store: Store | None, source: DataFrom, *, alone: bool
) -> LoadedData:
    if source.default:
        return spec.load(settings)
    loaded = configured_data(spec, settings, store, source)
    return loaded if alone or not source.store else _outside_the_holdout(spec, loaded)


def _outside_the_holdout(spec: ModelSpec, loaded: LoadedData) -> LoadedData:
    """Labels come in all the time; beside another source they must not move the holdout that versions share."""
    rows = tuple(row for row in loaded.rows if home_of(row.input, spec.homes) is not Home.HOLDOUT)
    return replace(loaded, rows=rows, sha256=rows_sha256(rows))


def _joined(digests: list[str]) -> str:
    return hashlib.sha256("".join(digests).encode()).hexdigest()
