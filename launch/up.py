"""Serving, the agent, the dashboard and MLflow's pages together: one terminal, all stopped on Ctrl-C or SIGTERM."""

import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from subprocess import run
from typing import Any

from rich.console import Console
from sqlalchemy.exc import DBAPIError

from agent.settings import AgentSettings
from launch.holding import held_alone
from launch.ports import HOST, Wanted, chosen
from launch.processes import ProcessFailedError, Sink
from launch.supervising import Service, Supervisor
from pipeline.errors import RefitError
from pipeline.settings import PipelineSettings
from pipeline.store.open import open_store
from tools.job_settling import end_here

_PLAIN: dict[str, Any] = {"markup": False, "highlight": False, "soft_wrap": True}


class MlflowElsewhereError(RefitError):
    """MLflow's pages are asked for, and an MLflow server is set up elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Where each service is to listen; 0 takes a free one, None leaves the service out.

    `any_free`: where one is taken, a free one is used instead.
    """

    serving: int
    agent: int
    dashboard: int | None
    mlflow: int | None = None
    any_free: bool = False


def run_up(console: Console, settings: PipelineSettings, wanted: Ports) -> None:
    """Run until asked to stop. Raises what `services_of` does, AlreadyUpError, and ProcessFailedError."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with held_alone(settings.root):
        services = services_of(settings, wanted)
        width = max(len(service.name) for service in services)

        def relay(name: str) -> Sink:
            return lambda line: console.print(f"{name:{width}} | {line}", **_PLAIN)

        _prepare(relay("refit"))
        supervisor = Supervisor(stop, relay)
        try:
            supervisor.start(services)
            supervisor.wait_until_ready()
            if not stop.is_set():
                _announce(console, settings, services)
                supervisor.watch()
        except ProcessFailedError:
            if not stop.is_set():
                raise
        finally:
            supervisor.close()
            end_jobs(settings, relay("refit"))
            _forget_addresses(settings.root)
    console.print("All processes have ended.", **_PLAIN)


def services_of(settings: PipelineSettings, wanted: Ports) -> list[Service]:
    """The services in the order of their need, each with a port of its own.

    Raises PortTakenError and MlflowElsewhereError.
    """
    services = [_serving(settings, _port("serving", wanted.serving, "--port", wanted.any_free))]
    serving_url = services[0].url
    services.append(_agent(settings, _port("agent", wanted.agent, "--agent-port", wanted.any_free), serving_url))
    if wanted.dashboard is not None:
        port = _port("dashboard", wanted.dashboard, "--dashboard-port", wanted.any_free)
        services.append(_dashboard(port, services[1].url))
    if wanted.mlflow is not None:
        services.append(_mlflow(settings, _port("mlflow", wanted.mlflow, "--mlflow-port", wanted.any_free)))
    return services


def _port(service: str, port: int, option: str, any_free: bool) -> int:
    return chosen(Wanted(service=service, port=port, option=option), any_free=any_free)


def _serving(settings: PipelineSettings, port: int) -> Service:
    words = ["serving", "--host", HOST, "--port", str(port), "--port-file", str(settings.root / "serving.port")]
    # Alive is enough here: without a first champion it is not ready, and a person trains one meanwhile.
    alive = "/health/live"
    return Service(name="serving", words=words, url=f"http://{HOST}:{port}", ready_path=alive, live_path=alive)


def _agent(settings: PipelineSettings, port: int, serving_url: str) -> Service:
    file = str(settings.root / "agent.port")
    words = ["agent", "serve", "--with-loop", "--host", HOST, "--port", str(port), "--port-file", file]
    return Service(
        name="agent",
        words=words,
        url=f"http://{HOST}:{port}",
        ready_path="/health/ready",
        live_path="/health/live",
        environment={"REFIT_AGENT_SERVING_URL": serving_url},
    )


def _dashboard(port: int, agent_url: str) -> Service:
    environment = {"REFIT_DASHBOARD_AGENT_URL": agent_url}
    token = AgentSettings().api_token
    if token is not None:
        # Everything here runs for the user who started it; a token of its own for the dashboard goes before this one.
        environment["REFIT_DASHBOARD_TOKEN"] = os.environ.get("REFIT_DASHBOARD_TOKEN") or token.get_secret_value()
    return Service(
        name="dashboard",
        words=["dashboard", "--host", HOST, "--port", str(port)],
        url=f"http://{HOST}:{port}",
        ready_path="/_stcore/health",
        live_path="/_stcore/health",
        environment=environment,
    )


def _mlflow(settings: PipelineSettings, port: int) -> Service:
    if settings.mlflow_address.startswith(("http://", "https://")):
        raise MlflowElsewhereError(
            "MLFLOW_TRACKING_URI names an MLflow server, which has its pages already: open that address, and leave "
            "--mlflow out."
        )
    words = ["mlflow", "server", "--default-artifact-root", (settings.root / "mlflow-artifacts").as_uri()]
    words += ["--host", HOST, "--port", str(port), "--workers", "1"]
    environment = {
        # Not as an option: everybody on this machine can read those, and the address may have a password in it.
        "MLFLOW_BACKEND_STORE_URI": settings.mlflow_address,
        # Without its job runners the server takes two processes instead of ten.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    url = f"http://{HOST}:{port}"
    return Service(
        name="mlflow", words=words, url=url, ready_path="/health", live_path="/health", environment=environment
    )


def _prepare(say: Sink) -> None:
    """The locked init step, in a process of its own: what MLflow needs for it is not kept in memory for years."""
    done = run([sys.executable, "-m", "launch", "prepare"], capture_output=True, text=True)
    for line in (done.stdout + done.stderr).splitlines():
        say(line)
    if done.returncode:
        raise ProcessFailedError("The databases could not be prepared; the reason stands above.")


def _announce(console: Console, settings: PipelineSettings, services: Sequence[Service]) -> None:
    at = {service.name: service.url for service in services}
    console.print(f"Predictions at {at['serving']} (docs: {at['serving']}/docs)", **_PLAIN)
    console.print(f"Agent at {at['agent']} (docs: {at['agent']}/docs)", **_PLAIN)
    if "dashboard" in at:
        console.print(f"Dashboard at {at['dashboard']}", **_PLAIN)
    if "mlflow" in at:
        console.print(f"MLflow at {at['mlflow']}", **_PLAIN)
    console.print(f"Data in {settings.root}. Stop with Ctrl-C.", **_PLAIN)


def end_jobs(settings: PipelineSettings, say: Sink) -> None:
    """End a training that outlived its agent; the decision that it is for is carried on at the next start."""
    try:
        with closing(open_store(settings)) as store:
            for job in end_here(store.control, settings.root, datetime.now(UTC)):
                say(f"the training {job.job_id} of {job.model} is ended; it begins anew at the next start")
    except (RefitError, DBAPIError) as error:
        why = error if isinstance(error, RefitError) else f"The control database fails ({type(error).__name__})."
        say(f"whether a training still runs is not known. {why}")


def _forget_addresses(home: Path) -> None:
    for name in ("serving.port", "agent.port"):
        (home / name).unlink(missing_ok=True)
