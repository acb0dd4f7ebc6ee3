"""The commands that start processes: `demo`, `prepare`, `up`."""

import json as json_module
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from launch.demo import run_demo
from launch.prepare import prepare as prepared_steps
from launch.stage import Stage
from launch.up import Ports, run_up
from pipeline.settings import PipelineSettings


def demo(
    drift: Annotated[int, typer.Option(min=0, max=1, help="0: no campaign; nothing should happen.")] = 1,
    seed: Annotated[int, typer.Option(help="Which messages are sent, and which are labelled.")] = 1,
    home: Annotated[Path | None, typer.Option(help="Folder, emptied first. Default: demo/ below REFIT_HOME.")] = None,
    prepared: Annotated[Path | None, typer.Option(help="A home with a first version: skip its training.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Only the ending, as one JSON object.")] = False,
) -> None:
    """The main job on real messages, in about two minutes."""
    settings = PipelineSettings()
    console = Console(quiet=json, width=None if sys.stdout.isatty() else 120)
    stage = Stage(home=home or settings.home / "demo", data_dir=settings.data_dir, console=console)
    ending = run_demo(stage, drifts=bool(drift), seed=seed, prepared=prepared)
    if json:
        print(json_module.dumps({"seed": seed, "drift": drift, **asdict(ending)}))


def prepare() -> None:
    """Migrate both databases and make MLflow's own, under a lock; safe to repeat."""
    for sentence in prepared_steps(PipelineSettings()):
        print(sentence, flush=True)


def up(
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the predictions; 0 takes a free one.")] = 8000,
    agent_port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the agent.")] = 8100,
    dashboard_port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the dashboard.")] = 8501,
    no_dashboard: Annotated[bool, typer.Option("--no-dashboard", help="Leave the dashboard out.")] = False,
    mlflow: Annotated[bool, typer.Option("--mlflow", help="MLflow's pages as well.")] = False,
    mlflow_port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of MLflow's pages.")] = 5000,
    free_ports: Annotated[bool, typer.Option("--free-ports", help="Where a port is taken, use a free one.")] = False,
) -> None:
    """Serving, the agent with its loop and the dashboard, restarted when they end, until Ctrl-C."""
    ports = Ports(
        serving=port,
        agent=agent_port,
        dashboard=None if no_dashboard else dashboard_port,
        mlflow=mlflow_port if mlflow else None,
        any_free=free_ports,
    )
    run_up(Console(), PipelineSettings(), ports)
