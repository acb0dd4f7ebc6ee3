"""The agent's control plane over HTTP: health, models, decisions, approvals, checks, the ledger.

It decides nothing: a check is a pass of the loop, and an answer to an approval is claimed once and then carried out by
a pass. Answers hold numbers, enums, ids and our own sentences; no secret, and messages only in the views that say so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Path, Query, Response
from prometheus_client import CollectorRegistry
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from agent.acting import approvals as approval_table
from agent.commands import rendering
from agent.control_plane.admission import Admission
from agent.control_plane.api_errors import install_handlers
from agent.control_plane.events import event_routes
from agent.control_plane.gate import Gate
from agent.control_plane.health import disk_troubles, health_routes
from agent.control_plane.jobs_api import job_routes
from agent.control_plane.metrics import metric_routes, registry_of
from agent.control_plane.roles import Tokens
from agent.errors import ApprovalRefusedError
from agent.loop import Loop
from agent.observability.requests import Observed, RequestFigures
from agent.passes import Passes
from agent.record import ledger
from agent.record.canonical import to_plain
from agent.record.codec import decision_of
from agent.record.replay import replay
from agent.schedule.calendar import Plan
from agent.schedule.showing import next_times, schedule_body
from pipeline.clock import Clock
from pipeline.errors import UnknownModelError
from pipeline.records import version_tag
from pipeline.releases.promotion import pointer
from pipeline.store.open import Store

Plain = dict[str, Any]
Id = Annotated[str, Path(max_length=64)]
Name = Annotated[str, Path(max_length=80)]
AModel = Annotated[str | None, Query(max_length=80, description="One model; default: all of them.")]


@dataclass(frozen=True, kw_only=True)
class Parts:
    """All that the control plane needs. `loops` has one loop for each managed model, `folders` are written to."""

    store: Store
    loops: Mapping[str, Loop]
    passes: Passes
    clock: Clock
    tokens: Tokens = field(default_factory=Tokens)
    max_body_bytes: int = 65_536
    wait_seconds: float = 20.0
    looks_by_the_clock: bool = False
    plans: Sequence[Plan] = ()
    events_secret: SecretStr | None = None
    registry: CollectorRegistry | None = None
    chat: APIRouter | None = None
    views: APIRouter | None = None
    artifacts: APIRouter | None = None
    costs: APIRouter | None = None
    folders: frozenset[FilePath] = frozenset()

    def loop_of(self, model: str) -> Loop:
        """Raises UnknownModelError that lists the models."""
        found = self.loops.get(model)
        if found is None:
            raise UnknownModelError(model, sorted(self.loops))
        return found


class Answer(BaseModel):
    """A person's word on an approval."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    who: str = Field(min_length=1, max_length=80, description="Who decides.")
    reason: str | None = Field(None, max_length=500, description="Why, for the record; nothing is decided on it.")


def create_api(parts: Parts) -> FastAPI:
    app = FastAPI(title="Refit agent", description=__doc__ or "", version="1")
    app.add_middleware(Gate, admission=Admission(parts.tokens), max_body_bytes=parts.max_body_bytes)
    registry = parts.registry or registry_of(parts.store.control, sorted(parts.loops), parts.plans, parts.clock)
    # Added last, it stands before all others: what they refuse is seen too.
    app.add_middleware(Observed, figures=RequestFigures(registry))
    app.include_router(metric_routes(registry))
    app.include_router(health_routes(parts.store))
    app.include_router(_models(parts))
    app.include_router(_decisions(parts))
    app.include_router(_approvals(parts))
    app.include_router(job_routes(parts.store, parts.clock))
    app.include_router(event_routes(parts.store, frozenset(parts.loops), parts.clock, parts.events_secret))
    for routes in (parts.chat, parts.views, parts.artifacts, parts.costs):
        if routes is not None:
            app.include_router(routes)
    install_handlers(app)
    return app


def _plain(value: object) -> Plain:
    plain: Plain = to_plain(value)
    return plain


