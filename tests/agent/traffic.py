"""Synthetic traffic over a real artefact: messages of a small vocabulary, answered and labelled as a test says."""

import random
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

import numpy as np
from sqlalchemy import func, insert, select

from pipeline.labels.feedback import LabelEntry, record_labels
from pipeline.monitoring.profile import build_profile
from pipeline.records import Row
from pipeline.served.artifact import pack, save_artifact
from pipeline.served.protocols import Answer
from pipeline.served.text_linear import TextLinearModel
from pipeline.store import telemetry as tables
from pipeline.store.open import Store
from pipeline.training.reference import reference_profile
from tests.agent.fakes import MODEL

HEADS, TAILS = ("ba", "be", "bi", "bo", "bu", "da", "de", "di", "do", "du"), ("ka", "ke", "ki", "ko", "ku", "la", "le")
WORDS = [f"{head}{tail}" for head in HEADS for tail in TAILS]


def texts(count: int, seed: int, words: Sequence[str] = WORDS) -> list[str]:
    """Messages whose words follow a skewed distribution; every one is different."""
    chance = random.Random(seed)
    weights = [1 / (rank + 1) for rank in range(len(words))]
    return [" ".join([*chance.choices(words, weights, k=8), f"n{seed}x{number}"]) for number in range(count)]


def one_in_eight(messages: Sequence[str]) -> list[Answer]:
    """Answers of a version that calls every eighth message positive."""
    return [
        Answer(prediction=int(place % 8 == 0), score=0.9 if place % 8 == 0 else 0.1, top_features=())
        for place in range(len(messages))
    ]


@cache
def content(held_out: bool = False) -> bytes:
    """One artefact with a real reference profile, made once; with the answers to held-out texts where asked for."""
    model = TextLinearModel(
        analyzer="word",
        ngram_range=(1, 1),
        sublinear_tf=True,
        terms=tuple(WORDS[:2]),
        idf=np.ones(2),
        weights=np.array([1.0, -1.0]),
        intercept=0.0,
        slope=1.0,
        offset=0.0,
        threshold=0.5,
    )
    if not held_out:
        return pack(model, build_profile(texts(500, 1), seed=1), {})
    training, held = ([Row(text, int(place % 8 == 0)) for place, text in enumerate(texts(n, n))] for n in (500, 200))
    return pack(model, reference_profile(training, held, one_in_eight, seed=1), {})


def artifact(folder: Path, held_out: bool = False) -> str:
    return save_artifact(folder, MODEL, content(held_out))


def answered(
    store: Store, messages: Sequence[str], at: datetime, version: int = 1, answer: tuple[int, float] = (0, 0.1)
) -> list[str]:
    """Log answers (all the same) of a version; returns their ids."""
    with store.telemetry.begin() as connection:
        before = connection.execute(select(func.count()).select_from(tables.predictions)).scalar()
        ids = [f"p{before + number}" for number in range(len(messages))]
        rows = [
            {
                "prediction_id": name,
                "model": MODEL,
                "version": version,
                "slot": "champion",
                "at": at,
                "input": tables.encode_input(message),
                "prediction": answer[0],
                "score": answer[1],
            }
            for name, message in zip(ids, messages, strict=True)
        ]
        connection.execute(insert(tables.predictions), rows)
    return ids


def labelled(store: Store, ids: Sequence[str], wrong: int, at: datetime, source: str = "test") -> None:
    """Label answers; the first `wrong` of them disagree with the prediction."""
    entries = [
        LabelEntry(prediction_id=name, label=int(place < wrong), source=source, at=at) for place, name in enumerate(ids)
    ]
    record_labels(store.telemetry, entries)
