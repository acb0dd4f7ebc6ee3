"""The capacity page says what the results say, and what was not measured yet."""

from benchmarks import capacity


def test_the_page_is_the_one_that_the_results_give():
    """Otherwise: python -m benchmarks.capacity"""
    assert capacity.PAGE.read_text(encoding="utf-8") == capacity.page()


def test_what_was_not_measured_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(capacity, "RESULTS", tmp_path)
    assert "Not measured yet: `python -m benchmarks.many_models`." in capacity.page()
    assert "Not measured yet: `python -m benchmarks.serving`." in capacity.page()
