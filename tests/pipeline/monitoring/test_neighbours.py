import numpy as np
import pytest

from pipeline.monitoring.neighbours import MOST_TEXTS, Neighbours, entries_of, rare_weights
from pipeline.monitoring.profile import build_profile
from pipeline.monitoring.tokens import tokenize
from tests.pipeline.monitoring.texts import calm_texts, foreign_texts

TRAIN = calm_texts(300, seed=1)


@pytest.fixture(scope="module")
def index() -> dict[str, int]:
    return build_profile(TRAIN, seed=0, windows=5).term_index


@pytest.fixture(scope="module")
def near() -> Neighbours:
    profile = build_profile(TRAIN, seed=0, windows=5)
    weight = rare_weights(profile.document_frequency, profile.texts)
    text, term = entries_of(TRAIN[:80], profile.term_index, weight)
    return Neighbours(text=text, term=term, weight=weight, new_weight=profile.new_weight)


def by_hand(near: Neighbours, index: dict[str, int], text: str) -> float:
    def vector(of: str) -> dict[str, float]:
        weights = {word: near.weight[index[word]] if word in index else near.new_weight for word in set(tokenize(of))}
        length = np.sqrt(sum(weight**2 for weight in weights.values()))
        return {word: weight / length for word, weight in weights.items() if weight}

    ours = vector(text)
    return 1 - max(sum(ours.get(word, 0) * value for word, value in vector(other).items()) for other in TRAIN[:80])


def test_novelty_is_the_distance_to_the_most_similar_training_text(near: Neighbours, index: dict[str, int]):
    texts = calm_texts(300, seed=5) + TRAIN[:3]
    assert near.novelty(texts, index)[::37] == pytest.approx([by_hand(near, index, t) for t in texts[::37]], abs=1e-9)


def test_a_training_text_is_not_new_and_foreign_words_are(near: Neighbours, index: dict[str, int]):
    assert near.novelty(TRAIN[:5], index) == pytest.approx(np.zeros(5), abs=1e-9)
    assert near.novelty(foreign_texts(5, seed=1), index) == pytest.approx(np.ones(5))


def test_a_text_without_a_word_is_new_and_one_of_common_words_alone_is_not(near: Neighbours, index: dict[str, int]):
    common = [word for word, place in index.items() if near.weight[place] == 0]
    assert common
    assert near.novelty(["", "😀", " ".join(common)], index).tolist() == [1, 1, 0]


def test_no_text_gives_no_number_and_no_training_text_makes_all_new(near: Neighbours, index: dict[str, int]):
    assert near.novelty([], index).shape == (0,)
    nothing = Neighbours(text=near.text[:0], term=near.term[:0], weight=near.weight, new_weight=near.new_weight)
    assert nothing.novelty(TRAIN[:2], index).tolist() == [1, 1]


def test_the_number_of_training_texts_that_are_kept_is_bounded(index: dict[str, int]):
    weight = np.ones(len(index))
    text, _ = entries_of(TRAIN * 10, index, weight)
    assert text.max() == MOST_TEXTS - 1
