"""Runs one policy through one history and counts what it cost. Pure: no clock, no files, no model calls."""

from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from agent.actions import REACTIONS, Action, Actions
from agent.decision import PolicyRules
from agent.evidence import (
    AccuracyEvidence,
    ChampionEvidence,
    DataStatus,
    DriftEvidence,
    Evidence,
    HistoryEvidence,
    TrainingEvidence,
    WindowScores,
)
from agent.foresight.simulation.episodes import Episode, episodes
from agent.foresight.simulation.histories import HOURS_PER_DAY, History, Hour
from agent.foresight.simulation.measured import Measured
from agent.foresight.simulation.policies import Choice, Chooses, View
from agent.foresight.simulation.world import World
from agent.observing.answered import largest
from agent.rules.signals import Case, clears
from pipeline.gate.rules import VerdictStatus
from pipeline.monitoring.accuracy import MIN_LABELS, p_below
from pipeline.monitoring.looks import LOOKED_BACK

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What things cost, in one unit: labels and wrong answers are cheap, people and trainings are not."""

    training: float = 5.0
    label: float = 0.2
    alert: float = 0.5
    person: float = 10.0
    wrong_answer: float = 0.1


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one policy in one history. `accuracy` is the true one, hour by hour."""

    history: str
    policy: str
    accuracy: tuple[float, ...]
    trainings: int
    promotions: int
    labels_asked: int
    alerts: int
    people_asked: int
    wrong_answers: float
    usd: float
    breaches: tuple[Episode, ...]
    floor: float
    cost: float

    @property
    def days_in_breach(self) -> float:
        return sum(one < self.floor for one in self.accuracy) / HOURS_PER_DAY

    @property
    def missed(self) -> int:
        return sum(breach.missed for breach in self.breaches)

    @property
    def late(self) -> int:
        return sum(breach.late for breach in self.breaches)


@dataclass
class _Memory:
    """What an agent remembers between hours."""

    filled: int = 0
    window: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    scores: tuple[float, float] | None = None
    windows: deque[WindowScores] = field(default_factory=lambda: deque(maxlen=LOOKED_BACK))
    # Scores that a fruitless retraining saw; answered once new labels clear the model.
    fruitless_at: WindowScores | None = None
    answered: WindowScores | None = None
    trained_at: int = 0
    labels_at_training: int = 0
    attempts: list[int] = field(default_factory=list)
    fruitless: int = 0
    breach_since: int | None = None
    deferrals: int = 0
    promoted_at: int = 0
    versions: int = 1
    counts: Counter[str] = field(default_factory=Counter)
    usd: float = 0.0
    told_at: dict[Action, int] = field(default_factory=dict)
    looked_at: int | None = None


