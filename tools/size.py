"""`docs/operate/size.md`: how much of everything a contact centre needs, from what one contact was measured to cost."""

import json
from collections.abc import Iterator, Mapping
from math import ceil
from pathlib import Path
from typing import Any

import yaml

from shared.contracts.topics import ALL, SERVICES
from shared.settings import HttpSettings, KafkaSettings, RetentionSettings

ROOT = Path(__file__).parents[1]
MEASURED = Path(__file__).with_name("measured.json")
PARTS = ROOT / "deploy/k8s/base/service"
CENTRES = (100, 1_000, 15_000)
SOLVED_PER_HOUR, BUSIEST, SHIFT_HOURS, DAYS = 6, 2, 8, 260
FULL = 0.7
"""Of a core: an autoscaler brings another pod above it."""
KEPT_DAYS = max(topic.retention_hours or 0 for topic in ALL) // 24
COPIES, PAIR = KafkaSettings.model_fields["replication_factor"].default, 2
PASSING = "outbox and inbox"
"""What a database keeps for days alone, of all services together."""
STREAMS = HttpSettings().limit_streams

PAGE = """# Size

How much of everything a contact centre needs, computed from what one contact cost in the [drill](drill.md): a real Kubernetes with its databases,
their replicas, passwords and TLS, at {rate} contacts a second, from their first word over offer, reply, resolution and check-in to the figures.
It is the upper end: parts that work in sets do more at once when more comes, and cost less each time ([benchmarks](../../benchmarks/README.md): 8 ms for all processes,
databases and the broker together from a contact's arrival to its offer, at 200 a second on two cores).

## What was measured

{contacts} contacts; *at rest*: all pods of the kind together while nobody calls, in thousandths of a core of that machine; *memory*: the largest pod.

| Pods | At rest | Milliseconds of a core for each contact | Memory, MiB |
|---|---|---|---|
{costs}
| together | {rest} | {each} | |

Relays and consumers look whether there is work, and do less of that while they have some: as long as that outweighs the work itself, it stands as 0. At 200
contacts a second a whole worker of routing, with all its parts, takes a third of a core ([benchmarks](../../benchmarks/README.md)).

On disk a contact leaves, in the tables and indexes of each database and in the topics, without copies:

| {places} |
|{lines}|
| {stored} |

## For so many agents

Each of them solves {solved} contacts an hour for {shift} hours on {days} days of the year; in the busiest quarter of an hour {busiest} times as many come. A core is
counted as full at {full} %. Other figures of yours go into the same product.

| Agents | {agents} |
|---|{columns}|
{sizes}

- **Processor time** is what `requests` ask for in the sum; give each kind its part of it in your overlay, by the table above. A process uses
  one core at most: what needs more gets more pods. `relay` and `jobs` stay at two, of which one works.
- **Memory** is what the manifests ask for; it does not grow with contacts. Intake's apis read hostile mails, hence their size.
- **Partitions** are there from the beginning, since [more of them](topics.md#more-partitions) later stop whoever publishes.
- **Disk of the databases** is that of one year and one copy. Contacts are deleted after `RAPPORT_KEEP_CONTACTS_DAYS`, what is in **outbox and inbox** after days ([settings](../settings.md)): it is counted as if the outbox were kept as long as the inbox.
- **Cores of a broker** are those of one that leads every partition and has no copies to take.
- **Disk of the brokers** is {kept} days of all topics on {copies} brokers, compressed as Rapport writes them.
- **Desks**: each open desk is a stream, and a pod of routing's api keeps {streams:,} of them (`RAPPORT_HTTP__LIMIT_STREAMS`).

`make k8s-drill` measures it anew, and writes what it found to `.local/k8s/drill.json`; this page is made of what stands in `tools/measured.json`.
"""


def page() -> str:
    """All of it, as Markdown."""
    measured = json.loads(MEASURED.read_text())
    idle, each, memory = (
        measured[name] for name in ("idle_cores", "cpu_ms_per_contact", "memory_mib")
    )
    stored = measured["bytes_per_contact"]
    sizes = [_size(agents, measured) for agents in CENTRES]
    return PAGE.format(
        rate=measured["contacts_a_second"],
        contacts=measured["contacts"],
        costs="\n".join(
            f"| {kind} | {1e3 * idle[kind]:.0f} | {max(0, each[kind])} | {memory[kind]} |"
            for kind in sorted(idle)
        ),
        rest=f"{1e3 * sum(idle.values()):.0f}",
        each=sum(max(0, cost) for cost in each.values()),
        places=" | ".join(stored),
        lines="|".join("---" for _ in stored),
        stored=" | ".join(f"{size / 1e3:.1f} kB" for size in stored.values()),
        solved=SOLVED_PER_HOUR,
        shift=SHIFT_HOURS,
        days=DAYS,
        busiest=BUSIEST,
        full=f"{FULL:.0%}".rstrip("%"),
        agents=" | ".join(f"{agents:,}" for agents in CENTRES),
        columns="|".join("---" for _ in CENTRES),
        sizes="\n".join(
            f"| {row} | {' | '.join(size[row] for size in sizes)} |" for row in sizes[0]
        ),
        kept=KEPT_DAYS,
        copies=COPIES,
        streams=STREAMS,
    )


