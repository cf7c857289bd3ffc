"""The settings that every service has, in blocks; a default is held to its bounds as well."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings.addresses import (
    Brokers,
    HttpAddress,
    JwksPlace,
    Networks,
    PostgresAddress,
    ReadableFile,
    with_credentials,
)
from shared.settings.bounds import AtLeast, AtMostAThird, Bound, OnlyWith
from shared.settings.mounted import mounted

YEAR = 31_536_000
DAY_MS = 86_400_000
PREFIX, DELIMITER = "RAPPORT_", "__"

Port = Annotated[int, Field(ge=0, le=65535)]
Positive = Annotated[int, Field(gt=0)]
Milliseconds = Annotated[int, Field(gt=0, le=DAY_MS)]
Seconds = Annotated[float, Field(gt=0, le=YEAR)]
WholeSeconds = Annotated[int, Field(gt=0, le=YEAR)]
Name = Annotated[str, Field(min_length=1)]
Rate = Annotated[float, Field(gt=0)]
ScopeRates = Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z.-]*$")], Rate]


class NeededWithSasl(Bound):
    """Set where the protocol has SASL in it, and only there."""

    words = "set where {other} is SASL_PLAINTEXT or SASL_SSL, and only there"

    def holds(self, value: Any, other: Any) -> bool:
        """Whether it is there exactly if it is asked for."""
        return (value is not None) is bool(other.startswith("SASL"))


class OnlyWithTls(Bound):
    """Unset where the protocol has no TLS: who names a certificate believes to be protected."""

    words = "set only where {other} is SSL or SASL_SSL"

    def holds(self, value: Any, other: Any) -> bool:
        """Whether it is unset, or of use."""
        return value is None or other.endswith("SSL")


class NamedBehind(Bound):
    """Set where there is a load balancer: else its one address would stand for all who come."""

    words = "set where {other} is `true`; `none` where nobody's X-Forwarded-For is believed"

    def holds(self, value: Any, other: Any) -> bool:
        """Whether somebody is named, or nobody on purpose."""
        return bool(value) or not other


class Block(BaseModel):
    """A group of settings. An unknown name in it is an error, so a misspelt variable is seen."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        validate_default=True,
        allow_inf_nan=False,
    )

    @model_validator(mode="before")
    @classmethod
    def _mounted(cls, given: Any) -> Any:
        return mounted(cls.model_fields, given) if isinstance(given, dict) else given


class DatabaseSettings(Block):
    """The service's own PostgreSQL."""

    dsn: PostgresAddress = Field(
        description="postgresql:// address of the service's own database.",
        examples=["postgresql://intake:secret@db.example:5432/intake"],
    )
    user: Name | None = Field(
        None, description="Goes before the user in the address.", examples=["processes"]
    )
    password: SecretStr | None = Field(
        None, description="Goes before the password in the address, which then holds no secret."
    )
    pool_min: int = Field(2, ge=0, description="Connections kept open.")
    pool_max: Annotated[Positive, AtLeast("pool_min")] = Field(
        10, description="Connections at most."
    )
    statement_timeout_ms: Milliseconds = Field(
        5000, description="The longest one statement may take."
    )
    connect_timeout_ms: Milliseconds = Field(5000, description="The longest a connect may take.")

    def address(self) -> str:
        """The address with user and password in it; what stands in a file is read anew."""
        password = self.password.get_secret_value() if self.password else None
        return with_credentials(self.dsn.get_secret_value(), self.user, password)


class KafkaSettings(Block):
    """The broker, and how patient we are with it."""

    bootstrap: Brokers = Field(
        description="host:port of one or more brokers, separated by commas.",
        examples=["kafka-0.example:9092,kafka-1.example:9092"],
    )
    client_id: str = Field("rapport", description="The name the broker's own logs show.")
    group_instance_id: str | None = Field(
        None, description="A stable name of this replica; a restart then moves no partitions."
    )
    idempotent: bool = Field(True, description="Idempotent producer; off for the embedded broker.")
    compression: Literal["none", "gzip", "snappy", "lz4", "zstd"] = Field(
        "zstd", description="How what we write is compressed; every reader must know it."
    )
    session_timeout_ms: Milliseconds = Field(
        10_000, description="Silence after which we count as dead."
    )
    heartbeat_interval_ms: Annotated[Milliseconds, AtMostAThird("session_timeout_ms")] = Field(
        3_000, description="Time between signs of life."
    )
    request_timeout_ms: Milliseconds = Field(10_000, description="Deadline of one request.")
    max_records: Positive = Field(1_000, description="Records of one batch at most.")
    min_insync_replicas: Positive = Field(
        2, description="Replicas of a topic that must have a record before it counts as written."
    )
    replication_factor: Annotated[Positive, AtLeast("min_insync_replicas")] = Field(
        3, description="Replicas of each topic: so many brokers hold its records."
    )
    max_partitions: Positive | None = Field(
        None,
        description="A new topic gets no more partitions; unset: as many as docs/events.md says.",
    )
    group_members: Positive = Field(
        2, description="Members of each consumer group: one decodes while another commits."
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How the connection is protected."
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="Used with SASL_PLAINTEXT and SASL_SSL."
    )
    sasl_username: Annotated[Name | None, NeededWithSasl("security_protocol")] = Field(
        None, description="Who we are."
    )
    sasl_password: Annotated[SecretStr | None, NeededWithSasl("security_protocol")] = Field(
        None, description="And the proof."
    )
    ssl_cafile: Annotated[ReadableFile | None, OnlyWithTls("security_protocol")] = Field(
        None, description="Whom to trust; unset: the machine's own."
    )
    ssl_certfile: Annotated[ReadableFile | None, OnlyWithTls("security_protocol")] = Field(
        None, description="Our certificate, for mutual TLS."
    )
    ssl_keyfile: Annotated[ReadableFile | None, OnlyWith("ssl_certfile")] = Field(
        None, description="The key of our certificate; unset: in the same file."
    )


