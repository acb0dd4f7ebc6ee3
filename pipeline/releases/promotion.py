"""The promotion ledger: which version is champion, who moved the pointer and why. The truth about what should serve.

There is one way to move a champion pointer: `promote` and `roll_back`, and `pin`, which may roll back first. They
compare and set: the caller says which generation it decided on, and loses when another process was faster.
"""

from datetime import datetime

from sqlalchemy import Connection, Engine, insert, select

from pipeline.errors import PromotionRefusedError, UnknownVersionError
from pipeline.records import (
    JudgedVersion,
    Pin,
    Pointer,
    Promotion,
    PromotionKind,
    Provenance,
    VersionRecord,
    version_tag,
)
from pipeline.releases.pins import append_pin
from pipeline.releases.pointers import as_promotion, moves_of, pointer_in
from pipeline.releases.requirements import require_champion, require_promotable
from pipeline.store import control as tables
from pipeline.store.engine import racing


def pointer(control: Engine, model: str) -> Pointer | None:
    """What should be serving now; None when the model has never had a champion."""
    with control.connect() as connection:
        return pointer_in(connection, model)


def promotions(control: Engine, model: str, limit: int = 50) -> list[Promotion]:
    """The newest moves of the champion pointer, newest first."""
    query = moves_of(model).limit(limit)
    with control.connect() as connection:
        return [as_promotion(row) for row in connection.execute(query)]


def version_record(control: Engine, model: str, version: int) -> VersionRecord | None:
    table = tables.versions
    query = select(table).where(table.c.model == model, table.c.version == version)
    with control.connect() as connection:
        row = connection.execute(query).one_or_none()
    return VersionRecord(**row._mapping) if row else None


def known_version(control: Engine, model: str, version: int) -> VersionRecord:
    """The record of a version. Raises UnknownVersionError that lists the newest ones."""
    record = version_record(control, model, version)
    if record is None:
        raise UnknownVersionError(model, version, [one.version for one in versions(control, model, limit=20)])
    return record


def versions(control: Engine, model: str, limit: int = 50) -> list[VersionRecord]:
    """The newest versions of a model, newest first."""
    table = tables.versions
    query = select(table).where(table.c.model == model).order_by(table.c.version.desc()).limit(limit)
    with control.connect() as connection:
        return [VersionRecord(**row._mapping) for row in connection.execute(query)]


def promote(
    control: Engine, judged: JudgedVersion, provenance: Provenance, *, begun_at: datetime | None = None
) -> Promotion:
    """Make the version champion, with the passed verdict that judged this very version against the present champion,
    and that was fresh when the rollout began that this ends (`begun_at`), or is fresh now.

    A repeated call for one decision returns the promotion it made. Raises PromotionRefusedError, UnknownVersionError,
    ConcurrentChangeError.
    """
    with racing(control, "the champion", judged.model) as connection:
        done = _move_of_decision(connection, judged.model, provenance, PromotionKind.PROMOTE)
        if done:
            return done
        current = require_promotable(connection, judged, provenance.at, begun_at)
        move = Promotion(
            model=judged.model,
            generation=judged.expected_generation + 1,
            kind=PromotionKind.PROMOTE,
            from_version=current.version if current else None,
            to_version=judged.version,
            verdict_id=judged.verdict_id,
            **vars(provenance),
        )
        return _append(connection, move)


def roll_back(control: Engine, model: str, expected_generation: int, provenance: Provenance) -> Promotion:
    """Make the previous champion the champion again. A repeated call for one decision returns the move it made.

    Raises NoChampionError, PromotionRefusedError when there is no previous champion, ConcurrentChangeError.
    """
    with racing(control, "the champion", model) as connection:
        done = _move_of_decision(connection, model, provenance, PromotionKind.ROLL_BACK)
        if done:
            return done
        current = require_champion(connection, model, expected_generation)
        return _append(connection, _way_back(current, provenance))


def pin(
    control: Engine,
    model: str,
    expected_generation: int,
    provenance: Provenance,
    *,
    back: bool,
    lift_when: str | None = None,
    until: datetime | None = None,
) -> tuple[Pin, Promotion | None]:
    """Hold the champion of `model` until the pin is lifted; with `back`, return to the previous champion first.

    Both happen or neither. Raises NoChampionError, PromotionRefusedError when there is no previous champion,
    ConcurrentChangeError.
    """
    with racing(control, "the champion", model) as connection:
        current = require_champion(connection, model, expected_generation)
        move = _append(connection, _way_back(current, provenance)) if back else None
        version = move.to_version if move else current.version
        held = append_pin(connection, model, version, provenance, pinned=True, lift_when=lift_when, until=until)
        return held, move


def _way_back(current: Pointer, provenance: Provenance) -> Promotion:
    if current.previous_version is None:
        name = f"{current.model} {version_tag(current.version)}"
        raise PromotionRefusedError(f"{name} has no earlier champion to go back to.")
    return Promotion(
        model=current.model,
        generation=current.generation + 1,
        kind=PromotionKind.ROLL_BACK,
        from_version=current.version,
        to_version=current.previous_version,
        verdict_id=None,
        **vars(provenance),
    )


def _move_of_decision(
    connection: Connection, model: str, provenance: Provenance, kind: PromotionKind
) -> Promotion | None:
    if provenance.decision_id is None:
        return None
    table = tables.promotions
    query = moves_of(model).where(table.c.decision_id == provenance.decision_id, table.c.kind == kind.value)
    row = connection.execute(query).first()
    return as_promotion(row) if row else None


def _append(connection: Connection, move: Promotion) -> Promotion:
    connection.execute(insert(tables.promotions).values(**{**vars(move), "kind": move.kind.value}))
    return move
