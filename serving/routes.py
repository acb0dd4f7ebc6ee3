"""The data plane: predictions, drift of given inputs, feedback.

Handlers take Starlette's request and parse its bytes themselves; FastAPI documents them (see documented.py).
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from pipeline.errors import UnknownModelError
from pipeline.faults import fault_point
from pipeline.labels.feedback import LabelEntry, LabelsRecorded, record_labels
from pipeline.spec import ModelSpec, TransformerBlock
from serving.access_log import note
from serving.answering import Answerer, Served, new_id
from serving.answers import drift_answer, drift_report, feedback_items, label_entries
from serving.delivery import Delivery
from serving.errors import JsonResponse, status_and_code, store_answers
from serving.front_door import SCOPE_KEY
from serving.inputs import Bodies, bodies
from serving.parts import Parts
from serving.rendering import batch_json, prediction_json
from serving.routing import Slot
from serving.settings import ServingSettings
from serving.slots import Lineup
from serving.straight import Way

# Inputs of a batch that are answered before other requests get their turn: a third of a millisecond.
SLICE = 5


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One managed model as the routes see it."""

    spec: ModelSpec
    bodies: Bodies

    @property
    def waits(self) -> bool:
        """Whether a worker process may have to be waited for; the event loop must not, so a thread does."""
        return any(isinstance(candidate.features, TransformerBlock) for candidate in self.spec.candidates)


def endpoint(spec: ModelSpec, settings: ServingSettings) -> Endpoint:
    return Endpoint(spec=spec, bodies=bodies(spec, settings.max_batch_messages, settings.max_drift_messages))


