import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.served.protocols import logistic
from pipeline.served.text_linear import TextPredictor, character_ngrams
from pipeline.spec import Candidate, TextBlock
from pipeline.training.estimators import TrainedModel, featuriser, fit_calibration, fit_estimator
from tests.pipeline.builders import word_model

TEXTS = [
    "Win a FREE prize now, call 09061701461!!",
    "are we still on for lunch today?",
    "URGENT! Your mobile number has won £900 prize",
    "ok lor, see you at home later",
    "free entry to win tickets text WIN to 80086",
    "Sorry, I'll call later in meeting",
] * 3
LABELS = np.array([1, 0, 1, 0, 1, 0] * 3)
WORDS = TextBlock(analyzer="word", ngram_range=(1, 2))
CHARACTERS = TextBlock(analyzer="char_wb", ngram_range=(2, 5), max_features=300)
CANDIDATES = [
    Candidate(estimator="naive_bayes", features=WORDS, grid={"alpha": (0.1,)}),
    Candidate(estimator="logistic_regression", features=WORDS, grid={"C": (10.0,)}),
    Candidate(estimator="linear_svm", features=CHARACTERS, grid={"C": (1.0,)}),
    Candidate(
        estimator="linear_svm",
        features=TextBlock(analyzer="char_wb", ngram_range=(3, 4), sublinear_tf=False),
        grid={"C": (1.0,)},
    ),
    Candidate(
        estimator="nb_svm",
        features=TextBlock(analyzer="word", ngram_range=(1, 3), one_letter_words=True, count_once=True),
        grid={"C": (1.0,)},
    ),
]


def trained(candidate: Candidate) -> TrainedModel:
    vectors = featuriser(candidate.features)
    features = vectors.fit_transform(TEXTS)
    parameters = {name: values[0] for name, values in candidate.grid.items()}
    return TrainedModel(
        featuriser=vectors,
        estimator=fit_estimator(candidate, parameters, features, LABELS, 0),
        calibration=fit_calibration(np.linspace(-1, 1, 18), LABELS),
        threshold=0.4,
        block=candidate.features,
    )


MODELS = {candidate.name + str(i): trained(candidate) for i, candidate in enumerate(CANDIDATES)}


@pytest.mark.parametrize("name", MODELS)
@given(text=st.text() | st.lists(st.sampled_from([*" ".join(TEXTS).split(), "İ", "ǆ", "a", "\u3000"])).map(" ".join))
@settings(max_examples=60)
def test_the_served_form_scores_any_text_as_scikit_learn_does(name, text):
    model = MODELS[name]
    served = TextPredictor(model.compiled())
    expected = float(model.scores([text])[0])
    for answer in (served.answer(text), served.explain(text), served.answer_many([text])[0]):
        assert answer.score == pytest.approx(expected, abs=1e-9)
        assert answer.prediction == int(answer.score >= model.threshold)


@pytest.mark.parametrize("name", MODELS)
def test_the_contributions_of_all_words_add_up_to_the_logit(name):
    model = MODELS[name].compiled()
    answer = TextPredictor(model).explain("free free prize, call later for lunch today", top=100)
    parts = sum(value for _, value in answer.top_features)
    rest = model.slope * model.intercept + model.offset
    assert logistic(parts + rest) == pytest.approx(answer.score, abs=1e-9)


def test_contributions_are_of_whole_words_largest_first():
    answer = TextPredictor(MODELS["linear_svm_char_wb2"].compiled()).explain("Win a FREE prize, lunch?", top=3)
    words = [word for word, _ in answer.top_features]
    assert set(words) <= {"win", "a", "free", "prize", "lunch"}
    sizes = [abs(value) for _, value in answer.top_features]
    assert sizes == sorted(sizes, reverse=True)


def test_a_text_without_known_words_gets_the_score_of_the_intercept_and_no_reasons():
    answer = TextPredictor(word_model({"prize": 3.0}, intercept=-2.0)).explain("völlig unbekannt")
    assert answer.score == pytest.approx(logistic(-2.0))
    assert answer.top_features == ()


@pytest.mark.parametrize(("word", "grams"), [("ab", [" a", "ab", "b ", " ab", "ab ", " ab "]), ("", ["  "])])
def test_character_ngrams_pad_each_word_with_a_space(word, grams):
    assert character_ngrams(word, 2, 5) == grams


def test_a_cache_that_is_full_forgets_and_goes_on():
    predictor = TextPredictor(MODELS["linear_svm_char_wb2"].compiled(), most_cached_words=4)
    fresh = TextPredictor(MODELS["linear_svm_char_wb2"].compiled())
    for text in TEXTS:
        assert predictor.answer(text) == fresh.answer(text)


def test_the_logistic_does_not_overflow():
    assert logistic(-1e4) == 0.0
    assert logistic(1e4) == 1.0
