"""What is reached from outside is every route of the code, once, and nothing else of a process."""

import asyncio
import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from services.intake.settings import AttachmentSettings
from shared.contracts.topics import FOLLOWUP, SERVICES
from shared.http.stream import PING_SECONDS
from shared.settings import HttpSettings
from tests.integration.http.serving import app_named
from tests.k8s.manifests import Json, of_kind, processes, with_component

PROD = "prod"
STREAMS = {"text/event-stream", "application/octet-stream"}
NGINX = "nginx.ingress.kubernetes.io"
OPS = ("/livez", "/readyz", "/metrics")
PARAMETER = re.compile(r"\{\w+\}")
HTTP = HttpSettings()
LONGEST = HTTP.head_seconds + HTTP.body_seconds + AttachmentSettings(url="s3://any").timeout_seconds
"""Of a request that arrives slowly, and of which a file is stored slowly."""


class Way(msgspec.Struct, frozen=True):
    """One path, or all below it, that leads to a service; with a time for the answer, or none."""

    host: str
    exact: bool
    path: str
    method: str | None
    service: str
    seconds: float

    def leads(self, method: str, path: str) -> bool:
        """Whether a request takes it."""
        below = not self.exact and path.startswith(f"{self.path}/")
        return self.method in (None, method) and (path == self.path or below)

    @property
    def precedence(self) -> tuple[bool, int, bool]:
        """The greater of two ways is taken."""
        return self.exact, len(self.path), self.method is not None


def of_gateway(overlay: str = PROD) -> list[Way]:
    """By the gateway."""
    return [
        Way(
            host=host,
            exact=match["path"]["type"] == "Exact",
            path=match["path"]["value"],
            method=match.get("method"),
            service=rule["backendRefs"][0]["name"],
            seconds=float(rule["timeouts"]["request"].removesuffix("s")),
        )
        for route in of_kind(overlay, "HTTPRoute")
        for host in route["spec"]["hostnames"]
        for rule in route["spec"]["rules"]
        for match in rule["matches"]
    ]


def of_ingress(folder: Path) -> list[Way]:
    """By ingress-nginx, whose time is that between two pieces of an answer."""
    return [
        Way(
            host=rule["host"],
            exact=path["pathType"] == "Exact",
            path=path["path"],
            method=None,
            service=path["backend"]["service"]["name"],
            seconds=float(each["metadata"]["annotations"][f"{NGINX}/proxy-read-timeout"]),
        )
        for each in ingresses(folder)
        for rule in each["spec"]["rules"]
        for path in rule["http"]["paths"]
    ]


def ingresses(folder: Path) -> list[Json]:
    found = with_component(PROD, "ingress", folder)
    return [each for each in found if each["kind"] == "Ingress"]


def taken(ways: list[Way], method: str, path: str) -> Way | None:
    """The way that a request takes, if there is one."""
    leading = [way for way in ways if way.leads(method, PARAMETER.sub("any", path))]
    return max(leading, key=lambda way: way.precedence, default=None)


@lru_cache
def routes(service: str) -> dict[tuple[str, str], bool]:
    """Method and path of every route of the code, and whether its answer lasts as long as somebody reads."""
    app = asyncio.run(app_named(service))
    described = app.api.openapi()["paths"]
    return {
        (method, path): _streams(described.get(path, {}).get(method.lower(), {}))
        for method, path, _ in app.route_table()
        if method != "HEAD"
    }


def _streams(operation: Json) -> bool:
    return bool(STREAMS & operation.get("responses", {}).get("200", {}).get("content", {}).keys())


@pytest.fixture(params=["gateway", "ingress"])
def ways(request: pytest.FixtureRequest, tmp_path: Path) -> list[Way]:
    """Into all services, by one and by the other."""
    return of_gateway() if request.param == "gateway" else of_ingress(tmp_path)


def test_every_service_has_a_name_of_its_own(ways: list[Way]) -> None:
    names = {(way.service, way.host) for way in ways}
    assert sorted(service for service, _ in names) == sorted(f"{each}-api" for each in SERVICES)
    assert len({host for _, host in names}) == len(SERVICES)


def test_every_route_is_reached_and_nothing_is_reached_that_is_no_route(ways: list[Way]) -> None:
    for service in SERVICES:
        ours = [way for way in ways if way.service == f"{service}-api"]
        used = {place: taken(ours, *place) for place in routes(service)}
        assert None not in used.values(), used
        assert set(used.values()) == set(ours)


def test_no_request_may_take_either_of_two_ways(ways: list[Way]) -> None:
    assert len({(way.host, way.path, way.exact, way.method) for way in ways}) == len(ways)


def test_what_is_for_operators_is_not_reached(ways: list[Way]) -> None:
    for path in OPS:
        assert taken(ways, "GET", path) is None


def test_the_gateway_waits_for_an_answer_and_ends_no_stream() -> None:
    streams = {
        taken([way for way in of_gateway() if way.service == f"{service}-api"], *place)
        for service in SERVICES
        for place, lasts in routes(service).items()
        if lasts
    }
    assert len(streams) == 2
    for way in of_gateway():
        assert way.seconds == 0 if way in streams else way.seconds >= LONGEST


def test_ingress_waits_as_long_and_takes_as_much_as_a_process(tmp_path: Path) -> None:
    for each in ingresses(tmp_path):
        said = each["metadata"]["annotations"]
        seconds = float(said[f"{NGINX}/proxy-read-timeout"])
        assert seconds >= max(LONGEST, 2 * PING_SECONDS)
        assert said[f"{NGINX}/proxy-body-size"] == f"{HTTP.max_body_bytes // 2**20}m"
        assert said[f"{NGINX}/proxy-buffering"] == "off"


def test_ingress_comes_from_where_its_controller_is(tmp_path: Path) -> None:
    [policy] = [
        each
        for each in with_component(PROD, "ingress", tmp_path)
        if each["metadata"]["name"] == "gateway-to-api"
    ]
    [origin] = policy["spec"]["ingress"][0]["from"]
    assert origin == {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}
    }


@pytest.mark.parametrize("overlay", [PROD, "staging"])
def test_links_lead_to_the_name_of_followup(overlay: str) -> None:
    [followup, *_] = [each for each in processes(overlay) if each.service == FOLLOWUP]
    [name] = {way.host for way in of_gateway(overlay) if way.service == f"{FOLLOWUP}-api"}
    assert urlsplit(followup.environment["RAPPORT_PUBLIC_URL"]).hostname == name


def test_mail_comes_by_a_load_balancer_to_the_port_that_is_listened_on() -> None:
    balancers = [each for each in of_kind(PROD, "Service") if each["spec"].get("type")]
    [balancer] = balancers
    assert balancer["spec"]["type"] == "LoadBalancer"
    assert balancer["spec"]["externalTrafficPolicy"] == "Local"
    [port] = balancer["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (25, "smtp")