class DataPlane:
    """The handlers; `endpoints` has one entry a model that can be served."""

    def __init__(self, parts: Parts, endpoints: Mapping[str, Endpoint]):
        self.parts = parts
        self.endpoints = endpoints
        self._answerer = Answerer(parts.shadow)
        self._delivery = Delivery(parts.log, parts.counters, parts.settings)

    async def predict(self, request: Request) -> Response:
        """Class, confidence and what moved the answer most, for one input."""
        model = self._endpoint(request)
        return _json(await self._one(model, model.bodies.one, request))

    async def classify(self, request: Request) -> Response:
        """The older clients' name of the same; it takes {"text": ...} too."""
        model = self._endpoint(request)
        return _json(await self._one(model, model.bodies.older, request))

    def straight_ways(self) -> dict[str, Way]:
        """The plain paths of single predictions, for the straight way: none where answers wait for their commit."""
        default = self.endpoints.get(self.parts.default_model)
        if default is None or default.waits or not self._delivery.is_immediate:
            return {}
        return {
            "/predict": partial(self._one_now, default, default.bodies.one),
            "/classify": partial(self._one_now, default, default.bodies.older),
        }

    async def predict_batch(self, request: Request) -> Response:
        """The same for many inputs: all answered by one version, in slices that let other requests through."""
        model = self._endpoint(request)
        values = model.bodies.many(await request.body())
        shown: list[bytes] = []
        lineup = self.parts.slots.lineup(model.spec.name)
        async for served in self.answer_many(model.spec, lineup, values, _caller(request)):
            note(request.scope, served.entry.prediction_id)
            shown.append(prediction_json(model.spec, served))
        return _json(batch_json(shown))

    async def answer_many(self, spec: ModelSpec, lineup: Lineup, values: Sequence[Any], caller: str) -> Any:
        """Yields what one version answers to each value, once it is handed to the log."""
        caller = caller or new_id()  # drawn for each value, it would divide them between the versions of a canary
        for start in range(0, len(values), SLICE):
            some = values[start : start + SLICE]
            if self.endpoints[spec.name].waits:
                slice_ = await self.parts.answered(partial(self._answer_each, spec, lineup, some, caller))
            else:
                slice_ = self._answer_each(spec, lineup, some, caller)
            await self._delivery.deliver([served.entry for served in slice_])
            for served in slice_:
                self._answerer.given(served)
                yield served
            await asyncio.sleep(0)

    async def drift(self, request: Request) -> Response:
        """Drift of the given inputs against the champion's training rows: a manual check, it uses no window up."""
        model = self._endpoint(request)
        values = model.bodies.for_drift(await request.body())
        loaded = self.parts.slots.champion(model.spec.name)
        report = await self.parts.in_thread(lambda: drift_report(model.spec, loaded, values))
        return JsonResponse(drift_answer(report, loaded))

    async def feedback(self, request: Request) -> Response:
        """True classes of predictions; those of predictions that are not written yet wait for them."""
        model = self._endpoint(request)
        entries = label_entries(model.spec, feedback_items(await request.body()))
        recorded = await self.parts.in_thread(lambda: self._record(entries))
        return JsonResponse({"recorded": recorded.new, "repeated": recorded.repeated})

    def endpoint_of(self, name: str) -> Endpoint:
        found = self.endpoints.get(name)
        if found is None:
            raise UnknownModelError(name[:80], list(self.endpoints))
        return found

    def _endpoint(self, request: Request) -> Endpoint:
        return self.endpoint_of(request.path_params.get("name") or self.parts.default_model)

    def _one_now(
        self, model: Endpoint, value: Callable[[bytes], Any], body: bytes, caller: str
    ) -> tuple[bytes, str] | None:
        """The answer to one body, and its prediction's id; None, and nothing kept, when the log has no room for it."""
        started = time.perf_counter_ns()
        served = self._answer(model, value(body), caller)
        content = prediction_json(model.spec, served)
        if not self._delivery.deliver_now(served.entry):
            return None
        if served.trial is not None:
            self._answerer.given(served)
        self.parts.counters.answered(model.spec.name, served.entry.version, time.perf_counter_ns() - started)
        return content, served.entry.prediction_id

    async def _one(self, model: Endpoint, value: Callable[[bytes], Any], request: Request) -> bytes:
        try:
            return await self._answered(model, value, request)
        except Exception as error:
            self._count(model.spec.name, error)
            raise

    async def _answered(self, model: Endpoint, value: Callable[[bytes], Any], request: Request) -> bytes:
        body, caller = await request.body(), _caller(request)
        started = time.perf_counter_ns()
        given = value(body)
        if model.waits:
            served = await self.parts.answered(lambda: self._answer(model, given, caller))
        else:
            served = self._answer(model, given, caller)
        content = prediction_json(model.spec, served)
        await self._delivery.deliver([served.entry])
        self._answerer.given(served)
        note(request.scope, served.entry.prediction_id)
        self.parts.counters.answered(model.spec.name, served.entry.version, time.perf_counter_ns() - started)
        return content

    def _count(self, model: str, error: Exception) -> None:
        """A request that got no answer, for the champion: which version would have answered it is not known."""
        if isinstance(error, ClientDisconnect):
            return  # nobody was left to answer
        champion = self.parts.slots.get(model, Slot.CHAMPION)
        self.parts.counters.not_answered(model, champion.version if champion else 0, status_and_code(error)[0])

    def _answer(self, model: Endpoint, value: Any, caller: str) -> Served:
        return self._answerer.answer(model.spec, self.parts.slots.lineup(model.spec.name), value, caller)

    def _answer_each(self, spec: ModelSpec, lineup: Lineup, values: Sequence[Any], caller: str) -> list[Served]:
        return [self._answerer.answer(spec, lineup, value, caller) for value in values]

    def _record(self, entries: Sequence[LabelEntry]) -> LabelsRecorded:
        with store_answers("The labels could not be stored. Send them again, repeats do no harm."):
            recorded = record_labels(self.parts.telemetry.engine(), entries)
            fault_point("feedback:recorded")
            return recorded


def _caller(request: Request) -> str:
    """What a rollout divides requests by."""
    key: str = request.scope[SCOPE_KEY].key
    return key


def _json(content: bytes) -> Response:
    return Response(content, media_type="application/json")
