"""What must hold after every fault: `violations` reads the two databases and says what is wrong, in sentences.

Nothing that somebody was told is lost, nothing is done twice, and the ledger verifies.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from sqlalchemy import Row, select

from agent.decision import Decision
from agent.loop import LOOKED
from agent.record import ledger
from agent.record.codec import decision_of
from agent.record.ledger import EntryKind
from pipeline.gate.rules import VerdictStatus
from pipeline.gate.verdicts import newest_verdict
from pipeline.releases.promotion import versions
from pipeline.store import control as control_tables
from pipeline.store import telemetry as telemetry_tables
from pipeline.store.open import Store
from pipeline.training.lineage import lineage_of
from tests.faults.client import Told


@dataclass
class Seen:
    """What was read of the record while faults happened: nothing of it may be gone later."""

    decisions: set[str] = field(default_factory=set)
    tips: list[str] = field(default_factory=list)
    generation: int = 0

    def look(self, store: Store, model: str) -> None:
        """Note what stands in the record now."""
        self.decisions |= {entry.decision_id for entry in ledger.decisions(store.control, model, 10_000)}
        found = ledger.verify(store.control)
        if found.entries:
            self.tips.append(found.tip)
        self.generation = max([self.generation, *(row.generation for row in _moves(store, model))])


def violations(store: Store, model: str, told: Told, seen: Seen, *, durable: bool = True) -> list[str]:
    """Everything that should hold and does not; empty when all is well. `durable` is the mode of the log."""
    told = told.by_now()  # before the databases are read: what is told later may be written later
    rules: tuple[Callable[[], Iterator[str]], ...] = (
        lambda: acknowledged_predictions_are_kept(store, told, durable),
        lambda: predictions_are_written_once(store),
        lambda: acknowledged_labels_are_kept(store, told),
        lambda: decisions_are_kept(store, model, seen),
        lambda: the_ledger_verifies(store, seen),
        lambda: no_message_is_decided_on_twice(store, model),
        lambda: a_decision_trains_one_version(store, model),
        lambda: a_version_has_its_lineage_and_its_verdict(store, model),
        lambda: a_decision_moves_the_champion_once(store, model),
        lambda: one_training_runs_at_a_time(store, model),
        lambda: the_champion_moves_step_by_step_on_passed_verdicts(store, model, seen),
        lambda: a_notice_is_queued_once(store),
    )
    return [sentence for rule in rules for sentence in rule()]


def acknowledged_predictions_are_kept(store: Store, told: Told, durable: bool) -> Iterator[str]:
    """Durable: every answer is in the log. Batched: what is missing is the end of what one life answered."""
    known = _predictions(store)
    for life, answered in told.answered.items():
        kept = [one in known for one in answered]
        if durable and not all(kept):
            yield f"{kept.count(False)} answered predictions of life {life} are not in the log."
        if not all(kept[: sum(kept)]):
            yield f"In life {life} predictions are missing before ones that were kept."


def predictions_are_written_once(store: Store) -> Iterator[str]:
    twice = [one for one, count in _predictions(store).items() if count > 1]
    if twice:
        yield f"{len(twice)} predictions stand in the log twice."


def acknowledged_labels_are_kept(store: Store, told: Told) -> Iterator[str]:
    table = telemetry_tables.labels
    with store.telemetry.connect() as connection:
        rows = connection.execute(select(table.c.prediction_id, table.c.label).order_by(table.c.seq))
        known = {row.prediction_id: row.label for row in rows}
    lost = [one for one, label in told.labels.items() if known.get(one) != label]
    if lost:
        yield f"{len(lost)} labels that the service took are not there."


def decisions_are_kept(store: Store, model: str, seen: Seen) -> Iterator[str]:
    lost = seen.decisions - {entry.decision_id for entry in ledger.decisions(store.control, model, 10_000)}
    if lost:
        yield f"Decisions are gone: {', '.join(sorted(lost))}."


def the_ledger_verifies(store: Store, seen: Seen) -> Iterator[str]:
    found = ledger.verify(store.control)
    if not found.intact:
        yield f"The ledger does not verify: {found}."
    cut = [tip for tip in seen.tips if not ledger.holds(store.control, tip)]
    if cut:
        yield f"{len(cut)} tips of the ledger that were noted are not in it any more."


def no_message_is_decided_on_twice(store: Store, model: str) -> Iterator[str]:
    """The windows of the scheduled looks of one champion are disjoint."""
    windows = sorted(
        (decision.evidence.champion.generation, drift.from_seq, drift.to_seq)
        for decision in _scheduled(store, model)
        if (drift := decision.evidence.drift).from_seq is not None and drift.status in LOOKED
    )
    for one, following in itertools.pairwise(windows):
        if one[0] == following[0] and following[1] <= one[2]:
            yield f"The windows {one} and {following} (generation, first, last) have messages in common."


def a_decision_trains_one_version(store: Store, model: str) -> Iterator[str]:
    table = control_tables.versions
    with store.control.connect() as connection:
        rows = connection.execute(select(table.c.decision_id).where(table.c.model == model)).scalars().all()
    for decision_id, count in Counter(one for one in rows if one).items():
        if count > 1:
            yield f"Decision {decision_id} has {count} versions."
    for decision_id, count in _events(store, model, EntryKind.TRAINED).items():
        if count > 1:
            yield f"Decision {decision_id} has recorded {count} trainings."


def a_version_has_its_lineage_and_its_verdict(store: Store, model: str) -> Iterator[str]:
    for version in versions(store.control, model, 10_000):
        if lineage_of(store.control, model, version.version) is None:
            yield f"Nothing says what {version.tag} is made of."
        record = newest_verdict(store.control, model, version.version)
        results = record.verdict.results if record else ()
        if not any(one.rule == "served_parity" and isfinite(one.observed) for one in results):
            yield f"{version.tag} has no verdict of its training."


def one_training_runs_at_a_time(store: Store, model: str) -> Iterator[str]:
    """Of the jobs of a model one at most is under way, and of those of a decision one at most ended well."""
    with store.control.connect() as connection:
        jobs = connection.execute(select(control_tables.jobs).where(control_tables.jobs.c.model == model)).all()
    running = [job.job_id for job in jobs if job.ended_at is None]
    if len(running) > 1:
        yield f"Several trainings run at once: {', '.join(running)}."
    for decision_id, count in Counter(job.decision_id for job in jobs if job.version is not None).items():
        if count > 1:
            yield f"{count} trainings of decision {decision_id} gave a version."


def a_decision_moves_the_champion_once(store: Store, model: str) -> Iterator[str]:
    moves = Counter(row.decision_id for row in _moves(store, model) if row.decision_id)
    told = _events(store, model, EntryKind.PROMOTED)
    for decision_id, count in (moves + told).items():
        if moves[decision_id] > 1 or told[decision_id] > 1:
            yield f"Decision {decision_id} moved the champion {count} times."


def the_champion_moves_step_by_step_on_passed_verdicts(store: Store, model: str, seen: Seen) -> Iterator[str]:
    rows = _moves(store, model)
    if [row.generation for row in rows] != list(range(1, len(rows) + 1)) or len(rows) < seen.generation:
        yield f"The generations of the champion are {[row.generation for row in rows]}."
    for before, row in itertools.pairwise(rows):
        if row.from_version != before.to_version:
            yield f"Generation {row.generation} left v{row.from_version}, but v{before.to_version} was the champion."
    table = control_tables.verdicts
    with store.control.connect() as connection:
        passed = {
            (row.verdict_id, row.version)
            for row in connection.execute(select(table).where(table.c.status == VerdictStatus.PASSED.value))
        }
    for row in rows:
        if row.kind == "promote" and (row.verdict_id, row.to_version) not in passed:
            yield f"v{row.to_version} was promoted without a passed verdict of its own."


def a_notice_is_queued_once(store: Store) -> Iterator[str]:
    table = control_tables.alert_outbox
    with store.control.connect() as connection:
        rows = connection.execute(select(table.c.channel, table.c.notice_key)).all()
    for (channel, key), count in Counter((row.channel, row.notice_key) for row in rows).items():
        if count > 1:
            yield f"Notice {key} stands {count} times in the outbox of {channel}."


def undelivered(store: Store) -> int:
    """How many notices wait for a channel, or were given up."""
    table = control_tables.alert_outbox
    with store.control.connect() as connection:
        return len(connection.execute(select(table.c.seq).where(table.c.state != "sent")).all())


def _predictions(store: Store) -> Counter[str]:
    table = telemetry_tables.predictions
    with store.telemetry.connect() as connection:
        return Counter(connection.execute(select(table.c.prediction_id)).scalars())


def _scheduled(store: Store, model: str) -> Iterator[Decision]:
    made = (decision_of(entry) for entry in ledger.decisions(store.control, model, 10_000))
    return (decision for decision in made if decision.scheduled)


def _events(store: Store, model: str, kind: EntryKind) -> Counter[str]:
    return Counter(entry.decision_id for entry in ledger.events(store.control, model, [kind], 10_000))


def _moves(store: Store, model: str) -> list[Row[Any]]:
    table = control_tables.promotions
    with store.control.connect() as connection:
        return list(connection.execute(select(table).where(table.c.model == model).order_by(table.c.generation)))
