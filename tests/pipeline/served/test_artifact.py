import numpy as np
import pytest
import safetensors.numpy

from pipeline.errors import ArtifactError
from pipeline.monitoring.profile import build_profile
from pipeline.served.artifact import artifact_path, load_artifact, pack, save_artifact, unpack
from tests.pipeline.builders import word_model

MODEL = word_model({"prize": 3.0, "grüße": -1.0})


def test_an_artefact_comes_back_as_it_was(tmp_path):
    content = pack(MODEL, None, {"training_rows": 7})
    sha256 = save_artifact(tmp_path, "sms_spam", content)
    loaded = load_artifact(artifact_path(tmp_path, "sms_spam", sha256), sha256)
    assert loaded.metadata == {"training_rows": 7}
    assert loaded.profile is None
    assert tuple(loaded.predictor.model.terms) == MODEL.terms
    assert loaded.predictor.answer("prize") == unpack(content).predictor.answer("prize")


def test_equal_models_have_equal_bytes():
    texts = [f"message number {i} about lunch and prizes" for i in range(60)]
    packed = [pack(MODEL, build_profile(texts, seed=1), {"b": 1, "a": 2}) for _ in range(3)]
    assert packed[0] == packed[1] == packed[2]


def test_one_flipped_bit_is_noticed(tmp_path):
    sha256 = save_artifact(tmp_path, "m", pack(MODEL, None, {}))
    path = artifact_path(tmp_path, "m", sha256)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match="altered"):
        load_artifact(path, sha256)


def test_a_missing_artefact_is_an_artefact_error(tmp_path):
    with pytest.raises(ArtifactError, match="cannot be read"):
        load_artifact(tmp_path / "none", "0" * 64)


@pytest.mark.parametrize("content", [b"", b"not an artefact", pack(MODEL, None, {})[:-9]])
def test_bytes_that_are_no_artefact_are_refused(content):
    with pytest.raises(ArtifactError):
        unpack(content)


def test_a_pickle_is_never_loaded():
    import pickle

    with pytest.raises(ArtifactError):
        unpack(pickle.dumps({"terms": 1}))


def test_an_artefact_of_a_newer_format_says_so():
    tensors = safetensors.numpy.load(pack(MODEL, None, {}))
    header = tensors["header"].tobytes().replace(b'"format": 1', b'"format": 9')
    tensors["header"] = np.frombuffer(header, dtype=np.uint8)
    with pytest.raises(ArtifactError, match="newer release"):
        unpack(safetensors.numpy.save(tensors))
