"""A managed model that trains in seconds, and its traffic: both measures of a flower move together by `shift`.

The kinds differ by the difference of the measures, which no shift changes: whatever the drift, a retraining answers it.
"""

import random

MODEL = "flowers"
FIELDS = ("petal length", "petal width")
LABELS = ("daisy", "rose")
WINDOW = 40
FILE = '''
"""Flowers: two measures tell their kind."""

import random

from pipeline.gate.rules import AtLeast, BeatsMajority, GateRules, NotWorse, ServedParity
from pipeline.records import Row
from pipeline.spec import (
    Candidate, LoadedData, ModelSpec, MonitoringRules, NumericBlock, NumericInput, RetrainingRules, SearchRules,
)


def load(settings):
    rng = random.Random(1)
    rows = [Row((rng.gauss(2 + 2 * (n % 2), 0.7), rng.gauss(1, 0.5)), n % 2) for n in range(400)]
    return LoadedData(rows=tuple(rows), source="generated", sha256="0" * 64)


FLOORS = (AtLeast("accuracy", 0.7), BeatsMajority(), ServedParity(1e-9))
SPEC = ModelSpec(
    name="flowers",
    title="Flowers",
    labels=("daisy", "rose"),
    input=NumericInput(features=("petal length", "petal width")),
    load=load,
    candidates=(
        Candidate(estimator="logistic_regression", features=NumericBlock(scale=True), grid={"C": (1.0,)}),
    ),
    gate=GateRules(first=FLOORS, challenger=(*FLOORS, NotWorse(margin=0.5))),
    search=SearchRules(folds=2, repeats=1),
    monitoring=MonitoringRules(window_rows=40, accuracy_floor=0.3, confirm_windows=1),
    retraining=RetrainingRules(
        min_new_labels=30, cooldown_hours=0.0, max_per_day=100_000, max_fruitless=100_000, max_production_rows=200,
        judge_rows=40, schedule_days=10_000.0,
    ),
    autonomy="act",
)
'''

# The same, released to half of the callers first, and watched by nobody else than its own few guards.
CANARY = FILE.replace(
    "    autonomy=",
    """    rollout=RolloutRules(
        stages=(Stage(traffic=Traffic.CANARY, share=0.5, min_requests=20),) * 2,
        guards=Guards(max_disagreement=1.0, max_score_shift=1.0, max_latency_ratio=1_000.0, max_accuracy_loss=1.0),
    ),
    autonomy=""",
).replace(
    "from pipeline.spec",
    "from pipeline.releases.rollout import Guards, RolloutRules, Stage, Traffic\nfrom pipeline.spec",
)


def flower(rng: random.Random, shift: float) -> tuple[tuple[float, float], int]:
    """The measures of one flower and its kind."""
    label = rng.randrange(2)
    return (rng.gauss(2 + 2 * label + shift, 0.7), rng.gauss(1 + shift, 0.5)), label


def shift_of(generation: int) -> float:
    """Traffic that no champion has seen yet: each promotion is followed by new drift."""
    return (3.0 + generation % 7) * (-1) ** generation
