"""The collector takes what processes send it, where they send it, and sends it on."""

from urllib.parse import urlsplit

import yaml

from tests.k8s.manifests import Json, of_kind, pod_of, processes

PROD = "prod"
NAME = "otel-collector"


def named(kind: str) -> Json:
    [found] = [each for each in of_kind(PROD, kind) if each["metadata"]["name"] == NAME]
    return found


def config() -> Json:
    """The configuration that is mounted into it."""
    pod = pod_of(named("Deployment"))
    [volume] = pod["volumes"]
    [settings] = [
        each
        for each in of_kind(PROD, "ConfigMap")
        if each["metadata"]["name"] == volume["configMap"]["name"]
    ]
    read: Json = yaml.safe_load(settings["data"]["config.yaml"])
    return read


def container() -> Json:
    [found] = pod_of(named("Deployment"))["containers"]
    only: Json = found
    return only


def port_of(endpoint: str) -> int:
    """Of what it listens on, for everybody."""
    host, _, port = endpoint.rpartition(":")
    assert host == "0.0.0.0"
    return int(port)


def test_processes_send_to_where_it_listens() -> None:
    ports = {each["name"]: each["containerPort"] for each in container()["ports"]}
    [service] = named("Service")["spec"]["ports"]
    endpoint = config()["receivers"]["otlp"]["protocols"]["http"]["endpoint"]
    assert port_of(endpoint) == ports[service["targetPort"]]
    for process in processes(PROD):
        address = urlsplit(process.environment["RAPPORT_TELEMETRY__OTLP_ENDPOINT"])
        assert (address.scheme, address.hostname, address.port) == ("http", NAME, service["port"])


def test_its_probes_and_its_metrics_are_where_it_answers() -> None:
    ports = {each["name"]: each["containerPort"] for each in container()["ports"]}
    assert ports["health"] == port_of(config()["extensions"]["health_check"]["endpoint"])
    for probe in ("livenessProbe", "readinessProbe"):
        assert container()[probe]["httpGet"]["port"] == "health"
    [reader] = config()["service"]["telemetry"]["metrics"]["readers"]
    assert ports["ops"] == reader["pull"]["exporter"]["prometheus"]["port"]


def test_what_its_pipeline_names_is_there_and_used() -> None:
    found = config()
    [pipeline] = found["service"]["pipelines"].values()
    for kind in ("receivers", "processors", "exporters"):
        assert set(pipeline[kind]) == found[kind].keys()
    assert found["service"]["extensions"] == [*found["extensions"]]
    assert pipeline["processors"][0] == "memory_limiter"


def test_it_may_do_no_more_than_a_process_of_ours() -> None:
    process = processes(PROD)[0]
    assert container()["securityContext"] == process.container["securityContext"]
    pod = pod_of(named("Deployment"))
    ours = process.pod["securityContext"]
    assert pod["securityContext"] == {name: ours[name] for name in ours if name != "fsGroup"}
    assert pod["automountServiceAccountToken"] is False
