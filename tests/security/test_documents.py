"""Every OpenAPI document is true: what fits it is answered as it says, what does not is refused."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from shared.contracts.topics import SERVICES
from tests.security.seeds import Known
from tests.security.serving import Server

CONFIG = schemathesis.Config.from_dict(
    {"generation": {"with-security-parameters": False, "allow-extra-parameters": False}}
)
STREAM = "/v1/desk/events"
"""It never ends, so it is tried elsewhere."""
EXAMPLES = {GenerationMode.POSITIVE: 12, GenerationMode.NEGATIVE: 10}
NOT_ASKED = [ignored_auth, positive_data_acceptance]
"""Tokens are tried by themselves; and a rule such as "no two of the same rank" is no schema."""
SECONDS = 300


@pytest.mark.timeout(SECONDS)
@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("mode", GenerationMode, ids=str)
def test_what_a_document_says_is_true(
    servers: dict[str, Server], known: dict[str, Known], service: str, mode: GenerationMode
) -> None:
    with caller(servers[service]) as session:
        for operation in operations(servers[service], session):
            there = named(operation, known[service]) if mode.is_positive else {}
            try_out(operation, mode, there, servers[service], session)


def caller(server: Server) -> requests.Session:
    """Somebody who may do everything."""
    session = requests.Session()
    session.trust_env = False
    session.headers.update(server.bearer())
    return session


def operations(server: Server, session: requests.Session) -> Iterator[Any]:
    """What can be done at a server, as its document says."""
    document = session.get(f"{server.url}/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document, config=CONFIG)
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        if result.ok().path != STREAM:
            yield result.ok()


def named(operation: Any, known: Known) -> dict[str, str]:
    """Something that exists, for each parameter of the path."""
    return {name: next(known[name]) for name in known if f"{{{name}}}" in operation.path}


def try_out(
    operation: Any,
    mode: GenerationMode,
    there: dict[str, str],
    server: Server,
    session: requests.Session,
) -> None:
    """Send examples of what fits an operation, or of what does not; judge each response."""

    @settings(
        max_examples=EXAMPLES[mode],
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(mode, path_parameters=there or None))
    def one(case: Case[Any]) -> None:
        response = case.call(server.url, session)
        case.validate_response(response, excluded_checks=NOT_ASKED)

    try:
        one()
    except Unsatisfiable:
        assert mode.is_negative, "nothing fits"
