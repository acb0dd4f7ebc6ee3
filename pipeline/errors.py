"""What can go wrong in the pipeline; each message says what happened, to which model or version, and what to do.

RefitError
├── UnknownModelError        no such managed model in the catalog
├── DataUnavailableError     no source of the data could be read
├── DataCorruptError         a source was read, but its rows or checksum are wrong
├── InputError               what the caller sent cannot be scored or parsed
├── NoChampionError          the model has no promoted version yet
├── UnknownVersionError      the model has no such version
├── ArtifactError            an artefact is missing, altered or unreadable
├── PromotionRefusedError    no passed verdict for that version, or a stale one
├── ConcurrentChangeError    another process moved the pointer first
├── KeepingError             an archive or a backup cannot be written, read or trusted
├── BackendError             the cluster that trainings are to run on is not there
└── StoreError               a database cannot be opened, migrated or written
"""

from collections.abc import Sequence


class RefitError(Exception):
    """Base of every error that Refit raises on purpose."""


class UnknownModelError(RefitError):
    def __init__(self, name: str, known: list[str], broken: str | None = None):
        reason = f" Its file cannot be used: {broken}." if broken else ""
        super().__init__(f"There is no managed model {name!r}. Known: {', '.join(known) or 'none'}.{reason}")


class DataUnavailableError(RefitError):
    pass


class DataCorruptError(RefitError):
    pass


class InputError(RefitError):
    pass


class NoChampionError(RefitError):
    def __init__(self, model: str):
        super().__init__(f"{model} has no champion yet. Train a first version: python -m pipeline train {model}")


class UnknownVersionError(RefitError):
    def __init__(self, model: str, version: int, known: Sequence[int] = ()):
        there = f"There are: {', '.join(f'v{one}' for one in known)}." if known else "List them:"
        super().__init__(f"{model} has no version v{version}. {there} python -m pipeline status {model}")


class ArtifactError(RefitError):
    pass


class PromotionRefusedError(RefitError):
    pass


class ConcurrentChangeError(RefitError):
    pass


class KeepingError(RefitError):
    pass


class BackendError(RefitError):
    pass


class StoreError(RefitError):
    pass
