"""The promotion ledger: which version is champion, who moved the pointer and why. The truth about what should serve.

There is one way to move a champion pointer: `promote` and `roll_back`, and `pin`, which may roll back first. They
compare and set: the caller says which generation it decided on, and loses when another process was faster.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, insert, select

from pipeline.errors import ConcurrentChangeError, NoChampionError, PromotionRefusedError, UnknownVersionError
from pipeline.gate.rules import VerdictStatus
from pipeline.records import Pin, Pointer, Promotion, PromotionKind, VersionRecord, version_tag
from pipeline.releases.pins import append_pin, require_no_pin
from pipeline.store import control as tables
from pipeline.store.engine import racing

VERDICT_VALID_FOR = timedelta(hours=24)


def pointer(control: Engine, model: str) -> Pointer | None:
    """What should be serving now; None when the model has never had a champion."""
    with control.connect() as connection:
        return _pointer(connection, model)


def promotions(control: Engine, model: str, limit: int = 50) -> list[Promotion]:
    """The newest moves of the champion pointer, newest first."""
    query = _moves(model).limit(limit)
    with control.connect() as connection:
        return [_promotion(row) for row in connection.execute(query)]


def version_record(control: Engine, model: str, version: int) -> VersionRecord | None:
    table = tables.versions
    query = select(table).where(table.c.model == model, table.c.version == version)
    with control.connect() as connection:
        row = connection.execute(query).one_or_none()
    return VersionRecord(**row._mapping) if row else None


def versions(control: Engine, model: str, limit: int = 50) -> list[VersionRecord]:
    """The newest versions of a model, newest first."""
    table = tables.versions
    query = select(table).where(table.c.model == model).order_by(table.c.version.desc()).limit(limit)
    with control.connect() as connection:
        return [VersionRecord(**row._mapping) for row in connection.execute(query)]


def promote(
    control: Engine,
    *,
    model: str,
    version: int,
    verdict_id: str,
    expected_generation: int,
    who: str,
    why: str,
    now: datetime,
    decision_id: str | None = None,
) -> Promotion:
    """Make `version` the champion, with the passed verdict that judged this very version against the present champion.

    `expected_generation` is 0 for a first champion. A repeated call for one decision returns the promotion it made.
    Raises PromotionRefusedError, UnknownVersionError, ConcurrentChangeError.
    """
    with racing(control, f"the champion of {model}") as connection:
        done = _move_of_decision(connection, model, decision_id, PromotionKind.PROMOTE)
        if done:
            return done
        current = require_promotable(connection, model, version, verdict_id, expected_generation, now)
        return _append(
            connection,
            Promotion(
                model=model,
                generation=expected_generation + 1,
                kind=PromotionKind.PROMOTE,
                from_version=current.version if current else None,
                to_version=version,
                who=who,
                why=why,
                verdict_id=verdict_id,
                decision_id=decision_id,
                at=now,
            ),
        )


def roll_back(
    control: Engine,
    *,
    model: str,
    expected_generation: int,
    who: str,
    why: str,
    now: datetime,
    decision_id: str | None = None,
) -> Promotion:
    """Make the previous champion the champion again. A repeated call for one decision returns the move it made.

    Raises NoChampionError, PromotionRefusedError when there is no previous champion, ConcurrentChangeError.
    """
    with racing(control, f"the champion of {model}") as connection:
        done = _move_of_decision(connection, model, decision_id, PromotionKind.ROLL_BACK)
        if done:
            return done
        current = _require_champion(connection, model, expected_generation)
        return _append(connection, _way_back(current, who, why, now, decision_id))


def pin(
    control: Engine,
    *,
    model: str,
    expected_generation: int,
    back: bool,
    who: str,
    why: str,
    now: datetime,
    lift_when: str | None = None,
    until: datetime | None = None,
) -> tuple[Pin, Promotion | None]:
    """Hold the champion of `model` until the pin is lifted; with `back`, return to the previous champion first.

    Both happen or neither. Raises NoChampionError, PromotionRefusedError when there is no previous champion,
    ConcurrentChangeError.
    """
    with racing(control, f"the champion of {model}") as connection:
        current = _require_champion(connection, model, expected_generation)
        move = _append(connection, _way_back(current, who, why, now, None)) if back else None
        version = move.to_version if move else current.version
        held = append_pin(
            connection,
            model=model,
            version=version,
            pinned=True,
            who=who,
            why=why,
            at=now,
            lift_when=lift_when,
            until=until,
        )
        return held, move


def _moves(model: str) -> Select[Any]:
    table = tables.promotions
    return select(table).where(table.c.model == model).order_by(table.c.generation.desc())


def _pointer(connection: Connection, model: str) -> Pointer | None:
    moves = [_promotion(row) for row in connection.execute(_moves(model))]
    if not moves:
        return None
    newest = moves[0]
    table = tables.versions
    query = select(table.c.artifact_sha256).where(table.c.model == model, table.c.version == newest.to_version)
    return Pointer(
        model=model,
        generation=newest.generation,
        version=newest.to_version,
        artifact_sha256=connection.execute(query).scalar_one(),
        previous_version=previous_champion(moves),
        promoted_at=newest.at,
    )


def previous_champion(moves: Sequence[Promotion]) -> int | None:
    """The version to go back to, from the moves newest first: promotions push onto a stack, rollbacks pop it."""
    stack: list[int] = []
    for move in reversed(moves):
        if move.kind is PromotionKind.ROLL_BACK:
            stack.pop()
        else:
            stack.append(move.to_version)
    return stack[-2] if len(stack) > 1 else None


def require_promotable(
    connection: Connection, model: str, version: int, verdict_id: str, expected_generation: int, now: datetime
) -> Pointer | None:
    """Everything that a promotion takes; the present champion. Raises the errors of `promote`."""
    require_no_pin(connection, model, now)
    table = tables.versions
    query = select(table.c.version).where(table.c.model == model, table.c.version == version)
    if connection.execute(query).scalar() is None:
        raise UnknownVersionError(model, version)
    current = _pointer(connection, model)
    _require_generation(model, current.generation if current else 0, expected_generation)
    _require_passed_verdict(connection, model, version, verdict_id, current, now)
    return current


def _require_champion(connection: Connection, model: str, expected_generation: int) -> Pointer:
    current = _pointer(connection, model)
    if current is None:
        raise NoChampionError(model)
    _require_generation(model, current.generation, expected_generation)
    return current


def _way_back(current: Pointer, who: str, why: str, now: datetime, decision_id: str | None) -> Promotion:
    if current.previous_version is None:
        name = f"{current.model} {version_tag(current.version)}"
        raise PromotionRefusedError(f"{name} has no earlier champion to go back to.")
    return Promotion(
        model=current.model,
        generation=current.generation + 1,
        kind=PromotionKind.ROLL_BACK,
        from_version=current.version,
        to_version=current.previous_version,
        who=who,
        why=why,
        verdict_id=None,
        decision_id=decision_id,
        at=now,
    )


def _require_generation(model: str, actual: int, expected: int) -> None:
    if actual != expected:
        raise ConcurrentChangeError(
            f"The champion of {model} is at generation {actual}, but this move was decided at {expected}. Look again."
        )


def _require_passed_verdict(
    connection: Connection, model: str, version: int, verdict_id: str, current: Pointer | None, now: datetime
) -> None:
    table = tables.verdicts
    row = connection.execute(select(table).where(table.c.verdict_id == verdict_id)).one_or_none()
    name = f"{model} {version_tag(version)}"
    if row is None or (row.model, row.version) != (model, version):
        raise PromotionRefusedError(f"There is no verdict {verdict_id} over {name}. Judge it first: train or compare.")
    if row.status != VerdictStatus.PASSED:
        raise PromotionRefusedError(f"The gate did not pass {name}: its verdict is {row.status}.")
    if row.champion_version != (current.version if current else None):
        raise PromotionRefusedError(
            f"{name} was judged against another champion. Judge it again against the present one."
        )
    if now - row.at > VERDICT_VALID_FOR:
        raise PromotionRefusedError(f"The verdict over {name} is older than {VERDICT_VALID_FOR}. Judge it again.")
    if _failed_in_service(connection, model, version, row.at):
        raise PromotionRefusedError(f"{name} was rolled back after that verdict. Judge it again on what was seen.")


def _failed_in_service(connection: Connection, model: str, version: int, since: datetime) -> bool:
    """Whether the version was taken back, from the champion's place or out of a rollout, after that time."""
    moves, events = tables.promotions, tables.rollout_events
    queries = (
        _moves(model).where(
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


def _move_of_decision(
    connection: Connection, model: str, decision_id: str | None, kind: PromotionKind
) -> Promotion | None:
    if decision_id is None:
        return None
    table = tables.promotions
    query = _moves(model).where(table.c.decision_id == decision_id, table.c.kind == kind.value)
    row = connection.execute(query).first()
    return _promotion(row) if row else None


def _append(connection: Connection, move: Promotion) -> Promotion:
    connection.execute(insert(tables.promotions).values(**{**vars(move), "kind": move.kind.value}))
    return move


def _promotion(row: Row[Any]) -> Promotion:
    return Promotion(**{**row._mapping, "kind": PromotionKind(row.kind)})