def _models(parts: Parts) -> APIRouter:
    routes = APIRouter(tags=["models"])

    @routes.get("/health")
    def health() -> Plain:
        """Whether control plane and store answer, looks are made by the clock, and the disk takes what is written."""
        newest, reasons = ledger.decisions(parts.store.control, limit=1), disk_troubles(parts.folders)
        last_at = newest[0].at if newest else None
        told = {"status": "degraded" if reasons else "ok", "reasons": reasons}
        return _plain({**told, "looks_by_the_clock": parts.looks_by_the_clock, "last_decision_at": last_at})

    @routes.get("/models")
    def models() -> Plain:
        """The managed models: champion, last decision, what waits for a person."""
        return {"models": [_model_row(parts, name) for name in sorted(parts.loops)]}

    @routes.get("/schedule")
    def schedule() -> Plain:
        """What is done by the clock: last and next times of every plan, which agents look, and which of them leads."""
        return _plain(schedule_body(parts.store.control, parts.plans, parts.clock()))

    @routes.post("/models/{name}/check")
    def check(name: Name, response: Response) -> Plain:
        """Look at a model now, decide and act. 202 when the pass is still at work; 409 when the model is busy."""
        parts.loop_of(name)
        made = parts.passes.check(name, parts.wait_seconds)
        if made is None:
            response.status_code = 202
            return {"model": name, "state": "running", "decisions": f"/decisions?model={name}"}
        more = {"state": "closed" if made.closed else "waits_for_approval", "resumed": list(made.resumed)}
        return rendering.decision_json(made.decision, made.events, **more)

    return routes


def _model_row(parts: Parts, name: str) -> Plain:
    champion = pointer(parts.store.control, name)
    newest = ledger.decisions(parts.store.control, name, limit=1)
    waiting = approval_table.pending(parts.store.control, name, parts.clock())
    row = {
        "model": name,
        "title": parts.loops[name].spec.title,
        "champion": version_tag(champion.version) if champion else None,
        "generation": champion.generation if champion else 0,
        "autonomy": parts.loops[name].autonomy,
        "waiting_for_approval": len(waiting),
        "next": next_times(parts.store.control, parts.plans, name, parts.clock()),
        "last_decision": rendering.decision_row(newest[0]) if newest else None,
    }
    return _plain(row)


def _decisions(parts: Parts) -> APIRouter:
    routes = APIRouter(tags=["decisions"])
    control = parts.store.control

    @routes.get("/decisions")
    def decisions(
        model: AModel = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        before: Annotated[int | None, Query(ge=1, description="`next` of the page before.")] = None,
    ) -> Plain:
        """The newest decisions, newest first; `next` is null on the last page."""
        if model is not None:
            parts.loop_of(model)
        found = ledger.decisions(control, model, limit + 1, before)
        page = found[:limit]
        following = page[-1].seq if len(found) > limit else None
        return _plain({"decisions": [rendering.decision_row(entry) for entry in page], "next": following})

    @routes.get("/decisions/{decision_id}")
    def decision(decision_id: Id) -> Plain:
        """One decision with its evidence, reasons and what came of it."""
        entries = ledger.entries_of(control, decision_id)
        return rendering.decision_json(decision_of(entries[0]), entries[1:])

    @routes.post("/decisions/{decision_id}/replay")
    def replay_decision(decision_id: Id) -> Plain:
        """Make a recorded decision again without the LLM and compare. It changes nothing."""
        again = replay(control, decision_id)
        return _plain(vars(again) | {"same": again.same})

    @routes.get("/ledger/verify")
    def verify(tip: Annotated[str | None, Query(pattern="^[0-9a-f]{64}$")] = None) -> Plain:
        """Walk the hash chain of the whole ledger; a `tip` that was noted earlier must still be in it."""
        found = ledger.verify(control)
        held = tip is None or ledger.holds(control, tip)
        return _plain(vars(found) | {"intact": found.intact and held, "tip_held": None if tip is None else held})

    return routes


def _approvals(parts: Parts) -> APIRouter:
    routes = APIRouter(prefix="/approvals", tags=["approvals"])

    @routes.get("")
    def waiting(model: AModel = None) -> Plain:
        """What waits for a person, oldest first."""
        return _plain({"approvals": approval_table.pending(parts.store.control, model, parts.clock())})

    @routes.post("/{approval_id}/approve")
    def approve(approval_id: Id, answer: Answer) -> Plain:
        """Approve, once; a second click is told who decided (409). The decision is carried out in the background."""
        return _decide(parts, approval_id, answer, granted=True)

    @routes.post("/{approval_id}/reject")
    def reject(approval_id: Id, answer: Answer) -> Plain:
        """Reject, once."""
        return _decide(parts, approval_id, answer, granted=False)

    return routes


def _decide(parts: Parts, approval_id: str, answer: Answer, *, granted: bool) -> Plain:
    control, now = parts.store.control, parts.clock()
    approval = approval_table.decide(
        control, approval_id, granted=granted, who=answer.who, reason=answer.reason, now=now
    )
    model = approval.binding.model
    if model not in parts.loops:
        raise ApprovalRefusedError(f"The answer is kept, but {model} is no managed model any more: nothing is done.")
    parts.passes.carry_on(model)
    return _plain({"approval": approval, "decision": f"/decisions/{approval.binding.decision_id}"})
