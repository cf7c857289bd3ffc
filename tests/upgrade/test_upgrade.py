"""An upgrade while everybody works, and back, and forward again: nothing is lost, nothing doubled.

The old code is that of the release named last in RELEASES, or of the commit in FROM_RELEASE.
"""

import asyncio
import gc
from collections.abc import Iterator, Sequence
from functools import partial

import pytest

from deploy.local.parts import LocalParts
from deploy.local.platform import API, SERVICES, WORKER
from deploy.local.processes import tail
from tests.conftest import BROKER
from tests.faults.conftest import SOCKETS
from tests.faults.ground import Ground, a_ground
from tests.support.parts import a_home
from tests.upgrade.platform import UpgradedPlatform
from tests.upgrade.release import Code, code_of, commit_to_upgrade_from

SECONDS = 1200
BETWEEN = 5
"""Customers who come between two replacements, so that each mixture of old and new has work."""
UPGRADE = [(service, role) for role in (WORKER, API) for service in reversed(SERVICES)]
"""As docs/upgrade.md has it: whoever reads events before whoever writes them."""


@pytest.fixture
def old() -> Iterator[Code]:
    with code_of(commit_to_upgrade_from()) as code:
        yield code


@pytest.fixture
def ground(old: Code, pytestconfig: pytest.Config) -> Iterator[Ground]:
    """The platform of the old release, on databases and topics that no other has seen."""
    with a_home("upgrade") as home:
        parts = LocalParts(home, fresh=True)
        pytestconfig.stash[BROKER] = parts.broker.name
        with a_ground(parts, partial(UpgradedPlatform, code=old)) as ground:
            yield ground
    gc.collect()


@pytest.mark.long
@pytest.mark.timeout(SECONDS)
@pytest.mark.filterwarnings(SOCKETS)
async def test_upgrade_rollback_and_upgrade_under_load_lose_nothing_and_double_nothing(
    ground: Ground, old: Code
) -> None:
    platform, new = ground.platform, Code()
    assert isinstance(platform, UpgradedPlatform)
    async with ground.under_load():
        await ground.more_are_taken(BETWEEN)
        platform.code = new
        await asyncio.to_thread(platform.prepare)
        for code, order in ((new, UPGRADE), (old, UPGRADE[::-1]), (new, UPGRADE)):
            platform.code = code
            await everything_is_replaced(ground, order)
        await ground.more_are_taken(BETWEEN)
    nobody_ended(ground)
    await ground.judged()


async def everything_is_replaced(ground: Ground, order: Sequence[tuple[str, str]]) -> None:
    """Each process, one after another, while customers are taken."""
    for service, role in order:
        await ground.more_are_taken(BETWEEN)
        nobody_ended(ground)
        await ground.restart(service, role)


def nobody_ended(ground: Ground) -> None:
    """Every process lives that was not replaced. AssertionError otherwise."""
    ended = [child for child in ground.platform.running.values() if not child.alive()]
    assert not ended, "\n".join(f"{child.name} ended by itself. {tail(child)}" for child in ended)
