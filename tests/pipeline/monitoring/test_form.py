import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.monitoring.form import FORM_FEATURES, forms


def test_the_form_of_a_text_is_counted_by_kinds_of_characters():
    assert forms(["Win £100 now!"])[0].tolist() == [3, 11 / 3, 1 / 11, 3 / 11, 2 / 11]


def test_a_blank_text_has_no_form():
    assert forms(["", " \t\n"]).tolist() == [[0] * 5] * 2
    assert forms([]).shape == (0, len(FORM_FEATURES))


def test_letters_of_every_script_are_letters():
    assert forms(["привет Мир", "مرحبا", "日本語"])[:, 4].tolist() == [0, 0, 0]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.text(st.characters(), max_size=40), min_size=1, max_size=20))
def test_any_text_has_a_finite_form_of_its_own(texts: list[str]):
    found = forms(texts)
    assert np.isfinite(found).all()
    assert (found[:, 2:] <= 1).all()
    assert np.array_equal(found[-1:], forms(texts[-1:]))
