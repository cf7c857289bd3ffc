"""What a cluster does to us every week, done on purpose, one thing after another, while customers call.

The tests are run in the order in which they stand here: `make k8s-drill`.
"""

import asyncio
import time

import asyncpg
import pytest
import yaml

from deploy.k8s.local.platform import HERE, MAIL_PORT, Platform, of_kind
from deploy.local.demo.__main__ import Demo
from deploy.local.evidence import gather
from deploy.local.failure import LaunchFailure
from deploy.local.invariants import judge
from deploy.local.people.mailboxes import Mailboxes
from deploy.local.quiet import wait_until_quiet
from tests.cluster.callers import Callers
from tests.cluster.conftest import Note
from tests.cluster.costs import stored_by, used
from tests.cluster.following import followed
from tests.cluster.pushing import busy, publish_many
from tests.cluster.watching import (
    evict,
    is_ready,
    leads,
    name_of,
    pods,
    primary,
    reaches,
    replicas,
    within,
    writes,
)
from tests.cluster.zones import fake_zones, zones_of
from tests.support.eventually import eventually

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

DEMO_SECONDS, DEMO_EVERY, RESTING_SECONDS = 120, 0.3, 60
DRAIN = ("--ignore-daemonsets", "--delete-emptydir-data")
PARTS = ("relay", "consumers", "jobs", "delivery")


class StaysUp:
    """The platform for somebody who stops it at the end: here others need it afterwards."""

    def __init__(self, platform: Platform) -> None:
        self.issuer, self.addresses = platform.issuer, platform.addresses

    def stop(self) -> None:
        """Nothing."""


async def until_known_to_analytics(platform: Platform, callers: Callers) -> float:
    """Seconds until a contact that is accepted from now on has come to the last of the services."""
    before, began = set(callers.accepted), time.monotonic()
    connection = await asyncpg.connect(platform.addresses.dsn["analytics"])
    try:
        await eventually(
            lambda: _known(connection, callers.accepted - before), within=120, every=0.1
        )
    finally:
        await connection.close()
    return round(time.monotonic() - began, 1)


async def count_contacts(platform: Platform) -> int:
    """How many there are."""
    connection = await asyncpg.connect(platform.addresses.dsn["intake"])
    try:
        return int(await connection.fetchval("select count(*) from contact"))
    finally:
        await connection.close()


async def _known(connection: asyncpg.Connection, contacts: set[str]) -> bool:
    found = "select exists (select from fact where contact_id = any($1::uuid[]))"
    return bool(await connection.fetchval(found, list(contacts)))


def test_every_pod_is_ready_and_none_was_restarted(platform: Platform, note: Note) -> None:
    processes = [each for each in pods(platform) if each["status"]["phase"] != "Succeeded"]
    note("pods", len(processes))
    statuses = [status for each in processes for status in each["status"]["containerStatuses"]]
    assert [name_of(each) for each in processes if not is_ready(each)] == []
    assert [each["name"] for each in statuses if each["restartCount"]] == []


async def test_the_demonstration_holds_every_rule_and_says_what_a_contact_costs(
    platform: Platform, note: Note
) -> None:
    mailboxes = Mailboxes(MAIL_PORT)
    await mailboxes.start()
    began, before, contacts = time.monotonic(), used(platform), await count_contacts(platform)
    stored = await stored_by(platform)
    try:
        demo = Demo(StaysUp(platform), mailboxes, DEMO_SECONDS, every=DEMO_EVERY)
        assert await demo.run(asyncio.Event())
    finally:
        await mailboxes.stop()
        platform.keep_mail()
    after, took = used(platform), time.monotonic() - began
    came = await count_contacts(platform) - contacts
    grown = {name: size - stored[name] for name, size in (await stored_by(platform)).items()}
    await asyncio.sleep(RESTING_SECONDS)
    idle = {name: each / RESTING_SECONDS for name, each in used(platform).since(after).items()}
    costs = {name: each - idle.get(name, 0) * took for name, each in after.since(before).items()}
    note("contacts", came)
    note("contacts_a_second", round(came / DEMO_SECONDS, 1))
    note("idle_cores", {name: round(each, 4) for name, each in idle.items()})
    note("cpu_ms_per_contact", {name: round(1e3 * each / came) for name, each in costs.items()})
    note("memory_mib", after.memory)
    note("bytes_per_contact", {name: round(each / came) for name, each in grown.items()})