def _size(agents: int, measured: Mapping[str, Any]) -> dict[str, str]:
    """What is asked for, row by row."""
    busiest = agents * SOLVED_PER_HOUR * BUSIEST / 3600
    daily = agents * SOLVED_PER_HOUR * SHIFT_HOURS
    stored, settings = measured["bytes_per_contact"], RetentionSettings()
    ours, databases, brokers = (
        {
            kind: _cores(kind, busiest, measured)
            for kind in measured["idle_cores"]
            if _sort(kind) == sort
        }
        for sort in ("process", "database", "broker")
    )
    replicas = dict(_replicas(ours))
    replicas["routing-api"] = max(replicas["routing-api"], ceil(agents / STREAMS))
    return {
        "Contacts a second, busiest": f"{busiest:.1f}",
        "Contacts a day": f"{daily:,}",
        "Cores of the processes": _shown(sum(ours.values())),
        "Cores of the databases": _shown(sum(databases.values())),
        "Cores of a broker": _shown(sum(brokers.values())),
        "Pods of intake's api, routing's api": f"{replicas['intake-api']}, {replicas['routing-api']}",
        "Pods of consumers, each service": ", ".join(
            str(replicas[f"{name}-consumers"]) for name in SERVICES
        ),
        "Memory of the processes": f"{_memory(replicas) / 1024:.0f} GiB",
        "Partitions of a topic": f"{max(topic.partitions for topic in ALL)}",
        "Disk of outbox and inbox": _bytes(daily * settings.inbox_days * stored[PASSING]),
        "Disk of the databases, a year": _bytes(
            daily * DAYS * sum(stored[name] for name in SERVICES)
        ),
        "Disk of all brokers": _bytes(daily * KEPT_DAYS * stored["broker"] * COPIES),
    }


def _cores(kind: str, rate: float, measured: Mapping[str, Any]) -> float:
    """At this many contacts a second. A measured cost below nothing is none: it is smaller than what rest varies by."""
    cost = max(0, measured["cpu_ms_per_contact"][kind])
    return float(measured["idle_cores"][kind] + rate * cost / 1e3 / FULL)


def _sort(kind: str) -> str:
    last = kind.partition("-")[2]
    return {"database": "database", "brokers": "broker"}.get(last, "process")


def _replicas(cores: Mapping[str, float]) -> Iterator[tuple[str, int]]:
    for kind, needed in cores.items():
        grows = kind.endswith(("-api", "-consumers", "-delivery"))
        yield kind, max(PAIR, ceil(needed)) if grows else PAIR


def _memory(replicas: Mapping[str, int]) -> float:
    """MiB that the manifests ask for."""
    asked = {path.stem: _asked(path) for path in PARTS.glob("*.yaml")}
    asked |= {"intake-api": _asked(PARTS.parent / "intake/takes-mail.yaml")}
    usual = asked["jobs"]
    return sum(
        count * asked.get(kind, asked.get(kind.partition("-")[2], usual))
        for kind, count in replicas.items()
    )


def _asked(path: Path) -> int:
    """MiB of its container, 0 where there is none."""
    for each in yaml.safe_load_all(path.read_text()):
        pod = each.get("spec", {}).get("template", {}).get("spec", {})
        for container in pod.get("containers", ()):
            if "resources" in container:
                return int(container["resources"]["requests"]["memory"].removesuffix("Mi"))
    return 0


def _shown(cores: float) -> str:
    return f"{cores:.1f}" if cores < 10 else f"{cores:.0f}"  # noqa: PLR2004 -- two digits


def _bytes(size: float) -> str:
    gigabytes = size / 1e9
    return f"{gigabytes:,.0f} GB" if gigabytes > 10 else f"{gigabytes:.1f} GB"  # noqa: PLR2004 -- two digits
