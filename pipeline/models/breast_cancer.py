"""Breast cancer: 30 numeric features of cell nuclei, positive class `benign` as scikit-learn codes it (1 = benign)."""

import hashlib

from pipeline.gate.rules import AtLeast, BeatsMajority, GateRules, NoLowerThanChampion, ServedParity
from pipeline.records import Row
from pipeline.settings import PipelineSettings
from pipeline.spec import (
    Candidate,
    LoadedData,
    ModelSpec,
    MonitoringRules,
    NumericBlock,
    NumericInput,
    QualityRules,
    RetrainingRules,
)

MEASURES = (
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave points",
    "symmetry",
    "fractal dimension",
)
# The order of scikit-learn's columns: the mean, the standard error and the worst value of each measure.
FEATURES = (
    *(f"mean {measure}" for measure in MEASURES),
    *(f"{measure} error" for measure in MEASURES),
    *(f"worst {measure}" for measure in MEASURES),
)


def load(settings: PipelineSettings) -> LoadedData:
    """The Wisconsin Diagnostic data (Wolberg, Street and Mangasarian, 1995): 569 rows that scikit-learn carries."""
    # Imported here: the catalog is read by processes that do without scikit-learn.
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer()
    digest = hashlib.sha256(bunch.data.tobytes() + bunch.target.astype("int64").tobytes()).hexdigest()
    rows = tuple(
        Row(tuple(float(value) for value in values), int(label))
        for values, label in zip(bunch.data, bunch.target, strict=True)
    )
    return LoadedData(rows=rows, source="scikit-learn's copy of Wisconsin Diagnostic Breast Cancer", sha256=digest)


SPEC = ModelSpec(
    name="breast_cancer",
    title="Breast cancer",
    labels=("malignant", "benign"),
    input=NumericInput(features=FEATURES),
    load=load,
    candidates=(
        Candidate(estimator="logistic_regression", features=NumericBlock(scale=True), grid={"C": (0.1, 0.3, 1.0, 3.0)}),
        Candidate(
            estimator="random_forest",
            features=NumericBlock(scale=False),
            grid={"n_estimators": (200,), "max_features": ("sqrt",), "min_samples_leaf": (1, 2)},
        ),
    ),
    gate=GateRules(
        first=(AtLeast("f1", 0.90), BeatsMajority(), ServedParity(1e-9)),
        challenger=(AtLeast("f1", 0.90), BeatsMajority(), ServedParity(1e-9), NoLowerThanChampion("f1")),
    ),
    # Sizes, shapes and their errors are never negative; concavity is 0 where there is none.
    quality=QualityRules(ranges=dict.fromkeys(FEATURES, (0.0, 10_000.0))),
    monitoring=MonitoringRules(window_rows=100, accuracy_floor=0.90),
    retraining=RetrainingRules(min_new_labels=30, schedule_days=30.0),
)
