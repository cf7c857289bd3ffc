"""Poison on the running platform: put aside once, with reason and origin, while the others go on."""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.instance import ROOT
from deploy.local.platform import WORKER
from shared.contracts.cloudevents import Outgoing
from shared.contracts.event import type_of
from shared.contracts.topics import INBOX, QUEUES
from shared.kernel.ids import new_id
from shared.messaging.kafka import Message, read_all
from tests.faults.ground import Ground
from tests.faults.load import SHOP, event_of
from tests.support.eventually import eventually
from tests.support.kafka import binary, message, publish
from tests.unit.intake import builders

LETTERS = "rapport.intake.dead-letters"
PAUSABLE = "rapport.intake.queues"
LIMIT = 100
"""Dead letters in a minute; more are not put aside."""
SECONDS = 60.0
REFUSE = """
create function refuse() returns trigger language plpgsql as $$
begin raise exception 'not this one'; end $$;
create trigger refuse before insert on message for each row
  when (new.subject = '{subject}') execute function refuse()
"""
SLOW = """
create function slow() returns trigger language plpgsql as $$
begin perform pg_sleep(600); return new; end $$;
create trigger slow before insert on message for each row
  when (new.subject = '{subject}') execute function slow()
"""
ALLOW = "drop trigger refuse on message; drop function refuse()"


def poisons(key: bytes, event: Outgoing) -> dict[str, Message]:
    """All on one partition. Each is known by its id, or by its value where it has none."""
    _, value, headers = binary(message(event, source=SHOP))
    assert value is not None

    def poison(content: bytes = value, **changes: str) -> Message:
        changed = {name: text.encode() for name, text in changes.items()}
        kept = dict(headers) | {"ce_id": str(uuid4()).encode()} | changed
        return Message(key, content, list(kept.items()))

    return {
        "bad JSON": poison(b"{"),
        "wrong schema": poison(b'{"reference": 7}'),
        "unknown version": poison(ce_type=f"{type_of(event.data)}99"),
        "missing headers": Message(key, value, []),
        "900 KiB": poison(b'{"reference": "' + b"x" * 900 * 1024),
        "bad UTF-8": poison(value.replace(b"twice", b"\xff\xfe")),
    }


def a_queue(queue_id: str) -> Outgoing:
    """A queue as routing publishes it, which intake alone consumes; no contact of a drill is about it."""
    return Outgoing(builders.a_queue(queue_id, "twice"))


async def letters(ground: Ground) -> list[dict[str, Any]]:
    """What the operators' command lists."""
    status, output = await command(ground, "list", "--json", "--limit", "1000")
    assert status == 0, output
    return [json.loads(line) for line in output.splitlines()]


async def command(ground: Ground, *argv: str) -> tuple[int, str]:
    """Run `python -m services.intake dead-letters …`; its status and its output."""
    env = ground.surroundings("intake", WORKER)
    program = [sys.executable, "-m", "services.intake", "dead-letters", *argv]
    done = await asyncio.to_thread(
        subprocess.run, program, env=env, cwd=ROOT, capture_output=True, check=False
    )
    return done.returncode, done.stdout.decode()


async def test_each_poison_is_put_aside_once_and_its_partition_moves_on(ground: Ground) -> None:
    key = new_id().hex.encode()
    before, listed_before = len(await read_all(ground.kafka, LETTERS)), len(await letters(ground))
    last = f"n{new_id().hex}"
    poison = poisons(key, a_queue(last))
    good = message(a_queue(last), source=SHOP)._replace(key=key)
    await publish(ground.kafka, QUEUES.name, *poison.values(), good)

    async def put_aside() -> None:
        found = (await read_all(ground.kafka, LETTERS))[before:]
        values = Counter((letter.value, dict(letter.headers).get("ce_id")) for letter in found)
        assert values == Counter(
            (each.value, dict(each.headers).get("ce_id")) for each in poison.values()
        )

    await eventually(put_aside, within=SECONDS, every=0.5)
    ground.spoilt += len(poison)
    await eventually(lambda: is_known(ground, last), within=SECONDS)
    listed = (await letters(ground))[listed_before:]
    assert {letter["reason"] for letter in listed} == {"invalid"}
    assert len({letter["origin"] for letter in listed}) == len(poison)
    assert all(letter["origin"].startswith(f"{QUEUES.name}/") for letter in listed)
    assert all(letter["detail"] for letter in listed)
    assert await ground.readiness("intake", WORKER) == {}


async def test_what_strangers_get_wrong_is_put_aside_alone_however_much_it_is(
    ground: Ground,
) -> None:
    key, last = new_id().hex.encode(), f"n{new_id().hex}"
    before = len(await read_all(ground.kafka, LETTERS))
    every = list(poisons(key, event_of("poison")).values())
    every += [poisons(key, event_of("poison"))["bad JSON"] for _ in range(LIMIT + 30)]
    good = message(event_of(last), source=SHOP)._replace(key=key)
    await publish(ground.kafka, INBOX.name, *every, good)
    ground.memory.remember(last, "api")
    await eventually(lambda: is_stored(ground, last), within=SECONDS)
    async with ground.connected("intake") as hand:
        kept = await hand.fetch(
            "select content, reason from quarantine where reason like 'invalid%'"
        )
    assert Counter(row["content"] for row in kept) == Counter(each.value for each in every)
    assert len(await read_all(ground.kafka, LETTERS)) == before
    assert ground.process("intake", WORKER).alive()
    assert await ground.readiness("intake", WORKER) == {}


