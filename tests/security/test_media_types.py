"""A body of a media type that a route does not document is 415, on every route of every service."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from shared.contracts.topics import SERVICES
from tests.security.serving import Server

WRONG = ("text/plain", "application/xml", "application/cloudevents+json", "application/jsonp", "")


def bodies(document: dict[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """Method, path and media types of every operation that has a body."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if "requestBody" in operation:
                yield (
                    method,
                    path.replace("{", "").replace("}", ""),
                    sorted(operation["requestBody"]["content"]),
                )


async def send(
    client: httpx2.AsyncClient, method: str, path: str, media_type: str
) -> httpx2.Response:
    headers = {"content-type": media_type} if media_type else {}
    return await client.request(method.upper(), path, content=b"{}", headers=headers)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_body_of_another_media_type_is_415(
    servers: dict[str, Server], service: str
) -> None:
    async with servers[service].client() as client:
        document = (await client.get("/openapi.json")).json()
        for method, path, taken in bodies(document):
            for wrong in WRONG:
                response = await send(client, method, path, wrong)
                assert response.status_code == 415, (method, path, wrong)
                assert response.json()["type"] == "urn:rapport:problem:unsupported"
                assert response.headers["accept"].split(", ") == taken


@pytest.mark.parametrize("service", SERVICES)
async def test_a_media_type_may_be_written_in_any_case_and_with_parameters(
    servers: dict[str, Server], service: str
) -> None:
    async with servers[service].client() as client:
        document = (await client.get("/openapi.json")).json()
        for method, path, taken in bodies(document):
            for right in taken:
                response = await send(client, method, path, f"{right.upper()} ; charset=utf-8")
                assert response.status_code not in {415, 500}, (method, path, right)


async def test_every_service_but_analytics_has_routes_to_try(servers: dict[str, Server]) -> None:
    found = {}
    for service, server in servers.items():
        async with server.client() as client:
            found[service] = len(list(bodies((await client.get("/openapi.json")).json())))
    assert {service for service, count in found.items() if count} >= {
        "intake",
        "routing",
        "followup",
    }
