"""The transformer backend on its real path: a nano DistilBERT made here, saved to a folder and fine-tuned from it.

Needs requirements-transformers.txt; without it these tests are skipped and say so.
"""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.catalog import managed_model
from pipeline.errors import ArtifactError, DataUnavailableError
from pipeline.gate.rules import VerdictStatus
from pipeline.records import Row
from pipeline.served.artifact import pack, unpack
from pipeline.settings import PipelineSettings
from pipeline.spec import Candidate, LoadedData, ModelSpec, TransformerBlock
from pipeline.store.open import open_store
from pipeline.training.choice import TrainingChoice
from pipeline.training.fine_tuning import FineTuned, fine_tuned
from pipeline.training.retraining import retrain
from pipeline.training.workbench import open_workbench

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install -r requirements-transformers.txt")
transformers = pytest.importorskip(
    "transformers", reason="Transformers is not installed: pip install -r requirements-transformers.txt"
)

GOOD = ["wonderful", "great", "moving", "superb", "touching", "delightful"]
BAD = ["awful", "boring", "dull", "terrible", "wasted", "clumsy"]
OTHER = ["the", "film", "plot", "actor", "scene", "story", "music", "was", "and", "with", "a"]


def reviews(count: int, seed: int) -> list[Row]:
    """Generated reviews whose class is told by a few words."""
    rng = random.Random(seed)
    rows = []
    for place in range(count):
        label = place % 2
        words = rng.choices(OTHER, k=9) + rng.choices(GOOD if label else BAD, k=2)
        rng.shuffle(words)
        rows.append(Row(" ".join([*words, f"n{seed}x{place}"]), label))
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A DistilBERT of two small layers with a word-piece tokenizer, as from_pretrained takes it."""
    path = tmp_path_factory.mktemp("nano")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *GOOD, *BAD, *OTHER]
    (path / "vocab.txt").write_text("\n".join(words))
    tokenizer = transformers.DistilBertTokenizerFast(str(path / "vocab.txt"))
    tokenizer.save_pretrained(path)
    torch.manual_seed(1)
    config = transformers.DistilBertConfig(
        vocab_size=len(words), dim=32, hidden_dim=64, n_layers=2, n_heads=2, max_position_embeddings=64
    )
    transformers.DistilBertForSequenceClassification(config).save_pretrained(path)
    return path


def block(folder: Path, **changes) -> TransformerBlock:
    base = TransformerBlock(
        model=str(folder), revision="main", max_tokens=32, max_epochs=8, batch_rows=16, learning_rate=3e-3
    )
    return replace(base, **changes)


def candidate(folder: Path, **changes) -> Candidate:
    return Candidate(estimator="transformer", features=block(folder, **changes), grid={}, optional=True)


def quiet(done: int, total: int, what: str) -> None:
    """No progress."""


@pytest.fixture(scope="module")
def tuned(folder) -> FineTuned:
    return fine_tuned(candidate(folder), reviews(300, seed=1), seed=3, progress=quiet)


def test_fine_tuning_learns_and_tells_its_progress(folder):
    told: list[str] = []
    found = fine_tuned(
        candidate(folder), reviews(300, seed=1), seed=3, progress=lambda done, total, what: told.append(what)
    )
    assert found.trial.mean("f1") > 0.9
    assert any(what.startswith("epoch 1: validation loss") for what in told)
    rows = reviews(60, seed=9)
    predictions = found.model.scores([row.input for row in rows]) >= found.model.threshold
    assert np.mean(predictions == [row.label for row in rows]) > 0.9


def test_fine_tuning_stops_early_when_the_validation_loss_no_longer_falls(folder):
    told: list[str] = []
    rng = random.Random(4)
    noise = [Row(row.input, rng.randrange(2)) for row in reviews(200, seed=2)]
    fine_tuned(candidate(folder, max_epochs=30), noise, seed=3, progress=lambda done, total, what: told.append(what))
    assert 1 <= sum("validation loss" in what for what in told) < 30


def test_the_worker_process_scores_as_the_trained_network_does_and_explains(tuned):
    artifact = unpack(pack(tuned.model.compiled(), None, {}))
    texts = [str(row.input) for row in reviews(40, seed=5)]
    served = np.array([answer.score for answer in artifact.predictor.answer_many(texts)])
    assert np.max(np.abs(served - tuned.model.scores(texts))) < 1e-4
    answer = artifact.predictor.explain("the film was wonderful and superb", top=3)
    assert answer.prediction == 1
    assert {"wonderful", "superb"} & {word for word, _ in answer.top_features}


def test_a_worker_that_was_ended_is_started_again(tuned):
    predictor = unpack(pack(tuned.model.compiled(), None, {})).predictor
    before = predictor.answer("a dull film")
    predictor.close()
    assert predictor.answer("a dull film").score == pytest.approx(before.score, abs=1e-6)


def test_weights_that_are_no_network_are_an_artifact_error(tuned):
    served = tuned.model.compiled()
    broken = replace(served, files={**served.files, "config.json": b"{}"})
    with pytest.raises(ArtifactError, match="cannot be loaded"):
        broken.predictor().answer("a dull film")


def test_a_transformer_that_is_nowhere_is_reported_with_what_to_do(folder, tmp_path):
    with pytest.raises(DataUnavailableError, match="name a folder"):
        fine_tuned(candidate(tmp_path / "nothing"), reviews(40, seed=1), seed=1, progress=quiet)


def test_the_whole_recipe_registers_a_transformer_that_passes_the_gate_of_sentiment(folder, tmp_path):
    spec: ModelSpec = replace(
        managed_model("sentiment"),
        candidates=(managed_model("sentiment").candidates[0], candidate(folder)),
        load=lambda settings: LoadedData(rows=tuple(reviews(500, seed=7)), source="generated", sha256="0" * 64),
    )
    settings = PipelineSettings(home=tmp_path)
    store = open_store(settings)
    bench = open_workbench(settings, store, spec)
    result = retrain(bench, progress=quiet, choice=TrainingChoice(candidates=("transformer",)))
    store.close()
    assert result.verdict.status is VerdictStatus.PASSED, result.verdict.reason
    assert bench.artifact(result.artifact_sha256).kind == "transformer"
    assert result.holdout.f1 > 0.85
