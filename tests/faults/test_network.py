"""A network that is slow, that cuts, and that is silent: between intake and each part it needs."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from deploy.local.platform import API, WORKER
from tests.faults.ground import Ground
from tests.faults.test_outages import is_ready, is_unready, nobody_restarts
from tests.support.eventually import eventually
from tests.support.proxy import Proxy

pytestmark = pytest.mark.long


def around(ground: Ground) -> dict[str, Proxy]:
    """What lies between intake and database, broker and mail provider."""
    return {
        "database": ground.databases["intake"],
        "broker": ground.broker,
        "mail": ground.mail,
    }


@contextmanager
def all_slow(ground: Ground, seconds: float) -> Iterator[None]:
    with ExitStack() as slowed:
        for proxy in around(ground).values():
            slowed.enter_context(proxy.slow(seconds))
        yield


async def test_a_slow_network_only_takes_longer(durable: Ground) -> None:
    ground = durable
    async with ground.through_proxies("intake", API, WORKER):
        before = ground.memory.deferred.total()
        with all_slow(ground, 0.05):
            async with nobody_restarts(ground), ground.under_load():
                await ground.more_are_taken(40)
        assert ground.memory.deferred.total() == before


async def test_connections_that_are_cut_are_made_again(durable: Ground) -> None:
    ground, cut = durable, Counter[str]()
    async with ground.through_proxies("intake", API, WORKER):
        async with nobody_restarts(ground), ground.under_load():
            for _ in range(4):
                await ground.more_are_taken(20)
                with ground.mail.silent():  # whoever hands over a mail now is still there to be cut
                    await eventually(lambda: ground.mail.lines > 0, within=30)
                    cut += Counter({part: proxy.cut() for part, proxy in around(ground).items()})
        await is_ready(ground, "intake", WORKER)
    assert all(cut[part] >= 4 for part in around(ground)), cut


async def test_silence_is_noticed_and_heals(durable: Ground) -> None:
    ground, memory = durable, durable.memory
    async with ground.through_proxies("intake", API, WORKER), nobody_restarts(ground):
        async with ground.under_load():
            with ground.mail.silent():
                await ground.more_are_taken(20)
            with ground.broker.silent():
                await is_unready(ground, "intake", WORKER, "broker")
                assert await ground.readiness("intake", API) == {}
            before = memory.deferred.copy()
            with ground.databases["intake"].silent():
                await is_unready(ground, "intake", API, "database")
                await eventually(lambda: (memory.deferred - before)["503"] > 0, within=40)
        await is_ready(ground, "intake", WORKER)
        await is_ready(ground, "intake", API)
