from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, insert

from pipeline.records import Promotion, PromotionKind
from pipeline.releases.pointers import PAGE_ROWS, previous_champion
from pipeline.releases.promotion import pointer
from pipeline.store import control as tables
from tests.pipeline.builders import NOON, add_version

M = "sms_spam"


def history(steps):
    """Moves, oldest first: a number promotes that version, None takes the newest back where that can be."""
    moves, stack = [], []
    for step in steps:
        if step is None and len(stack) < 2:
            continue
        before = stack[-1] if stack else None
        if step is None:
            stack.pop()
        else:
            stack.append(step)
        kind = PromotionKind.ROLL_BACK if step is None else PromotionKind.PROMOTE
        moves.append(move(len(moves) + 1, kind, before, stack[-1]))
    return moves, stack


def move(generation, kind, before, to):
    return Promotion(
        model=M,
        generation=generation,
        kind=kind,
        from_version=before,
        to_version=to,
        who="test",
        why="test",
        verdict_id=None,
        decision_id=None,
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )


@given(steps=st.lists(st.one_of(st.integers(1, 9), st.none()), min_size=1, max_size=60))
def test_the_previous_champion_is_the_one_below_on_the_stack_of_promotions(steps):
    moves, stack = history(steps)
    assert previous_champion(reversed(moves)) == (stack[-2] if len(stack) > 1 else None)


def test_no_more_moves_are_read_than_are_needed():
    moves, _ = history([1, 2, 3, 4])
    newest_first = iter(moves[::-1])
    assert previous_champion(newest_first) == 3
    assert [left.generation for left in newest_first] == [2, 1]


def written(store, settings, steps):
    moves, stack = history(steps)
    for version in {step for step in steps if step}:
        add_version(settings, store, version)
    with store.control.begin() as connection:
        rows = [{**vars(made), "kind": made.kind.value, "at": NOON} for made in moves]
        connection.execute(insert(tables.promotions), rows)
    return stack


def test_a_poll_reads_one_row_however_many_moves_there_were(settings, store):
    written(store, settings, [1, 2] * 100)
    statements = []
    event.listen(store.control, "before_cursor_execute", lambda *call: statements.append(call[2]))
    found = pointer(store.control, M)
    assert (found.version, found.previous_version, found.generation) == (2, 1, 200)
    selects = [statement for statement in statements if statement.startswith("SELECT")]
    assert len(selects) == 1
    assert "LIMIT" in selects[0]


def test_what_lies_below_many_moves_that_were_taken_back_is_found_over_several_pages(settings, store):
    steps = [1, 2, *[3, None] * PAGE_ROWS, 4, None]
    stack = written(store, settings, steps)
    found = pointer(store.control, M)
    assert (found.version, found.previous_version) == (stack[-1], stack[-2]) == (2, 1)
