"""Replaying: the record of a dead letter is put back where it came from, for the service that asks."""

from collections.abc import Sequence

from shared.contracts.record import REPLAY_FOR, REPLAYS
from shared.contracts.topics import BY_NAME, dead_letters_of
from shared.messaging.dead_letters.letter import MARKS, ORIGIN, REPLAY_OF
from shared.messaging.dead_letters.listed import Letter, header
from shared.messaging.kafka import Message, Producer, partition_of
from shared.settings import KafkaSettings


async def replay(service: str, kafka: KafkaSettings, letters: Sequence[Letter]) -> int:
    """Put their records back, with the same key, value and event id, and note each; how many.

    What was left at its origin is there already, and passed over. Who dies between record and note
    leaves a letter that may be replayed once more, which has no second effect.
    """
    whole = [letter for letter in letters if not letter.listed.left]
    async with Producer(kafka) as producer:
        for letter in whole:
            origin = header(letter.record, ORIGIN)
            await _write(producer, origin.rsplit("/", 2)[0], _again(service, letter))
            note = Message(None, None, [(REPLAY_OF, origin.encode())])
            await _write(producer, dead_letters_of(service).name, note)
    return len(whole)


async def _write(producer: Producer, topic: str, message: Message) -> None:
    partition = partition_of(message.key or b"", await producer.partitions(topic))
    await producer.write(topic, partition, [message])


def _again(service: str, letter: Letter) -> Message:
    listed, record = letter
    ours = MARKS | {REPLAYS, REPLAY_FOR}
    kept = [(name, content) for name, content in record.headers if name not in ours]
    count = (REPLAYS, str(listed.replays + 1).encode())
    topic = listed.origin.rsplit("/", 2)[0]
    return Message(record.key, record.value, [*kept, count, *_addressee(service, topic)])


def _addressee(service: str, topic: str) -> list[tuple[str, bytes]]:
    """A compacted topic may keep this record alone of its key, so there it is for everybody."""
    card = BY_NAME.get(topic)
    compacted = card is not None and card.retention_hours is None
    return [] if compacted else [(REPLAY_FOR, service.encode())]