def test_the_next_release_comes_and_no_request_fails(
    platform: Platform, callers: Callers, note: Note
) -> None:
    began = time.monotonic()
    done = followed("docs/operate/upgrade.md")
    assert done.returncode == 0, done.stdout[-2_000:]
    note("upgrade_seconds", round(time.monotonic() - began, 1))
    note("upgrade_calls", callers.calls)
    assert callers.failures == []
    images = {each["spec"]["containers"][0]["image"] for each in pods(platform)}
    assert images == {f"localhost/rapport:{HERE}"}


def test_a_release_that_does_not_start_takes_nothing_away_and_is_rolled_back(
    platform: Platform, callers: Callers
) -> None:
    broken = "RAPPORT_HTTP__PORT=none"
    platform.kubectl("set", "env", "deployment/intake-api", broken)
    with pytest.raises(LaunchFailure, match="timed out"):
        platform.kubectl("rollout", "status", "deployment/intake-api", "--timeout=20s")
    platform.kubectl("rollout", "undo", "deployment/intake-api")
    platform.wait_for_rollout()
    assert callers.failures == []


@pytest.mark.parametrize("part", PARTS)
def test_a_pod_of_each_part_dies_and_its_twin_goes_on(
    platform: Platform, callers: Callers, note: Note, part: str
) -> None:
    for pod in pods(platform, service="intake", part=part)[:1]:
        platform.kubectl("delete", "pod", name_of(pod), "--grace-period=0", "--force")
    note(f"after_{part}_died_seconds", asyncio.run(until_known_to_analytics(platform, callers)))
    assert callers.failures == []
    platform.wait_for_rollout()


def test_whoever_publishes_dies_and_the_standby_takes_over(
    platform: Platform, callers: Callers, note: Note
) -> None:
    for pod in pods(platform, part="relay"):
        if leads(platform, name_of(pod)):
            platform.kubectl("delete", "pod", name_of(pod), "--grace-period=0", "--force")
    note("relay_takeover_seconds", asyncio.run(until_known_to_analytics(platform, callers)))
    assert callers.failures == []
    platform.wait_for_rollout()


def test_an_api_dies_and_what_failed_is_accepted_when_it_is_sent_again(
    platform: Platform, callers: Callers, note: Note
) -> None:
    [pod, *_] = pods(platform, service="intake", part="api")
    platform.kubectl("delete", "pod", name_of(pod), "--grace-period=0", "--force")
    platform.wait_for_rollout()
    note("api_died_failed_calls", len(callers.failures))
    asyncio.run(until_known_to_analytics(platform, callers))


def test_a_database_fails_over_and_what_was_accepted_is_there(
    platform: Platform, callers: Callers, note: Note
) -> None:
    before = len(callers.accepted)
    platform.kubectl(
        "delete", "pod", primary(platform, "intake-database"), "--grace-period=0", "--force"
    )
    note("database_failover_seconds", asyncio.run(until_known_to_analytics(platform, callers)))
    times = [failure.at for failure in callers.failures]
    note("database_failed_seconds", round(max(times) - min(times), 1) if times else 0)
    within(60, lambda: len(callers.accepted) > before + 20, "contacts are accepted again")


