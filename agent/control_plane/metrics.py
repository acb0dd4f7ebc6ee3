"""GET /metrics for Prometheus: agent, jobs, outbox and schedule, read from the control database at each scrape.

What is counted lies in the database, so every agent shows the same, and a restart loses nothing.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine

from agent.acting import approvals
from agent.alerts.outbox import tallies
from agent.record import history, ledger
from agent.record.codec import decision_of
from agent.record.usage import Usage
from agent.schedule import data_events
from agent.schedule.calendar import Plan
from agent.schedule.claims import newest_claim
from agent.schedule.presence import agents_that_look
from agent.schedule.showing import next_times
from pipeline.clock import Clock
from pipeline.monitoring.drift_report import DRIFT_SCORES
from pipeline.releases.promotion import pointer
from tools import jobs

log = logging.getLogger("refit.agent")

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# It reads all decisions of a day.
SPENT_EVERY = timedelta(minutes=1)


def metric_routes(registry: CollectorRegistry) -> APIRouter:
    routes = APIRouter(tags=["observability"])

    @routes.get("/metrics", response_class=Response)
    def metrics() -> Response:
        """Figures for Prometheus."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE)

    return routes


def registry_of(control: Engine, models: Sequence[str], plans: Sequence[Plan], clock: Clock) -> CollectorRegistry:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    registry.register(FromControl(control, models, plans, clock))
    return registry


