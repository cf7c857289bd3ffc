"""What others bring to a real cluster, made up for this one: passwords, keys and whom to trust."""

import base64
import json
import secrets
from collections.abc import Iterable, Mapping

from deploy.k8s.local.keys import Part, certificate_of, issue, key_of, make_authority
from deploy.local.tokens import TokenIssuer
from shared.contracts.topics import SERVICES

Json = dict[str, object]
BOOTSTRAP = "rapport-kafka-bootstrap"


def made_up(issuer: TokenIssuer, users: Iterable[str]) -> list[Json]:
    """The secrets that the table in `deploy/k8s/README.md` names, the broker's own for these users, and the issuer's public keys."""
    passwords = {user: secrets.token_urlsafe(24) for user in users}
    authority = make_authority("rapport-broker")
    names = (BOOTSTRAP, f"{BOOTSTRAP}.rapport", f"{BOOTSTRAP}.rapport.svc")
    broker = issue(authority, Part("broker", serves=names))
    pem = (key_of(broker) + certificate_of(broker)).decode()
    made = [_secret(user, {"password": password}) for user, password in passwords.items()]
    made += [
        _secret("rapport-broker", passwords | {"broker.pem": pem}),
        _secret("rapport-cluster-ca-cert", {"ca.crt": certificate_of(authority).decode()}),
        *(_database(service) for service in SERVICES),
        *(
            _secret(
                f"{service}-backups", dict.fromkeys(("access-key-id", "secret-access-key"), "none")
            )
            for service in SERVICES
        ),
        _secret("intake-objects", {"secret-access-key": "none"}),
        _secret("intake-mail", {"password": "none"}),
        _secret("followup-links", {"secrets": json.dumps([secrets.token_urlsafe(32)])}),
        _secret("issuer", {"jwks.json": issuer.jwks.read_text()}),
    ]
    return made


def _database(service: str) -> Json:
    """Whom the processes of the service log in as."""
    made = _secret(
        f"{service}-database-processes",
        {"username": "processes", "password": secrets.token_urlsafe(24)},
    )
    return made | {"type": "kubernetes.io/basic-auth"}


def _secret(name: str, data: Mapping[str, str]) -> Json:
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": encoded}