async def test_a_dead_letter_is_replayed_by_command_when_its_cause_is_gone(ground: Ground) -> None:
    subject = f"n{new_id().hex}"
    before = len(await read_all(ground.kafka, LETTERS))
    async with ground.connected("intake") as hand:
        await hand.execute(REFUSE.format(subject=subject))
        await publish(ground.kafka, INBOX.name, message(event_of(subject), source=SHOP))

        async def put_aside() -> None:
            assert len(await read_all(ground.kafka, LETTERS)) == before + 1

        await eventually(put_aside, within=SECONDS, every=0.5)
        await hand.execute(ALLOW)
    ground.spoilt += 1
    letter = (await letters(ground))[-1]
    assert (letter["reason"], letter["replays"]) == ("unknown", 0)
    assert await command(ground, "replay", "--offset", str(letter["offset"])) == (0, "1 replayed\n")
    await eventually(lambda: is_stored(ground, subject), within=SECONDS)
    ground.memory.remember(subject, "api")


async def test_beyond_the_limit_the_group_pauses_alone_until_an_operator_resumes_it(
    ground: Ground,
) -> None:
    count, key, last = LIMIT + 30, new_id().hex.encode(), f"n{new_id().hex}"
    before = await put_aside_by(ground)
    torn = [poisons(key, a_queue("poison"))["bad JSON"] for _ in range(count)]
    good = message(a_queue(last), source=SHOP)._replace(key=key)
    await publish(ground.kafka, QUEUES.name, *torn, good)
    await eventually(lambda: is_paused(ground), within=SECONDS)
    aside = await put_aside_by(ground)
    assert before < aside <= before + LIMIT
    ground.spoilt += count
    await ground.take(3)  # mail, web and the inbox are served, and what they made is published
    await ground.restart("intake", WORKER, ready=False)
    await eventually(lambda: is_paused(ground), within=SECONDS)
    assert await put_aside_by(ground) == aside
    status, said = await command(ground, "resume", PAUSABLE)
    assert (status, said) == (0, f"resumed {PAUSABLE}\n")

    async def all_put_aside() -> None:
        assert await put_aside_by(ground) == before + count
        assert await ground.readiness("intake", WORKER) == {}

    await eventually(all_put_aside, within=SECONDS)
    await eventually(lambda: is_known(ground, last), within=SECONDS)


@pytest.mark.long
async def test_an_event_that_always_takes_too_long_is_put_aside_and_holds_nobody_back(
    ground: Ground,
) -> None:
    key, slow = new_id().hex.encode(), f"n{new_id().hex}"
    others = [f"n{new_id().hex}" for _ in range(5)]
    before = await put_aside_by(ground)
    async with ground.connected("intake") as hand:
        await hand.execute(SLOW.format(subject=slow))
        subjects = [*others[:2], slow, *others[2:]]
        records = [message(event_of(each), source=SHOP)._replace(key=key) for each in subjects]
        await publish(ground.kafka, INBOX.name, *records)
        for subject in others:
            await eventually(partial(is_stored, ground, subject), within=2 * SECONDS)
            ground.memory.remember(subject, "api")

        async def put_aside() -> None:
            assert await put_aside_by(ground) == before + 1

        await eventually(put_aside, within=2 * SECONDS, every=0.5)
        await hand.execute("drop trigger slow on message; drop function slow()")
    ground.spoilt += 1
    assert (await letters(ground))[-1]["reason"] == "cancelled"
    assert await ground.readiness("intake", WORKER) == {}


async def is_paused(ground: Ground) -> None:
    """That subscription, and nothing else of the worker."""
    wrong = await ground.readiness("intake", WORKER)
    assert wrong.keys() == {"consumer.queues"}, wrong
    assert wrong["consumer.queues"].startswith("paused: "), wrong
    paused = await ground.metric("intake", WORKER, "rapport_consumer_paused", group=PAUSABLE)
    assert paused == 1


async def put_aside_by(ground: Ground) -> int:
    """How many dead letters intake has written so far."""
    query = "select count(*) from outbox where topic = $1"
    return int(await ground.value("intake", query, LETTERS))


async def is_known(ground: Ground, queue_id: str) -> None:
    found = await ground.value("intake", "select count(*) from queue where queue_id = $1", queue_id)
    assert found == 1, f"{queue_id} is known {found} times"


async def is_stored(ground: Ground, subject: str) -> None:
    found = await ground.value("intake", "select count(*) from message where subject = $1", subject)
    assert found == 1, f"{subject} is stored {found} times"
