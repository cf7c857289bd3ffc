"""The example for other publishers reaches a real broker."""

import asyncio
import sys
from pathlib import Path

from shared.contracts.cloudevents import decode
from shared.contracts.external import ContactSubmitted
from shared.contracts.topics import INBOX
from shared.kernel.ids import new_id
from shared.messaging.kafka import read_all
from shared.settings import KafkaSettings

SCRIPT = Path(__file__).parents[3] / "docs" / "examples" / "publish_contact.py"


async def test_a_published_contact_stands_in_the_inbox(broker: KafkaSettings) -> None:
    reference = str(new_id())
    words = ("--reference", reference, "--address", "bat@example.mn", "--text", "Сайн байна уу")
    script = await asyncio.create_subprocess_exec(
        sys.executable, str(SCRIPT), "--bootstrap", broker.bootstrap, *words
    )
    assert await script.wait() == 0
    ours = [
        decode(record)
        for record in await read_all(broker, INBOX.name)
        if reference.encode() in (record.value or b"")
    ]
    assert [type(event.data) for event in ours] == [ContactSubmitted]
