"""The recipe for an event, followed to the end; each step clears the fault it is for."""

from tests.architecture.recipes.following import Copy, Done, Followed
from tests.architecture.recipes.recipe import Block, Recipe

TYPE = "rapport.check_in.prolonged.v1"
SENT = "     kind: MessageKind\n     sent_at: Time\n"
UNFINISHED = "test_every_event_has_an_example_and_every_field_a_meaning"


class TestAddAnEvent(Followed):
    """An event changes the contracts and its publisher; the others do not know it."""

    recipe = Recipe(
        "add-an-event.md",
        tests=["tests/unit/followup", "tests/unit/shared/contracts"],
        first=[f"tests/contract/test_schemas.py::{UNFINISHED}"],
    )

    def test_after_each_step_it_is_said_what_is_missing(self, copy: Copy) -> None:
        named, meant, shown, *_ = self.recipe.blocks
        assert faults(copy) == []
        assert faults(copy, named) == [
            f"{TYPE} has no example: write shared/contracts/examples/{TYPE}.json",
            "CheckInProlonged.was_to_close_at has no meaning: add it to tools/contracts/meanings.py",
        ]
        assert faults(copy, meant) == [
            f"{TYPE} has no example: write shared/contracts/examples/{TYPE}.json"
        ]
        assert {fault.split()[0] for fault in faults(copy, shown)} == {
            f"shared/contracts/schemas/{TYPE}.json",
            "docs/asyncapi.json",
            "docs/events.md",
        }

    def test_a_released_event_only_grows(self, copy: Copy) -> None:
        copy.write([in_message_sent(f"{SENT}+    attachments: Count = 0\n")])
        assert contracts(copy).returncode == 0
        copy.write([in_message_sent(f"-    message_id: UUID\n{SENT}")])
        refused = contracts(copy)
        assert refused.returncode == 1
        assert "rapport.message.sent.v1 $.message_id: the field was removed" in refused.stderr


def in_message_sent(change: str) -> Block:
    return Block("shared/contracts/intake.py", change, is_new=False)


def contracts(copy: Copy, *options: str) -> Done:
    return copy.python("-m", "tools.contracts", *options)


def faults(copy: Copy, *written: Block) -> list[str]:
    """What is said to be missing when these are written, too."""
    copy.write(written)
    return contracts(copy, "--check").stderr.splitlines()
