"""Evidence is of one moment: of a platform that speaks while it is read, it is read again."""

import pytest

from deploy.local import evidence
from deploy.local.platform import Addresses

NOWHERE = Addresses(api={}, ops={}, smtp=("", 0), bootstrap="", dsn={})


def rows(said: int, unsaid: int = 0) -> evidence.Rows:
    return {
        ("routing", "said"): tuple({"event_id": number} for number in range(said)),
        ("routing", "unsaid"): ({"n": unsaid},),
    }


@pytest.mark.parametrize(
    ("looks", "readings"),
    [
        ([rows(1), rows(1)], 1),
        ([rows(1), rows(2), rows(2)], 2),
        ([rows(1, unsaid=1), rows(1), rows(1)], 2),
        ([rows(number) for number in range(9)], evidence.READINGS),
    ],
    ids=["at rest", "said meanwhile", "not yet published", "never at rest"],
)
async def test_topics_are_read_until_nobody_spoke_meanwhile(
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
