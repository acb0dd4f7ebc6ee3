"""What conversations have taken: it survives a line that was cut off, and old notes are dropped."""

from datetime import timedelta

import pytest

from agent.chat.memory import Conversations
from agent.record.usage import Usage
from tests.agent.fakes import NOON

ONE = Usage(calls=1, tokens=10, usd=0.5)
DAY = timedelta(hours=24)


@pytest.fixture
def conversations(tmp_path):
    return Conversations(tmp_path)


def notes(conversations):
    return sorted(file for file in conversations.folder.rglob("*.jsonl"))


@pytest.mark.parametrize("cut", ['{"at": 17636', "[1]", '{"at": null}', '{"calls": 1}', '"', "\x00", '{"at":"x"}'])
def test_a_line_that_was_cut_off_costs_neither_the_others_nor_the_next_one(conversations, cut):
    conversations.note_spent(NOON, ONE)
    (file,) = notes(conversations)
    with file.open("a") as opened:
        opened.write(cut)
    conversations.note_spent(NOON, ONE)
    assert conversations.spent_since(NOON) == ONE + ONE


def test_bytes_that_are_no_text_are_passed_over(conversations):
    conversations.note_spent(NOON, ONE)
    (file,) = notes(conversations)
    file.write_bytes(file.read_bytes() + b"\xff\xfe\n")
    assert conversations.spent_since(NOON) == ONE


def test_a_day_is_counted_over_midnight(conversations):
    for hours in (-13.5, -11, 0, 11):
        conversations.note_spent(NOON + timedelta(hours=hours), ONE)
    assert conversations.spent_since(NOON + timedelta(hours=11) - DAY) == ONE + ONE + ONE
    assert conversations.spent_since(NOON + timedelta(hours=12)) == Usage()


def test_what_no_limit_asks_for_any_more_is_dropped(conversations):
    for day in range(30):
        conversations.note_spent(NOON + day * DAY, ONE)
    assert len(notes(conversations)) <= 3
    assert conversations.spent_since(NOON + 28 * DAY) == ONE + ONE


def test_a_conversation_of_any_name_does_not_mix_with_the_notes(conversations):
    conversations.note_spent(NOON, ONE)
    for name in ("spent", "spent-1", NOON.date().isoformat()):
        assert conversations.turns(name) == []
