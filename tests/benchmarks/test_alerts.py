"""What the benchmark of alerts makes of what was recorded and of what came."""

from benchmarks.alerts import drifted, figures


def test_the_first_message_of_each_decision_counts_and_lost_and_repeated_ones_are_told():
    recorded = {"a": 10.0, "b": 20.0, "c": 30.0, "d": 40.0}
    came = [("a", 11.0), ("b", 23.0), ("a", 15.0), ("d", 42.0)]
    found = figures(recorded, came)
    assert (found["alerts"], found["lost"], found["twice"]) == (4, 1, 1)
    assert (found["seconds"]["median"], found["seconds"]["worst"]) == (2.0, 3.0)


def test_a_drifted_message_shares_no_word_with_the_one_it_was():
    assert not set(drifted("call me now").split()) & {"call", "me", "now"}
