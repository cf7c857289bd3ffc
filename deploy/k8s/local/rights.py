"""The rights of the broker's users, given as Strimzi's operator would: from the `KafkaUser`s of the manifests."""

import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from deploy.k8s.local.cluster import Cluster

Json = dict[str, Any]
TOOL = "/opt/java/bin/java -Xmx128m -XX:TieredStopAtLevel=1 -cp '/opt/kafka/*' org.apache.kafka.tools.AclCommand"
POD = "rapport-brokers-0"


def give_rights(cluster: Cluster, namespace: str, users: Iterable[Json]) -> None:
    """Give each user what it may do, and nothing else; afterwards a broker with an authorizer refuses the rest."""
    commands = [
        f"{TOOL} --bootstrap-server localhost:9095 {words}"
        for user in users
        for words in additions(user)
    ]
    where = ("exec", "-n", namespace, POD, "--", "/bin/sh", "-c")
    with ThreadPoolExecutor(2) as two:
        list(two.map(lambda command: cluster.kubectl(*where, command), commands))


def additions(user: Json) -> Iterator[str]:
    """The tool's arguments: one call for all resources that the user may do the same with."""
    alike: Mapping[tuple[str, ...], list[str]] = defaultdict(list)
    for acl in user["spec"]["authorization"]["acls"]:
        resource = acl["resource"]
        pattern = {"literal": "literal", "prefix": "prefixed"}[
            resource.get("patternType", "literal")
        ]
        named = f"--{resource['type']} {resource['name']}"
        alike[(pattern, *sorted(acl["operations"]))].append(named)
    for (pattern, *operations), resources in alike.items():
        may = " ".join(f"--operation {each}" for each in operations)
        who = shlex.quote(f"User:{user['metadata']['name']}")
        yield f"--add --allow-principal {who} {may} --resource-pattern-type {pattern} {' '.join(resources)}"
