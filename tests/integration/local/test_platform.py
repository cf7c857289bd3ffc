"""The platform starts eight processes in order, gives each its settings, and ends them."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from deploy.local import instance, platform
from deploy.local.failure import LaunchFailure
from deploy.local.parts import LocalParts
from deploy.local.platform import API, SERVICES, WORKER, Platform
from deploy.local.ports import is_free
from shared.settings import ServiceSettings, load
from tests.integration.local.conftest import a_home
from tests.integration.local.stand_ins import write_stand_ins

NOWHERE = ("127.0.0.1", 9)


class Started(msgspec.Struct):
    """What a stand-in saw when it was started."""

    at: float
    environment: dict[str, str]


@pytest.fixture
def stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Services that write down how they were started, in place of the real ones."""
    write_stand_ins(tmp_path)
    for module in (instance, platform):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def started() -> Iterator[LocalParts]:
    with a_home() as home, LocalParts(home, "embedded") as parts:
        yield parts


def started_as(folder: Path, process: str) -> Started:
    return msgspec.json.decode((folder / f"{process}.json").read_bytes(), type=Started)


def test_processes_start_after_the_migrations_and_all_end_with_the_platform(
    stand_ins: Path, started: LocalParts
) -> None:
    with Platform(started, mail=NOWHERE) as running:
        migrated = max(started_as(stand_ins, f"{service}-migrate").at for service in SERVICES)
        begun = [
            started_as(stand_ins, f"{s}-{role}").at for s in SERVICES for role in (API, WORKER)
        ]
        assert migrated < min(begun)
        assert len(running.running) == 8
    assert not any(child.alive() for child in running.running.values())


def test_each_process_is_given_what_the_settings_ask_for(
    stand_ins: Path, started: LocalParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAPPORT_STRAY", "of another platform")
    extra = {"routing": {"RAPPORT_DRAIN_SECONDS": "3"}}
    with Platform(started, mail=NOWHERE, extra_env=extra) as running:
        addresses = running.addresses
        routing = started_as(stand_ins, "routing-worker").environment
        intake = started_as(stand_ins, "intake-worker").environment
    assert "RAPPORT_STRAY" not in routing
    assert intake["RAPPORT_MAIL__PORT"] == "9"
    assert int(intake["RAPPORT_SMTP__PORT"]) == addresses.smtp[1]
    monkeypatch.delenv("RAPPORT_STRAY")
    for name, value in routing.items():
        monkeypatch.setenv(name, value)
    settings = load(ServiceSettings)
    assert settings.database.dsn.get_secret_value() == addresses.dsn["routing"]
    assert settings.kafka.bootstrap == addresses.bootstrap
    assert settings.kafka.idempotent is started.broker.idempotent
    assert addresses.ops["routing", "worker"].endswith(f":{settings.ops.port}")
    assert addresses.api["routing"].endswith(f":{settings.http.port}")
    assert settings.drain_seconds == 3


@pytest.mark.parametrize("role", ["migrate", "worker"])
def test_a_process_that_breaks_is_named_and_nothing_is_left_running(
    stand_ins: Path, started: LocalParts, role: str
) -> None:
    broken = Platform(started, mail=NOWHERE, extra_env={"followup": {"RAPPORT_BREAK": role}})
    with pytest.raises(LaunchFailure, match=r"followup(.|\n)*set to break"):
        broken.start()
    ports = [int(url.rsplit(":", 1)[1]) for url in broken.addresses.ops.values()]
    assert all(is_free(port) for port in ports)
