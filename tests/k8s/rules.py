"""Rules of Prometheus as the manifests have them, and the metrics that our processes show."""

import re

from tests.k8s.manifests import ROOT, Json, of_kind

PROD = "prod"
METRIC = re.compile(r"\b(rapport_\w+?)(?:_bucket|_count|_sum)?\b(?=[{\[)\"| ]|$)", re.MULTILINE)
RECORDED = re.compile(r"\brapport:[\w:]+")
MATCHED = re.compile(r"(\w+)\{([^}]*)\}")
MATCHER = re.compile(r"(\w+)(?:=~|!~|!=|=)\"")
BY = re.compile(r"by \(([\w, ]+)\)")
EMITTED = re.compile(r"^\| `(rapport_\w+)` \| \w+ \| ([\w, ]*) \|", re.MULTILINE)
OF_THE_POD = {"service", "part"}
"""Labels that the PodMonitor adds."""
OTHERS = {
    "up": OF_THE_POD,
    "process_start_time_seconds": OF_THE_POD,
    "process_cpu_seconds_total": OF_THE_POD,
    "process_resident_memory_bytes": OF_THE_POD,
    "kubelet_volume_stats_available_bytes": {"namespace", "persistentvolumeclaim"},
    "kubelet_volume_stats_capacity_bytes": {"namespace", "persistentvolumeclaim"},
    "strimzi_certificate_expiration_timestamp_ms": {"cluster", "type"},
    "certmanager_certificate_expiration_timestamp_seconds": {"namespace", "name"},
}
"""What is shown by Prometheus itself, by every process, by the kubelet, by Strimzi's operator and by cert-manager, with labels."""


def files() -> dict[str, Json]:
    """By the name of its resource: a file of rules as Prometheus reads it."""
    return {each["metadata"]["name"]: each["spec"] for each in of_kind(PROD, "PrometheusRule")}


def rules() -> list[Json]:
    """Records and alerts."""
    return [
        rule for file in files().values() for group in file["groups"] for rule in group["rules"]
    ]


def alerts() -> list[Json]:
    """An alert may be there twice: as a page, and as a ticket."""
    return [rule for rule in rules() if "alert" in rule]


def recorded() -> set[str]:
    """The series that the rules make."""
    return {rule["record"] for rule in rules() if "record" in rule}


def shown() -> dict[str, set[str]]:
    """Every metric that may be asked for, and its labels."""
    page = (ROOT / "docs/telemetry.md").read_text()
    ours = {name: {*labels.split(", ")} | OF_THE_POD for name, labels in EMITTED.findall(page)}
    return ours | OTHERS


def asked(expression: str) -> set[str]:
    """The metrics that it asks for, whoever shows them."""
    others = {name for name in OTHERS if re.search(rf"\b{name}\b", expression)}
    return set(METRIC.findall(expression)) | others


def labels_of(expression: str) -> set[str]:
    """The labels that its metrics have, all of them together."""
    return OF_THE_POD.union(*(shown()[name] for name in asked(expression)))


def wrongly_matched(expression: str) -> list[str]:
    """Labels by which a metric is asked for that it does not have."""
    return [
        f"{name} has no {label}"
        for name, matchers in MATCHED.findall(expression)
        for label in MATCHER.findall(matchers)
        if label not in _matchable(name)
    ]


def _matchable(name: str) -> set[str]:
    bucket = {"le"} if name.endswith("_bucket") else set()
    base = re.sub(r"_(bucket|count|sum)$", "", name)
    return shown().get(base, set()) | shown().get(name, set()) | bucket | {"__name__", "job"}


def grouped_by(expression: str) -> set[str]:
    """The labels that it keeps."""
    return set(re.findall(r"\w+", " ".join(BY.findall(expression))))
