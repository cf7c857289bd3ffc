"""The forms of addresses and files: what cannot be one is refused at start, in words and without its value."""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, parse_qs, quote, urlsplit

from pydantic import AfterValidator, SecretStr, WithJsonSchema

HIGHEST_PORT = 65_535
POSTGRES_PORT = 5432
NOBODY = "none"


def _postgres(dsn: SecretStr) -> SecretStr:
    """Only the form: whether somebody is there is for `check` to say."""
    address = _split(dsn.get_secret_value())
    if address.scheme not in ("postgresql", "postgres"):
        raise ValueError("must be a postgresql:// address")
    hosts = address.netloc.rpartition("@")[2].split(",")
    if not all(_is_port(host) for host in hosts):
        raise ValueError("must be a postgresql:// address whose port is a number")
    for path in parse_qs(address.query).get("sslrootcert", ()):
        _opened(Path(path), "must name in sslrootcert a file that can be read")
    return dsn


def _brokers(bootstrap: str) -> str:
    for place in map(str.strip, bootstrap.split(",")):
        host, _, port = place.rpartition(":")
        if not (host and port) or "/" in host or not _is_port(place):
            raise ValueError("must be host:port, or several of them separated by commas")
    return bootstrap


def _readable(path: Path) -> Path:
    return _opened(path, "must be a file that can be read")


def _opened(path: Path, demand: str) -> Path:
    """Opened once: a file that is not there is seen before anything starts."""
    try:
        path.open("rb").close()
    except OSError as error:
        raise ValueError(f"{demand}: {error.strerror}") from None
    return path


def _networks(addresses: str) -> str:
    """Named ones alone: whoever believes everybody lets each caller choose an address."""
    if addresses.strip() == NOBODY:
        return NOBODY
    for address in filter(None, map(str.strip, addresses.split(","))):
        try:
            ip_network(address)
        except ValueError:
            raise ValueError("must be IP addresses or networks, or `none`") from None
    return addresses


def _jwks(where: str) -> str:
    if not where or (":" in where and not where.startswith("https://")):
        raise ValueError("must be a file path or an https:// address")
    return where


def _http(address: str) -> str:
    parts = _split(address)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError("must be an http:// or https:// address")
    return address


def _split(address: str) -> SplitResult:
    """An address without parts, if it has none; the library's errors quote it, passwords too."""
    try:
        return urlsplit(address)
    except ValueError:
        return SplitResult("", "", "", "", "")


def _is_port(place: str) -> bool:
    """Whether what stands behind a host can be a port; a host of IPv6 has colons in brackets."""
    port = _port(place)
    return port is None or (port.isdecimal() and int(port) <= HIGHEST_PORT)


def _port(place: str) -> str | None:
    """What stands behind the host's colon, if there is one."""
    _, colon, port = (place.partition("]")[2] or place).rpartition(":")
    return port if colon else None


def database_place(dsn: SecretStr) -> str:
    """Host and port of a database, or of several; never user or password."""
    address = urlsplit(dsn.get_secret_value())
    (asked,) = parse_qs(address.query).get("host", ["localhost"])
    hosts = (address.netloc.rpartition("@")[2] or asked).split(",")
    return ",".join(host if _port(host) else f"{host}:{POSTGRES_PORT}" for host in hosts)


def with_credentials(dsn: str, user: str | None, password: str | None) -> str:
    """The address of a database with this user and this password in place of its own; None leaves its own."""
    if user is None and password is None:
        return dsn
    address = urlsplit(dsn)
    own, _, hosts = address.netloc.rpartition("@")
    own_user, _, own_password = own.partition(":")
    name = own_user if user is None else quote(user, safe="")
    secret = own_password if password is None else quote(password, safe="")
    return address._replace(netloc=f"{name}:{secret}@{hosts}").geturl()


def broker_places(bootstrap: str) -> list[tuple[str, int]]:
    """Host and port of each broker."""
    parts = [place.strip().rpartition(":") for place in bootstrap.split(",")]
    return [(host.strip("[]"), int(port)) for host, _, port in parts]


def _named(format_: str) -> WithJsonSchema:
    """What the page of settings calls it."""
    return WithJsonSchema({"type": "string", "format": format_})


PostgresAddress = Annotated[
    SecretStr, AfterValidator(_postgres), _named("postgresql:// address, secret")
]
Brokers = Annotated[str, AfterValidator(_brokers), _named("list of host:port")]
HttpAddress = Annotated[str, AfterValidator(_http), _named("http(s) address")]
JwksPlace = Annotated[str, AfterValidator(_jwks), _named("file or https address")]
Networks = Annotated[str, AfterValidator(_networks), _named("list of addresses or networks")]
ReadableFile = Annotated[Path, AfterValidator(_readable)]
