import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.monitoring.drift import measure_drift
from pipeline.monitoring.profile import Profile, build_profile
from pipeline.monitoring.style import (
    LONGEST,
    MOST_COMMON,
    Style,
    common_words,
    common_words_distance,
    length_distance,
    written,
)
from pipeline.monitoring.two_samples import distances
from tests.pipeline.monitoring.texts import calm_texts


def style_of(texts: list[str], common: tuple[str, ...] = ()) -> Style:
    return written(texts, {word: place for place, word in enumerate(common)}).style()


def test_common_words_are_those_of_one_text_in_fifty_single_letters_included():
    texts = ["I saw a film"] * 2 + [f"word{place} only{place}" for place in range(98)]
    assert common_words(texts) == ("a", "film", "i", "saw")


def test_there_is_a_most_of_common_words_and_the_most_frequent_stay():
    often = [f"often{place}" for place in range(MOST_COMMON)]
    found = common_words([" ".join(often), " ".join(often), "seldom"])
    assert set(found) == set(often)


def test_a_text_is_read_in_lower_case_and_a_word_counts_once():
    read = written(["The THE the cat", "", "😀"], {"cat": 0, "the": 1})
    assert read.holds.tolist() == [[True, True], [False, False], [False, False]]
    assert read.words.tolist() == [4, 0, 0]


def test_a_very_long_text_is_counted_as_of_the_most_words():
    assert written(["a " * 3 * LONGEST], {}).words.tolist() == [LONGEST]


def test_the_style_without_a_part_is_that_of_the_others():
    texts = calm_texts(60, seed=1)
    read = written(texts, {word: place for place, word in enumerate(common_words(texts))})
    first = np.arange(60) < 20
    rest = read.style().minus(read.style(first))
    assert rest.texts == 40
    assert rest.holders.tolist() == read.style(~first).holders.tolist()
    assert rest.lengths.tolist() == read.style(~first).lengths.tolist()


def test_equal_styles_are_no_distance_apart():
    style = style_of(calm_texts(50, seed=1), ("bababa",))
    assert common_words_distance(style, style) == length_distance(style, style) == 0


def test_the_distance_of_common_words_is_in_standard_errors():
    window, reference = style_of(["yes"] * 30 + ["no"] * 70, ("yes",)), style_of(["yes"] * 50 + ["no"] * 50, ("yes",))
    # 30% of 100 against 50% of 100, pooled 40%: 0.2 / sqrt(0.4 * 0.6 * 2 / 100).
    assert common_words_distance(window, reference) == pytest.approx(0.2 / np.sqrt(0.4 * 0.6 * 0.02))


def test_only_the_most_telling_words_are_added_up():
    words = tuple(f"w{place}" for place in range(40))
    one = style_of([" ".join(words)] * 20 + ["x"] * 20, words)
    other = style_of(["x"] * 40, words)
    single = common_words_distance(style_of(["w0"] * 20 + ["x"] * 20, ("w0",)), style_of(["x"] * 40, ("w0",)))
    assert common_words_distance(one, other) == pytest.approx(single * np.sqrt(10))


@given(st.lists(st.integers(0, 40), min_size=1, max_size=40), st.lists(st.integers(0, 40), min_size=1, max_size=40))
def test_the_distance_of_lengths_is_that_of_kolmogorov_and_smirnov(ours: list[int], theirs: list[int]):
    def column(values: list[int]) -> np.ndarray:
        return np.sort(np.array(values, dtype=np.float64))[:, None]

    found = length_distance(style_of(["w " * count for count in ours]), style_of(["w " * count for count in theirs]))
    assert found == pytest.approx(float(distances(column(ours), column(theirs))[0]))


def test_the_same_words_in_shorter_texts_are_length_drift(profile: Profile):
    halves = [" ".join(text.split()[: max(1, len(text.split()) // 2)]) for text in calm_texts(100, seed=31)]
    report = measure_drift(profile, halves)
    assert report.length_drift > 0.15
    assert report.drift_detected
    assert any(sentence.startswith("Length drift") for sentence in report.explanation)
    assert "format_change" in [cause.value for cause in report.causes]


def test_one_text_of_another_length_is_no_alarm_where_all_others_are_equally_long():
    profile = build_profile([" ".join(text.split()[:3]) for text in calm_texts(600, seed=1)], seed=1, windows=60)
    window = [" ".join(text.split()[:3]) for text in calm_texts(99, seed=2)]
    assert measure_drift(profile, [*window, "ba ba"]).length_drift < 0.15


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_lower_case_and_emoji_move_neither_lengths_nor_common_words(profile: Profile, seed: int):
    window = calm_texts(60, seed=seed)
    changed = [f"{text.upper()} 😀" for text in window]
    assert measure_drift(profile, changed).readings[4:] == measure_drift(profile, window).readings[4:]
