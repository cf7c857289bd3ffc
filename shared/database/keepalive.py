"""Both ends of a database connection notice within half a minute that the other has vanished.

A node that loses its power, and a network that swallows packets, end no connection: without keepalive the
kernel waits two hours, and with data under way a quarter of one. Meanwhile the server keeps
locks, and a listener hears nothing.
"""

import socket
from typing import Any, Final

IDLE_SECONDS: Final = 10
INTERVAL_SECONDS: Final = 5
PROBES: Final = 3
UNANSWERED_MS: Final = 20_000

SERVER: Final = {
    "tcp_keepalives_idle": str(IDLE_SECONDS),
    "tcp_keepalives_interval": str(INTERVAL_SECONDS),
    "tcp_keepalives_count": str(PROBES),
    "tcp_user_timeout": str(UNANSWERED_MS),
}
"""What the server does at its end; it passes over them on a connection that is no TCP."""

_OURS: Final = {
    "TCP_KEEPIDLE": IDLE_SECONDS,
    "TCP_KEEPINTVL": INTERVAL_SECONDS,
    "TCP_KEEPCNT": PROBES,
    "TCP_USER_TIMEOUT": UNANSWERED_MS,
}
"""The same at ours; systems other than Linux have only some of them."""


def keep_alive(connection: Any) -> None:
    """Do it at our end of a connection of the driver."""
    end = connection._transport.get_extra_info("socket")  # noqa: SLF001 - the driver has no option for it
    if end.family != socket.AF_UNIX:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _OURS.items():
            if hasattr(socket, name):
                end.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
