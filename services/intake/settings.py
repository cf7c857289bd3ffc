"""What intake is set to, beside what every service is."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, Field, SecretStr, WithJsonSchema, model_validator

from shared.i18n.time_zones import is_time_zone
from shared.settings import (
    AtLeast,
    Block,
    NotBoth,
    Port,
    Positive,
    Seconds,
    ServiceSettings,
    SetWith,
    WholeSeconds,
)
from shared.settings.addresses import HttpAddress, Networks
from shared.settings.bounds import Bound


def _existing(zone: str) -> str:
    """A misspelt zone is seen at start, not in the first promise made in the wrong time."""
    if not is_time_zone(zone):
        raise ValueError(f"there is no time zone {zone!r}")
    return zone


def _store(url: str) -> str:
    """Only the form: whether somebody is there is for readiness to say."""
    parts = urlsplit(url)
    is_bucket = parts.scheme == "s3" and bool(parts.netloc)
    is_folder = parts.scheme == "file" and not parts.netloc and len(parts.path) > 1
    if not (is_bucket or is_folder) or parts.query or parts.fragment or parts.username:
        raise ValueError("must be s3://bucket/prefix or file:///folder")
    return url


def folder_of(url: str) -> Path | None:
    """The folder of a store of files; None for a bucket."""
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def bucket_of(url: str) -> tuple[str, str]:
    """Bucket and prefix of a store of S3; the prefix may be empty."""
    parts = urlsplit(url)
    return parts.netloc, parts.path.strip("/")


class NeededForFolder(Bound):
    """Said aloud where the store is a folder: a second machine would have another one."""

    words = "`true` where {other} is a file:// address"

    def holds(self, value: Any, other: Any) -> bool:
        """Whether it is said, or not needed."""
        return bool(value) or folder_of(other) is None


StoreAddress = Annotated[
    str,
    AfterValidator(_store),
    WithJsonSchema({"type": "string", "format": "s3:// or file:// address"}),
]
Zones = Mapping[str, Annotated[str, AfterValidator(_existing)]]
Domain = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[a-z0-9.-]+$")]
Address = Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$")]
Line = Annotated[str, Field(pattern=r"^[^\r\n]*$")]
Tier = Annotated[str, Field(max_length=64, pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
ZONES = MappingProxyType(
    {"de": "Europe/Berlin", "en": "Europe/London", "mn": "Asia/Ulaanbaatar", "te": "Asia/Kolkata"}
)


class SmtpSettings(Block):
    """The server for inbound mail."""

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 in a container.")
    port: Port = Field(2525, description="Port to listen on; 0 takes a free one.")
    hostname: Domain = Field("mail.rapport.example", description="The name we greet with.")
    domains: tuple[Domain, ...] = Field(
        ("rapport.example",), min_length=1, description="Domains we accept mail for, as JSON."
    )
    max_bytes: Positive = Field(20 * 2**20, description="Longer mails get 552.")
    max_connections: Positive = Field(200, description="Connections beyond it get 421.")
    max_sender_connections: Positive = Field(
        100, description="The same for those of one address, or one network of IPv6."
    )
    proxies: Networks = Field(
        "",
        description="Load balancers that write PROXY (version 1 or 2) before each connection, by their addresses, separated"
        " by commas: the sender's address is the one they name. From nobody else is it taken.",
        examples=["10.0.0.0/8,192.0.2.7"],
    )
    max_recipients: Positive = Field(100, description="Recipients of one mail beyond it get 452.")
    timeout_seconds: Seconds = Field(
        60, description="A connection on which nothing comes for so long gets 421 and is closed."
    )
    data_seconds: Annotated[Seconds, AtLeast("timeout_seconds")] = Field(
        600, description="A mail that takes longer to arrive, from DATA to its end, gets the same."
    )
    session_seconds: Annotated[Seconds, AtLeast("data_seconds")] = Field(
        1_800, description="The same for a whole session; a mail that is here is stored first."
    )


class ReadingSettings(Block):
    """What reading a mail may cost. What exceeds it goes into quarantine with its bytes."""

    processes: Positive = Field(2, description="Processes that read mails, each one at a time.")
    cpu_seconds: Seconds = Field(5, description="Processor time one mail may take.")
    memory_bytes: Positive = Field(
        512 * 2**20,
        description="Memory one mail may take beside what the process has at its start.",
    )
    deadline_seconds: Annotated[Seconds, AtLeast("cpu_seconds")] = Field(
        60, description="After it, by the clock, a mail is deferred: the machine is too busy."
    )


class MailSettings(Block):
    """Who delivers our mail, and as whom we write."""

    host: str = Field("127.0.0.1", description="The SMTP server that takes our mail.")
    port: Annotated[int, Field(gt=0, le=65535)] = Field(25, description="Its port.")
    username: str | None = Field(None, description="Unset: no login.")
    password: Annotated[SecretStr | None, SetWith("username")] = Field(
        None, description="Used with the user name."
    )
    use_tls: bool = Field(False, description="TLS from the first byte, as on port 465.")
    sender: Address = Field("help@rapport.example", description="The address we write from.")
    sender_name: Line = Field("Customer care", description="The name we write under.")
    domain: Domain = Field("rapport.example", description="The right side of our Message-IDs.")
    start_tls: Annotated[bool | None, NotBoth("use_tls")] = Field(
        None, description="Unset: STARTTLS wherever the server offers it."
    )
    timeout_seconds: WholeSeconds = Field(30, description="The longest one step of SMTP may take.")


class DeliverySettings(Block):
    """How messages are delivered, on whatever channel."""

    max_in_flight: Positive = Field(4, description="Messages that are handed over at once.")
    max_leased: Annotated[Positive, AtLeast("max_in_flight")] = Field(
        16, description="Messages leased and not yet settled, at most."
    )
    lease_seconds: WholeSeconds = Field(
        300, description="A message whose process vanished is delivered by another after it."
    )
    poll_seconds: Seconds = Field(0.25, description="Time between looks for new messages.")
    max_attempts: Positive = Field(20, description="Attempts after which a message has failed.")
    first_retry_seconds: Seconds = Field(5, description="Wait after the first failure.")
    longest_retry_seconds: Annotated[Seconds, AtLeast("first_retry_seconds")] = Field(
        3_600, description="Longest wait between two."
    )


class PromiseSettings(Block):
    """What is promised."""

    minimum_seconds: WholeSeconds = Field(60, description="Never promise sooner than this.")
    default_target_seconds: Annotated[WholeSeconds, AtLeast("minimum_seconds")] = Field(
        14_400, description="The target while no queue is known."
    )
    batch: Positive = Field(500, description="Overdue promises settled in one transaction.")


class CentreSettings(Block):
    """What is assumed of a customer of whom nothing is known."""

    language: str = Field("en", pattern=r"^[a-z]{2,3}$", description="The default language.")
    time_zones: Zones = Field(
        default_factory=lambda: dict(ZONES), description="Time zone by language, as JSON; else UTC."
    )
    value_tier: Tier = Field("standard", description="The value tier of a new customer.")


class QuarantineSettings(Block):
    """How much is kept of what publishers of the inbox sent and nobody can read."""

    max_count: Positive = Field(
        10_000, description="Records that wait there; more are counted and left at their origin."
    )
    max_bytes: Positive = Field(256 * 2**20, description="Bytes of them; the same beyond it.")


class AttachmentSettings(Block):
    """Where the files that customers send are kept, apart from the database."""

    url: StoreAddress = Field(
        description="s3://bucket/prefix, or file:///folder on a single machine. Each database has a store of its own:"
        " what belongs to no contact in it is deleted.",
        examples=["s3://rapport/attachments"],
    )
    single_node: Annotated[bool, NeededForFolder("url")] = Field(
        False, description="That all processes of intake run on one machine, which has the folder."
    )
    endpoint: HttpAddress | None = Field(
        None,
        description="Whoever else speaks S3; unset: AWS.",
        examples=["https://s3.example"],
    )
    region: str = Field("us-east-1", min_length=1, description="Of the bucket.")
    access_key_id: str | None = Field(
        None, description="Unset: AWS_* of the environment, or the machine's own role."
    )
    secret_access_key: Annotated[SecretStr | None, SetWith("access_key_id")] = Field(
        None, description="Used with the key's id."
    )
    timeout_seconds: Seconds = Field(
        30, description="Storing the files of a message may take so long; after it 503, or 451."
    )


class OutboxSettings(Block):
    """How much may wait to be published, as while the broker is away. Beyond it nobody is accepted: 503, 451."""

    max_rows: Positive = Field(5_000_000, description="Events, about.")
    max_bytes: Positive = Field(20 * 2**30, description="Bytes of them in the database, about.")


class Settings(ServiceSettings):
    """All of it."""

    RENAMED: ClassVar[Mapping[str, str]] = {
        **ServiceSettings.RENAMED,
        "RAPPORT_COMMIT_LANES": "RAPPORT_COMMIT_MAX_IN_FLIGHT",
        "RAPPORT_COMMIT_CAP": "RAPPORT_COMMIT_MAX_BATCH",
        "RAPPORT_MAIL__CONNECTIONS": "RAPPORT_DELIVERY__MAX_IN_FLIGHT",
        "RAPPORT_MAIL__IN_HAND": "RAPPORT_DELIVERY__MAX_LEASED",
        "RAPPORT_MAIL__LEASE_SECONDS": "RAPPORT_DELIVERY__LEASE_SECONDS",
        "RAPPORT_MAIL__POLL_SECONDS": "RAPPORT_DELIVERY__POLL_SECONDS",
        "RAPPORT_MAIL__ATTEMPTS": "RAPPORT_DELIVERY__MAX_ATTEMPTS",
        "RAPPORT_MAIL__FIRST_RETRY_SECONDS": "RAPPORT_DELIVERY__FIRST_RETRY_SECONDS",
        "RAPPORT_MAIL__LONGEST_RETRY_SECONDS": "RAPPORT_DELIVERY__LONGEST_RETRY_SECONDS",
    }

    smtp: SmtpSettings = Field(SmtpSettings(), description="Mail in.")
    reading: ReadingSettings = Field(ReadingSettings(), description="Limits of reading mail.")
    mail: MailSettings = Field(MailSettings(), description="Mail out.")
    delivery: DeliverySettings = Field(DeliverySettings(), description="Delivery of messages.")
    promise: PromiseSettings = Field(PromiseSettings(), description="Promises.")
    centre: CentreSettings = Field(CentreSettings(), description="Defaults of the centre.")
    attachments: AttachmentSettings = Field(description="Files that customers send.")
    quarantine: QuarantineSettings = Field(
        QuarantineSettings(), description="The bound of the quarantine for the inbox."
    )
    outbox: OutboxSettings = Field(
        OutboxSettings(), description="The bound of what waits to be published."
    )
    keep_contacts_days: int = Field(
        730,
        ge=30,
        le=36_500,
        description="A contact is deleted, here and in every service, when nothing has been written, promised or sent"
        " for so long.",
    )
    commit_max_in_flight: Positive = Field(2, description="Group commits at once, per api process.")
    commit_max_batch: Positive = Field(500, description="Arrivals of one group commit at most.")
    commit_max_bytes: Positive = Field(
        8 * 2**20,
        description="Bytes of one group commit at most; a larger arrival is one by itself.",
    )

    @model_validator(mode="after")
    def _leased_while_delivered(self) -> Self:
        """A lease that ends before a mail can be handed over lets it be sent twice."""
        if self.delivery.lease_seconds <= self.mail.timeout_seconds:
            raise ValueError(
                "RAPPORT_DELIVERY__LEASE_SECONDS: must be more than RAPPORT_MAIL__TIMEOUT_SECONDS"
            )
        return self
