"""The platform on the cluster, once per run, and callers who never pause while something is done to it."""

import asyncio
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta

import httpx2
import pytest

from deploy.k8s.local.images import make_images
from deploy.k8s.local.places import HOME, STATE
from deploy.k8s.local.platform import BEFORE, HERE, Platform, have_image
from deploy.k8s.local.programs import build
from deploy.local.centre import open_centre
from deploy.local.demo.centre import CENTRE
from deploy.local.instance import ROOT
from deploy.local.parts import say_plainly
from tests.cluster.callers import Callers
from tests.upgrade.release import code_of

FIGURES = HOME / "drill.json"
TTL = timedelta(days=1)
LONGEST = 3_000
"""Characters of a failure."""
Note = Callable[[str, object], None]


@pytest.fixture(scope="session")
def note() -> Iterator[Note]:
    """Writes a figure down, in `.local/k8s/drill.json`; all are printed at the end."""
    figures: dict[str, object] = {}

    def written(name: str, figure: object) -> None:
        figures[name] = figure
        FIGURES.write_text(json.dumps(figures, indent=2) + "\n")

    yield written
    say_plainly(json.dumps(figures, indent=2))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """What went wrong is told at once: it is long until the end, and the cluster is still there.

    What the pods had written by then is kept in `.local/k8s/failed`.
    """
    if report.failed:
        say_plainly(f"\n{report.nodeid}\n{report.longreprtext[-LONGEST:]}")
        kept = HOME / "failed" / report.nodeid.rpartition("::")[2]
        shutil.rmtree(kept, ignore_errors=True)
        with suppress(OSError):  # a pod may go meanwhile
            shutil.copytree(STATE / "log/pods", kept)


@pytest.fixture(scope="session")
def images() -> None:
    """Everything that runs, built: of these sources, and of the commit in `FROM_RELEASE`, else of the one before."""
    build(say_plainly)
    make_images(say_plainly)
    have_image(HERE, ROOT, say_plainly)
    with code_of(os.environ.get("FROM_RELEASE") or "HEAD~1") as before:
        have_image(BEFORE, before.tree, say_plainly)


@pytest.fixture(scope="module")
def empty(images: None) -> Iterator[Platform]:
    """A cluster without Rapport."""
    with Platform(say_plainly) as running:
        yield running


@pytest.fixture(scope="module")
def platform(empty: Platform) -> Platform:
    """All of it running, with the release before this one."""
    empty.release(BEFORE)
    empty.reached()
    asyncio.run(_open(empty))
    return empty


@pytest.fixture(scope="session")
def accepted() -> set[str]:
    """The contacts that were accepted from anybody, during the whole run."""
    return set()


@pytest.fixture
def callers(platform: Platform, accepted: set[str]) -> Iterator[Callers]:
    """Customers who call all the while."""
    token = platform.issuer.mint("callers", ["contacts.write"], TTL)
    with Callers(platform.addresses.api["intake"], token, accepted) as calling:
        yield calling


async def _open(platform: Platform) -> None:
    token = platform.issuer.mint("drill", ["routing.admin", "intake.admin"], TTL)
    headers, where = {"Authorization": f"Bearer {token}"}, platform.addresses.api
    async with (
        httpx2.AsyncClient(base_url=where["routing"], headers=headers, trust_env=False) as routing,
        httpx2.AsyncClient(base_url=where["intake"], headers=headers, trust_env=False) as intake,
    ):
        await open_centre(CENTRE, routing, intake)
