"""The recipe works as written: each step clears the fault it is for, and the last one all."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "docs" / "recipes" / "add-an-event.md"
TYPE = "rapport.guide.sent.v1"


class Copy:
    """A copy of the contracts to follow the recipe in."""

    def __init__(self, root: Path) -> None:
        self.contracts = root / "shared" / "contracts"
        self._root = root
        for folder in ("contracts", "kernel"):
            shutil.copytree(ROOT / "shared" / folder, root / "shared" / folder)
        shutil.copytree(ROOT / "tools", root / "tools")
        (root / "docs").mkdir()
        for name in ("events.md", "asyncapi.json"):
            shutil.copy(ROOT / "docs" / name, root / "docs" / name)

    def publish(self, *options: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "tools.contracts", *options]
        done = subprocess.run(
            command, cwd=self._root, check=False, capture_output=True, text=True, timeout=60
        )
        return done.returncode, done.stderr

    def replace(self, name: str, old: str, new: str) -> None:
        file = self._root / name
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), "utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def test_each_step_of_the_recipe_clears_what_it_is_for(copy: Copy) -> None:
    payload, meanings, example = _blocks()
    assert copy.publish("--check") == (0, "")

    module = copy.contracts / "followup.py"
    module.write_text(f"{module.read_text('utf-8')}\n\n{payload}", "utf-8")
    copy.replace(
        "shared/contracts/followup.py",
        "from shared.contracts.values import ",
        "from shared.contracts.values import Count, ",
    )
    status, faults = copy.publish("--check")
    assert status == 1
    assert f"{TYPE} has no example" in faults
    assert "GuideSent.guide has no meaning" in faults
    assert "GuideSent.sent_at" not in faults

    copy.replace("tools/contracts/meanings.py", "MEANINGS = {\n", f"MEANINGS = {{\n{meanings}")
    status, faults = copy.publish("--check")
    assert (status, faults.count("\n")) == (1, 1)
    assert f"{TYPE} has no example" in faults

    (copy.contracts / "examples" / f"{TYPE}.json").write_text(example)
    status, faults = copy.publish("--check")
    assert status == 1
    assert {line.split()[0] for line in faults.splitlines()} == {
        f"shared/contracts/schemas/{TYPE}.json",
        "docs/asyncapi.json",
        "docs/events.md",
    }

    assert copy.publish() == (0, "")
    assert copy.publish("--check") == (0, "")


def test_a_released_event_only_grows(copy: Copy) -> None:
    sent = "    message_id: UUID\n    kind: MessageKind\n    sent_at: Time\n"
    copy.replace("shared/contracts/intake.py", sent, sent + "    attachments: Count = 0\n")
    assert copy.publish() == (0, "")
    copy.replace("shared/contracts/intake.py", sent, sent.replace("    message_id: UUID\n", ""))
    status, faults = copy.publish()
    assert status == 1
    assert "rapport.message.sent.v1 $.message_id: the field was removed: make a new major" in faults


def _blocks() -> list[str]:
    blocks = re.findall(r"```(?:python|json)\n(.*?)```", RECIPE.read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 3
    return blocks