class HttpSettings(Block):
    """The public server of an api process."""

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 in a container.")
    port: Port = Field(8080, description="Port to listen on; 0 takes a free one.")
    max_body_bytes: Positive = Field(1_048_576, description="Longer bodies are answered with 413.")
    limit_concurrency: Positive = Field(
        2_000,
        description="Requests that have arrived whole and are at work; those beyond it get 503.",
    )
    limit_streams: Positive = Field(
        2_000, description="Event streams open at once; those beyond it get 503."
    )
    limit_caller_streams: Positive = Field(
        8, description="The same for those of one caller, beyond which they get 429."
    )
    limit_waiting: Positive = Field(
        2_000,
        description="Connections that send no whole request yet; beyond it the one that has waited longest is closed.",
    )
    keep_alive_seconds: WholeSeconds = Field(
        15, description="A connection is closed after so long without a next request."
    )
    head_seconds: Seconds = Field(
        10, description="The longest a request's head may take to arrive; a later one gets 408."
    )
    body_seconds: Seconds = Field(30, description="The same for its body.")
    send_seconds: Seconds = Field(
        30,
        description="A connection whose other side takes nothing of an answer for so long is closed.",
    )
    caller_per_second: float = Field(
        5_000, ge=0, description="Requests of one caller beyond it get 429; 0: no limit."
    )
    stranger_per_second: float = Field(
        100, ge=0, description="The same for one address that shows no token we believe."
    )
    scope_per_second: ScopeRates = Field(
        {},
        description="Requests of one caller to the routes of a scope beyond it get 429; by scope, as JSON.",
        examples=[{"contacts.write": 200}],
    )
    burst_seconds: Seconds = Field(
        2, description="So many seconds' worth of requests may come at once."
    )
    load_balancer: bool = Field(
        False, description="Whether all callers come through a load balancer or another proxy."
    )
    proxies: Annotated[Networks, NamedBehind("load_balancer")] = Field(
        "",
        description="Addresses whose X-Forwarded-For is believed, separated by commas; `none`: nobody's, though"
        " all strangers then share the bucket of the load balancer's address.",
        examples=["10.0.0.0/8,192.0.2.7"],
    )


class OpsSettings(Block):
    """The operators' server of every process: /livez, /readyz, /metrics."""

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 in a container.")
    port: Port = Field(9090, description="Port to listen on; 0 takes a free one.")


class AuthSettings(Block):
    """Whose tokens are believed."""

    issuer: Name = Field(
        description="The `iss` every token must carry.", examples=["https://login.example"]
    )
    audience: Name = Field("rapport", description="The `aud` every token must carry.")
    jwks: JwksPlace = Field(
        description="The issuer's public keys: a file path, or an https address whose certificate "
        "the machine's authorities, or those in SSL_CERT_FILE, vouch for.",
        examples=["https://login.example/jwks.json"],
    )
    leeway_seconds: int = Field(30, ge=0, le=300, description="Clock difference that is forgiven.")


class TelemetrySettings(Block):
    """What a process says about itself."""

    otlp_endpoint: HttpAddress | None = Field(
        None,
        description="OTLP over HTTP; unset: no export.",
        examples=["http://collector.example:4318"],
    )
    sample_ratio: float = Field(0.01, ge=0, le=1, description="Share of new traces recorded.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least important line that is written."
    )
    log_format: Literal["json", "console"] = Field(
        "json", description="json for machines, console for people."
    )


class RetentionSettings(Block):
    """How long the tables keep what would otherwise grow without end."""

    outbox_hours: int = Field(
        72,
        ge=1,
        le=8_760,
        description="Published events; so far back they can be published again.",
    )
    inbox_days: int = Field(
        15,
        ge=15,
        le=366,
        description="Marks of consumed events; longer than any topic keeps its records, or a duplicate would "
        "count again.",
    )


class HasDatabase(Protocol):
    """Any settings with a database in them."""

    @property
    def database(self) -> DatabaseSettings: ...


class HasDatabaseAndKafka(HasDatabase, Protocol):
    """Any settings with a database and a broker in them."""

    @property
    def kafka(self) -> KafkaSettings: ...


class ServiceSettings(BaseSettings):
    """What all four services are told."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=DELIMITER,
        frozen=True,
        hide_input_in_errors=True,
    )

    database: DatabaseSettings = Field(description="The service's own PostgreSQL.")
    kafka: KafkaSettings = Field(description="The broker.")
    auth: AuthSettings = Field(description="Whose tokens are believed.")
    http: HttpSettings = Field(HttpSettings(), description="The public server.")
    ops: OpsSettings = Field(OpsSettings(), description="The operators' server.")
    retention: RetentionSettings = Field(
        RetentionSettings(), description="How long tables keep their rows."
    )
    telemetry: TelemetrySettings = Field(TelemetrySettings(), description="Traces and logs.")
    start_seconds: Seconds = Field(
        30.0, description="How long a process waits at its start for what is away."
    )
    drain_seconds: Seconds = Field(20.0, description="Time to finish after SIGTERM.")

    RENAMED: ClassVar[Mapping[str, str]] = {
        "RAPPORT_KAFKA__LANES": "RAPPORT_KAFKA__GROUP_MEMBERS",
    }
    """Variables by the name they had before, to which each service adds its own: refused, since a default in
    their place would go unseen."""