class FromControl(Collector):
    """Everything that the control database knows. While it is away, `refit_control_up` says so and the rest is left."""

    def __init__(self, control: Engine, models: Sequence[str], plans: Sequence[Plan], clock: Clock):
        self._control, self._models, self._plans, self._clock = control, models, plans, clock
        self._spent: tuple[datetime, Usage] | None = None

    def describe(self) -> Iterable[Metric]:
        return ()  # nothing is read when it is registered

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("refit_control_up", "Whether the control database answers.")
        found: list[Metric] = []
        try:
            for part in self._parts():
                found += part()
            up.add_metric([], 1)
        except Exception as error:  # noqa: BLE001  (a scrape must be answered; the text may hold an address)
            log.warning("The metrics cannot be read: %s", type(error).__name__)
            found = []
            up.add_metric([], 0)
        yield from (up, *found)

    def _parts(self) -> tuple[Callable[[], list[Metric]], ...]:
        return (self._ledger, self._per_model, self._jobs, self._outbox, self._schedule, self._events, self._llm)

    def _ledger(self) -> list[Metric]:
        entries = CounterMetricFamily("refit_ledger_entries", "Entries of the ledger.", labels=("model", "kind"))
        for (model, kind), number in ledger.counts(self._control).items():
            entries.add_metric([model, kind], number)
        return [entries]

    def _per_model(self) -> list[Metric]:
        now = self._clock()
        version = _gauge("refit_champion_version", "The champion's version; 0: none.", "model")
        generation = _gauge("refit_champion_generation", "How often the champion moved.", "model")
        waiting = _gauge("refit_approvals_waiting", "Approvals that wait for a person.", "model")
        decided = _gauge("refit_last_decision_timestamp_seconds", "When was decided last.", "model")
        headline = _gauge("refit_last_decision_info", "What was decided last.", "model", "headline", "decided_by")
        score = _gauge("refit_drift_score", "Drift at the last decision.", "model", "score")
        accuracy = _gauge("refit_accuracy_estimate", "Accuracy at the last decision.", "model")
        below = _gauge("refit_accuracy_below_floor_probability", "P(accuracy < floor) at the last decision.", "model")
        for model in self._models:
            champion = pointer(self._control, model)
            version.add_metric([model], champion.version if champion else 0)
            generation.add_metric([model], champion.generation if champion else 0)
            waiting.add_metric([model], len(approvals.pending(self._control, model, now)))
            newest = ledger.decisions(self._control, model, limit=1)
            if newest:
                decision = decision_of(newest[0])
                decided.add_metric([model], newest[0].at.timestamp())
                headline.add_metric([model, decision.headline.value, str(decision.decided_by)], 1)
                drift, judged = decision.evidence.drift, decision.evidence.accuracy
                for name in DRIFT_SCORES:
                    _add(score, [model, name], getattr(drift, name))
                _add(accuracy, [model], judged.estimate)
                _add(below, [model], judged.p_below_floor)
        return [version, generation, waiting, decided, headline, score, accuracy, below]

    def _jobs(self) -> list[Metric]:
        total = _gauge("refit_jobs", "Trainings of the agent that are listed, by how they stand.", "model", "state")
        for (model, state), number in jobs.counts(self._control).items():
            total.add_metric([model, state], number)
        running = _gauge("refit_job_seconds", "How long the running training has taken.", "model")
        memory = _gauge("refit_job_memory_bytes", "The most memory it has taken.", "model")
        progress = _gauge("refit_job_progress_ratio", "How much of its present stage is done.", "model")
        for job in jobs.running(self._control):
            running.add_metric([job.model], (self._clock() - job.started_at).total_seconds())
            _add(memory, [job.model], job.memory_bytes)
            _add(progress, [job.model], (job.steps_done or 0) / job.steps_total if job.steps_total else None)
        return [total, running, memory, progress]

    def _outbox(self) -> list[Metric]:
        waiting = _gauge("refit_outbox_waiting", "Notices that wait for a channel.", "channel")
        dead = _gauge("refit_outbox_dead_letters", "Notices that were given up.", "channel")
        sent = _gauge("refit_outbox_sent", "Notices that were sent and are still listed.", "channel")
        oldest = _gauge("refit_outbox_oldest_seconds", "How long the oldest of them has waited.", "channel")
        for tally in tallies(self._control).values():
            waiting.add_metric([tally.channel], tally.waiting)
            dead.add_metric([tally.channel], tally.dead)
            sent.add_metric([tally.channel], tally.sent)
            age = (self._clock() - tally.oldest_waiting_at).total_seconds() if tally.oldest_waiting_at else 0.0
            oldest.add_metric([tally.channel], age)
        return [waiting, dead, sent, oldest]

    def _schedule(self) -> list[Metric]:
        now = self._clock()
        led = _gauge("refit_schedule_led", "Whether an agent looks at the models by the clock.")
        led.add_metric([], 1 if agents_that_look(self._control, now) else 0)
        last = _gauge("refit_schedule_last_timestamp_seconds", "When it was done last.", "model", "kind")
        following = _gauge("refit_schedule_next_timestamp_seconds", "When it is done next.", "model", "kind")
        for plan in self._plans:
            claim = newest_claim(self._control, plan)
            _add(last, [plan.model, plan.kind.value], _stamp(claim.fired_at if claim else None))
            at = next_times(self._control, [plan], plan.model, now)[plan.kind.value]
            following.add_metric([plan.model, plan.kind.value], at.timestamp())
        return [led, last, following]

    def _events(self) -> list[Metric]:
        total = _gauge("refit_data_events", "Data that was announced, by what became of it.", "state")
        for state, number in data_events.counts(self._control).items():
            total.add_metric([state], number)
        return [total]

    def _llm(self) -> list[Metric]:
        now = self._clock()
        if self._spent is None or now - self._spent[0] > SPENT_EVERY:
            self._spent = (now, history.spent_last_day(self._control, now))
        spent = self._spent[1]
        figures: Mapping[str, float] = {"calls": spent.calls, "tokens": spent.tokens, "usd": spent.usd}
        day = _gauge("refit_llm_spent_last_day", "What decisions took of the deciding model in 24 hours.", "what")
        for name, value in figures.items():
            day.add_metric([name], value)
        return [day]


def _gauge(name: str, words: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, labels=labels)


def _add(family: Any, labels: list[str], value: float | None) -> None:
    if value is not None:
        family.add_metric(labels, value)


def _stamp(at: datetime | None) -> float | None:
    return at.timestamp() if at else None
