"""The recipe for a channel, followed to the end; a channel is a value, a folder and a line, and no table's matter."""

import json
import re

import pytest
from sqlalchemy import CheckConstraint

from shared.contracts.topics import SERVICES
from shared.contracts.values import Channel
from shared.database.migrate import metadata_of
from tests.architecture.recipes.following import Copy, Followed
from tests.architecture.recipes.recipe import Recipe

LISTS_CHANNELS = re.compile(r"\bchannel\b\W+(?:in|=)\W", re.IGNORECASE)


class TestAddAChannel(Followed):
    """A channel is known to intake; for the others it is one more value, which they pass on unread."""

    recipe = Recipe("add-a-channel.md", tests=["tests/unit/intake", "tests/unit/shared/contracts"])

    def test_the_contracts_publish_its_name(self, followed: Copy) -> None:
        schema = followed.root / "shared/contracts/schemas/rapport.contact.submitted.v1.json"
        assert "viber" in json.loads(schema.read_text())["$defs"]["Channel"]["enum"]

    def test_its_provider_has_a_guarded_route(self, followed: Copy) -> None:
        routes = (followed.root / "docs/routes.md").read_text()
        assert "| `POST` | `/v1/webhooks/viber` | `contacts.write` |" in routes


@pytest.mark.parametrize("service", SERVICES)
def test_no_table_lists_the_channels(service: str) -> None:
    checks = [
        str(constraint.sqltext)
        for table in metadata_of(service).tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    ]
    assert [check for check in checks if LISTS_CHANNELS.search(check)] == []


def test_a_table_that_lists_the_channels_is_noticed() -> None:
    assert LISTS_CHANNELS.search(f"channel in ('{Channel.EMAIL}', '{Channel.SMS}')")
    assert not LISTS_CHANNELS.search("channel is not null")
