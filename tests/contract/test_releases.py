"""What has left the house is never broken: present contracts serve released readers and events."""

import json
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

from tools.contracts import files
from tools.contracts.schemas import all_events, example_of

EVENTS = all_events()
RELEASED = {
    path.stem: json.loads(path.read_text("utf-8")) for path in files.RELEASED.glob("*.json")
}
every_released = pytest.mark.parametrize("type_", RELEASED)


def test_something_was_released() -> None:
    assert RELEASED


def test_present_schemas_break_no_reader_of_released_ones() -> None:
    assert files.broken(EVENTS) == []


@every_released
def test_a_released_event_is_read_by_the_present_model(type_: str) -> None:
    for example in RELEASED[type_]["examples"]:
        msgspec.json.decode(msgspec.json.encode(example), type=EVENTS[type_])


@every_released
def test_a_present_event_is_valid_for_a_released_reader(type_: str) -> None:
    Draft202012Validator(RELEASED[type_]).validate(example_of(type_))


def test_a_break_with_a_release_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "RELEASED", tmp_path)
    older = json.loads((files.SCHEMAS / "rapport.message.sent.v1.json").read_text("utf-8"))
    older["properties"]["provider"] = {"type": "string"}
    (tmp_path / "rapport.message.sent.v1.json").write_text(json.dumps(older))
    (tmp_path / "rapport.message.lost.v1.json").write_text(json.dumps(older))
    assert files.broken(EVENTS) == [
        "rapport.message.lost.v1 was released and is gone",
        "rapport.message.sent.v1 $.provider: the field was removed: make a new major",
    ]


def test_a_release_that_breaks_a_reader_is_refused_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(files, "RELEASED", tmp_path)
    (tmp_path / "rapport.message.lost.v1.json").write_text("{}")
    assert files.main(["--release"]) == 1
    assert "was released and is gone" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["rapport.message.lost.v1.json"]
