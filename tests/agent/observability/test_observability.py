"""What operators and their machines see: figures, lines with ids, spans, and health that tells live from ready."""

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlalchemy import text

from agent.control_plane.api import Parts, create_api
from agent.control_plane.roles import Tokens
from agent.observability import log_lines, spans
from agent.observability.log_lines import bound
from agent.passes import Passes
from agent.schedule.calendar import Kind, Plan
from tests.agent.fakes import MODEL, NOON
from tests.agent.world import loop_in
from tools import jobs

LOCAL = "http://127.0.0.1:8100"
SECRET = "a-secret-message-of-somebody"


@pytest.fixture
def plane(home, store):
    loop = loop_in(home, store)
    passes = Passes({MODEL: loop})
    plans = [Plan(model=MODEL, kind=Kind.LOOK, every=timedelta(hours=1))]

    def open_plane(**changes):
        parts = Parts(store=store, loops=passes.loops, passes=passes, clock=loop.clock, plans=plans, **changes)
        return TestClient(
            create_api(parts), base_url=LOCAL, raise_server_exceptions=False, client=("127.0.0.1", 50_000)
        )

    yield open_plane
    passes.close()


def figures(client):
    answer = client.get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def of(found, name, **labels):
    return found[name, tuple(sorted(labels.items()))]


def test_the_metrics_show_the_ledger_the_champion_jobs_schedule_and_outbox(plane, store):
    client = plane()
    made = client.post(f"/models/{MODEL}/check").json()
    job = jobs.begin(
        store.control,
        model=MODEL,
        decision_id="d9",
        host="h",
        time_limit_seconds=60.0,
        memory_limit_bytes=None,
        now=NOON,
    )
    jobs.note(store.control, job.job_id, job.started_at, steps_done=3, steps_total=12, memory_bytes=5_000)
    found = figures(client)
    assert of(found, "refit_control_up") == 1
    assert of(found, "refit_ledger_entries_total", model=MODEL, kind="decision") == 1
    assert of(found, "refit_ledger_entries_total", model=MODEL, kind="trained") == 1
    assert of(found, "refit_champion_version", model=MODEL) == 2
    assert of(found, "refit_last_decision_info", model=MODEL, headline=made["headline"], decided_by="rules") == 1
    assert of(found, "refit_drift_score", model=MODEL, score="vocabulary_drift") == pytest.approx(0.23)
    assert of(found, "refit_jobs", model=MODEL, state="running") == 1
    assert of(found, "refit_job_progress_ratio", model=MODEL) == 0.25
    assert of(found, "refit_job_memory_bytes", model=MODEL) == 5_000
    assert of(found, "refit_schedule_led") == 0
    assert ("refit_schedule_next_timestamp_seconds", (("kind", "look"), ("model", MODEL))) in found
    assert of(found, "refit_llm_spent_last_day", what="calls") == 0


def test_requests_are_counted_by_their_route_and_never_by_what_a_stranger_writes(plane):
    client = plane()
    client.get("/decisions/nothing-of-that-name")
    client.get(f"/{SECRET}")
    found = figures(client)
    assert of(found, "refit_agent_requests_total", method="GET", route="/decisions/{decision_id}", status="404") == 1
    assert of(found, "refit_agent_requests_total", method="GET", route="none", status="404") == 1
    assert SECRET not in client.get("/metrics").text


def test_while_the_control_database_is_away_the_metrics_say_so(plane, store):
    client = plane()
    with store.control.begin() as connection:
        connection.execute(text("ALTER TABLE ledger RENAME TO elsewhere"))
    found = figures(client)
    assert of(found, "refit_control_up") == 0
    assert not any(name.startswith("refit_ledger") for name, _ in found)


def test_figures_need_a_viewers_token_where_tokens_are_set_and_health_needs_none_here(plane):
    client = plane(tokens=Tokens(operator=SecretStr("o" * 20), viewer=SecretStr("v" * 20)))
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"authorization": "Bearer " + "v" * 20}).status_code == 200
    assert client.get("/health/live").json() == {"live": True}
    assert client.get("/health/ready").status_code == 200


def test_a_process_is_live_but_not_ready_while_a_database_cannot_be_used(plane, store):
    client = plane()
    assert client.get("/health/ready").json() == {"ready": True, "reasons": []}
    with store.telemetry.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'telemetry_9999'"))
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert "python -m pipeline migrate" in answer.json()["reasons"][0]
    assert client.get("/health/live").status_code == 200


