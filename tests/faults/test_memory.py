"""What people remember finds each kind of fault that is planted, and nothing where there is none."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from deploy.local.evidence import Evidence
from deploy.local.people.mailboxes import Mail
from tests.faults.memory import Memory, address_of, forgotten


def mail(to: str, name: str) -> Mail:
    headers = {"auto-submitted": "auto-replied"}
    return Mail(address_of(to), f"<{name}@rapport.example>", "Charged twice", "", headers)


@dataclass
class Past:
    """Two customers and an agent, all served; a test breaks it in one place."""

    memory: Memory = field(default_factory=Memory)
    stored: Counter[str] = field(default_factory=lambda: Counter({"ada": 1, "bo": 1}))
    mails: list[Mail] = field(default_factory=lambda: [mail("ada", "m1"), mail("bo", "m2")])
    rows: dict[tuple[str, str], list[dict[str, Any]]] = field(
        default_factory=lambda: {
            ("routing", "actions"): [{"action_id": "a1"}],
            ("routing", "resolutions"): [{"resolution_id": "r1"}],
            ("intake", "written"): [{"message_id": "m1", "state": "sent"}],
        }
    )

    def __post_init__(self) -> None:
        self.memory.remember("ada", "web")
        self.memory.remember("bo", "mail")
        self.memory.acted.add("a1")
        self.memory.claimed.add("r1")

    def findings(self) -> list[str]:
        rows = {name: tuple(found) for name, found in self.rows.items()}
        return list(forgotten(self.memory, self.stored, Evidence((), 0, rows), self.mails))


def test_a_past_in_which_everybody_was_served_is_no_finding() -> None:
    assert Past().findings() == []


def test_the_same_mail_may_come_twice() -> None:
    past = Past()
    past.mails.append(mail("ada", "m1"))
    assert past.findings() == []


FAULTS: dict[str, Callable[[Past], object]] = {
    "ada was taken by web and is not there": lambda past: past.stored.pop("ada"),
    "bo is there 2 times": lambda past: past.stored.update(["bo"]),
    "bo was never acknowledged by mail": lambda past: past.mails.pop(),
    "got 2 acknowledgements": lambda past: past.mails.append(mail("bo", "m3")),
    "the action a2 was confirmed": lambda past: past.memory.acted.add("a2"),
    "the resolution r1 was confirmed": lambda past: past.rows.pop(("routing", "resolutions")),
    "mail m9 is sent and did not arrive": lambda past: past.rows["intake", "written"].append(
        {"message_id": "m9", "state": "sent"}
    ),
    "POST was answered with 500": lambda past: past.memory.complaints.append(
        "POST was answered with 500"
    ),
}


@pytest.mark.parametrize(("finding", "plant"), FAULTS.items(), ids=FAULTS)
def test_a_planted_fault_is_found(finding: str, plant: Callable[[Past], object]) -> None:
    past = Past()
    plant(past)
    (found,) = past.findings()
    assert finding in found
