"""How long the model registry takes to answer, embedded and as a server: `python -m benchmarks.registry_access`.

Writes its part of results/store.json and of docs/store.md.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

from mlflow.tracking import MlflowClient

from benchmarks.mlflow_server import mlflow_server
from benchmarks.store import save
from benchmarks.store_docs import write_page
from pipeline.releases.registry import RunReport, experiment_id, log_run, open_mlflow
from pipeline.settings import PipelineSettings

VERSIONS, RUNS, PAGE, REPEATS = 100, 1_000, 50, 25
MODEL = "sms_spam"


def fill(client: MlflowClient, settings: PipelineSettings) -> str:
    """A registry of so many versions and runs; the id of its experiment."""
    experiment = experiment_id(client, MODEL, settings)
    client.create_registered_model(MODEL)
    for number in range(RUNS):
        metrics = {"accuracy": number / RUNS, "f1": number / RUNS}
        report = RunReport(name=f"run {number}", metrics=metrics, params={"C": number}, tags={"model": MODEL})
        run = log_run(client, experiment, report)
        if number < VERSIONS:
            client.create_model_version(MODEL, source=client.get_run(run).info.artifact_uri, run_id=run)
    client.set_registered_model_alias(MODEL, "champion", str(VERSIONS))
    return experiment


def times(client: MlflowClient, settings: PipelineSettings) -> dict[str, float]:
    experiment = fill(client, settings)
    newest = ["version_number DESC"]
    ways: dict[str, Callable[[], object]] = {
        "open_a_client": lambda: open_mlflow(settings),
        "champion_by_alias": lambda: client.get_model_version_by_alias(MODEL, "champion"),
        "one_version": lambda: client.get_model_version(MODEL, "50"),
        "page_of_50_versions": lambda: client.search_model_versions(
            f"name = '{MODEL}'", max_results=PAGE, order_by=newest
        ),
        "page_of_50_runs": lambda: client.search_runs([experiment], max_results=PAGE),
    }
    return {name: _milliseconds(ask) for name, ask in ways.items()}


def _milliseconds(ask: Callable[[], object]) -> float:
    ask()
    taken = []
    for _ in range(REPEATS):
        began = perf_counter()
        ask()
        taken.append(1000 * (perf_counter() - began))
    return round(median(taken), 2)


def main() -> None:
    measured = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        embedded = PipelineSettings(_env_file=None, home=folder / "embedded")
        measured["embedded SQLite"] = times(open_mlflow(embedded), embedded)
        print(measured, flush=True)
        with mlflow_server(folder / "server", f"sqlite:///{folder}/server.db") as address:
            served = PipelineSettings(_env_file=None, home=folder / "served", mlflow_tracking_uri=address)
            measured["a server"] = times(open_mlflow(served), served)
    print(measured, flush=True)
    write_page(save("mlflow", measured))


if __name__ == "__main__":
    main()
