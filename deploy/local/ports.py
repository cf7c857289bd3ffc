"""Free TCP ports on the loopback address."""

import random
import socket
from threading import Lock

LOOPBACK = "127.0.0.1"
# Below the range from which systems take ports for outgoing connections: a server that is killed
# finds its port still free when it comes back.
_RANGE = range(20_000, 32_000)
_given: set[int] = set()
_lock = Lock()


def free_port(preferred: int | None = None) -> int:
    """A port nobody listens on now, never given twice by this process; `preferred` if it is free."""
    if preferred is not None and is_free(preferred):
        return preferred
    with _lock:
        port = next(p for p in random.sample(_RANGE, len(_RANGE)) if p not in _given and is_free(p))
        _given.add(port)
        return port


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` of the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True
