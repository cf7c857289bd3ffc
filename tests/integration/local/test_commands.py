"""`python -m deploy.local`: up, status, env, token and down, as a person would type them."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from deploy.local.__main__ import EXAMPLE_BODY
from deploy.local.background import PORTS
from deploy.local.instance import ROOT, holder_of, read_state
from deploy.local.platform import SERVICES
from deploy.local.ports import LOOPBACK
from deploy.local.processes import http_ok
from shared.contracts.external import ContactSubmitted
from tests.integration.local.stand_ins import write_stand_ins

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    """Runs one command in a clone of the launcher whose services are stand-ins."""
    for package in ("deploy", "shared"):
        shutil.copytree(ROOT / package, tmp_path / package)
    write_stand_ins(tmp_path)
    any_ports(tmp_path / ".local" / "up")

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "deploy.local", *arguments],
            cwd=tmp_path,
            env=os.environ | {"BROKER": "embedded", "SEED": "0"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    yield run
    run("down")


def subject_of(exported: str) -> str:
    """Whose token it is that `shell` exports."""
    [payload] = re.findall(r"TOKEN='?[^.']+\.([^.']+)\.", exported)
    return str(json.loads(urlsafe_b64decode(payload + "=="))["sub"])


def any_ports(home: Path, **kept: int) -> None:
    """Those kept, and not those at first, which another test may have at the same time."""
    home.mkdir(parents=True, exist_ok=True)
    ports = {name.replace("_", " "): port for name, port in kept.items()}
    (home / "state.json").write_text(json.dumps({"facts": {"ports": ports}}))


def processes(command: Command) -> dict[str, str]:
    """What `status` says of each process."""
    listed = [line.split(maxsplit=1) for line in command("status").stdout.splitlines()]
    names = {f"{service}-{role}" for service in SERVICES for role in ("api", "worker")}
    names |= {"mailbox", "postgres", "embedded-broker"}
    return {line[0]: line[1] for line in listed if line[0] in names}


def test_the_platform_stays_up_until_it_is_taken_down(command: Command) -> None:
    up = command("up")
    assert up.returncode == 0, up.stderr
    assert "no queue and no agent" in up.stdout
    assert command("status").returncode == 0
    assert subject_of(command("shell").stdout) == "mara"
    assert subject_of(command("shell", "ana").stdout) == "ana"
    assert "export ROUTING=http://" in command("shell").stdout
    assert command("mail").stdout == "No mail has been sent.\n"
    assert command("mail", "1").returncode == 1
    environment = command("env", "routing").stdout
    assert "export RAPPORT_DATABASE__DSN=" in environment
    assert environment == command("env", "routing", "api").stdout
    of_worker = command("env", "routing", "worker").stdout
    differ = set(environment.splitlines()) ^ set(of_worker.splitlines())
    assert [line.split("=")[0] for line in differ] == ["export RAPPORT_OPS__PORT"] * 2
    assert command("token", "--subject", "ada", "--scope", "desk").stdout.count(".") == 2
    assert "already running" in command("up").stderr
    assert command("down").returncode == 0
    assert command("status").returncode == 1


def test_it_comes_up_again_after_it_was_killed(command: Command, tmp_path: Path) -> None:
    assert command("up").returncode == 0
    keeper = holder_of(tmp_path / ".local" / "up")
    assert keeper is not None
    os.kill(keeper, signal.SIGKILL)
    assert command("up").returncode == 0
    facts = read_state(tmp_path / ".local" / "up")["facts"]["platform"]
    ports = [int(url.rsplit(":", 1)[1]) for url in facts["ops"].values()]
    assert len(ports) == 8
    assert all(http_ok(port, "/readyz") for port in ports)


def test_it_has_the_same_ports_each_time_and_after_a_reset_none_of_its_data(
    command: Command, tmp_path: Path
) -> None:
    assert command("up").returncode == 0
    first = command("shell").stdout.splitlines()[:-1]
    assert command("down").returncode == 0
    assert command("up").returncode == 0
    assert command("shell").stdout.splitlines()[:-1] == first
    assert command("reset").returncode == 0
    assert command("status").returncode == 1
    assert not (tmp_path / ".local" / "up" / "postgres").exists()


def test_when_it_cannot_start_it_says_why_and_ends(command: Command, tmp_path: Path) -> None:
    main = tmp_path / "services" / "analytics" / "__main__.py"
    main.write_text("raise SystemExit('there is no analytics today')")
    up = command("up")
    assert up.returncode == 1
    assert "there is no analytics today" in up.stderr
    assert "Traceback" not in up.stderr
    assert holder_of(tmp_path / ".local" / "up") is None


def test_it_says_which_ports_it_took_in_place_of_those_that_were_taken(
    command: Command, tmp_path: Path
) -> None:
    home = tmp_path / ".local" / "up"
    with socket.create_server((LOOPBACK, 0)) as other:
        taken = other.getsockname()[1]
        any_ports(home, routing_api=taken)
        said = command("up").stdout
    ports = read_state(home)["facts"]["ports"]
    assert ports["routing api"] != taken
    assert f"port      {ports['routing api']} for routing api: 8102 was taken" in said
    assert said.count(" was taken") == len(PORTS) + len(("broker", "PostgreSQL"))
    assert command("status").stdout.count(" was taken") == said.count(" was taken")


def test_a_part_that_has_ended_is_named_with_the_command_that_starts_it_again(
    command: Command,
) -> None:
    command("up")
    before = processes(command)
    os.kill(int(before["analytics-worker"].split()[1]), signal.SIGKILL)
    assert command("status").returncode == 1
    said = processes(command)["analytics-worker"]
    assert "ENDED; .local/up/logs/analytics-worker.log says why" in said
    assert "make restart PART=analytics-worker" in said
    assert command("restart", "analytics-worker").returncode == 0
    assert command("status").returncode == 0
    after = processes(command)
    assert after.pop("analytics-worker") != before.pop("analytics-worker")
    assert after == before


def test_every_part_can_be_restarted_while_the_others_run(command: Command) -> None:
    command("up")
    addresses, before = command("shell").stdout.splitlines()[:-1], processes(command)
    assert len(before) == 11
    parts = ("routing-api", "mailbox", "postgres", "embedded-broker")
    assert [command("restart", part).returncode for part in parts] == [0] * 4
    after = processes(command)
    assert {part for part in before if before[part] != after[part]} == set(parts)
    assert command("shell").stdout.splitlines()[:-1] == addresses
    assert command("status").returncode == 0


def test_a_part_that_cannot_be_restarted_says_why_and_can_be_later(
    command: Command, tmp_path: Path
) -> None:
    command("up")
    main = tmp_path / "services" / "analytics" / "__main__.py"
    whole = main.read_text()
    main.write_text("raise SystemExit('there is no analytics today')")
    failed = command("restart", "analytics-api")
    assert failed.returncode == 1
    assert "there is no analytics today" in failed.stderr
    main.write_text(whole)
    assert command("restart", "analytics-api").returncode == 0
    assert "analytics-api, analytics-worker" in command("restart", "analytics").stderr


def test_what_needs_a_running_platform_says_how_to_start_it(command: Command) -> None:
    asked = command("env", "intake")
    assert asked.returncode == 1
    assert asked.stderr == "It is not running. Start it: make up\n"
    assert command("restart", "mailbox").stderr == asked.stderr


def test_the_contact_that_is_offered_to_try_is_one_that_intake_takes() -> None:
    assert msgspec.json.decode(EXAMPLE_BODY, type=ContactSubmitted).reference == "example-1"
