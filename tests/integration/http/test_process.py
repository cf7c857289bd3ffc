"""A whole process: it starts, serves, drains at SIGTERM, and says plainly why it ended."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

ROOT = Path(__file__).parents[3]
ENVIRONMENT = {
    "RAPPORT_DATABASE__DSN": "postgresql://nobody:s3cret@127.0.0.1:1/none",
    "RAPPORT_KAFKA__BOOTSTRAP": "127.0.0.1:1",
    "RAPPORT_AUTH__ISSUER": "https://issuer.example",
    "RAPPORT_AUTH__JWKS": "/nowhere/jwks.json",
    "RAPPORT_HTTP__PORT": "0",
    "RAPPORT_OPS__PORT": "0",
}


class Tiny:
    """The process, its lines as they come, and where it listens."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.lines: list[dict[str, Any]] = []

    async def listening(self) -> list[str]:
        """The addresses of its two servers, in the order in which they started."""
        while ((found := self._addresses()) and len(found) < 2) or not found:
            assert self._process.stdout is not None
            line = await self._process.stdout.readline()
            assert line, await self._errors()
            self.lines.append(json.loads(line))
        return found

    async def said(self, event: str, times: int) -> None:
        """Returns when that line was written so often."""
        assert self._process.stdout is not None
        while len(self.logged(event)) < times:
            self.lines.append(json.loads(await self._process.stdout.readline()))

    async def end(self) -> int:
        """Its exit status; all its lines are read."""
        out, _ = await self._process.communicate()
        self.lines += [json.loads(line) for line in out.splitlines()]
        assert self._process.returncode is not None
        return self._process.returncode

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def logged(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == event]

    def _addresses(self) -> list[str]:
        return [f"http://{line['host']}:{line['port']}" for line in self.logged("listening")]

    async def _errors(self) -> str:
        assert self._process.stderr is not None
        return (await self._process.stderr.read()).decode()


@asynccontextmanager
async def tiny(role: str, **changes: str) -> AsyncIterator[Tiny]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **ENVIRONMENT, **changes}
    arguments = ["-m", "tests.integration.http.tiny", role]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=ROOT, env=environment, stdout=PIPE, stderr=PIPE
    )
    try:
        yield Tiny(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_a_process_drains_what_was_begun_and_ends_well() -> None:
    async with tiny("api") as process:
        api, ops = await process.listening()
        async with httpx2.AsyncClient() as client, client.stream("GET", f"{api}/live") as stream:
            lines = stream.aiter_lines()
            assert await anext(lines) == "event: hello"
            slow = asyncio.create_task(client.get(f"{api}/slow"))
            assert (await client.get(f"{ops}/readyz")).status_code == 200
            process.send(signal.SIGTERM)
            assert "event: bye" in [line async for line in lines]
            assert (await slow).json() == "done"
        assert await process.end() == 0
    assert process.logged("stopped")[0]["well"] is True


async def test_a_part_that_fails_ends_the_process_and_the_log_says_which() -> None:
    async with tiny("api", RAPPORT_TROUBLE="fails") as process:
        assert await process.end() == 1
    [line] = process.logged("a part failed")
    assert (line["part"], line["error"]) == ("waiter", ["ValueError"])


async def test_a_part_that_never_ends_is_cut_off_at_the_deadline() -> None:
    async with tiny("api", RAPPORT_TROUBLE="never ends", RAPPORT_DRAIN_SECONDS="0.5") as process:
        await process.listening()
        process.send(signal.SIGINT)
        assert await process.end() == 1
    assert process.logged("a part was not drained in time")[0]["part"] == "waiter"


async def test_a_second_signal_ends_it_at_once() -> None:
    async with tiny("api", RAPPORT_TROUBLE="never ends", RAPPORT_DRAIN_SECONDS="60") as process:
        _, ops = await process.listening()
        process.send(signal.SIGTERM)
        async with httpx2.AsyncClient() as client:
            while (await client.get(f"{ops}/readyz")).status_code != 503:
                pass
        process.send(signal.SIGTERM)
        assert await process.end() == 128 + signal.SIGTERM


async def test_what_cannot_start_says_why() -> None:
    async with tiny(
        "worker", RAPPORT_TROUBLE="cannot start", RAPPORT_START_SECONDS="0.2"
    ) as process:
        assert await process.end() == 1
    assert process.logged("ended by a failure")[0]["error"] == ["Unavailable: database: away"]


async def test_a_command_that_fails_says_why_in_one_line() -> None:
    async with tiny("rebase") as process:
        out, errors = await process._process.communicate()
    assert (process._process.returncode, out) == (1, b"")
    (line,) = errors.decode().splitlines()
    assert line.startswith("database: ")


async def test_a_port_that_is_taken_is_said() -> None:
    async with tiny("api") as first:
        api, _ = await first.listening()
        async with tiny("api", RAPPORT_HTTP__PORT=api.rpartition(":")[2]) as second:
            assert await second.end() == 1
        first.send(signal.SIGTERM)
        assert await first.end() == 0
    assert "in use" in second.logged("ended by a failure")[0]["reason"]


async def test_check_names_everything_that_is_away_and_no_secret() -> None:
    async with tiny("check") as process:
        out, errors = await process._process.communicate()
    assert process._process.returncode == 1
    table = dict(line.split(maxsplit=1) for line in out.decode().splitlines())
    assert table["settings"] == "ok"
    assert table["database"] == table["broker"] == "refused by 127.0.0.1:1"
    assert table["issuer"].startswith("the issuer's keys cannot be read")
    assert b"s3cret" not in out + errors


async def test_missing_settings_are_said_before_anything_starts() -> None:
    async with tiny("api", RAPPORT_AUTH__ISSUER="", RAPPORT_HTTP__PORT="x") as process:
        _, errors = await process._process.communicate()
    assert process._process.returncode == 2
    assert b"RAPPORT_HTTP__PORT: " in errors


@pytest.mark.parametrize("role", ["", "serve"])
async def test_an_unknown_role_is_refused(role: str) -> None:
    async with tiny(role) as process:
        assert await process.end() == 2


async def test_a_signal_brings_every_detail_into_the_log_and_the_next_takes_it_out() -> None:
    async with tiny("api") as process:
        await process.listening()
        for times in (1, 2):
            process.send(signal.SIGUSR1)
            await process.said("log level", times)
        process.send(signal.SIGTERM)
        assert await process.end() == 0
    assert [line["now"] for line in process.logged("log level")] == ["DEBUG", "INFO"]


async def test_what_is_away_at_the_start_is_waited_for() -> None:
    async with tiny("api", RAPPORT_TROUBLE="starts late") as process:
        await process.listening()
        process.send(signal.SIGTERM)
        assert await process.end() == 0
    [begun] = process.logged("an outage begins")
    assert (begun["of"], begun["part"]) == ("database", "start")
    assert len(process.logged("an outage is over")) == 1
