"""The control plane: moves of the champion pointer, rollouts and pins, over HTTP, each through the pipeline's function.

Every move says on what generation it was decided; of two, one wins. Admission has checked the token.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import Response

from pipeline.errors import ConcurrentChangeError
from pipeline.records import JudgedVersion, Pin, Promotion, Provenance, version_tag
from pipeline.releases.pins import unpin
from pipeline.releases.promotion import pin, roll_back
from pipeline.releases.release import release
from pipeline.releases.rollout import RolloutRules
from pipeline.releases.rollout_events import Rollout
from pipeline.releases.rollout_store import advance, cancel, current_rollout, take_back
from pipeline.spec import ModelSpec
from serving.errors import JsonResponse, store_answers
from serving.parsing import parse
from serving.parts import Parts
from serving.routes import DataPlane
from serving.schemas import PinBody, PromoteBody, RollbackBody, RolloutBody, UnpinBody

Parsed = TypeVar("Parsed", bound=BaseModel)


class ControlPlane:
    """The handlers; each does its work in a thread, and answers what was done."""

    def __init__(self, parts: Parts, plane: DataPlane):
        self._parts = parts
        self._plane = plane

    async def promote(self, request: Request) -> Response:
        """Bring a version with a passed verdict into service: at once, or by the rollout of its strategy."""
        return await self._do(request, PromoteBody, _promote)

    async def roll_back(self, request: Request) -> Response:
        """Make the previous champion the champion again."""
        return await self._do(request, RollbackBody, _roll_back)

    async def rollout(self, request: Request) -> Response:
        """Advance, take back or cancel the rollout that runs."""
        return await self._do(request, RolloutBody, _steer)

    async def pin(self, request: Request) -> Response:
        """Hold the champion, and with `back` the one before it, until the pin is lifted."""
        return await self._do(request, PinBody, _pin)

    async def unpin(self, request: Request) -> Response:
        """Lift a pin."""
        return await self._do(request, UnpinBody, _unpin)

    async def _do(
        self,
        request: Request,
        schema: type[Parsed],
        move: Callable[[Engine, ModelSpec, Any, datetime], dict[str, Any]],
    ) -> Response:
        spec = self._plane.endpoint_of(request.path_params["name"]).spec
        body = parse(schema, await request.body())
        done = await self._parts.in_thread(lambda: self._in_store(move, spec, body))
        self._parts.follower.look_now()
        return JsonResponse(done)

    def _in_store(
        self, move: Callable[[Engine, ModelSpec, Any, datetime], dict[str, Any]], spec: ModelSpec, body: BaseModel
    ) -> dict[str, Any]:
        with store_answers("The control store does not answer, so nothing was moved."):
            return move(self._parts.control.engine(), spec, body, datetime.now(UTC))


def _promote(control: Engine, spec: ModelSpec, body: PromoteBody, now: datetime) -> dict[str, Any]:
    rules = spec.rollout
    if body.strategy is not None and body.strategy != rules.strategy:
        rules = RolloutRules(strategy=body.strategy, guards=rules.guards)
    judged = JudgedVersion(
        model=spec.name,
        version=body.version,
        verdict_id=body.verdict_id,
        expected_generation=body.expected_generation,
    )
    done = release(control, judged, rules, _provenance(body, now))
    return _rollout(done) if isinstance(done, Rollout) else _move(done)


def _roll_back(control: Engine, spec: ModelSpec, body: RollbackBody, now: datetime) -> dict[str, Any]:
    return _move(roll_back(control, spec.name, body.expected_generation, _provenance(body, now)))


def _steer(control: Engine, spec: ModelSpec, body: RolloutBody, now: datetime) -> dict[str, Any]:
    running = current_rollout(control, spec.name)
    if running is None or running.rollout_id != body.rollout_id:
        raise ConcurrentChangeError(f"The rollout {body.rollout_id} of {spec.name} does not run. Look again.")
    provenance = _provenance(body, now)
    if body.action == "advance":
        return _rollout(advance(control, running, provenance))
    if body.action == "take_back" or running.promoted:
        return _rollout(take_back(control, running, provenance))
    return _rollout(cancel(control, running, provenance))


def _pin(control: Engine, spec: ModelSpec, body: PinBody, now: datetime) -> dict[str, Any]:
    held, move = pin(
        control,
        spec.name,
        body.expected_generation,
        _provenance(body, now),
        back=body.back,
        lift_when=body.lift_when,
        until=body.until.astimezone(UTC) if body.until else None,
    )
    generation = move.generation if move else body.expected_generation
    facts = {"model": spec.name, "generation": generation, "version": version_tag(held.version)}
    return {**_NOTHING, **facts, "pin": held.seq, "lifted_by": lifted_by(held)}


def _unpin(control: Engine, spec: ModelSpec, body: UnpinBody, now: datetime) -> dict[str, Any]:
    lifted = unpin(control, spec.name, body.expected_pin, _provenance(body, now))
    return {**_NOTHING, "model": spec.name, "version": version_tag(lifted.version), "pin": lifted.seq}


def _provenance(body: PromoteBody | RollbackBody | RolloutBody | PinBody | UnpinBody, now: datetime) -> Provenance:
    return Provenance(who=body.who, why=body.why, at=now)


_NOTHING: dict[str, Any] = {
    "generation": None,
    "rollout_id": None,
    "stage": None,
    "state": None,
    "pin": None,
    "lifted_by": [],
}


def _move(done: Promotion) -> dict[str, Any]:
    facts = {"model": done.model, "generation": done.generation, "version": version_tag(done.to_version)}
    return {**_NOTHING, **facts}


def _rollout(event: Rollout) -> dict[str, Any]:
    facts = {"model": event.model, "generation": event.generation, "version": version_tag(event.version)}
    return {**_NOTHING, **facts, "rollout_id": event.rollout_id, "stage": event.stage + 1, "state": event.kind.value}


def lifted_by(held: Pin) -> list[str]:
    """What lifts a pin: a person, for a stated reason, and time when it was given one."""
    by_hand = f"POST /control/models/{held.model}/unpin with expected_pin {held.seq}"
    stated = [f"{by_hand}, when {held.lift_when}" if held.lift_when else by_hand]
    return stated + ([f"by itself at {held.until.isoformat()}"] if held.until else [])
