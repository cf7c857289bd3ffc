"""What a cluster says of our pods, and how long something took to come true."""

import base64
import json
import time
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from deploy.k8s.local.platform import Platform
from deploy.local.failure import LaunchFailure

Json = dict[str, Any]
TRIES = 5


def within(seconds: float, true: Callable[[], bool], what: str) -> float:
    """How many seconds it took to come true; the test fails with `what` if it was longer than it may."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > seconds:
            pytest.fail(f"not within {seconds:g} s: {what}")
        Event().wait(0.25)
    return round(time.monotonic() - began, 1)


def pods(platform: Platform, *, service: str = "", part: str = "") -> list[Json]:
    """Our pods that are not about to end, of a service, of a part."""
    wanted = ["app.kubernetes.io/part-of=rapport"]
    wanted += [f"app.kubernetes.io/name={service}"] if service else []
    wanted += [f"app.kubernetes.io/component={part}"] if part else []
    found = platform.cluster.objects("-n", "rapport", "pods", "-l", ",".join(wanted))
    return [each for each in found if "deletionTimestamp" not in each["metadata"]]


def name_of(found: Json) -> str:
    name: str = found["metadata"]["name"]
    return name


def is_ready(pod: Json) -> bool:
    """Whether it says so."""
    conditions = {each["type"]: each["status"] for each in pod["status"].get("conditions", ())}
    return conditions.get("Ready") == "True"


def replicas(platform: Platform, deployment: str) -> int:
    """How many it should have."""
    [found] = platform.cluster.objects("-n", "rapport", f"deployment/{deployment}")
    number: int = found["spec"]["replicas"]
    return number


def reaches(platform: Platform, pod: str, host: str, port: int, namespace: str = "rapport") -> bool:
    """Whether a connection from inside the pod is made within three seconds."""
    script = f"import socket; socket.create_connection(('{host}', {port}), 3)"
    argv = ["exec", "-n", namespace, pod, "--", "python", "-c", script]
    return platform.cluster.says(*argv)


def writes(platform: Platform, pod: str, topic: str) -> bool:
    """Whether the broker takes a record of the pod's user on the topic, as soon as it says either.

    Where it is not reached in time it is asked again.
    """
    script = base64.b64encode(WRITING.encode()).decode()
    run = f"import base64; exec(base64.b64decode('{script}'))"
    said = ""
    for _ in range(TRIES):
        try:
            platform.kubectl("exec", pod, "--", "python", "-c", run, topic)
        except LaunchFailure as failure:
            said = str(failure)
            if "TopicAuthorizationFailedError" in said:
                return False
        else:
            return True
    raise AssertionError(said)


def leads(platform: Platform, pod: str) -> bool:
    """Whether the relay in this pod publishes."""
    at = f"/api/v1/namespaces/rapport/pods/{pod}:9090/proxy/metrics"
    shown = platform.cluster.kubectl("get", "--raw", at)
    lines = [line for line in shown.splitlines() if line.startswith("rapport_relay_leading")]
    return any(float(line.rpartition(" ")[2]) == 1 for line in lines)


def primary(platform: Platform, database: str) -> str:
    """The pod that is written to."""
    [found] = platform.cluster.objects("-n", "rapport", f"clusters.postgresql.cnpg.io/{database}")
    name: str = found["status"]["currentPrimary"]
    return name


def evict(platform: Platform, pod: str) -> None:
    """As a drain does; LaunchFailure if its budget does not allow it."""
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod, "namespace": "rapport"},
    }
    at = f"/api/v1/namespaces/rapport/pods/{pod}/eviction"
    platform.cluster.kubectl("create", "--raw", at, "-f", "-", text=json.dumps(eviction))


WRITING = """
import asyncio, os, ssl, sys
from pathlib import Path
from aiokafka import AIOKafkaProducer

async def write(topic):
    producer = AIOKafkaProducer(
        bootstrap_servers=os.environ["RAPPORT_KAFKA__BOOTSTRAP"], security_protocol="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-512", sasl_plain_username=os.environ["RAPPORT_KAFKA__SASL_USERNAME"],
        sasl_plain_password=Path(os.environ["RAPPORT_KAFKA__SASL_PASSWORD_FILE"]).read_text(),
        ssl_context=ssl.create_default_context(cafile=os.environ["RAPPORT_KAFKA__SSL_CAFILE"]),
    )
    await producer.start()
    try:
        await producer.send_and_wait(topic, b"{}", key=b"drill")
    finally:
        await producer.stop()

asyncio.run(write(sys.argv[1]))
"""
