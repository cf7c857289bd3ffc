"""Every secret that a pod, a database or the way in asks for is made by somebody, with the keys that are asked for."""

import re

from shared.contracts.topics import SERVICES
from tests.k8s.manifests import OVERLAYS, ROOT, of_kind, processes

PROD = "prod"
BY_OPERATORS = ("-database-app", "-database-ca", "rapport-cluster-ca-cert")
"""CloudNativePG's and Strimzi's own; each KafkaUser has a secret of its name, too."""
OF_A_SERVICE = re.compile(rf"(?:{'|'.join(SERVICES)})(?=-database|-backups|$)")


def mounted() -> dict[str, set[str]]:
    """The secrets that processes mount, and which of their keys."""
    found: dict[str, set[str]] = {}
    for process in processes(PROD):
        [volume] = [each for each in process.pod["volumes"] if each["name"] == "secrets"]
        for source in volume["projected"]["sources"]:
            keys = {item["key"] for item in source["secret"]["items"]}
            found.setdefault(source["secret"]["name"], set()).update(keys)
    return found


def of_databases() -> dict[str, set[str]]:
    """Those that CloudNativePG and its backups ask for."""
    roles = [role for each in of_kind(PROD, "Cluster") for role in each["spec"]["managed"]["roles"]]
    found = {role["passwordSecret"]["name"]: {"username", "password"} for role in roles}
    for store in of_kind(PROD, "ObjectStore"):
        for key in store["spec"]["configuration"]["s3Credentials"].values():
            found.setdefault(key["name"], set()).add(key["key"])
    return found


def asked_for() -> dict[str, set[str]]:
    """All that somebody asks for."""
    return mounted() | of_databases() | certificates()


def certificates() -> dict[str, set[str]]:
    """Those that the gateway shows."""
    [gateway] = of_kind(PROD, "Gateway")
    references = [
        each
        for listener in gateway["spec"]["listeners"]
        for each in listener["tls"]["certificateRefs"]
    ]
    return {each["name"]: {"tls.crt", "tls.key"} for each in references}


def test_what_no_operator_makes_comes_from_outside_with_the_keys_that_are_asked_for() -> None:
    users = {each["metadata"]["name"] for each in of_kind(PROD, "KafkaUser")}
    asked = {
        name: keys
        for name, keys in asked_for().items()
        if name not in users and not name.endswith(BY_OPERATORS)
    }
    made = {
        each["metadata"]["name"]: {entry["secretKey"] for entry in each["spec"]["data"]}
        for each in of_kind(PROD, "ExternalSecret")
    }
    assert made == asked


def test_no_secret_is_written_down() -> None:
    for overlay in OVERLAYS:
        assert of_kind(overlay, "Secret") == []


def test_the_page_names_each_secret_and_its_keys() -> None:
    page = (ROOT / "deploy/k8s/README.md").read_text()
    for name, keys in asked_for().items():
        row = OF_A_SERVICE.sub("<service>", name)
        assert f"| `{row}` | {', '.join(f'`{key}`' for key in sorted(keys))} |" in page, name
