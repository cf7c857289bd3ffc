"""What every process is told by its environment: `RAPPORT_` + field names joined by `__`.

A service embeds these blocks by deriving its own `Settings` from `ServiceSettings`.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

Port = Annotated[int, Field(ge=0, le=65535)]
Positive = Annotated[int, Field(gt=0)]


class Block(BaseModel):
    """A group of settings. An unknown name in it is an error, so a misspelt variable is seen."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class DatabaseSettings(Block):
    """The service's own PostgreSQL."""

    dsn: SecretStr = Field(description="postgresql:// address of the service's own database.")
    pool_min: int = Field(2, ge=0, description="Connections kept open.")
    pool_max: Positive = Field(10, description="Connections at most.")
    statement_timeout_ms: Positive = Field(5000, description="The longest one statement may take.")
    connect_timeout_ms: Positive = Field(5000, description="The longest a connect may take.")


class KafkaSettings(Block):
    """The broker, and how patient we are with it."""

    bootstrap: str = Field(description="host:port of one or more brokers, separated by commas.")
    client_id: str = Field("rapport", description="The name the broker's own logs show.")
    group_instance_id: str | None = Field(
        None, description="A stable name of this replica; a restart then moves no partitions."
    )
    idempotent: bool = Field(True, description="Idempotent producer; off for the embedded broker.")
    compression: Literal["none", "gzip", "snappy", "lz4", "zstd"] = Field(
        "zstd", description="How what we write is compressed; every reader must know it."
    )
    session_timeout_ms: Positive = Field(
        10_000, description="Silence after which we count as dead."
    )
    heartbeat_interval_ms: Positive = Field(3_000, description="Time between signs of life.")
    request_timeout_ms: Positive = Field(10_000, description="Deadline of one request.")
    max_records: Positive = Field(1_000, description="Records of one batch at most.")
    group_members: Positive = Field(
        2, description="Members of each consumer group: one decodes while another commits."
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How the connection is protected."
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="Used with SASL_PLAINTEXT and SASL_SSL."
    )
    sasl_username: str | None = Field(None, description="Used with SASL.")
    sasl_password: SecretStr | None = Field(None, description="Used with SASL.")
    ssl_cafile: Path | None = Field(None, description="Whom to trust; unset: the machine's own.")
    ssl_certfile: Path | None = Field(None, description="Our certificate, for mutual TLS.")
    ssl_keyfile: Path | None = Field(None, description="The key of our certificate.")


class HttpSettings(Block):
    """The public server of an api process."""

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 in a container.")
    port: Port = Field(8080, description="Port to listen on; 0 takes a free one.")
    max_body_bytes: Positive = Field(1_048_576, description="Longer bodies are answered with 413.")
    limit_concurrency: Positive = Field(2_000, description="Connections beyond it get 503.")
    keep_alive_seconds: Positive = Field(15, description="An idle connection is closed after it.")
    caller_per_second: float = Field(
        5_000, ge=0, description="Requests of one caller beyond it get 429; 0: no limit."
    )
    stranger_per_second: float = Field(
        100, ge=0, description="The same for one address that shows no token we believe."
    )
    burst_seconds: float = Field(
        2, gt=0, description="So many seconds' worth of requests may come at once."
    )
    proxies: str = Field(
        "", description="Addresses whose X-Forwarded-For is believed, separated by commas."
    )


class OpsSettings(Block):
    """The operators' server of every process: /livez, /readyz, /metrics."""

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 in a container.")
    port: Port = Field(9090, description="Port to listen on; 0 takes a free one.")


class AuthSettings(Block):
    """Whose tokens are believed."""

    issuer: str = Field(description="The `iss` every token must carry.")
    audience: str = Field("rapport", description="The `aud` every token must carry.")
    jwks: str = Field(
        description="The issuer's public keys: a file path, or an https address whose certificate "
        "the machine's authorities, or those in SSL_CERT_FILE, vouch for.",
        pattern=r"^(https://|[^:]+$)",
    )
    leeway_seconds: int = Field(30, ge=0, le=300, description="Clock difference that is forgiven.")


class TelemetrySettings(Block):
    """What a process says about itself."""

    otlp_endpoint: str | None = Field(
        None, description="OTLP over HTTP, such as http://collector:4318; unset: no export."
    )
    sample_ratio: float = Field(0.01, ge=0, le=1, description="Share of new traces recorded.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least important line that is written."
    )
    log_format: Literal["json", "console"] = Field(
        "json", description="json for machines, console for people."
    )


class ServiceSettings(BaseSettings):
    """What all four services are told."""

    model_config = SettingsConfigDict(
        env_prefix="RAPPORT_", env_nested_delimiter="__", frozen=True, hide_input_in_errors=True
    )

    database: DatabaseSettings = Field(description="The service's own PostgreSQL.")
    kafka: KafkaSettings = Field(description="The broker.")
    auth: AuthSettings = Field(description="Whose tokens are believed.")
    http: HttpSettings = Field(HttpSettings(), description="The public server.")
    ops: OpsSettings = Field(OpsSettings(), description="The operators' server.")
    telemetry: TelemetrySettings = Field(TelemetrySettings(), description="Traces and logs.")
    drain_seconds: float = Field(20.0, gt=0, description="Time to finish after SIGTERM.")

    RENAMED: ClassVar[Mapping[str, str]] = {
        "RAPPORT_KAFKA__LANES": "RAPPORT_KAFKA__GROUP_MEMBERS",
    }
    """Variables by the name they had before, to which each service adds its own: refused, since a default in
    their place would go unseen."""


S = TypeVar("S", bound=ServiceSettings)


class SettingsError(Exception):
    """The environment is incomplete or wrong; the text names each variable and shows no secret."""


def load(settings_class: type[S]) -> S:
    """Read the environment; raises `SettingsError` that says what to set."""
    present = {name.upper() for name in os.environ}
    old = [f"{was} is now {now}" for was, now in settings_class.RENAMED.items() if was in present]
    if old:
        raise SettingsError("\n".join(old))
    try:
        return settings_class()
    except ValidationError as error:
        lines = [line for item in error.errors() for line in _complaints(settings_class, item)]
        raise SettingsError("\n".join(lines)) from None


def _complaints(settings_class: type[BaseModel], error: ErrorDetails) -> list[str]:
    """One line per variable; a missing block is named by the variables it cannot do without."""
    path = [str(part) for part in error["loc"]]
    if error["type"] != "missing":
        return [f"{_variable(path)}: {error['msg']}"]
    return [f"{_variable(full)} is not set: {text}" for full, text in _needed(settings_class, path)]


def _needed(model: type[BaseModel], path: list[str]) -> list[tuple[list[str], str]]:
    """The variables a missing field stands for, each with its description."""
    name, *rest = path
    field = model.model_fields[name]
    inner = field.annotation
    if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
        return [(path, field.description or "")]
    required = rest or [key for key, part in inner.model_fields.items() if part.is_required()]
    return [([name, *deep], text) for key in required for deep, text in _needed(inner, [key])]


def _variable(path: list[str]) -> str:
    return "RAPPORT_" + "__".join(path).upper()