def test_consumers_are_scaled_by_what_waits_for_them_and_back(
    platform: Platform, callers: Callers, note: Note
) -> None:
    within(240, lambda: replicas(platform, "intake-consumers") == 1, "one, as long as few come")
    asyncio.run(publish_many(platform.addresses.bootstrap))
    up = within(120, lambda: replicas(platform, "intake-consumers") > 1, "more")
    note("keda_up_seconds", up)
    down = within(240, lambda: replicas(platform, "intake-consumers") == 1, "fewer")
    note("keda_down_seconds", down)
    assert callers.failures == []


def test_the_page_on_scaling_can_be_typed(platform: Platform) -> None:
    done = followed("docs/operate/scale.md")
    assert done.returncode == 0, done.stdout[-2_000:]
    assert "intake-consumers" in done.stdout


def test_an_api_is_scaled_by_its_processor_time(platform: Platform, note: Note) -> None:
    began = replicas(platform, "analytics-api")
    with busy(platform.addresses.api["analytics"]):
        took = within(120, lambda: replicas(platform, "analytics-api") > began, "more apis")
    note("hpa_up_seconds", took)


def test_of_two_pods_one_at_a_time_may_be_evicted(platform: Platform) -> None:
    first, second = (name_of(pod) for pod in pods(platform, service="followup", part="relay"))
    evict(platform, first)
    with pytest.raises(LaunchFailure, match="would violate the pod's disruption budget"):
        evict(platform, second)
    platform.wait_for_rollout()


def test_pods_are_spread_over_zones_and_a_zone_can_be_drained(
    platform: Platform, note: Note
) -> None:
    with fake_zones(platform, "zone-b", "zone-c"):
        assert zones_of(platform) == {"zone-b": 2, "zone-c": 2}
        began = time.monotonic()
        platform.cluster.kubectl("drain", "zone-b", *DRAIN, "--timeout=60s")
        note("zone_drained_seconds", round(time.monotonic() - began, 1))
        within(60, lambda: zones_of(platform) == {"zone-c": 4}, "all in the other zone")


def test_the_network_carries_what_the_page_names_and_nothing_else(platform: Platform) -> None:
    [pod, *_] = pods(platform, service="routing", part="relay")
    ours, others = ("routing-database-rw", 5432), ("intake-database-rw", 5432)
    assert reaches(platform, name_of(pod), *ours)
    assert not reaches(platform, name_of(pod), *others)
    assert not reaches(platform, name_of(pod), "intake-api", 80)
    platform.kubectl("delete", "networkpolicy", "--all")
    within(60, lambda: reaches(platform, name_of(pod), *others), "what the policies forbade")
    platform.apply(platform.manifests(HERE))
    within(
        60, lambda: not reaches(platform, name_of(pod), *others), "that the policies count again"
    )


def test_a_pod_that_may_more_than_ours_is_refused(platform: Platform) -> None:
    [job, *_] = of_kind(platform.manifests(HERE), "Job")
    spec = job["spec"]["template"]["spec"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "privileged"}, "spec": spec}
    tried = ("apply", "--dry-run=server", "-n", "rapport", "-f", "-")
    platform.cluster.kubectl(*tried, text=yaml.safe_dump(pod))
    spec["containers"][0]["securityContext"] |= {
        "privileged": True,
        "allowPrivilegeEscalation": True,
    }
    with pytest.raises(LaunchFailure, match="violates PodSecurity"):
        platform.cluster.kubectl(*tried, text=yaml.safe_dump(pod))


def test_the_broker_lets_nobody_write_what_is_not_theirs(platform: Platform) -> None:
    [pod, *_] = pods(platform, service="analytics", part="relay")
    assert not writes(platform, name_of(pod), "rapport.contacts")
    assert writes(platform, name_of(pod), "rapport.analytics.dead-letters")


def test_in_the_end_everything_that_was_accepted_is_everywhere_once(
    platform: Platform, accepted: set[str]
) -> None:
    asyncio.run(wait_until_quiet(platform.addresses, within=180))
    evidence = asyncio.run(gather(platform.addresses))
    assert judge(evidence) == []
    assert accepted <= evidence.column("intake", "contacts", "contact_id")
