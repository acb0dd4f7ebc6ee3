"""What monitoring has seen, over HTTP: the label queue, the newest report, the reports before it in pages."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import Response

from pipeline.errors import UnknownModelError
from pipeline.labels.queue import LabelQueue, QueueItem, label_queue
from pipeline.monitoring.window import StoredReport, reports
from pipeline.spec import ModelSpec
from serving.errors import InvalidInputError, JsonResponse, store_answers
from serving.parts import Parts

DEFAULT_PAGE, LARGEST_PAGE, LARGEST_QUEUE = 20, 100, 500
LARGEST_SEQ = 2**62
Found = TypeVar("Found")


@dataclass(frozen=True)
class Watching:
    """The handlers; the stores are read in threads."""

    parts: Parts

    async def labels_queue(self, request: Request) -> Response:
        """Messages of the champion's newest window worth labelling, the next one first; `limit` of them."""
        spec = self._spec(request)
        limit = _number(request, "limit", DEFAULT_PAGE, LARGEST_QUEUE)
        loaded = self.parts.slots.champion(spec.name)

        def read(telemetry: Engine) -> LabelQueue:
            return label_queue(
                telemetry,
                spec=spec,
                champion=loaded.pointer,
                profile=loaded.artifact.profile,
                limit=limit,
                now=datetime.now(UTC),
            )

        queue = await self._read(read)
        items = [_item(item) for item in queue.items]
        counts = {"waiting": queue.waiting, "window_predictions": queue.window, "labelled": queue.labelled}
        return JsonResponse({"model": spec.name, "model_version": loaded.tag, **counts, "items": items})

    async def drift_latest(self, request: Request) -> Response:
        """The newest monitoring report of a model; null before the first one."""
        spec = self._spec(request)
        found = await self._read(lambda telemetry: reports(telemetry, model=spec.name, limit=1))
        return JsonResponse({"model": spec.name, "report": _report(found[0]) if found else None})

    async def drift_history(self, request: Request) -> Response:
        """Reports, the newest first, `limit` a page; `next_before` of a page is the `before` of the next one."""
        spec = self._spec(request)
        limit, before = _number(request, "limit", DEFAULT_PAGE, LARGEST_PAGE), _before(request)
        page = await self._read(
            lambda telemetry: reports(telemetry, model=spec.name, limit=limit + 1, before_seq=before)
        )
        shown = page[:limit]
        following = shown[-1].seq if len(page) > len(shown) else None
        return JsonResponse(
            {"model": spec.name, "reports": [_report(report) for report in shown], "next_before": following}
        )

    def _spec(self, request: Request) -> ModelSpec:
        name = request.path_params.get("name") or self.parts.default_model
        found = self.parts.specs.get(name)
        if found is None:
            raise UnknownModelError(name[:80], list(self.parts.specs))
        return found

    async def _read(self, read: Callable[[Engine], Found]) -> Found:
        def work() -> Found:
            with store_answers("The telemetry store cannot be read:"):
                return read(self.parts.telemetry.engine())

        return await self.parts.in_thread(work)


def _before(request: Request) -> int | None:
    """The number of the report before which a page ends; None for the first page."""
    return _number(request, "before", 0, LARGEST_SEQ) or None


def _number(request: Request, name: str, default: int, most: int) -> int:
    """A positive whole number of the query, cut at `most`. Raises InvalidInputError."""
    given = request.query_params.get(name)
    if given is None:
        return default
    if not given.isascii() or not given.isdecimal() or len(given) > 18 or int(given) < 1:
        raise InvalidInputError(f"`{name}` must be a whole number of 1 or more.")
    return min(int(given), most)


def _item(item: QueueItem) -> dict[str, Any]:
    record = item.record
    return {
        "prediction_id": record.prediction_id,
        "input": record.input if isinstance(record.input, str) else list(record.input),
        "timestamp": record.at.isoformat(),
        "stratum": item.stratum,
        "p_correct": item.p_correct,
    }


def _report(report: StoredReport) -> dict[str, Any]:
    return asdict(report) | {"at": report.at.isoformat()}
