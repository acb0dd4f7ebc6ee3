"""The service in replicas on a Ray cluster: the routes and answers of the service itself, also after one is killed."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import httpx
import psutil
import pytest
from fastapi.testclient import TestClient

from launch.ports import free_port
from pipeline.settings import PipelineSettings
from serving.app import create_app
from serving.settings import ServingSettings
from tests.agent.fakes import MODEL
from tests.scaling.champions_log import champion_with_log
from tests.waiting import until

pytestmark = pytest.mark.ray

MESSAGE = {"message": "ba ka be ki"}
# What differs between two answers to one message, whoever gives them.
OF_THE_MOMENT = {"prediction_id", "request_id", "timestamp", "latency_ms", "processing_ms"}


@pytest.fixture(scope="module")
def configured(tmp_path_factory) -> Iterator[ServingSettings]:
    """A log of its own: what is answered here is not in the one that other tests count."""
    settings = PipelineSettings(_env_file=None, home=tmp_path_factory.mktemp("home"))
    with champion_with_log(settings):
        yield ServingSettings(_env_file=None, start_wait_seconds=300, pipeline=settings)


@pytest.fixture(scope="module")
def deployed(cluster, configured) -> Iterator[httpx.Client]:
    """A client of two replicas, or three while they have more to do than next to nothing."""
    from ray import serve

    from pipeline.training.ray_cluster import connected
    from scaling.deployment import Replicas, deploy

    replicas = Replicas(least=2, most=3, cpus=0.2, requests=0.1, upscale_delay_seconds=1, downscale_delay_seconds=5)
    port = free_port()
    with connected(cluster.address, processes=2):
        deploy(configured, replicas, "127.0.0.1", port)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
                yield client
        finally:
            serve.shutdown()


@pytest.fixture(scope="module")
def alone(configured) -> Iterator[TestClient]:
    with TestClient(create_app(configured)) as client:
        yield client


def lasting(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in OF_THE_MOMENT}


def replica_processes() -> list[psutil.Process]:
    found = psutil.process_iter(["cmdline"])
    return [one for one in found if "ServeReplica:refit" in " ".join(one.info["cmdline"] or ())]


def comes(condition) -> None:
    until(condition, "what the cluster was asked for", pause_seconds=0.2)  # the list of processes takes a while itself


def answers(client: httpx.Client) -> bool:
    try:
        return client.post("/predict", json=MESSAGE).status_code == 200
    except httpx.HTTPError:
        return False


def test_the_routes_are_those_of_the_service(deployed, alone):
    assert deployed.get("/openapi.json").json()["paths"] == alone.get("/openapi.json").json()["paths"]


def test_a_message_gets_the_answer_of_the_service_from_the_slot_that_serves(deployed, alone):
    comes(lambda: answers(deployed))
    there, here = (client.post("/predict", json=MESSAGE).json() for client in (deployed, alone))
    assert lasting(there) == lasting(here)
    slots = (client.get("/models/current").json()["models"][MODEL]["version"] for client in (deployed, alone))
    assert next(slots) == next(slots)


def test_a_replica_that_is_killed_is_replaced_and_the_service_answers_on(deployed):
    comes(lambda: len(replica_processes()) >= 2)
    victim = replica_processes()[0]
    os.kill(victim.pid, signal.SIGKILL)
    comes(lambda: answers(deployed))
    comes(lambda: len([one for one in replica_processes() if one.pid != victim.pid]) >= 2)
    assert answers(deployed)


def test_replicas_come_with_the_load_and_go_with_it(deployed):
    comes(lambda: len(replica_processes()) == 2)
    with ThreadPoolExecutor(2) as pool:
        stop = Event()
        asking = [pool.submit(ask_until, stop, deployed) for _ in range(2)]
        try:
            comes(lambda: len(replica_processes()) == 3)
        finally:
            stop.set()
        assert all(asked.result() > 0 for asked in asking)
    comes(lambda: len(replica_processes()) == 2)
    assert answers(deployed)


def ask_until(stop: Event, client: httpx.Client) -> int:
    """How many requests were answered; one that was not is an error."""
    answered = 0
    while not stop.is_set():
        client.post("/predict", json=MESSAGE).raise_for_status()
        answered += 1
    return answered
