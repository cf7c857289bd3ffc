"""Evidence is of one moment: it is read again if the platform publishes while it is read."""

import pytest

from deploy.local import evidence
from deploy.local.platform import Addresses

NOWHERE = Addresses(api={}, ops={}, smtp=("", 0), bootstrap="nowhere:9092", dsn={})


def rows(outbox: int, unpublished: int = 0) -> evidence.Rows:
    return {
        ("routing", "outbox"): tuple({"event_id": number} for number in range(outbox)),
        ("routing", "unpublished"): ({"n": unpublished},),
    }


@pytest.mark.parametrize(
    ("looks", "readings"),
    [
        ([rows(1), rows(1)], 1),
        ([rows(1), rows(2), rows(2)], 2),
        ([rows(1, unpublished=1), rows(1), rows(1)], 2),
        ([rows(number) for number in range(9)], evidence.READINGS),
    ],
    ids=["at rest", "published meanwhile", "not yet published", "never at rest"],
)
async def test_topics_are_read_until_nothing_is_published_meanwhile(
    monkeypatch: pytest.MonkeyPatch, looks: list[evidence.Rows], readings: int
) -> None:
    left, read = iter(looks), []

    async def look(_: Addresses) -> evidence.Rows:
        return next(left)

    async def records(*_: object) -> list[object]:
        read.append(1)
        return []

    monkeypatch.setattr(evidence, "_rows", look)
    monkeypatch.setattr(evidence, "_records", records)
    await evidence.gather(NOWHERE)
    assert len(read) == 2 * readings  # live topics, and dead letters
