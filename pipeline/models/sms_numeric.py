"""SMS spam by its looks: K nearest neighbours over fourteen numbers of a message, positive class `spam`.

The messages of sms_spam, read as numbers (length, punctuation, digits, capitals, currency, links, ...), so its drift
is of the kind "messages became shorter". New labelled traffic is combined with the original data for half a year and
counts double. A version comes into service in stages: `rollout` below is a canary; the two others are one line each:

    rollout=RolloutRules(strategy=Strategy.SHADOW)       answers beside the champion, nobody sees them
    rollout=RolloutRules(strategy=Strategy.BLUE_GREEN)   stands by, takes all requests at once, and goes back at once
"""

from pipeline.gate.rules import AtLeast, BeatsMajority, GateRules, NotWorse, ServedParity
from pipeline.models import sms_spam
from pipeline.releases.rollout import Guards, RolloutRules, Strategy
from pipeline.spec import Candidate, ModelSpec, MonitoringRules, RetrainingRules, TextInput, TextNumbers

# Accuracy alone lets a constant pass: 86 of 100 messages are ham. The F1 floor is what a useless model cannot reach.
_FLOORS = (AtLeast("accuracy", 0.85), AtLeast("f1", 0.70), BeatsMajority(), ServedParity(1e-9))

SPEC = ModelSpec(
    name="sms_numeric",
    title="SMS spam by numbers",
    labels=sms_spam.LABELS,
    input=TextInput(field="message"),
    load=sms_spam.load,
    candidates=(
        Candidate(
            estimator="nearest_neighbours",
            features=TextNumbers(function="message_form"),
            grid={"n_neighbors": (3, 5, 9, 15), "p": (1, 2), "weights": ("uniform", "distance")},
        ),
    ),
    gate=GateRules(first=_FLOORS, challenger=(*_FLOORS, NotWorse(margin=0.01))),
    monitoring=MonitoringRules(accuracy_floor=0.90),
    retraining=RetrainingRules(max_production_age_days=180.0, production_weight=2.0, schedule_days=14.0),
    # Most messages share one score, which every training moves a little: healthy versions lie 0.79 to 0.89 apart,
    # broken ones 0.80 to 0.92 (docs/decisions/0011). Two versions are compared by their answers.
    rollout=RolloutRules(strategy=Strategy.CANARY, guards=Guards(max_score_shift=1.0)),
)
