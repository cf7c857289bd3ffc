"""The issuer's keys over real https: believed from whom the machine trusts, and from nobody else."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from shared.http.jwks import key_ring
from shared.kernel.clock import SystemClock
from shared.kernel.errors import Unavailable
from tests.support.certificates import self_signed

KEY = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})
KEYS = json.dumps({"keys": [KEY.as_dict(private=False)]}).encode()
LOOPBACK = "127.0.0.1"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a server on this machine, and of who signed it."""
    return self_signed(tmp_path_factory.mktemp("issuer") / "issuer.pem")


@asynccontextmanager
async def issuer(certificate: Path, head: str = "200 OK") -> AsyncIterator[str]:
    """The address of an issuer's keys."""
    answer = f"HTTP/1.1 {head}\r\nContent-Length: {len(KEYS)}\r\nConnection: close\r\n\r\n"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer.encode() + KEYS)
        await writer.drain()
        writer.close()

    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    server = await asyncio.start_server(serve, LOOPBACK, 0, ssl=tls)
    async with server:
        yield f"https://{LOOPBACK}:{server.sockets[0].getsockname()[1]}/keys"


async def test_keys_come_over_https_from_whom_the_machine_trusts(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with issuer(certificate) as address:
        keys = await key_ring(address, SystemClock()).keys("one")
    assert [key.kid for key in keys] == ["one"]


async def test_a_certificate_that_nobody_vouches_for_is_not_believed(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    async with issuer(certificate) as address:
        with pytest.raises(Unavailable):
            await key_ring(address, SystemClock()).keys("one")


async def test_a_redirection_is_not_followed(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with (
        issuer(certificate) as address,
        issuer(certificate, f"302 Found\r\nLocation: {address}") as other,
    ):
        with pytest.raises(Unavailable):
            await key_ring(other, SystemClock()).keys("one")
