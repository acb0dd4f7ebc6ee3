"""What the service knows of itself, over HTTP: health, what is loaded, performance, counters."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from pipeline.errors import UnknownModelError
from pipeline.releases.promotion import versions
from pipeline.spec import ModelSpec
from serving.counters import Metric, prometheus_text
from serving.errors import STORE_AWAY, JsonResponse, reason, store_answers
from serving.health import current, health, listing, version_listing
from serving.parts import Parts
from serving.performance import accuracy_of, unknown_accuracy
from serving.routing import Slot
from serving.slots import Loaded


@dataclass(frozen=True)
class Introspection:
    """The handlers; none of them waits for a database in the event loop."""

    parts: Parts

    async def health(self, request: Request) -> Response:
        """Alive, ready, degraded, and why; 503 while not ready."""
        report = self._health()
        return JsonResponse(report, 200 if report["ready"] else 503)

    async def live(self, request: Request) -> Response:
        """200 as long as the process answers: restart it when this fails."""
        return JsonResponse({"live": True})

    async def ready(self, request: Request) -> Response:
        """200 when predictions are answered, 503 with the reasons otherwise: send it traffic or not."""
        report = self._health()
        return JsonResponse({name: report[name] for name in ("ready", "reasons")}, 200 if report["ready"] else 503)

    async def current(self, request: Request) -> Response:
        """What is loaded for each model, slot by slot."""
        slots = self.parts.slots
        return JsonResponse({"models": {model: current(slots, model) for model in slots.models}})

    async def models(self, request: Request) -> Response:
        """The managed models: title, labels, whether each is served and by which version."""
        slots = self.parts.slots
        listed = [listing(spec, slots) for spec in self.parts.specs.values()]
        return JsonResponse({"default": self.parts.default_model, "models": listed})

    async def versions(self, request: Request) -> Response:
        """The newest versions of a model, with the slot that each is in here."""
        name = request.path_params["name"]
        if name not in self.parts.specs:
            raise UnknownModelError(name[:80], list(self.parts.specs))
        return JsonResponse(await self.parts.in_thread(lambda: self._versions(name)))

    async def performance(self, request: Request) -> Response:
        """Accuracy of each champion on its newest labelled window, latency, counts; null where nothing is known."""
        specs = self.parts.specs.values()
        return JsonResponse(
            {"models": {spec.name: await self.parts.in_thread(partial(self._performance, spec)) for spec in specs}}
        )

    async def metrics(self, request: Request) -> Response:
        """Counters of this process in the text format of Prometheus."""
        text = prometheus_text(_metrics(self.parts))
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4")

    def _health(self) -> dict[str, Any]:
        return health(
            self.parts.slots,
            self.parts.log.state(),
            self.parts.default_model,
            self.parts.settings.poll_seconds,
            self.parts.follower.seconds_since_look(),
        )

    def _versions(self, name: str) -> dict[str, Any]:
        with store_answers("The versions cannot be read now."):
            found = versions(self.parts.control.engine(), name)
        slots = {held.version: slot.value for slot in Slot if (held := self.parts.slots.held(name, slot))}
        return {"model": name, "versions": [version_listing(record, slots.get(record.version)) for record in found]}

    def _performance(self, spec: ModelSpec) -> dict[str, Any]:
        loaded = self.parts.slots.get(spec.name, Slot.CHAMPION)
        return {
            "version": loaded.tag if loaded else None,
            "predictions_since_start": self.parts.counters.predictions[spec.name],
            "latency": self.parts.counters.latency_ms(spec.name),
            **self._accuracy(spec, loaded),
        }

    def _accuracy(self, spec: ModelSpec, loaded: Loaded | None) -> dict[str, Any]:
        if loaded is None:
            return unknown_accuracy(spec, "no_champion", f"{spec.name} has no champion loaded.")
        try:
            return accuracy_of(self.parts.telemetry.engine(), spec, loaded)
        except STORE_AWAY as error:
            return unknown_accuracy(spec, "store_away", f"The telemetry store cannot be read: {reason(error)}")


def _metrics(parts: Parts) -> list[Metric]:
    counters, log, slots = parts.counters, parts.log.state(), parts.slots
    predictions = {f'model="{name}"': number for name, number in counters.predictions.items()}
    swaps = {f'model="{name}"': number for name, number in slots.swaps.items()}
    errors = {f'status="{status}"': number for status, number in sorted(counters.errors.items())}
    return [
        ("refit_requests_total", "counter", "HTTP requests.", {"": counters.requests}),
        ("refit_straight_total", "counter", "Requests answered in front of FastAPI.", {"": counters.straight}),
        ("refit_errors_total", "counter", "Answers with a status of 400 and above.", errors),
        ("refit_predictions_total", "counter", "Messages answered.", predictions),
        ("refit_swaps_total", "counter", "Versions taken up as champion.", swaps),
        ("refit_log_waiting_rows", "gauge", "Predictions that wait for the telemetry store.", {"": log.waiting}),
        ("refit_log_written_total", "counter", "Predictions written.", {"": log.written}),
        ("refit_log_dropped_total", "counter", "Predictions answered but never written.", {"": log.dropped}),
        ("refit_log_spooled_rows", "gauge", "Predictions that wait on the local disk.", {"": log.spooled}),
        ("refit_log_replayed_total", "counter", "Predictions written from the local disk.", {"": log.replayed}),
        ("refit_shadow_answers_total", "counter", "Answers for comparison only.", {"": parts.shadow.answered}),
        ("refit_shadow_left_out_total", "counter", "Requests not compared.", {"": parts.shadow.left_out}),
        ("refit_log_refused_total", "counter", "Predictions that the store refused.", {"": log.refused}),
        ("refit_log_failures_total", "counter", "Batches that had to be tried again.", {"": log.failures}),
        ("refit_log_waits_total", "counter", "Answers held back because the log was full.", {"": counters.log_waits}),
    ]
