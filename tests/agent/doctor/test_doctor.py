"""The doctor: what is well, what is broken and how it is mended; it changes nothing and tells no secret."""

import json
import os
import socket
import stat
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from agent.__main__ import app
from agent.doctor import machine, work
from agent.doctor.examining import examine
from agent.doctor.finding import State, broken, ok, warning, worst
from agent.settings import AgentSettings
from launch.ports import free_port
from pipeline.store.engine import open_engine
from pipeline.store.open import open_store
from tests.agent.fakes import NOON
from tests.agent.world import loop_in
from tools import jobs

SECRET = "a-secret-that-nobody-may-read"


@pytest.fixture(autouse=True)
def environment(clean_environment):
    return clean_environment


@pytest.fixture
def ports():
    return {"serving": free_port(), "agent": free_port(), "dashboard": free_port()}


@pytest.fixture
def web():
    """A server whose answers a test chooses, and which remembers what it was asked with."""
    answer, seen = {"status": 200, "body": b"{}"}, []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append((self.path, dict(self.headers)))
            self.send_response(answer["status"])
            self.end_headers()
            self.wfile.write(answer["body"])

        do_POST = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    answer["url"], answer["seen"] = f"http://127.0.0.1:{server.server_port}", seen
    yield answer
    server.shutdown()
    server.server_close()


def found(ports, what):
    return next(one for one in examine(datetime.now(UTC), ports) if one.what == what)


def test_a_prepared_deployment_has_nothing_broken(ports):
    findings = examine(datetime.now(UTC), ports)
    assert [one for one in findings if one.state is State.BROKEN] == []
    areas = {one.area for one in findings}
    assert {"configuration", "keys", "disk", "clock", "ports", "connections", "migrations", "work"} <= areas


def test_every_warning_and_everything_broken_says_how_to_mend_it(ports, environment):
    environment.setenv("REFIT_CONTROL_URL", "sqlite:////proc/nothing/control.db")
    environment.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    bad = [one for one in examine(datetime.now(UTC), ports) if one.state in (State.BROKEN, State.WARNING)]
    assert len(bad) >= 3
    assert all(one.mend for one in bad)


def test_a_store_that_is_not_made_yet_is_left_so(ports, environment, tmp_path):
    environment.setenv("REFIT_HOME", str(tmp_path / "fresh"))
    assert found(ports, "control database").mend == "python -m pipeline migrate"
    assert not (tmp_path / "fresh").exists()


def test_a_database_at_an_older_revision_is_broken_and_not_migrated(ports, settings):
    engine = open_engine(settings.control_address)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'control_0001'"))
    finding = found(ports, "control")
    assert (finding.area, finding.state, finding.mend) == ("migrations", State.BROKEN, "python -m pipeline migrate")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "control_0001"
    engine.dispose()


def test_a_setting_that_cannot_be_read_is_named_without_its_value(ports, environment):
    environment.setenv("REFIT_AGENT_API_TOKEN", "short")
    finding = found(ports, "settings REFIT_AGENT_*")
    assert finding.state is State.BROKEN
    assert "api_token" in finding.seen
    assert "short" not in finding.seen.replace("shorter", "")


def test_no_secret_is_told_wherever_it_was_set(ports, environment, web):
    web["status"] = 401
    environment.setenv("OPENAI_API_KEY", SECRET)
    environment.setenv("OPENAI_BASE_URL", web["url"].replace("http://", f"http://u:{SECRET}@"))
    environment.setenv("SLACK_BOT_TOKEN", SECRET)
    environment.setenv("SLACK_CHANNEL", "C1")
    environment.setenv("REFIT_ALERTS_SLACK_API_URL", f"{web['url']}/")
    environment.setenv("ALERT_WEBHOOK_URL", f"http://127.0.0.1:9/{SECRET}")
    environment.setenv("SMTP_SERVER", "127.0.0.1")
    environment.setenv("SMTP_PORT", "9")
    environment.setenv("SMTP_PASSWORD", SECRET)
    environment.setenv("ALERT_EMAIL", "a@example.org")
    environment.setenv("REFIT_AGENT_API_TOKEN", SECRET)
    environment.setenv("MLFLOW_TRACKING_URI", f"http://u:{SECRET}@127.0.0.1:9/?key={SECRET}")
    findings = examine(datetime.now(UTC), ports)
    broken_things = {one.what for one in findings if one.state is State.BROKEN}
    assert {"deciding model", "Slack", "e-mail", "alert webhook", "MLflow"} <= broken_things
    assert SECRET not in repr(findings)


