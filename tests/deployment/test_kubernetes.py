"""The Kubernetes manifests: by the schemas, hardened, and in step with each other."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

FOLDER = Path(__file__).parents[2] / "deploy/kubernetes"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
FILES = sorted(path for path in FOLDER.glob("*.yaml") if path.name != "kustomization.yaml")
RESOURCES = [one for path in FILES for one in yaml.safe_load_all(path.read_text())]
Plain = Mapping[str, Any]


def named(kind: str) -> dict[str, Any]:
    return {one["metadata"]["name"]: one for one in RESOURCES if one["kind"] == kind}


def pods() -> dict[str, Plain]:
    """The pod templates of all workloads by name."""
    found = {name: one["spec"]["template"] for kind in ("Deployment", "Job") for name, one in named(kind).items()}
    return found | {name: one["spec"]["jobTemplate"]["spec"]["template"] for name, one in named("CronJob").items()}


PODS = pods()
CONTAINERS = {name: pod["spec"]["containers"][0] for name, pod in PODS.items()}


def label(name: str) -> Plain:
    return {"app.kubernetes.io/name": name}


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: f"{one['kind']}-{one['metadata']['name']}")
def test_a_resource_follows_its_schema_to_the_letter(resource):
    kubernetes_validate.validate(resource, "1.37", strict=True)


def test_the_kustomization_lists_every_file_and_nothing_else():
    assert sorted(KUSTOMIZATION["resources"]) == [path.name for path in FILES]


def test_it_names_every_image_that_is_used_and_the_dockerfile_builds_each():
    used = {container["image"] for container in CONTAINERS.values()}
    assert {image["name"] for image in KUSTOMIZATION["images"]} == used
    targets = set(re.findall(r"^FROM \S+ AS (\S+)", (FOLDER.parents[1] / "Dockerfile").read_text(), re.MULTILINE))
    assert {image.removeprefix("refit-") for image in used} <= targets


def test_replicas_of_the_service_scale_and_outlast_a_drained_node():
    assert "replicas" not in named("Deployment")["serving"]["spec"], "the autoscaler says how many"
    scaler = named("HorizontalPodAutoscaler")["serving"]["spec"]
    assert scaler["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "serving"}
    assert scaler["minReplicas"] >= 2
    assert named("PodDisruptionBudget")["serving"]["spec"]["selector"]["matchLabels"] == label("serving")


@pytest.mark.parametrize("name", sorted(PODS))
def test_a_pod_is_not_root_writes_no_root_file_system_and_holds_no_cluster_token(name):
    pod, container = PODS[name]["spec"], CONTAINERS[name]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]
    assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"]


@pytest.mark.parametrize("name", sorted(named("Deployment")))
def test_a_deployment_is_asked_whether_it_lives_and_whether_it_is_ready(name):
    assert {"livenessProbe", "readinessProbe"} <= set(CONTAINERS[name])
    assert PODS[name]["metadata"]["labels"] == named("Deployment")[name]["spec"]["selector"]["matchLabels"]


def test_the_service_leaves_the_balancer_when_it_is_not_ready_and_is_restarted_only_when_it_is_dead():
    serving = CONTAINERS["serving"]
    assert serving["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    assert serving["livenessProbe"]["httpGet"]["path"] == "/health/live"


@pytest.mark.parametrize("name", sorted(named("Service")))
def test_a_service_leads_to_a_port_of_its_deployment(name):
    service = named("Service")[name]["spec"]
    assert service["selector"] == label(name)
    ports = {port["name"]: port["containerPort"] for port in CONTAINERS[name]["ports"]}
    assert [(port["targetPort"], port["port"]) for port in service["ports"]] == list(ports.items())


def secrets_of(name: str) -> set[str]:
    volumes = [volume for volume in PODS[name]["spec"]["volumes"] if "projected" in volume]
    return {source["secret"]["name"] for volume in volumes for source in volume["projected"]["sources"]}


def test_each_role_sees_its_own_secrets_only_and_all_of_them_are_empty():
    assert {name: secrets_of(name) for name in PODS} == {
        "agent": {"refit-database", "refit-agent"},
        "serving": {"refit-database", "refit-serving"},
        "dashboard": {"refit-dashboard"},
        "mlflow": {"refit-database"},
        "migrate": {"refit-database"},
        "train": {"refit-database"},
    }
    secrets = named("Secret")
    assert set().union(*map(secrets_of, PODS)) == set(secrets)
    assert all(value == "" for secret in secrets.values() for value in secret["stringData"].values())


@pytest.mark.parametrize("name", sorted(PODS))
def test_what_a_pod_mounts_and_reads_is_there(name):
    pod, container = PODS[name]["spec"], CONTAINERS[name]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)
    claims = {one["persistentVolumeClaim"]["claimName"] for one in volumes.values() if "persistentVolumeClaim" in one}
    assert claims <= set(named("PersistentVolumeClaim"))
    maps = {source["configMapRef"]["name"] for source in container.get("envFrom", ())}
    assert maps <= set(named("ConfigMap"))


def policies(direction: str, name: str) -> Iterator[Plain]:
    """The rules of network policies in one direction that hold for the pods of a name."""
    for policy in named("NetworkPolicy").values():
        if _selects(policy["spec"]["podSelector"], name):
            yield from policy["spec"].get(direction, ())


def _selects(selector: Plain, name: str) -> bool:
    listed = [one["values"] for one in selector.get("matchExpressions", ())]
    return selector.get("matchLabels", label(name)) == label(name) and all(name in values for values in listed)


def _reaches(source: str, target: str, port: int) -> bool:
    """Whether a connection is allowed at both ends."""

    def allows(direction: str, at: str, other: str, key: str) -> bool:
        return any(
            port in [one["port"] for one in rule["ports"]]
            and (key not in rule or any(_peer(peer, other) for peer in rule[key]))
            for rule in policies(direction, at)
        )

    return allows("egress", source, target, "to") and allows("ingress", target, source, "from")


def _peer(peer: Plain, name: str) -> bool:
    return "namespaceSelector" in peer or _selects(peer["podSelector"], name)


def test_nothing_is_allowed_by_default():
    spec = named("NetworkPolicy")["nothing-by-default"]["spec"]
    assert spec == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


@pytest.mark.parametrize(
    ("source", "target", "port", "allowed"),
    [
        ("agent", "serving", 8000, True),
        ("agent", "mlflow", 5000, True),
        ("train", "mlflow", 5000, True),
        ("dashboard", "agent", 8100, True),
        ("dashboard", "serving", 8000, False),
        ("dashboard", "mlflow", 5000, False),
        ("serving", "agent", 8100, True),
        ("serving", "mlflow", 5000, False),
        ("train", "agent", 8100, False),
    ],
)
def test_who_reaches_whom(source, target, port, allowed):
    assert _reaches(source, target, port) is allowed


def test_only_who_keeps_something_reaches_the_database():
    def asks_postgresql(name: str) -> bool:
        return any(5432 in [port["port"] for port in rule["ports"]] for rule in policies("egress", name))

    assert {name for name in PODS if asks_postgresql(name)} == set(PODS) - {"dashboard"}
