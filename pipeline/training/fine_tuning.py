"""Fine-tuning of a pretrained transformer: on the GPU if there is one, with progress and early stopping."""

import os
import random
import tempfile
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data.homes import spot
from pipeline.errors import DataUnavailableError
from pipeline.gate.evaluation import Scores, evaluate
from pipeline.records import Row, RowInput
from pipeline.served.transformer import TransformerModel
from pipeline.spec import Candidate, TransformerBlock
from pipeline.training.estimators import best_threshold, calibrated, fit_calibration
from pipeline.training.search import Progress, Trial

WARM_UP_SHARE = 0.1
LARGEST_GRADIENT = 1.0
# How many bytes into a row's digest the bits begin that its homes do not use.
VALIDATION_BYTES_IN = 16


@dataclass(frozen=True, kw_only=True)
class FineTunedModel:
    """A fine-tuned network with its tokenizer, and the calibration of its decision values."""

    network: Any
    tokenizer: Any
    block: TransformerBlock
    calibration: Any
    threshold: float

    def scores(self, inputs: Sequence[RowInput]) -> Scores:
        """P(positive) of each text."""
        return calibrated(self.calibration, _decisions(self.network, self.tokenizer, self.block, inputs))

    def compiled(self) -> TransformerModel:
        """The form that is served: weights, configuration and tokenizer as data."""
        with tempfile.TemporaryDirectory() as folder:
            self.network.config.save_pretrained(folder)
            self.tokenizer.save_pretrained(folder)
            files = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir()) if path.is_file()}
        state = self.network.state_dict()
        return TransformerModel(
            weights={name: value.detach().cpu().numpy() for name, value in state.items()},
            files=files,
            max_tokens=self.block.max_tokens,
            slope=float(self.calibration.coef_[0, 0]),
            offset=float(self.calibration.intercept_[0]),
            threshold=self.threshold,
        )


@dataclass(frozen=True, kw_only=True)
class FineTuned:
    """The model, and the trial that it is compared by: its metrics on the validation rows."""

    model: FineTunedModel
    trial: Trial


def fine_tuned(
    candidate: Candidate, rows: Sequence[Row], seed: int, progress: Progress, weights: Scores | None = None
) -> FineTuned:
    """Fine-tune on all rows but the validation rows, which stop it early and give calibration and threshold.

    Raises DataUnavailableError when the pretrained weights, or the packages, are not to be had.
    """
    block = candidate.features
    assert isinstance(block, TransformerBlock)
    network, tokenizer = _pretrained(block, seed)
    counted = np.ones(len(rows)) if weights is None else weights
    held = np.array([spot(row.input, VALIDATION_BYTES_IN) < block.validation_share for row in rows])
    learn = [(row, float(counts)) for row, counts, out in zip(rows, counted, held, strict=True) if not out]
    validate = [row for row, out in zip(rows, held, strict=True) if out]
    _tune(network, tokenizer, block, learn, validate, seed, progress)
    decisions = _decisions(network, tokenizer, block, [row.input for row in validate])
    truth = np.array([row.label for row in validate])
    calibration = fit_calibration(decisions, truth)
    scores = calibrated(calibration, decisions)
    threshold = best_threshold(truth, scores)
    metrics = evaluate(truth, (scores >= threshold).astype(int), scores)
    parameters = {"model": block.model, "revision": block.revision, "max_tokens": block.max_tokens}
    return FineTuned(
        model=FineTunedModel(
            network=network, tokenizer=tokenizer, block=block, calibration=calibration, threshold=threshold
        ),
        trial=Trial(
            candidate=candidate, parameters=parameters, decisions=np.empty((0, len(rows))), fold_metrics=(metrics,)
        ),
    )


def _pretrained(block: TransformerBlock, seed: int) -> tuple[Any, Any]:
    try:
        import torch
        from transformers import AutoModelForSequenceClassification, AutoTokenizer
    except ImportError as error:
        raise DataUnavailableError(
            f"Fine-tuning needs {error.name}: pip install -r requirements-transformers.txt"
        ) from error
    torch.manual_seed(seed)
    name, revision = block.model, block.revision
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision)
        network = AutoModelForSequenceClassification.from_pretrained(name, revision=revision, num_labels=2)
    except OSError as error:
        raise DataUnavailableError(
            f"The transformer {name} at {revision} cannot be loaded. Fetch it once where there is a network, or name a "
            f"folder in the model's file. ({type(error).__name__})"
        ) from error
    return network.to(_device()), tokenizer


