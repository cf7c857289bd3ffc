"""Whether a Kafka-protocol broker really serves: a group coordinator answers, not only a socket."""

import socket
import struct

from deploy.local.ports import LOOPBACK

_FIND_COORDINATOR, _HEARTBEAT = 10, 12
_NOT_YET = {14, 15, 16}  # loading, not available, not the coordinator
_GROUP = b"rapport.readiness"


def serves_groups(port: int) -> bool:
    """True once the broker on the loopback address has a working group coordinator.

    Asking for it makes a new broker create its offsets topic, so ask again until it is True.
    """
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1.0) as connection:
            found = _ask(connection, _FIND_COORDINATOR, _string(_GROUP))
            if found != 0:
                return False
            nobody = _string(_GROUP) + struct.pack(">i", 0) + _string(b"nobody")
            return _ask(connection, _HEARTBEAT, nobody) not in _NOT_YET
    except (OSError, struct.error):
        return False


def _ask(connection: socket.socket, api: int, body: bytes) -> int:
    """Send a request in the API's version 0 and return the error code its response begins with."""
    request = struct.pack(">hhi", api, 0, 1) + _string(b"rapport") + body
    connection.sendall(struct.pack(">i", len(request)) + request)
    (length,) = struct.unpack(">i", _read(connection, 4))
    _correlation, error = struct.unpack(">ih", _read(connection, length)[:6])
    return int(error)


def _read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise ConnectionResetError("the broker closed the connection")
        data += more
    return data


def _string(value: bytes) -> bytes:
    return struct.pack(">h", len(value)) + value
