"""Which slot answers a request during a rollout, and which is asked in the shadow.

Pure: no clock, no files, no model calls.

The same caller gets the same version as long as a rollout lasts; a growing share keeps those who had the new one.
"""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

from pipeline.releases.rollout import Traffic


class Slot(StrEnum):
    CHAMPION = "champion"
    CHALLENGER = "challenger"
    PREVIOUS = "previous"


@dataclass(frozen=True, kw_only=True)
class Split:
    """How the requests of one model are divided. Rollouts differ in `salt`, so that each draws its own callers."""

    salt: str
    traffic: Traffic
    share: float


def position(salt: str, key: str) -> float:
    """Where a caller stands between 0 and 1 in one rollout: uniform over callers, the same at every request."""
    digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8, salt=salt.encode()[:16]).digest()
    return int.from_bytes(digest, "big") / 2**64


def answers(split: Split | None, key: str) -> Slot:
    """The slot whose answer the caller gets."""
    canary = split is not None and split.traffic is Traffic.CANARY
    if split is not None and canary and position(split.salt, key) < split.share:
        return Slot.CHALLENGER
    return Slot.CHAMPION


def shadow(split: Split | None, answered: Slot, key: str) -> Slot | None:
    """The slot that is asked too, for comparison; its answer reaches the log and nobody else."""
    if split is None or split.traffic is Traffic.STANDBY:
        return None
    if split.traffic is Traffic.CANARY:
        return Slot.CHAMPION if answered is Slot.CHALLENGER else None
    if position(split.salt, key) >= split.share:
        return None
    return Slot.CHALLENGER if split.traffic is Traffic.SHADOW else Slot.PREVIOUS
