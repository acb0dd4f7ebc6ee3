import sys
from subprocess import run

import numpy as np
import pytest

from pipeline.monitoring.drift import measure_drift
from pipeline.monitoring.profile import Profile, build_profile
from tests.pipeline.monitoring.texts import calm_texts


def bytes_of(profile: Profile) -> dict[str, bytes]:
    return {name: tensor.tobytes() for name, tensor in profile.to_tensors().items()}


def test_a_profile_survives_its_tensors(profile: Profile):
    again = Profile.from_tensors(profile.to_tensors())
    assert bytes_of(again) == bytes_of(profile)
    window = calm_texts(60, seed=5)
    assert measure_drift(again, window) == measure_drift(profile, window)


def test_tensors_are_plain_numbers(profile: Profile):
    assert {str(tensor.dtype) for tensor in profile.to_tensors().values()} == {"float64", "int64", "uint8"}


def test_the_same_texts_in_another_order_and_repeated_give_the_same_bytes():
    texts = calm_texts(240, seed=2)
    shuffled = [texts[place] for place in np.random.default_rng(0).permutation(len(texts))] + texts[:50]
    assert bytes_of(build_profile(texts, seed=3, windows=20)) == bytes_of(build_profile(shuffled, seed=3, windows=20))


def test_another_seed_draws_other_null_windows():
    texts = calm_texts(240, seed=2)
    first, second = (build_profile(texts, seed=seed, windows=20) for seed in (3, 4))
    assert not np.array_equal(first.null_mean, second.null_mean)


def test_null_sizes_stop_at_a_quarter_of_the_reference(profile: Profile):
    assert profile.null_sizes.tolist() == [30, 50, 100, 200]


def test_a_profile_without_texts_is_refused():
    with pytest.raises(ValueError, match="needs training texts"):
        build_profile([], seed=0)


@pytest.mark.parametrize("texts", [["one"], ["", "😀", "!"], calm_texts(119, seed=1)])
def test_a_tiny_reference_has_no_null_and_survives_its_tensors(texts: list[str]):
    tiny = build_profile(texts, seed=0)
    assert len(tiny.null_sizes) == 0
    assert bytes_of(Profile.from_tensors(tiny.to_tensors())) == bytes_of(tiny)


def test_tensors_that_do_not_fit_are_refused(profile: Profile):
    with pytest.raises(ValueError, match="another number of terms"):
        Profile.from_tensors(profile.to_tensors() | {"counts": profile.counts[:-1]})


def test_terms_of_one_message_are_left_out_of_the_patterns():
    texts = ["alpha beta", "alpha gamma", "delta 12345"]
    patterns = build_profile(texts, seed=0).pattern_index
    assert patterns == {"alpha": 2}


def test_the_profile_of_the_real_collection_is_under_a_megabyte(sms_profile: Profile):
    assert sum(tensor.nbytes for tensor in sms_profile.to_tensors().values()) < 1_000_000


def test_monitoring_needs_numpy_alone():
    code = (
        "import sys, pipeline.monitoring.drift, pipeline.monitoring.accuracy, pipeline.monitoring.window;"
        "print([m for m in ('scipy', 'sklearn', 'pandas', 'mlflow', 'langchain') if m in sys.modules])"
    )
    assert run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
