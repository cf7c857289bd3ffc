"""The demonstration's customers: every run repeats itself on each channel, and remembers that it did."""

import sys
from collections import Counter
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import httpx2
import pytest

from deploy.local.demo import repeat
from deploy.local.demo import traffic as customers
from deploy.local.demo.console_view import ConsoleView
from deploy.local.demo.memory import forgotten
from deploy.local.demo.traffic import Sent, Traffic
from deploy.local.evidence import Evidence
from deploy.local.people.mailboxes import Mailboxes

HANDED_IN = {"email": 2, "web": 3, "api": 2}
REPEATED = {"email": 1, "web": 1, "api": 1}


class Platform:
    """Takes everything, and remembers under which name it came."""

    def __init__(self) -> None:
        self.taken: dict[str, Counter[str]] = {}

    def take(self, channel: str, name: str) -> None:
        self.taken.setdefault(channel, Counter())[name] += 1

    async def mail(self, *_: object, message_id: str = "", **__: object) -> str:
        name = message_id or str(uuid4())
        self.take("email", name)
        return name

    async def post(self, *_: object, key: str) -> dict[str, Any]:
        self.take("web", key)
        return {"contact_id": key}

    async def publish(self, *_: object, reference: str) -> None:
        self.take("api", reference)


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    platform = Platform()
    monkeypatch.setattr(customers, "write_mail", platform.mail)
    monkeypatch.setattr(customers, "post_contact", platform.post)
    monkeypatch.setattr(customers, "publish_contact", platform.publish)
    return platform


async def test_however_short_it_is_each_channel_is_used_and_repeated(platform: Platform) -> None:
    nobody = cast(httpx2.AsyncClient, SimpleNamespace())
    traffic = Traffic(0, nobody, "", ConsoleView(1), Random(1))
    await traffic.arrive(every=0.0, until=1e-9)
    await traffic.tasks.settle()
    assert {channel: list(names.values()) for channel, names in platform.taken.items()} == {
        "email": [2],
        "web": [2],
        "api": [2],
    }
    assert traffic.sent.repeats == REPEATED
    assert traffic.sent.deliveries == Counter({"email": 2, "web": 2, "api": 2})


@pytest.mark.parametrize("channel", HANDED_IN)
def test_a_repeat_that_was_not_counted_is_found(channel: str) -> None:
    tally = {
        name: {"channel": name, "received": n, "deduplicated": REPEATED[name]}
        for name, n in HANDED_IN.items()
    }
    assert found(tally) == []
    tally[channel] |= {"received": HANDED_IN[channel] - 1, "deduplicated": 0}
    assert found(tally) == [
        f"{channel}: {HANDED_IN[channel]} to be counted as received, {HANDED_IN[channel] - 1} are",
        f"{channel}: 1 to be counted as deduplicated, 0 are",
    ]


def found(tally: dict[str, dict[str, Any]]) -> list[str]:
    """What the customers' memory finds in these accounts."""
    sent = Sent(deliveries=Counter(HANDED_IN), repeats=Counter(REPEATED))
    evidence = Evidence((), 0, {("intake", "tally"): tuple(tally.values())})
    return [finding.detail for finding in forgotten(evidence, sent, Mailboxes())]


@pytest.mark.parametrize("broken", [set(), {2}])
def test_repeated_it_says_of_each_run_what_came_of_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    broken: set[int],
) -> None:
    """`python -m deploy.local.demo.repeat`, with a demonstration that takes no time."""
    program = tmp_path / "demo.py"
    counter = tmp_path / "runs"
    counter.write_text("0")
    program.write_text(
        "import pathlib, sys\n"
        f"counter = pathlib.Path({str(counter)!r})\n"
        "number = int(counter.read_text()) + 1\n"
        "counter.write_text(str(number))\n"
        f"if number in {broken or 'set()'}:\n"
        "    print('BROKEN what_came_in_adds_up: web')\n"
        "    sys.exit(1)\n"
    )
    monkeypatch.setattr(repeat, "DEMO", (sys.executable, str(program)))
    monkeypatch.setattr(repeat, "LOGS", tmp_path / "logs")
    assert repeat.main(["--times", "3"]) == bool(broken)
    output = capsys.readouterr().err
    assert output.count("held after") == 3 - len(broken)
    assert ("run 2: ended with 1" in output) == bool(broken)
    assert ("BROKEN what_came_in_adds_up: web" in output) == bool(broken)
    assert f"{3 - len(broken)} of 3 runs held" in output
    assert len(list((tmp_path / "logs").iterdir())) == 3


def test_repeated_no_times_it_says_that_there_were_no_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(repeat, "LOGS", tmp_path / "logs")
    assert repeat.main(["--times", "0"]) == 0
    assert capsys.readouterr().err == "No runs.\n"