@pytest.fixture
def lines():
    """What is logged as JSON while a test runs."""
    written = []

    class Kept(logging.Handler):
        def emit(self, record):
            written.append(json.loads(log_lines.JsonLines().format(record)))

    handler, logger = Kept(), logging.getLogger("refit.agent")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield written
    logger.removeHandler(handler)
    logger.setLevel(level)


def test_a_line_carries_the_ids_of_its_context_and_its_own(lines):
    log = logging.getLogger("refit.agent.test")
    with bound(request_id="r1", model=None), bound(decision_id="d1"):
        log.info("trained", extra={"run_id": "u1", "version": 3})
    log.info("outside")
    first, second = lines
    assert {name: first.get(name) for name in log_lines.NAMES} == {
        "request_id": "r1",
        "model": None,
        "decision_id": "d1",
        "job_id": None,
        "run_id": "u1",
        "version": 3,
    }
    assert (first["message"], first["level"], first["logger"]) == ("trained", "info", "refit.agent.test")
    assert "request_id" not in second


def test_a_line_for_people_names_the_ids_that_its_words_do_not(caplog):
    record = logging.LogRecord("refit", logging.INFO, "f", 1, "decision d1 is made", None, None)
    with bound(decision_id="d1", request_id="r1"):
        line = log_lines.TextLines().format(record)
    assert line.endswith("decision d1 is made [request_id=r1]")


def test_an_error_is_logged_by_its_type_and_never_by_its_text():
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("refit", logging.ERROR, "f", 1, "failed", None, info)
    line = log_lines.JsonLines().format(record)
    assert json.loads(line)["error"] == "ValueError"
    assert SECRET not in line


def test_the_ids_reach_the_thread_that_carries_out_a_request(lines):
    def work():
        logging.getLogger("refit.agent.test").info("in a thread")

    with ThreadPoolExecutor(1) as pool, bound(request_id="r1"):
        pool.submit(copy_context().run, work).result()
    assert lines[0]["request_id"] == "r1"


def test_a_request_has_an_id_that_its_line_its_answer_and_its_decision_share(plane, lines):
    client = plane()
    exporter = InMemorySpanExporter()
    spans.use(SimpleSpanProcessor(exporter))
    try:
        made = client.post(f"/models/{MODEL}/check", headers={"x-request-id": "mine-1"})
    finally:
        spans.stop()
    assert made.headers["x-request-id"] == "mine-1"
    assert [line["request_id"] for line in lines if line["logger"] == "refit.agent.requests"] == ["mine-1"]
    by_name = {}
    for one in exporter.get_finished_spans():
        by_name.setdefault(one.name, []).append(one)
    (request,), (made_pass,) = by_name["request"], by_name["pass"]
    assert request.attributes["refit.request_id"] == "mine-1"
    assert request.attributes["refit.route"] == "/models/{name}/check"
    assert made_pass.attributes["refit.decision_id"] == made.json()["decision_id"]
    assert made_pass.context.trace_id == request.context.trace_id
    assert {one.attributes["refit.action"] for one in by_name["effect"]} >= {"retrain", "alert"}
    assert {one.context.trace_id for one in by_name["effect"]} == {request.context.trace_id}


@pytest.mark.parametrize("given", ["", "a" * 65, "two words", "new\tline"])
def test_an_id_that_is_no_plain_word_is_replaced(plane, given):
    answer = plane().get("/health/live", headers={"x-request-id": given})
    assert answer.headers["x-request-id"] not in ("", given)


def test_a_failed_span_is_named_by_the_type_of_the_error_alone():
    exporter = InMemorySpanExporter()
    spans.use(SimpleSpanProcessor(exporter))
    try:
        with pytest.raises(ValueError, match=SECRET), spans.span("pass", model="m"):
            raise ValueError(SECRET)
    finally:
        spans.stop()
    (made,) = exporter.get_finished_spans()
    assert made.status.description == "ValueError"
    assert SECRET not in made.to_json()


def test_without_an_endpoint_no_span_is_made():
    spans.start(None)
    with spans.span("pass", model="m") as made:
        assert made is None


def test_spans_reach_a_collector_over_http():
    received = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            received.append((self.path, self.headers.get("content-encoding"), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        spans.start(f"http://127.0.0.1:{server.server_port}")
        with spans.span("pass", model="m", scheduled=True):
            pass
        spans.stop()  # sends what waits
    finally:
        server.shutdown()
        server.server_close()
    ((path, encoding, body),) = received
    assert (path, encoding) == ("/v1/traces", None)
    sent = ExportTraceServiceRequest.FromString(body)
    (span,) = sent.resource_spans[0].scope_spans[0].spans
    assert span.name == "pass"
    assert {one.key for one in span.attributes} == {"refit.model", "refit.scheduled"}
