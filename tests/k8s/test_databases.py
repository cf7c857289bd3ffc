"""The databases as CloudNativePG is told to make them are those that the processes ask for."""

import os
import re
import shlex
import subprocess
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from deploy.local.postgres import OWNER, PROCESSES, ROLES
from deploy.local.postgres import SETTINGS as LOCAL
from shared.contracts.topics import SERVICES
from shared.settings import DatabaseSettings
from tests.architecture.pages import commands
from tests.k8s.manifests import KUBECTL, OVERLAYS, ROOT, Json, Process, objects, of_kind, processes

PROD = "prod"
POOL_MAX = DatabaseSettings.model_fields["pool_max"].default
SURGE = 1
"""What a rollout starts before it ends another."""
PEOPLE = 20
"""Connections beyond the pools: the operator's, who looks, and those that PostgreSQL keeps for itself."""
PAGE = "docs/operate/backup.md"
TEXT = (ROOT / PAGE).read_text()
NOWHERE = ("--server", "http://127.0.0.1:1")
VERBS = {"annotate", "apply", "delete", "exec", "get", "logs", "scale", "wait"}
every_service = pytest.mark.parametrize("service", SERVICES)


def named(kind: str, name: str) -> Json:
    [found] = [each for each in of_kind(PROD, kind) if each["metadata"]["name"] == name]
    return found


def database(service: str) -> Json:
    spec: Json = named("Cluster", f"{service}-database")["spec"]
    return spec


@cache
def maxima() -> dict[str, int]:
    """The most replicas of each of our processes."""
    most = {
        each["metadata"]["name"]: each["spec"].get("replicas", 0)
        for each in of_kind(PROD, "Deployment")
    }
    for each in of_kind(PROD, "HorizontalPodAutoscaler", "ScaledObject"):
        spec: dict[str, Any] = each["spec"]
        most[spec["scaleTargetRef"]["name"]] = spec.get("maxReplicas") or spec["maxReplicaCount"]
    return most


def password(process: Process) -> str:
    """The secret whose password the process logs in with."""
    [volume] = [each for each in process.pod["volumes"] if each["name"] == "secrets"]
    [name] = [
        source["secret"]["name"]
        for source in volume["projected"]["sources"]
        for item in source["secret"]["items"]
        if item["path"] == "database-password"
    ]
    return str(name)


def pools(service: str) -> int:
    """Connections that the service's processes may have open at once."""
    return sum(
        (maxima()[process.name] + SURGE)
        * int(process.environment.get("RAPPORT_DATABASE__POOL_MAX", POOL_MAX))
        for process in processes(PROD)
        if process.service == service and process.name in maxima()
    )


@every_service
def test_the_pools_of_all_replicas_fit(service: str) -> None:
    parameters = database(service)["postgresql"]["parameters"]
    assert POOL_MAX < pools(service) <= int(parameters["max_connections"]) - PEOPLE


@every_service
def test_it_holds_its_log_to_what_the_local_one_does(service: str) -> None:
    parameters = database(service)["postgresql"]["parameters"]
    assert parameters["log_min_messages"] == LOCAL["log_min_messages"]


@every_service
def test_what_was_committed_is_on_two_instances_and_only_who_has_it_takes_over(
    service: str,
) -> None:
    spec = database(service)
    synchronous = spec["postgresql"]["synchronous"]
    assert spec["instances"] == 3
    assert (synchronous["number"], synchronous["failoverQuorum"]) == (1, True)
    assert synchronous.get("dataDurability", "required") == "required"


@every_service
def test_the_user_of_the_processes_is_in_the_groups_that_the_local_one_is_in(service: str) -> None:
    spec = database(service)
    [role] = spec["managed"]["roles"]
    assert role == {
        "name": PROCESSES,
        "login": True,
        "inRoles": list(ROLES[PROCESSES]),
        "passwordSecret": {"name": f"{service}-database-processes"},
    }
    assert spec["bootstrap"]["initdb"] == {"database": service, "owner": OWNER}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_only_who_migrates_logs_in_as_the_owner_of_the_tables(overlay: str) -> None:
    for process in processes(overlay):
        user, secret = process.environment["RAPPORT_DATABASE__USER"], password(process)
        if process.args[2] == "migrate":
            assert (user, secret) == (OWNER, f"{process.service}-database-app")
        else:
            assert (user, secret) == (PROCESSES, f"{process.service}-database-processes")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_process_goes_to_its_own_database_and_believes_only_its_certificate(
    overlay: str,
) -> None:
    for process in processes(overlay):
        address = urlsplit(process.environment["RAPPORT_DATABASE__DSN"])
        assert address.hostname == f"{process.service}-database-rw"
        assert address.path == f"/{process.service}"
        assert parse_qs(address.query)["sslmode"] == ["verify-full"]
        assert address.password is None


