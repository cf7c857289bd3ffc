"""What every process is told by its environment: `RAPPORT_` + field names joined by `__`.

A service embeds these blocks by deriving its own `Settings` from `ServiceSettings`.
"""

from shared.settings.blocks import (
    AuthSettings,
    Block,
    DatabaseSettings,
    HasDatabase,
    HasDatabaseAndKafka,
    HttpSettings,
    KafkaSettings,
    OpsSettings,
    Port,
    Positive,
    RetentionSettings,
    Seconds,
    ServiceSettings,
    TelemetrySettings,
    WholeSeconds,
)
from shared.settings.bounds import AtLeast, Different, NotBoth, SetWith
from shared.settings.loading import SettingsError, load, not_read

__all__ = [
    "AtLeast",
    "AuthSettings",
    "Block",
    "DatabaseSettings",
    "Different",
    "HasDatabase",
    "HasDatabaseAndKafka",
    "HttpSettings",
    "KafkaSettings",
    "NotBoth",
    "OpsSettings",
    "Port",
    "Positive",
    "RetentionSettings",
    "Seconds",
    "ServiceSettings",
    "SetWith",
    "SettingsError",
    "TelemetrySettings",
    "WholeSeconds",
    "load",
    "not_read",
]
