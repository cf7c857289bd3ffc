"""The programs of docs/integrate/languages.md do what the page says, in every language of it."""

import json
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from shared.contracts.cloudevents import decode
from shared.contracts.external import ContactSubmitted, SubmittedPersonal
from shared.contracts.followup import ResolutionConfirmed, ResolutionRefuted, ResolutionUnrefuted
from shared.contracts.record import CONTENT_TYPE, Record, by_name, is_structured
from shared.contracts.topics import INBOX, INTAKE
from shared.contracts.values import Channel
from shared.messaging.consumer.processor import Processor
from shared.messaging.dead_letters.limit import DeadLetterLimit
from shared.messaging.kafka import Message, Producer, partition_of, read_all
from shared.messaging.topic_plan import planned
from shared.settings import KafkaSettings
from tests.conftest import OpenDatabase
from tests.integration.contracts.languages import Language, prepared, sections
from tests.integration.intake.place import Intake
from tests.support.clock import FakeClock
from tests.support.kafka import AT, Place, a_place, message, structured
from tests.support.packages import unreachable

pytestmark = pytest.mark.timeout(360)  # what is fetched and built for the first time takes minutes

NEED = {
    "source": "example/clinic",
    "key": "customer-77",
    "channel": "web",
    "address": "saraswathi.rao@example.in",
    "name": "సరస్వతి రావు",
    "subject": 'మిక్సర్ "<పని>" చేయడం లేదు',
    "text": "నమస్కారం.\nమిక్సర్ పని చేయడం లేదు – 'why'? \\ \U0001f600",
    "topic": "warranty",
    "language": "te",
}
Settled = ResolutionConfirmed | ResolutionRefuted | ResolutionUnrefuted
KINDS: tuple[type[Settled], ...] = (
    ResolutionConfirmed,
    ResolutionRefuted,
    ResolutionUnrefuted,
    ResolutionConfirmed,
)


@pytest.fixture(scope="module", params=sections())
def language(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Language:
    return prepared(request.param, tmp_path_factory.mktemp(request.param))


async def in_the_inbox(broker: KafkaSettings, reference: str) -> list[Record]:
    """The records that hold this reference."""
    records = await read_all(broker, INBOX.name)
    return [each for each in records if reference.encode() in (each.value or b"")]


def meant(reference: str) -> ContactSubmitted:
    """The contact of the options above."""
    personal = {name: NEED[name] for name in ("address", "name", "subject", "text")}
    return ContactSubmitted(
        reference=reference,
        channel=Channel(NEED["channel"]),
        topic=NEED["topic"],
        language=NEED["language"],
        personal=SubmittedPersonal(**personal),
    )


async def test_what_is_published_is_the_contact_that_was_meant_and_twice_is_once(
    language: Language,
    broker: KafkaSettings,
    open_database: OpenDatabase,
    clock: FakeClock,
) -> None:
    _needs_idempotence(language, broker)
    reference, key = str(uuid4()), NEED["key"].encode()
    for _ in range(2):
        said = language.publishes(broker, reference=reference, **NEED)
        assert (said.returncode, said.stdout) == (0, f"Published {reference}\n"), said.stderr
    records = await in_the_inbox(broker, reference)
    for record in records:
        incoming = decode(record)
        assert (incoming.source, incoming.data) == (NEED["source"], meant(reference))
        assert abs(incoming.time.timestamp() - record.timestamp / 1_000) < 60
        assert (record.key, record.partition) == (
            key,
            partition_of(key, planned(INBOX, broker).partitions),
        )
        assert is_structured(by_name(record.headers)[CONTENT_TYPE])
    intake = Intake(await open_database("intake"), clock)
    await _process(intake, records)
    assert await intake.accounts() == {"web": (2, 1, 0, 1)}


async def _process(intake: Intake, records: Sequence[Record]) -> None:
    (inbox,) = (each for each in intake.subscriptions() if each.name == "inbox")
    limit = DeadLetterLimit()
    await Processor(INTAKE, inbox, intake.database, intake.clock, limit).process(records)


async def test_what_is_read_counts_once_and_nothing_stops_the_reader(
    language: Language, broker: KafkaSettings
) -> None:
    _needs_a_group_at_once(language, broker)
    place, names = await a_place(broker), [uuid4() for _ in KINDS]
    await _fill(place, *names)
    topic = place.topic.name
    said = language.consumes(broker, topics=topic, group=str(uuid4()))
    assert said.returncode == 0, said.stderr
    *lines, last = said.stdout.splitlines()
    assert sorted(lines) == sorted(
        [
            f"rapport.resolution.confirmed.v1 {names[0]}",
            f"rapport.resolution.refuted.v1 {names[1]}",
            f"rapport.resolution.unrefuted.v1 {names[2]}",
            f"rapport.resolution.confirmed.v1 {names[3]}",
            f"rapport.moon.risen.v1 {names[0]}",
        ]
    )
    assert last == "Handled 5 events: 2 confirmed, 1 refuted, 1 unrefuted"
    noted = [line for line in said.stderr.splitlines() if line.startswith("no event at")]
    assert noted == [f"no event at {topic}[0]@{offset}" for offset in (2, 3, 4, 5)]


async def _fill(place: Place, *contacts: UUID) -> None:
    """Events, one of them three times, one of an unknown type, one with another's id; and no events."""
    assert place.kafka.compression == "zstd"
    one, two, three, four = map(_settled, contacts, KINDS)
    broken = [one._replace(value=value) for value in (b"no event", None, b"[1]", b'{"id": "1"}')]
    unknown = structured(one, type="rapport.moon.risen.v1", id=str(uuid4()))
    another = structured(four, id=json.loads(one.value or b"")["id"], source="rapport/elsewhere")
    async with Producer(place.kafka) as producer:
        await producer.write(place.topic.name, 0, [one, one, *broken, three])
        await producer.write(place.topic.name, 1, [two, unknown, another, one])


def _settled(contact: UUID, kind: type[Settled]) -> Message:
    """What became of a claimed resolution, as followup publishes it."""
    return message(kind(contact_id=contact, resolution_id=uuid4(), agent_id="bat", settled_at=AT))


def _needs_idempotence(language: Language, broker: KafkaSettings) -> None:
    if language.name == "JavaScript" and not broker.idempotent:
        pytest.skip("the embedded broker does not answer this client's idempotent producer")


def _needs_a_group_at_once(language: Language, broker: KafkaSettings) -> None:
    if language.name != "Python" and not broker.idempotent:
        pytest.skip("the embedded broker keeps new members of a group waiting, some for ever")


def test_an_unreachable_registry_is_distinguished_from_other_failures() -> None:
    assert unreachable("npm error code ENOTFOUND\nnpm error network request failed")
    assert unreachable("dial tcp: lookup proxy.example: no such host")
    assert not unreachable("npm error code EINTEGRITY")
    assert not unreachable("verifying module: checksum mismatch")