def _device() -> Any:
    import torch

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _tune(
    network: Any,
    tokenizer: Any,
    block: TransformerBlock,
    learn: Sequence[tuple[Row, float]],
    validate: Sequence[Row],
    seed: int,
    progress: Progress,
) -> None:
    """Epochs of AdamW with linear warm-up and decay; the weights of the epoch with the lowest loss are kept."""
    import torch

    rng, steps = random.Random(seed), -(-len(learn) // block.batch_rows) * block.max_epochs
    optimiser = torch.optim.AdamW(network.parameters(), lr=block.learning_rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, steps))
    best, kept, worse, done = float("inf"), deepcopy(network.state_dict()), 0, 0
    for epoch in range(1, block.max_epochs + 1):
        network.train()
        for batch in _batches(learn, block.batch_rows, rng):
            loss = _loss(network, tokenizer, block, batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
            done += 1
            progress(done, steps, f"fine-tuning, epoch {epoch} of {block.max_epochs}, loss {float(loss.detach()):.3f}")
        found = _validation_loss(network, tokenizer, block, validate)
        progress(done, steps, f"epoch {epoch}: validation loss {found:.4f}")
        if found < best:
            best, kept, worse = found, deepcopy(network.state_dict()), 0
        else:
            worse += 1
        if worse > block.patience - 1 and epoch < block.max_epochs:
            break
    network.load_state_dict(kept)
    network.eval()


def _rate(step: int, steps: int) -> float:
    """The share of the learning rate at a step: a linear rise over the first tenth, then a linear fall to nothing."""
    rise = max(1, int(steps * WARM_UP_SHARE))
    return min((step + 1) / rise, max(0.0, (steps - step) / max(1, steps - rise)))


def _batches(
    learn: Sequence[tuple[Row, float]], rows: int, rng: random.Random
) -> Iterator[Sequence[tuple[Row, float]]]:
    order = list(learn)
    rng.shuffle(order)
    for start in range(0, len(order), rows):
        yield order[start : start + rows]


def _loss(network: Any, tokenizer: Any, block: TransformerBlock, batch: Sequence[tuple[Row, float]]) -> Any:
    import torch

    device = next(network.parameters()).device
    logits = network(**_encoded(tokenizer, block, [row.input for row, _ in batch], device)).logits
    labels = torch.tensor([row.label for row, _ in batch], device=device)
    weights = torch.tensor([weight for _, weight in batch], device=device)
    losses = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
    return (losses * weights).sum() / weights.sum()


def _validation_loss(network: Any, tokenizer: Any, block: TransformerBlock, rows: Sequence[Row]) -> float:
    decisions = _decisions(network, tokenizer, block, [row.input for row in rows])
    signs = np.where([row.label == 1 for row in rows], decisions, -decisions)
    return float(np.logaddexp(0.0, -signs).mean())


def _decisions(network: Any, tokenizer: Any, block: TransformerBlock, inputs: Sequence[RowInput]) -> Scores:
    """The logit of the positive class minus the other one's, (n,)."""
    import torch

    network.eval()
    device = next(network.parameters()).device
    found: list[float] = []
    with torch.no_grad():
        for start in range(0, len(inputs), block.batch_rows):
            batch = inputs[start : start + block.batch_rows]
            logits = network(**_encoded(tokenizer, block, batch, device)).logits
            found += [float(value) for value in (logits[:, 1] - logits[:, 0]).cpu()]
    return np.array(found, dtype=np.float64)


def _encoded(tokenizer: Any, block: TransformerBlock, texts: Sequence[RowInput], device: Any) -> Any:
    given = [str(text) for text in texts]
    return tokenizer(given, truncation=True, max_length=block.max_tokens, padding=True, return_tensors="pt").to(device)


# The tokenizer's threads and the forked workers of a search do not go together.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
