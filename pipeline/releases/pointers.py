"""The champion pointer of a model, read from its moves: one indexed row as long as nothing was taken back."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from pipeline.records import Pointer, Promotion, PromotionKind
from pipeline.store import control as tables

PAGE_ROWS = 50


def pointer_in(connection: Connection, model: str) -> Pointer | None:
    """What should be serving now; None when the model has never had a champion."""
    table, versions = tables.promotions, tables.versions
    version_of_move = (versions.c.model == table.c.model) & (versions.c.version == table.c.to_version)
    query = moves_of(model).add_columns(versions.c.artifact_sha256).join(versions, version_of_move).limit(1)
    newest = connection.execute(query).first()
    if newest is None:
        return None
    promoted = newest.kind == PromotionKind.PROMOTE.value
    return Pointer(
        model=model,
        generation=newest.generation,
        version=newest.to_version,
        artifact_sha256=newest.artifact_sha256,
        previous_version=newest.from_version if promoted else previous_champion(_newest_first(connection, model)),
        promoted_at=newest.at,
    )


def previous_champion(moves: Iterable[Promotion]) -> int | None:
    """The version to go back to, from the moves newest first: promotions push onto a stack, rollbacks pop it.

    No more moves are taken than are needed to find it.
    """
    taken_back, found = 0, 0
    for move in moves:
        if move.kind is PromotionKind.ROLL_BACK:
            taken_back += 1
        elif taken_back:
            taken_back -= 1
        else:
            found += 1
            if found == 2:
                return move.to_version
    return None


def moves_of(model: str) -> Select[Any]:
    """Moves of the champion pointer of a model, newest first."""
    table = tables.promotions
    return select(table).where(table.c.model == model).order_by(table.c.generation.desc())


def as_promotion(row: Row[Any]) -> Promotion:
    return Promotion(**{**row._mapping, "kind": PromotionKind(row.kind)})


def _newest_first(connection: Connection, model: str) -> Iterator[Promotion]:
    table, before = tables.promotions, None
    while True:
        query = moves_of(model) if before is None else moves_of(model).where(table.c.generation < before)
        page = [as_promotion(row) for row in connection.execute(query.limit(PAGE_ROWS))]
        yield from page
        if len(page) < PAGE_ROWS:
            return
        before = page[-1].generation
