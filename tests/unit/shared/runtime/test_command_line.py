"""Asking a service what it can be asked does nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from shared.runtime import Service
from shared.runtime.command_line import COMMANDS, ROLES
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
    for word, command in {**ROLES, **COMMANDS}.items():
        assert f" {word} {command.meaning}" in said


@pytest.mark.parametrize("argv", [["migrate", "now"], ["api", "worker"], ["brew"], []])
def test_what_cannot_be_asked_is_refused(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(SERVICE, argv)
    assert ended.value.code == 2