def test_a_deciding_model_that_refuses_the_key_is_told_from_one_that_answers(ports, environment, web):
    environment.setenv("OPENAI_API_KEY", SECRET)
    environment.setenv("OPENAI_BASE_URL", f"{web['url']}/v1")
    answers = [one for one in examine(datetime.now(UTC), ports) if one.what == "deciding model"]
    assert [one.state for one in answers] == [State.OK, State.OK]
    assert web["seen"][-1][0] == "/v1/models"
    web["status"] = 401
    refused = [one for one in examine(datetime.now(UTC), ports) if one.what == "deciding model"]
    assert "refuses the key" in refused[-1].seen


def test_a_port_is_free_or_ours_or_somebody_elses(web, ports):
    port = int(web["url"].rpartition(":")[2])
    (ours,) = machine.ports_are_free_or_ours({"agent": port})
    assert ours.state is State.OK
    web["status"] = 404
    (strange,) = machine.ports_are_free_or_ours({"agent": port})
    assert strange.state is State.BROKEN
    assert f"process {os.getpid()}" in strange.seen
    (free,) = machine.ports_are_free_or_ours({"agent": ports["agent"]})
    assert free.state is State.OFF


def test_a_clock_that_is_behind_the_ledger_is_broken(store, home):
    loop_in(home, store).check()
    findings = list(machine.clock_is_right(store, NOON - timedelta(days=1)))
    assert findings[-1].state is State.BROKEN
    assert list(machine.clock_is_right(store, NOON + timedelta(minutes=1)))[-1].state is State.OK


@pytest.mark.postgresql
def test_the_clock_of_the_database_server_is_compared(postgresql_server, home):
    store = open_store(postgresql_server.fresh_pair(home))
    try:
        now = datetime.now(UTC)
        assert next(machine.clock_is_right(store, now)).state is State.OK
        assert next(machine.clock_is_right(store, now - timedelta(minutes=1))).state is State.BROKEN
    finally:
        store.close()


def test_a_folder_that_cannot_be_written_is_broken(environment):
    environment.setenv("REFIT_HOME", "/proc/refit")
    findings = {one.what: one for one in machine.disk_has_room(AgentSettings())}
    assert findings["REFIT_HOME"].state is State.BROKEN
    assert "cannot be written" in findings["REFIT_HOME"].seen


def test_a_file_of_secrets_that_others_can_read_is_a_warning(ports, tmp_path, environment):
    environment.chdir(tmp_path)
    file = tmp_path / ".env"
    file.write_text("")
    file.chmod(0o644)
    assert found(ports, ".env").state is State.WARNING
    file.chmod(stat.S_IRUSR | stat.S_IWUSR)
    assert found(ports, ".env").state is State.OK


def test_a_training_that_nobody_watches_is_a_warning(store):
    limits = {"time_limit_seconds": 1.0, "memory_limit_bytes": None}
    jobs.begin(store.control, model="m", decision_id="d", host=socket.gethostname(), now=NOON, **limits)
    assert [one.state for one in work.jobs_are_well(store, NOON)] == [State.OK]
    (unwatched,) = work.jobs_are_well(store, NOON + timedelta(hours=1))
    assert "jobs cancel d.1" in unwatched.mend


def test_the_worst_finding_counts():
    fine, odd, bad = ok("a", "b", "c"), warning("a", "b", "c", "d"), broken("a", "b", "c", "d")
    assert worst([fine]) is State.OK
    assert worst([fine, odd]) is State.WARNING
    assert worst([odd, bad, fine]) is State.BROKEN


def test_the_command_ends_with_one_when_something_is_broken_and_speaks_json(environment, ports):
    arguments = [word for name, port in ports.items() for word in (_option(name), str(port))]
    fine = CliRunner().invoke(app, ["doctor", *arguments])
    assert fine.exit_code == 0, fine.output
    environment.setenv("DEFAULT_MODEL", "nothing")
    bad = CliRunner().invoke(app, ["doctor", "--json", *arguments])
    assert bad.exit_code == 1
    said = json.loads(bad.stdout)
    assert said["state"] == "broken"
    assert [one["what"] for one in said["findings"] if one["state"] == "broken"] == ["DEFAULT_MODEL"]
    told = CliRunner().invoke(app, ["doctor", *arguments])
    assert "FAIL DEFAULT_MODEL: nothing is no managed model" in told.output
    assert "mend: Set it to one of:" in told.output


def _option(service):
    return {"serving": "--port", "agent": "--agent-port", "dashboard": "--dashboard-port"}[service]
