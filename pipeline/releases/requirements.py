"""What a move of the champion pointer takes: no pin, the generation that it was decided on, a passed verdict."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from pipeline.errors import ConcurrentChangeError, NoChampionError, PromotionRefusedError, UnknownVersionError
from pipeline.gate.rules import VerdictStatus
from pipeline.records import JudgedVersion, Pointer, PromotionKind, version_tag
from pipeline.releases.pins import require_no_pin
from pipeline.releases.pointers import moves_of, pointer_in
from pipeline.store import control as tables

VERDICT_VALID_FOR = timedelta(hours=24)


def require_promotable(
    connection: Connection, judged: JudgedVersion, now: datetime, begun_at: datetime | None = None
) -> Pointer | None:
    """Everything that a promotion takes; the present champion. The verdict must have been fresh when the move began,
    which is `now` for all but a rollout: what that has seen since is newer than any verdict.

    Raises PromotionRefusedError, UnknownVersionError, ConcurrentChangeError.
    """
    require_no_pin(connection, judged.model, now)
    table = tables.versions
    query = select(table.c.version).where(table.c.model == judged.model, table.c.version == judged.version)
    if connection.execute(query).scalar() is None:
        raise UnknownVersionError(judged.model, judged.version)
    current = pointer_in(connection, judged.model)
    _require_generation(judged.model, current.generation if current else 0, judged.expected_generation)
    _require_passed_verdict(connection, judged, current, begun_at or now)
    return current


def require_champion(connection: Connection, model: str, expected_generation: int) -> Pointer:
    """The present champion. Raises NoChampionError, ConcurrentChangeError when it is not at that generation."""
    current = pointer_in(connection, model)
    if current is None:
        raise NoChampionError(model)
    _require_generation(model, current.generation, expected_generation)
    return current


def _require_generation(model: str, actual: int, expected: int) -> None:
    if actual != expected:
        raise ConcurrentChangeError(
            f"The champion of {model} is at generation {actual}, but this move was decided at {expected}. Look again."
        )


def _require_passed_verdict(
    connection: Connection, judged: JudgedVersion, current: Pointer | None, begun_at: datetime
) -> None:
    table = tables.verdicts
    row = connection.execute(select(table).where(table.c.verdict_id == judged.verdict_id)).one_or_none()
    name = f"{judged.model} {version_tag(judged.version)}"
    if row is None or (row.model, row.version) != (judged.model, judged.version):
        raise PromotionRefusedError(
            f"There is no verdict {judged.verdict_id} over {name}. Judge it first: train or compare."
        )
    if row.status != VerdictStatus.PASSED:
        raise PromotionRefusedError(f"The gate did not pass {name}: its verdict is {row.status}.")
    if row.champion_version != (current.version if current else None):
        raise PromotionRefusedError(
            f"{name} was judged against another champion. Judge it again against the present one."
        )
    if begun_at - row.at > VERDICT_VALID_FOR:
        raise PromotionRefusedError(f"The verdict over {name} is older than {VERDICT_VALID_FOR}. Judge it again.")
    if _failed_in_service(connection, judged.model, judged.version, row.at):
        raise PromotionRefusedError(f"{name} was rolled back after that verdict. Judge it again on what was seen.")


def _failed_in_service(connection: Connection, model: str, version: int, since: datetime) -> bool:
    """Whether the version was taken back, from the champion's place or out of a rollout, after that time."""
    moves, events = tables.promotions, tables.rollout_events
    queries = (
        moves_of(model).where(
            moves.c.from_version == version, moves.c.kind == PromotionKind.ROLL_BACK.value, moves.c.at > since
        ),
        select(events).where(
            events.c.model == model,
            events.c.version == version,
            events.c.kind == PromotionKind.ROLL_BACK.value,
            events.c.at > since,
        ),
    )
    return any(connection.execute(query).first() for query in queries)
