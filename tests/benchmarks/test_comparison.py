from benchmarks.comparison import ratios


def test_costs_and_rates_that_stand_in_both_are_compared():
    before = {"a_ms": 2.0, "deep": [{"requests_per_second": 10.0}], "accuracy": 0.9, "gone_ms": 1.0, "zero_ms": 0.0}
    after = {"a_ms": 3.0, "deep": [{"requests_per_second": 5.0}], "accuracy": 0.8, "new_ms": 1.0, "zero_ms": 1.0}
    assert ratios(before, after) == {"a_ms": 1.5, "deep.0.requests_per_second": 0.5}
