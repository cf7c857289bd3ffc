"""Topics by command, on a real broker: created as planned, checked, and grown without breaking the order of a key."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest

from deploy.local.parts import LocalParts
from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event
from shared.contracts.followup import ResolutionConfirmed
from shared.contracts.topics import ANALYTICS, FOLLOWUPS, READERS, ROUTING, Topic
from shared.database.database import Database, Tx
from shared.kernel.errors import Conflict, Invalid
from shared.messaging.consumer.consumer import Consumer
from shared.messaging.consumer.subscription import Subscription
from shared.messaging.kafka_topics import create_topics, describe_topics, lag_of_groups
from shared.messaging.outbox.append import append
from shared.messaging.outbox.relay import Relay
from shared.messaging.topic_plan import planned
from shared.messaging.topics import grow as growing
from shared.messaging.topics.command import lacking
from shared.messaging.topics.grow import grow
from shared.runtime.command_line import asked
from shared.runtime.commands import COMMANDS
from shared.settings import KafkaSettings
from tests.conftest import OpenDatabase
from tests.support.eventually import eventually
from tests.support.kafka import SOURCE, confirmed, message, publish, running

ELSEWHERE = """
create function elsewhere() returns trigger language plpgsql as
  $$ begin new.topic = '{}'; return new; end $$;
create trigger elsewhere before insert on outbox for each row execute function elsewhere()
"""


class Settings:
    """Enough of a service's settings for the command."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self.kafka = kafka


@dataclass
class Readings:
    """What one group has consumed: for each contact the `seq` of its events in the order of their effect."""

    topic: Topic
    database: Database
    kafka: KafkaSettings
    seqs: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    places: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def consumer(self) -> Consumer:
        subscription = Subscription((self.topic,), frozenset({ResolutionConfirmed}), self._handle)
        return Consumer(self.topic.name, subscription, self.database, self.kafka)

    async def _handle(self, _: Tx, events: Sequence[Incoming[Event]]) -> Sequence[Outgoing]:
        for event in events:
            self.seqs[event.subject].append(event.seq or 0)
            self.places[event.subject].add(event.origin.partition)
        return []

    def until(self, last: int, contacts: Sequence[UUID]) -> Callable[[], bool]:
        return lambda: all(self.seqs[str(contact)][-1:] == [last] for contact in contacts)


def a_topic(*consumers: str, producers: tuple[str, ...] = (ROUTING,)) -> Topic:
    name = f"rapport.tests.t{uuid4().hex[:12]}"
    return Topic(
        name=name,
        key="any",
        producers=producers,
        consumers=consumers or (READERS,),
        description="",
        partitions=2,
    )


