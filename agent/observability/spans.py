"""OpenTelemetry spans, where its packages are installed and an endpoint is named; without, nothing is done.

Spans carry ids, enums and numbers; no message of a user and no secret.
"""

import atexit
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

log = logging.getLogger("refit.agent")

_tracer: Any = None
_processor: Any = None


def start(endpoint: str | None) -> None:
    """Send spans to an OTLP/HTTP endpoint from now on, such as http://collector:4318; None sends none."""
    if not endpoint:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning("Spans are not sent: install their packages (pip install -r requirements-otel.txt).")
        return
    use(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")))


def use(processor: Any) -> None:
    """Hand spans to a processor. A provider of our own: MLflow's traces keep theirs."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    global _tracer, _processor
    provider = TracerProvider(resource=Resource.create({"service.name": "refit-agent"}))
    provider.add_span_processor(processor)
    _tracer, _processor = provider.get_tracer("refit.agent"), processor
    atexit.register(stop)


def stop() -> None:
    """Send what waits, and no more after that."""
    global _tracer, _processor
    if _processor is not None:
        _processor.shutdown()
    _tracer = _processor = None


@contextmanager
def span(name: str, **attributes: object) -> Iterator[Any]:
    """A span around a block; None where spans are not sent. An error is named by its type alone."""
    if _tracer is None:
        yield None
        return
    with _tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False) as made:
        note(made, **attributes)
        try:
            yield made
        except BaseException as error:
            from opentelemetry.trace import StatusCode

            made.set_status(StatusCode.ERROR, type(error).__name__)
            raise


def note(made: Any, **attributes: object) -> None:
    """Give a span attributes, such as what is known at the end of its block only."""
    if made is not None:
        for key, value in attributes.items():
            if value is not None:
                made.set_attribute(f"refit.{key}", value if isinstance(value, bool | int | float) else str(value))
