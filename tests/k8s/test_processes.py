"""What the manifests give our processes is what these ask for."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.topics import INTAKE, SERVICES
from shared.runtime.service import Service
from shared.settings import ServiceSettings, load
from tests.k8s.manifests import OVERLAYS, Process, of_kind, processes

SECRETS = "/run/secrets/rapport/"
SECRET = re.compile(rf"{SECRETS}([\w.-]+)")
PRE_STOP_SECONDS = 3
TEXTS = {
    "link-secrets": '["a key of the links that is long enough"]',
}
EVERY = [
    pytest.param(overlay, each, id=f"{overlay} {each.name}")
    for overlay in OVERLAYS
    for each in processes(overlay)
]
every_process = pytest.mark.parametrize(("overlay", "process"), EVERY)


def service_of(name: str) -> Service[Any]:
    service: Service[Any] = importlib.import_module(f"services.{name}.bootstrap").SERVICE
    return service


def mounted(process: Process) -> set[str]:
    """The files of secrets that the process sees."""
    [volume] = [each for each in process.pod["volumes"] if each["name"] == "secrets"]
    return {
        item["path"]
        for source in volume["projected"]["sources"]
        for item in source["secret"]["items"]
    }


def settings_of(process: Process, folder: Path, monkeypatch: pytest.MonkeyPatch) -> ServiceSettings:
    """The settings with which it would start, its secrets in `folder`."""
    for name in mounted(process):
        (folder / name).write_text(TEXTS.get(name, "secret"))
    for name, value in process.environment.items():
        monkeypatch.setenv(name, value.replace(SECRETS, f"{folder}/"))
    settings: ServiceSettings = load(service_of(process.service).settings)
    return settings


@every_process
def test_it_starts_with_the_environment_it_is_given(
    overlay: str, process: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(process, tmp_path, monkeypatch)
    assert settings.kafka.client_id == f"rapport-{process.service}"


@every_process
def test_its_ports_are_those_it_listens_on_for_everybody(
    overlay: str, process: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(process, tmp_path, monkeypatch)
    for name, port in process.ports.items():
        block = getattr(settings, name)
        assert (block.host, block.port) == ("0.0.0.0", port)


@every_process
def test_every_secret_that_is_mounted_is_read_and_the_other_way_round(
    overlay: str, process: Process
) -> None:
    named = {name for value in process.environment.values() for name in SECRET.findall(value)}
    assert named == mounted(process)


@every_process
def test_it_reaches_the_store_of_attachments_with_the_key_that_is_mounted(
    overlay: str, process: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: Any = settings_of(process, tmp_path, monkeypatch)
    if process.service == INTAKE:
        assert settings.attachments.url.startswith("s3://")
        assert settings.attachments.access_key_id
        assert settings.attachments.secret_access_key.get_secret_value() == "secret"


@every_process
def test_it_may_do_nothing_that_it_does_not_need(overlay: str, process: Process) -> None:
    inside, around = process.container["securityContext"], process.pod["securityContext"]
    assert inside["readOnlyRootFilesystem"] is True
    assert inside["allowPrivilegeEscalation"] is False
    assert inside["capabilities"] == {"drop": ["ALL"]}
    assert around["runAsNonRoot"] is True
    assert around["seccompProfile"] == {"type": "RuntimeDefault"}
    assert process.pod["automountServiceAccountToken"] is False


@every_process
def test_its_memory_is_what_it_asks_for(overlay: str, process: Process) -> None:
    resources = process.container["resources"]
    assert resources["limits"] == {"memory": resources["requests"]["memory"]}
    assert "cpu" in resources["requests"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_it_has_time_to_drain(
    overlay: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for process in processes(overlay):
        if process.args[2] in ("api", "worker"):
            settings = settings_of(process, tmp_path, monkeypatch)
            assert process.container["lifecycle"]["preStop"]["sleep"]["seconds"] == PRE_STOP_SECONDS
            grace = process.pod["terminationGracePeriodSeconds"]
            assert grace >= PRE_STOP_SECONDS + settings.drain_seconds + 5


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_part_of_every_worker_runs(overlay: str) -> None:
    running: dict[str, set[str]] = {}
    for process in processes(overlay):
        if "--parts" in process.args:
            running.setdefault(process.service, set()).update(process.args[-1].split(","))
    for name, parts in running.items():
        assert parts == set(service_of(name).parts)
    assert set(running) == set(SERVICES)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_service_and_every_budget_finds_its_pods(overlay: str) -> None:
    labels = [
        each["spec"]["template"]["metadata"]["labels"] for each in of_kind(overlay, "Deployment")
    ]
    for each in of_kind(overlay, "Service", "PodDisruptionBudget"):
        selector = each["spec"]["selector"]
        wanted = selector.get("matchLabels", selector)
        assert [found for found in labels if wanted.items() <= found.items()], each["metadata"]