@pytest.fixture
async def topic(parts: LocalParts, broker: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> Topic:
    """A topic of two partitions that routing publishes."""
    if not parts.broker.idempotent:
        pytest.skip(f"{parts.broker.name} adds no partitions")
    return await known(a_topic(), broker, monkeypatch)


async def known(topic: Topic, broker: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> Topic:
    await create_topics(broker, [topic])
    monkeypatch.setattr(growing, "LIVE", (topic,))
    return topic


async def command(kafka: KafkaSettings, *argv: str) -> int:
    options = asked(ROUTING, ["topics", *argv])
    return await COMMANDS["topics"].run(ROUTING, Settings(kafka), options)


async def test_what_is_created_is_as_planned_and_what_exists_stays_as_it_is(
    broker: KafkaSettings,
) -> None:
    topic = a_topic()
    assert await create_topics(broker, [topic, FOLLOWUPS]) == [topic.name]
    assert await create_topics(broker, [topic]) == []
    plan = planned(topic, broker)
    found = (await describe_topics(broker, [topic.name, "rapport.nowhere"]))[topic.name]
    assert found[:3] == plan[:3]
    assert plan.configs.items() <= found.configs.items()


async def test_the_commands_print_the_plan_what_was_created_and_what_differs(
    broker: KafkaSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await command(broker) == 0
    assert "rapport.assignments" in capsys.readouterr().out
    assert await command(broker, "create") == 0
    assert capsys.readouterr().out == "All topics exist.\n"
    assert await command(broker, "check") == 0
    assert capsys.readouterr().out == "All topics are as planned, or better.\n"
    strict = broker.model_copy(update={"replication_factor": 3})
    assert await command(strict, "check") == 1
    said = capsys.readouterr().out.splitlines()
    assert "rapport.assignments has a partition with 1 of 3 replicas" in said


async def test_looking_for_a_topic_does_not_create_it(broker: KafkaSettings) -> None:
    assert await describe_topics(broker, ["rapport.nowhere"]) == {}
    assert await describe_topics(broker, ["rapport.nowhere"]) == {}
    assert await lacking(ROUTING, broker) == []


async def test_a_topic_grows_and_each_key_keeps_its_order(
    open_database: OpenDatabase, broker: KafkaSettings, topic: Topic
) -> None:
    writing, reading = await open_database("messaging"), await open_database("messaging")
    async with writing.connection() as connection:
        await connection.execute(ELSEWHERE.format(topic.name))
    contacts = [uuid4() for _ in range(20)]
    readings = Readings(topic, reading, broker)
    async with running(Relay(writing, broker)):
        async with running(readings.consumer()):
            await speak(writing, contacts)
            await eventually(readings.until(1, contacts), within=30)
        await speak(writing, contacts)
        await eventually(lambda: published(writing, 40), within=30)
        with pytest.raises(Conflict, match="a relay of routing publishes"):
            await grown(writing, broker, topic, 7)
    with pytest.raises(Conflict, match=rf"not all of {topic.name} is read: rapport.*\(20\)"):
        await grown(writing, broker, topic, 7)
    async with running(readings.consumer()):

        async def all_is_read() -> None:
            assert set((await lag_of_groups(broker, topic.name)).values()) == {0}

        await eventually(all_is_read, within=30)
        await grown(writing, broker, topic, 7)
    async with running(Relay(writing, broker), readings.consumer()):
        await speak(writing, contacts)
        await eventually(readings.until(3, contacts), within=40)
    assert dict(readings.seqs) == {str(contact): [1, 2, 3] for contact in contacts}
    assert any(len(places) > 1 for places in readings.places.values())
    assert (await describe_topics(broker, [topic.name]))[topic.name].partitions == 7


async def test_a_relay_that_would_begin_waits_until_the_topic_has_grown(
    open_database: OpenDatabase,
    broker: KafkaSettings,
    topic: Topic,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    database = await open_database("messaging")
    seen = []

    async def adding(*_: object) -> None:
        relay = Relay(database, broker)
        seen.append(await relay._lease.take())

    monkeypatch.setattr(growing, "add_partitions", adding)
    await grown(database, broker, topic, 7)
    assert seen == [False]


async def test_who_has_read_nothing_yet_holds_growth_back(
    open_database: OpenDatabase,
    broker: KafkaSettings,
    topic: Topic,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    database = await open_database("messaging")
    late = await known(a_topic(ANALYTICS), broker, monkeypatch)
    await publish(broker, late.name, message(confirmed()))
    with pytest.raises(Conflict, match="analytics consumed nothing of"):
        await grown(database, broker, late, 7)


async def test_other_publishers_have_to_be_stopped_by_the_operator(
    open_database: OpenDatabase,
    broker: KafkaSettings,
    topic: Topic,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    database = await open_database("messaging")
    shared = await known(a_topic(producers=(ROUTING, "followup")), broker, monkeypatch)
    with pytest.raises(Conflict, match="followup publish to"):
        await grown(database, broker, shared, 7)
    await grow(ROUTING, database, broker, shared.name, 7, others_stopped=True)
    assert (await describe_topics(broker, [shared.name]))[shared.name].partitions == 7


@pytest.mark.parametrize(("name", "partitions"), [("rapport.nowhere", 7), (None, 2)])
async def test_what_cannot_grow_is_refused(
    open_database: OpenDatabase,
    broker: KafkaSettings,
    topic: Topic,
    name: str | None,
    partitions: int,
) -> None:
    database = await open_database("messaging")
    with pytest.raises(Invalid):
        await grow(ROUTING, database, broker, name or topic.name, partitions, others_stopped=False)


async def grown(database: Database, broker: KafkaSettings, topic: Topic, partitions: int) -> None:
    await grow(ROUTING, database, broker, topic.name, partitions, others_stopped=False)


async def speak(database: Database, contacts: Sequence[UUID]) -> None:
    async with database.transaction() as tx:
        await append(tx, SOURCE, [Outgoing(confirmed(contact)) for contact in contacts])


async def published(database: Database, count: int) -> None:
    async with database.connection() as connection:
        found = await connection.fetchval("select sum(cardinality(positions)) from published")
    assert found == count
