"""Asking a service what it can be asked does nothing else."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from shared.contracts import topics
from shared.runtime import Service
from shared.runtime.command_line import ROLES, asked
from shared.runtime.commands import COMMANDS, Command
from shared.runtime.service import main
from shared.settings import ServiceSettings

WORDS = (*ROLES, *COMMANDS)


class Untouched(ServiceSettings):
    """Settings that must not be read."""

    def __init__(self) -> None:
        raise AssertionError("it acts")


@contextmanager
def nothing(_: Any) -> Iterator[Any]:
    raise AssertionError("it acts")


SERVICE: Service[Any] = Service("routing", Untouched, nothing, nothing)  # type: ignore[arg-type]


@pytest.mark.parametrize("word", WORDS)
def test_help_does_nothing_but_help(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(SERVICE, [word, "--help"])
    assert ended.value.code == 0
    assert f"python -m services.routing {word}" in capsys.readouterr().out


def test_each_word_has_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(SERVICE, ["--help"])
    said = " ".join(capsys.readouterr().out.split())
    meanings = {word: command.meaning for word, command in COMMANDS.items()}
    for word, meaning in {**ROLES, **meanings}.items():
        assert f" {word} {meaning}" in said


def test_a_service_has_words_of_its_own_beside_those_of_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def brew(*_: object) -> int:
        raise AssertionError("it acts")

    brewing = dataclasses.replace(SERVICE, commands={"brew": Command("make coffee", brew)})
    with pytest.raises(SystemExit):
        main(brewing, ["--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert " brew make coffee" in said
    assert " migrate " in said


@pytest.mark.parametrize("argv", [["migrate", "now"], ["api", "worker"], ["brew"], []])
def test_what_cannot_be_asked_is_refused(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(SERVICE, argv)
    assert ended.value.code == 2


@pytest.mark.parametrize("parts", ["coffee", "relay,coffee", "delivery", ""])
def test_a_part_that_a_worker_has_not_is_refused_with_those_it_has(
    parts: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(SERVICE, ["worker", "--parts", parts])
    assert ended.value.code == 2
    assert "; there are jobs, consumers, relay\n" in capsys.readouterr().err


def test_a_worker_has_all_of_its_parts_unless_some_are_named() -> None:
    assert asked("routing", ["worker"], parts=("jobs", "relay")).parts == {"jobs", "relay"}
    assert asked("routing", ["worker", "--parts", "relay"], parts=("jobs", "relay")).parts == {
        "relay"
    }


def test_the_help_of_a_replay_says_who_reads_the_record_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(SERVICE, ["dead-letters", "replay", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "The record is for this service alone" in said
    assert "on a compacted topic (customers, agents, queues) every service reads it again" in said


def test_the_topics_that_the_help_calls_compacted_are_those() -> None:
    compacted = {topic.name for topic in topics.LIVE if topic.retention_hours is None}
    assert compacted == {"rapport.customers", "rapport.agents", "rapport.queues"}
