"""SMS spam under the plain F1 gate: a version is promoted when its F1 is strictly better than the stored baseline's.

The data, the candidates and the monitoring are those of sms_spam; only the gate differs, and the cooldown that goes
with it. The baseline is a small JSON file: python -m pipeline baseline export|import sms_spam_f1 FILE.
"""

from dataclasses import replace

from pipeline.gate.rules import AtLeast, BeatsBaseline, BeatsMajority, GateRules, ServedParity
from pipeline.models import sms_spam
from pipeline.spec import RetrainingRules

_GATE = (BeatsBaseline("f1"), BeatsMajority(), ServedParity(1e-9))

SPEC = replace(
    sms_spam.SPEC,
    name="sms_spam_f1",
    title="SMS spam, promoted by F1",
    gate=GateRules(first=(AtLeast("f1", 0.90), *_GATE), challenger=_GATE),
    retraining=RetrainingRules(cooldown_hours=12.0),
)