class Run:
    """One policy in one history."""

    def __init__(self, history: History, policy: Chooses, rules: PolicyRules, measured: Measured, prices: Prices):
        self.history, self.policy, self.rules, self.prices = history, policy, rules, prices
        self.world = World(history, measured, rules.monitoring.window_rows)
        self.memory = _Memory()

    def finish(self) -> Outcome:
        accuracy: list[float] = []
        reacted: list[bool] = []
        wrong = 0.0
        for number, hour in enumerate(self.history.hours):
            true = self.world.accuracy(self.world.champion, hour)
            accuracy.append(true)
            wrong += hour.messages * (1 - true)
            choice = self._hour(number, hour, true)
            reacted.append(bool(choice.effective & REACTIONS))
        return self._outcome(accuracy, reacted, wrong)

    def _hour(self, number: int, hour: Hour, true: float) -> Choice:
        full = self._fill(hour)
        self.world.pass_hour(hour)
        evidence = self._evidence(number, full)

        def gain() -> float:
            return self.world.accuracy(self.world.trained(0), hour) - true

        view = View(hour=number, evidence=evidence, full_window=full, accuracy=true, gain=gain)
        choice = self.policy.choose(view)
        self._act(number, evidence, choice)
        return choice

    def _fill(self, hour: Hour) -> bool:
        """Put an hour's messages into the window; True when it is full and is looked at now."""
        memory = self.memory
        memory.filled += hour.messages
        for source, share in hour.shares:
            memory.window[source] += share * hour.messages
        if memory.filled < self.rules.monitoring.window_rows:
            return False
        shares = {source: amount / memory.filled for source, amount in memory.window.items()}
        memory.scores = self.world.scores(shares)
        memory.windows.appendleft(WindowScores(vocabulary_drift=memory.scores[0], tfidf_drift=memory.scores[1]))
        memory.filled = 0
        memory.window.clear()
        return True

    def _evidence(self, number: int, full: bool) -> Evidence:
        memory, rows = self.memory, self.rules.monitoring.window_rows
        accuracy, training = self._accuracy(), self._training(number)
        if clears(accuracy, training, self.rules):
            memory.answered = memory.fruitless_at
        scores, line = memory.scores if full else None, self.rules.monitoring.drift_threshold
        drift = DriftEvidence(
            status=DataStatus.SUFFICIENT if full else DataStatus.FILLING,
            vocabulary_drift=scores[0] if scores else None,
            tfidf_drift=scores[1] if scores else None,
            messages=rows if full else memory.filled,
            unique_messages=rows if full else memory.filled,
            full_window=rows,
            hours_since_last_message=0.0,
            scheduled_windows=len(memory.windows),
            scheduled_breaches=sum(_largest(window) > line for window in memory.windows),
            earlier_windows=tuple(memory.windows)[1:] if full else tuple(memory.windows)[: LOOKED_BACK - 1],
        )
        return Evidence(
            model="sms_spam",
            at=START + timedelta(hours=number),
            champion=ChampionEvidence(
                version=self.world.champion.number,
                generation=self.world.champion.number,
                hours_since_promotion=float(number - memory.promoted_at),
            ),
            drift=drift,
            accuracy=accuracy,
            training=training,
            history=HistoryEvidence(
                unresolved_breach_hours=None if memory.breach_since is None else float(number - memory.breach_since),
                deferrals_in_a_row=memory.deferrals,
                answered_drift=memory.answered,
            ),
        )

    def _accuracy(self) -> AccuracyEvidence:
        right, count = self.world.seen_accuracy()
        if count < MIN_LABELS:
            return AccuracyEvidence(status=DataStatus.TOO_FEW if count else DataStatus.NO_DATA, labelled=count)
        return AccuracyEvidence(
            status=DataStatus.SUFFICIENT,
            estimate=right / count,
            p_below_floor=p_below(right, count, self.rules.monitoring.accuracy_floor),
            labelled=count,
        )

    def _training(self, number: int) -> TrainingEvidence:
        memory = self.memory
        return TrainingEvidence(
            hours_since_training=float(number - memory.trained_at),
            new_labels=self.world.labelled_ever - memory.labels_at_training,
            hours_since_attempt=float(number - memory.attempts[-1]) if memory.attempts else None,
            attempts_last_day=sum(number - attempt < HOURS_PER_DAY for attempt in memory.attempts[-24:]),
            fruitless_in_a_row=memory.fruitless,
        )

    def _act(self, number: int, evidence: Evidence, choice: Choice) -> None:
        memory = self.memory
        memory.usd += choice.usd
        self._tell(number, choice.effective)
        self._note_deferral(evidence, choice)
        case = Case(evidence, self.rules)
        self._note_breach(number, evidence, case)
        if Action.REQUEST_LABELS in choice.effective:
            have = evidence.training.new_labels or 0
            self.world.ask_for(max(self.rules.retraining.min_new_labels - have, 0))
        if Action.RETRAIN in choice.effective:
            self._retrain(number, case)

    def _tell(self, number: int, effective: Actions) -> None:
        """People are told of the same thing once a day. One who is asked looks within a day and lifts the brake."""
        memory = self.memory
        for action in effective & {Action.ALERT, Action.ASK_PERSON}:
            if number - memory.told_at.get(action, -HOURS_PER_DAY) >= HOURS_PER_DAY:
                memory.told_at[action] = number
                memory.counts[action.value] += 1
                if action is Action.ASK_PERSON and memory.looked_at is None:
                    memory.looked_at = number + HOURS_PER_DAY
        if memory.looked_at == number:
            memory.fruitless, memory.looked_at = 0, None

    def _note_deferral(self, evidence: Evidence, choice: Choice) -> None:
        """How often in a row a retraining was put off; an hour that judges nothing ends no row."""
        if choice.deferred:
            self.memory.deferrals += 1
        elif evidence.drift.status.usable or Action.RETRAIN in choice.effective:
            self.memory.deferrals = 0

    def _note_breach(self, number: int, evidence: Evidence, case: Case) -> None:
        """Since when something is wrong, as the rules see it; a window that says nothing ends no breach."""
        memory = self.memory
        if case.breach:
            memory.breach_since = number if memory.breach_since is None else memory.breach_since
        elif evidence.drift.status.usable:
            memory.breach_since = None

    def _retrain(self, number: int, case: Case) -> None:
        """Without a promotion, the drift that it was made for is answered; for the brake, routine does not count."""
        memory, world = self.memory, self.world
        memory.attempts.append(number)
        memory.versions += 1
        version = world.trained(memory.versions)
        passed = not self.policy.gated or world.gate(version) is VerdictStatus.PASSED
        memory.trained_at, memory.labels_at_training = number, world.labelled_ever
        memory.fruitless = 0 if passed else memory.fruitless + case.breach
        memory.counts["trainings"] += 1
        if case.drift_confirmed and not passed:
            memory.fruitless_at = largest(filter(None, (*memory.windows, memory.fruitless_at)))
        if passed:
            memory.counts["promotions"] += 1
            world.promote(version)
            memory.promoted_at, memory.breach_since = number, None
            memory.filled = 0
            memory.window.clear()
            memory.windows.clear()
            memory.answered = memory.fruitless_at = None

    def _outcome(self, accuracy: Sequence[float], reacted: Sequence[bool], wrong: float) -> Outcome:
        counts, prices, floor = self.memory.counts, self.prices, self.rules.monitoring.accuracy_floor
        alerts, people = counts[Action.ALERT.value], counts[Action.ASK_PERSON.value]
        cost = (
            counts["trainings"] * prices.training
            + self.world.asked_total * prices.label
            + alerts * prices.alert
            + people * prices.person
            + wrong * prices.wrong_answer
        )
        return Outcome(
            history=self.history.name,
            policy=self.policy.name,
            accuracy=tuple(accuracy),
            trainings=counts["trainings"],
            promotions=counts["promotions"],
            labels_asked=self.world.asked_total,
            alerts=alerts,
            people_asked=people,
            wrong_answers=wrong,
            usd=self.memory.usd,
            breaches=episodes(accuracy, reacted, floor),
            floor=floor,
            cost=cost,
        )


def _largest(window: WindowScores) -> float:
    return max(window.vocabulary_drift or 0.0, window.tfidf_drift or 0.0)
