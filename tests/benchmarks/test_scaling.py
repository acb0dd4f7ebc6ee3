"""What several rounds of several processes come to."""

from benchmarks.capacity import replicas
from benchmarks.scaling import of_rounds


def round_of(speed: float, p99: float = 1.0, failures: int = 0) -> dict[str, float]:
    return {"requests_per_second": speed, "p99_ms": p99, "failures": failures}


def test_the_median_of_the_rounds_counts_and_every_failure():
    found = of_rounds([round_of(900.0, 2.0, 1), round_of(100.0, 9.0, 1), round_of(500.0, 3.0)])
    assert found == {"requests_per_second": 500.0, "p99_ms": 3.0, "failures": 2, "rounds": [100, 500, 900]}


def test_the_page_tells_the_median_and_what_lies_around_it():
    processes = [
        {"processes": count, **of_rounds([round_of(count * speed) for speed in (90, 100, 120)])} for count in (1, 2)
    ]
    about = {"cores": 2, "connections": 8, "clients": 4, "load_before": 0.5}
    said = replicas({"processes": processes, "about": {"processes": about}})
    assert "| 1 service process | 3 | 100 | 90 to 120 |" in said
    assert "8 connections of 4 client processes" in said
    assert "2 answer 2.00 times what one answers" in said
