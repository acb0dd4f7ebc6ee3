"""Published clients: Triton's own, over the Open Inference Protocol, and Schemathesis, over the whole OpenAPI."""

import os
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest
import schemathesis
import tritonclient.http as triton
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from tests.serving.running import ServerProcess
from tests.serving.world import MODEL, World, small_profile

# Of each operation, by its schema and against it.
EXAMPLES = int(os.environ.get("REFIT_FUZZ_EXAMPLES", "4"))
CHECKS = [status_code_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    world = World(tmp_path_factory.mktemp("published") / "home")
    world.add_version(1, small_profile())
    world.promote(1)
    with ServerProcess(world.settings.root) as running:
        yield running
    world.store.close()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_schemathesis_finds_no_request_that_breaks_a_documented_route(
    server: ServerProcess, mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_url(f"{server.client.base_url}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 40
    for operation in operations:
        with suppress(Unsatisfiable):  # nothing breaks the schema of a route that takes nothing
            _fuzz(operation.as_strategy(generation_mode=mode))


def _fuzz(cases: st.SearchStrategy[schemathesis.Case]) -> None:
    @given(case=cases)
    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.generate],  # the request that broke is shown; making it smaller would take minutes
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def send(case: schemathesis.Case) -> None:
        name = (case.path_parameters or {}).get("name")
        if name is not None and len(str(name)) % 2:
            case.path_parameters["name"] = MODEL  # made-up names alone would meet 404 and nothing else
        response = case.call()
        # 503 says that a model has no champion, and is documented.
        assert response.status_code < 500 or response.status_code == 503, response.text
        case.validate_response(response, checks=CHECKS)

    send()


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[triton.InferenceServerClient]:
    url = server.client.base_url
    made = triton.InferenceServerClient(f"{url.host}:{url.port}")
    yield made
    made.close()


def asked(client: triton.InferenceServerClient, texts: list[str], binary: bool) -> triton.InferResult:
    given = triton.InferInput("message", [len(texts)], "BYTES")
    given.set_data_from_numpy(np.array(texts, dtype=object), binary_data=binary)
    wanted = [triton.InferRequestedOutput(name, binary_data=binary) for name in ("label", "probability")]
    return client.infer(MODEL, [given], outputs=wanted, request_id="r7")


def test_the_client_of_triton_finds_server_and_model(client: triton.InferenceServerClient) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready(MODEL)
    assert client.is_model_ready(MODEL, "1")
    assert not client.is_model_ready("nothing")
    assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]
    assert client.get_model_metadata(MODEL)["inputs"][0]["datatype"] == "BYTES"


@pytest.mark.parametrize("binary", [False, True])
def test_the_client_of_triton_gets_answers_in_json_and_in_binary(
    client: triton.InferenceServerClient, binary: bool
) -> None:
    result = asked(client, ["win a prize", "home for lunch"], binary)
    labels = [label.decode() if isinstance(label, bytes) else label for label in result.as_numpy("label")]
    assert labels == ["spam", "ham"]
    assert result.as_numpy("probability")[0] > 0.9
    assert result.get_response()["id"] == "r7"


def test_the_client_of_triton_is_told_what_is_wrong(client: triton.InferenceServerClient) -> None:
    given = triton.InferInput("message", [1], "FP32")
    given.set_data_from_numpy(np.array([1.0], dtype=np.float32))
    with pytest.raises(triton.InferenceServerException, match="BYTES"):
        client.infer(MODEL, [given])
