"""The commands that start processes: `demo`, `prepare`, `up`."""

import json as json_module
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from agent.settings import AgentSettings
from dashboard.settings import DashboardSettings
from launch.demo import run_demo
from launch.prepare import prepare as prepared_steps
from launch.stage import Stage
from launch.up import Ports, run_up
from pipeline.settings import PipelineSettings
from serving.settings import ServingSettings


def demo(
    drift: Annotated[int, typer.Option(min=0, max=1, help="0: no campaign; nothing should happen.")] = 1,
    seed: Annotated[int, typer.Option(help="Which messages are sent, and which are labelled.")] = 1,
    home: Annotated[
        Path | None, typer.Option(help="Folder: empty, or of a demo before. Default: demo/ below REFIT_HOME.")
    ] = None,
    prepared: Annotated[Path | None, typer.Option(help="A home with a first version: skip its training.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Only the ending, as one JSON object.")] = False,
) -> None:
    """The main job on real messages, in about two minutes."""
    settings = PipelineSettings()
    console = Console(quiet=json, width=None if sys.stdout.isatty() else 120)
    stage = Stage(
        home=home or settings.home / "demo",
        data_dir=settings.data_dir,
        console=console,
        source=settings.sms_spam_file,
    )
    ending = run_demo(stage, drifts=bool(drift), seed=seed, prepared=prepared)
    if json:
        print(json_module.dumps({"seed": seed, "drift": drift, **asdict(ending)}))


def prepare(
    json: Annotated[bool, typer.Option("--json", help="What was done, as one JSON object.")] = False,
) -> None:
    """Migrate both databases and make MLflow's own, under a lock; safe to repeat."""
    done = []
    for sentence in prepared_steps(PipelineSettings()):
        done.append(sentence)
        if not json:
            print(sentence, flush=True)
    if json:
        print(json_module.dumps({"prepared": done}))


def up(
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65_535, help="Port of the predictions; 0: a free one; default: REFIT_SERVING_PORT."),
    ] = None,
    agent_port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="Port of the agent; default: REFIT_AGENT_API_PORT.")
    ] = None,
    dashboard_port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="Port of the dashboard; default: REFIT_DASHBOARD_PORT.")
    ] = None,
    no_dashboard: Annotated[bool, typer.Option("--no-dashboard", help="Leave the dashboard out.")] = False,
    mlflow: Annotated[bool, typer.Option("--mlflow", help="MLflow's pages as well.")] = False,
    mlflow_port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of MLflow's pages.")] = 5000,
    free_ports: Annotated[bool, typer.Option("--free-ports", help="Where a port is taken, use a free one.")] = False,
) -> None:
    """Serving, the agent with its loop and the dashboard on 127.0.0.1, restarted when they end, until Ctrl-C."""
    ports = Ports(
        serving=ServingSettings().port if port is None else port,
        agent=AgentSettings().api_port if agent_port is None else agent_port,
        dashboard=None if no_dashboard else DashboardSettings().port if dashboard_port is None else dashboard_port,
        mlflow=mlflow_port if mlflow else None,
        any_free=free_ports,
    )
    run_up(Console(), PipelineSettings(), ports)
