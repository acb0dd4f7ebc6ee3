from collections import Counter

import numpy as np
import pytest

from pipeline.monitoring.strata import queue_order, strata_of

IDS = [f"id-{place}" for place in range(500)]
RISKS = np.linspace(0.5, 1.0, 500)
NOTHING = np.zeros(500, dtype=bool)
NO_LABELS = np.zeros(3, dtype=np.int64)


def test_the_riskiest_15_percent_are_the_first_stratum_and_the_next_25_the_second():
    strata = strata_of(RISKS, IDS)
    assert np.bincount(strata).tolist() == [75, 125, 300]
    assert strata.tolist() == sorted(strata)


@pytest.mark.parametrize("messages", [1, 2, 3, 7, 30])
def test_every_message_of_a_small_window_has_a_stratum(messages: int):
    strata = strata_of(RISKS[:messages], IDS[:messages])
    assert set(strata.tolist()) <= {0, 1, 2}


def test_the_labels_go_to_the_strata_by_their_shares_at_every_length():
    strata = strata_of(RISKS, IDS)
    order = queue_order(strata, IDS, NOTHING, NO_LABELS)
    assert sorted(order) == list(range(500))
    for labels in (20, 50, 100):
        assert np.bincount(strata[order[:labels]]) == pytest.approx(np.array([0.5, 0.3, 0.2]) * labels, abs=1)


def test_a_message_that_has_its_label_is_not_asked_for_again():
    strata = strata_of(RISKS, IDS)
    first = queue_order(strata, IDS, NOTHING, NO_LABELS)
    taken = NOTHING.copy()
    taken[first[:20]] = True
    rest = queue_order(strata, IDS, taken, np.bincount(strata[first[:20]], minlength=3))
    assert rest == first[20:]


def test_the_choice_inside_a_stratum_is_by_chance_and_stays_as_the_window_moves():
    strata = strata_of(RISKS, IDS)
    first = [place for place in queue_order(strata, IDS, NOTHING, NO_LABELS)[:40] if strata[place] == 0]
    assert first != sorted(first)
    assert 20 < np.mean(first) < 55
    later = queue_order(strata[10:], IDS[10:], NOTHING[10:], NO_LABELS)
    kept = {IDS[place] for place in first if place >= 10}
    assert len(kept & {IDS[10:][place] for place in later[:40]}) >= len(kept) - 3


def test_equal_risks_are_ordered_by_chance_and_not_by_time():
    strata = strata_of(np.full(500, 0.9), IDS)
    assert Counter(strata[:250].tolist())[0] in range(20, 56)


def test_a_stratum_that_is_used_up_leaves_its_labels_to_the_others():
    strata = np.array([0] * 3 + [1] * 5 + [2] * 20)
    order = queue_order(strata, IDS[:28], NOTHING[:28], NO_LABELS)
    assert sorted(order) == list(range(28))
