"""TCP ports on the loopback address: which are free, whose they are, and who listens there."""

import atexit
import random
import socket
from threading import Lock

import psutil

LOOPBACK = "127.0.0.1"
# Below the range from which systems take ports for outgoing connections: a server that is killed
# finds its port still free when it comes back.
_RANGE = range(20_000, 32_000)
_claims: dict[int, socket.socket] = {}
_lock = Lock()


def free_port(preferred: int | None = None) -> int:
    """A port nobody listens on and nobody else has been given; `preferred` if it is such a one.

    No other instance of the machine is given it until this process ends: what is to listen there
    may take half a minute until it does. Never a port that was given before, unless preferred.
    """
    with _lock:
        if preferred is not None and is_free(preferred) and _claim(preferred):
            return preferred
        unknown = (port for port in random.sample(_RANGE, len(_RANGE)) if port not in _claims)
        return next(port for port in unknown if is_free(port) and _claim(port))


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` of the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return _bound(probe, port)


def listens(pid: int, port: int) -> bool:
    """Whether it is this process that listens there: another one's answer says nothing of ours."""
    try:
        sockets = psutil.Process(pid).net_connections("tcp")
    except psutil.Error:
        return False
    return any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in sockets)


def _claim(port: int) -> bool:
    """Have the UDP port of the same number, which nobody uses: the system gives it to one process.

    Unlike a file it needs no folder that all accounts may write, and ends with the process.
    """
    if port not in _claims:
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if not _bound(claim, port):
            claim.close()
            return False
        _claims[port] = claim
    return True


@atexit.register
def _give_up() -> None:
    for claim in _claims.values():
        claim.close()


def _bound(one: socket.socket, port: int) -> bool:
    try:
        one.bind((LOOPBACK, port))
    except OSError:
        return False
    return True
