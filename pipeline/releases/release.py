"""Brings a judged version into service in the way that its model's rules ask for."""

from sqlalchemy import Engine

from pipeline.records import JudgedVersion, Promotion, Provenance
from pipeline.releases.promotion import promote
from pipeline.releases.rollout import RolloutRules
from pipeline.releases.rollout_events import Rollout
from pipeline.releases.rollout_store import start_rollout


def release(control: Engine, judged: JudgedVersion, rules: RolloutRules, provenance: Provenance) -> Promotion | Rollout:
    """Promoted at once, or by a rollout, which needs a champion to compare with.

    Raises what `promote` raises, and PromotionRefusedError while another rollout runs.
    """
    if not rules.plan or judged.expected_generation == 0:
        return promote(control, judged, provenance)
    return start_rollout(control, judged, rules, provenance)
