import json

import numpy as np
import pytest

from pipeline.data.homes import Homes
from pipeline.monitoring.causes import Cause
from pipeline.monitoring.drift import measure_drift
from pipeline.monitoring.drift_report import Sign
from pipeline.monitoring.profile import Profile
from pipeline.records import Row
from pipeline.training.backends import LocalProcesses
from pipeline.training.reference import reference_profile
from tests.pipeline.monitoring.answers import MARK, answer, marked
from tests.pipeline.monitoring.texts import calm_texts, foreign_texts

RATE = 0.2


def window(size: int, seed: int, share: float = RATE) -> list[str]:
    return marked(calm_texts(size, seed=seed), share)


@pytest.fixture(scope="module")
def answered() -> Profile:
    train = [Row(text, int(MARK in text)) for text in window(1_200, seed=1)]
    held_out = [Row(text, int(MARK in text)) for text in window(600, seed=2)]
    return reference_profile(train, held_out, answer, seed=7)


def look(profile: Profile, texts: list[str]):
    return measure_drift(profile, texts, answers=answer(texts))


@pytest.mark.parametrize("size", [50, 100, 200, 500])
def test_calm_windows_shift_no_score(answered: Profile, size: int):
    reports = [look(answered, window(size, 100 + turn)) for turn in range(30)]
    assert sum(report.score_shift > 0.15 for report in reports) <= 2
    assert sum((report.spam_part_novelty or 0) > 0.15 for report in reports) <= 2


@pytest.mark.parametrize("size", [100, 200])
def test_another_class_mix_shifts_the_scores_and_is_named(answered: Profile, size: int):
    for turn in range(8):
        report = look(answered, window(size, 200 + turn, share=0.5))
        assert report.drift_detected
        assert report.score_shift > 0.15
        assert report.causes[0] is Cause.CLASS_MIX
        assert report.recommendation.startswith("Class mix")


def test_fewer_positive_messages_are_a_shift_too(answered: Profile):
    report = look(answered, window(200, 5, share=0.0))
    reading = next(reading for reading in report.score_readings if reading.statistic is Sign.POSITIVE_RATE)
    assert report.score_shift > 0.15
    assert reading.raw < reading.alarm_at < reading.expected


def test_positive_messages_of_a_new_kind_are_novel_though_their_share_stays(answered: Profile):
    for turn in range(8):
        calm, new = calm_texts(80, seed=300 + turn), foreign_texts(20, seed=300 + turn)
        report = look(answered, calm + marked(new, 1.0))
        assert report.spam_part_novelty > 0.15
        assert report.score_shift < 0.15
        assert report.causes[0] is Cause.NEW_CAMPAIGN


def test_two_positive_messages_say_nothing_about_novelty(answered: Profile):
    few = look(answered, calm_texts(98, seed=9) + marked(foreign_texts(2, seed=9), 1.0))
    three = look(answered, calm_texts(97, seed=9) + marked(foreign_texts(3, seed=9), 1.0))
    assert few.spam_part_novelty is None
    assert three.spam_part_novelty is not None
    assert any("Too few messages were called positive" in sentence for sentence in few.explanation)


def test_without_answers_the_report_says_what_it_does_not_see(answered: Profile, profile: Profile):
    texts = window(100, 3)
    for report in (measure_drift(answered, texts), measure_drift(profile, texts, answers=answer(texts))):
        assert (report.score_shift, report.spam_part_novelty, report.form_shift) == (None, None, None)
        assert any("would not be seen" in sentence for sentence in report.explanation)


def test_the_words_are_judged_alike_with_and_without_answers(answered: Profile):
    texts = window(150, 4)
    with_, without = look(answered, texts), measure_drift(answered, texts)
    assert (with_.vocabulary_drift, with_.tfidf_drift) == (without.vocabulary_drift, without.tfidf_drift)
    assert with_.readings == without.readings


def test_the_order_and_repeats_of_messages_change_no_score(answered: Profile):
    texts = window(120, 6)
    once, often = look(answered, texts), look(answered, texts[::-1] * 3)
    assert (once.score_shift, once.spam_part_novelty) == (often.score_shift, often.spam_part_novelty)


def test_the_rise_that_is_said_to_be_detectable_is_detected(answered: Profile):
    rise = look(answered, window(200, 1)).smallest_detectable_rate_change
    found = [look(answered, window(200, 500 + turn, share=RATE + rise)).score_shift > 0.15 for turn in range(20)]
    assert sum(found) >= 15


def test_another_number_of_answers_than_of_texts_is_refused(answered: Profile):
    with pytest.raises(ValueError, match="2 answers were given for 3 texts"):
        measure_drift(answered, ["a", "b", "c"], answers=answer(["a", "b"]))


def test_a_report_with_answers_is_plain_json(answered: Profile):
    body = json.loads(json.dumps(look(answered, window(100, 8, share=0.6)).as_dict(), allow_nan=False))
    assert body["causes"] == ["class_mix"]
    assert [reading["statistic"] for reading in body["score_readings"]] == [sign.value for sign in Sign]


@pytest.mark.parametrize("texts", [["", " "] * 40, ["same prize"] * 100, ["\ud800 prize", "😀", "\x00"] * 20])
def test_strange_windows_give_no_score_rather_than_an_error(answered: Profile, texts: list[str]):
    assert look(answered, texts).score_shift is None


def test_strange_texts_that_are_many_enough_give_scores_on_the_scale(answered: Profile):
    texts = [chr(0x1F300 + place) for place in range(40)] + [f"\ud800{place} prize" for place in range(20)]
    report = look(answered, texts)
    assert 0 <= report.score_shift <= 1
    assert 0 <= report.spam_part_novelty <= 1
    json.dumps(report.as_dict(), allow_nan=False)


def test_scores_of_training_rows_are_no_reference(answered: Profile, collection: Homes):
    # The trap: a version is surer of the rows that it was trained on than of any traffic.
    from dataclasses import replace

    from pipeline.catalog import managed_model
    from pipeline.spec import SearchRules
    from pipeline.training.fitting import train

    spec = managed_model("sms_spam")
    candidate = replace(spec.candidates[-1], grid={"C": (1.0,)})
    quick = replace(spec, candidates=(candidate,), search=SearchRules(folds=2, repeats=1))
    rows = collection.train
    served = (
        train(quick, rows, backend=LocalProcesses(1), progress=lambda *_: None).model.compiled().predictor().answer_many
    )
    rng, live = np.random.default_rng(1), [row.input for row in collection.live]
    windows = [[live[place] for place in rng.permutation(len(live))[:300]] for _ in range(15)]

    def alarms(held_out: tuple[Row, ...]) -> int:
        profile = reference_profile(rows, held_out, served, seed=1)
        reports = [measure_drift(profile, texts, answers=served(texts)) for texts in windows]
        return sum(max(report.score_shift, report.spam_part_novelty) > 0.15 for report in reports)

    assert alarms(collection.holdout) <= 2
    assert alarms(rows[:900]) >= 10
