"""A figure of an answer counts as given where it stands for itself, not where its digits are part of something else."""

import pytest

from agent.chat.citing import not_given

GIVEN = (
    '{"decision_id": "4f1a92c08b7d", "at": "2026-11-21T14:35:00+00:00", "new_labels": 37, "share": 0.23, '
    '"said": "the floor of 93% is held; v3 serves, 1,240 messages"}'
)


@pytest.mark.parametrize(
    "said",
    [
        "37 new labels",
        "the share is 0.23",
        "the floor of 93%",
        "v3 serves",
        "version 3 serves",
        "1240 messages",
        "decision 4f1a92c08b7d",
        "it was on 2026-11-21",
        "it was at 2026-11-21 14:35 UTC",
        "it was at 2026-11-21T14:35:00+00:00",
        "it was on 21 November 2026 at 14:35",
        "it was on November 21, 2026",
        "it was on Nov 21",
        "on the 21st of November",
    ],
)
def test_what_was_given_may_be_said(said):
    assert not_given(said, {}, GIVEN) == []


@pytest.mark.parametrize(
    ("said", "loose"),
    [
        ("92 new labels", ["92"]),
        ("21 retrainings", ["21"]),
        ("35 labels", ["35"]),
        ("2026 messages", ["2026"]),
        ("8 days", ["8"]),
        ("it was on 2026-11-22", ["2026", "11", "22"]),
        ("it was at 14:36", ["14", "36"]),
        ("it was on 22 November 2026", ["22", "2026"]),
        ("v92 serves", ["v92"]),
    ],
)
def test_digits_of_an_id_or_a_date_give_no_figure(said, loose):
    assert not_given(said, {}, GIVEN) == loose


def test_known_numbers_count_beside_the_text():
    assert not_given("the drift is 0.18", {"drift": 0.1834}, "") == []