@every_service
def test_it_takes_nobody_without_tls(service: str) -> None:
    assert database(service)["postgresql"]["pg_hba"][0] == "hostnossl all all all reject"


@every_service
def test_its_backups_go_to_its_own_store_every_night_and_its_log_as_it_is_written(
    service: str,
) -> None:
    name = f"{service}-database"
    [plugin] = database(service)["plugins"]
    assert plugin["isWALArchiver"] is True
    assert plugin["parameters"] == {"barmanObjectName": name}
    keys = named("ObjectStore", name)["spec"]["configuration"]["s3Credentials"]
    assert {each["name"] for each in keys.values()} == {f"{service}-backups"}
    nightly = named("ScheduledBackup", name)["spec"]
    assert nightly["cluster"] == {"name": name}
    assert (nightly["method"], nightly["pluginConfiguration"]) == (
        "plugin",
        {"name": plugin["name"]},
    )


@every_service
def test_its_memory_is_what_it_asks_for(service: str) -> None:
    resources = database(service)["resources"]
    assert resources["limits"] == {"memory": resources["requests"]["memory"]}


@every_service
def test_its_metrics_are_collected(service: str) -> None:
    spec = named("PodMonitor", "databases")["spec"]
    assert spec["selector"] == {"matchLabels": {"cnpg.io/podRole": "instance"}}
    assert [each["port"] for each in spec["podMetricsEndpoints"]] == ["metrics"]


def manifests_of_the_page() -> list[Json]:
    """What it says to apply: a trial, and a patch for what comes back."""
    found = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    return [yaml.safe_load(each) for each in found]


def test_a_trial_is_made_as_the_database_is_and_writes_to_no_archive() -> None:
    trial, _ = manifests_of_the_page()
    spec, original = trial["spec"], database("intake")
    for name in ("imageName", "storage", "walStorage"):
        assert spec[name] == original[name]
    assert "plugins" not in spec
    [source] = spec["externalClusters"]
    assert source["name"] == spec["bootstrap"]["recovery"]["source"]
    assert source["plugin"]["parameters"] == {
        "barmanObjectName": "intake-database",
        "serverName": "intake-database",
    }


def patched(patch: Json, folder: Path) -> Json:
    """Intake's database as an overlay with that patch applies it."""
    (folder / "restore.yaml").write_text(yaml.safe_dump(patch))
    overlay = {
        "resources": [os.path.relpath(ROOT / "deploy/k8s/overlays" / PROD, folder.resolve())],
        "patches": [{"path": "restore.yaml"}],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(overlay))
    argv = [str(KUBECTL), "kustomize", str(folder)]
    built = subprocess.run(argv, capture_output=True, check=True).stdout
    [spec] = [
        each["spec"]
        for each in yaml.safe_load_all(built)
        if each["kind"] == "Cluster" and each["metadata"]["name"] == "intake-database"
    ]
    found: Json = spec
    return found


def test_what_comes_back_is_the_database_as_it_was_but_for_where_its_log_goes(
    tmp_path: Path,
) -> None:
    restored, original = patched(manifests_of_the_page()[1], tmp_path), dict(database("intake"))
    came, was = restored.pop("bootstrap"), original.pop("bootstrap")["initdb"]
    [source], [before] = restored.pop("externalClusters"), original.pop("plugins")
    [after] = restored.pop("plugins")
    assert restored == original
    assert came.keys() == {"recovery"}
    assert was.items() <= came["recovery"].items()
    assert came["recovery"]["source"] == source["name"]
    assert source["plugin"]["name"] == before["name"] == after["name"]
    assert source["plugin"]["parameters"]["serverName"] == "intake-database"
    assert after["parameters"]["serverName"] != "intake-database"


@pytest.mark.parametrize("command", commands(TEXT))
def test_a_command_of_the_page_is_understood_and_speaks_of_what_there_is(
    command: str, tmp_path: Path
) -> None:
    """Kubectl reads all of it before it finds that nobody is there."""
    trial = tmp_path / "trial.yaml"
    trial.write_text(yaml.safe_dump(manifests_of_the_page()[0]))
    program, *words = shlex.split(command.replace("trial.yaml", str(trial)))
    assert program == "kubectl"
    at = next(n for n, word in enumerate(words) if word in VERBS) + 1
    argv = [str(KUBECTL), *words[:at], *NOWHERE, *words[at:]]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "refused" in done.stderr, done.stderr
    names = {each["metadata"]["name"] for each in objects(PROD)}
    for name in re.findall(r"\bintake-[a-z-]*[a-z]", command):
        assert name.removesuffix("-trial") in names, name
