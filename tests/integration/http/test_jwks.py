"""The issuer's keys over real https: believed from whom the machine trusts, and from nobody else."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey

from shared.http.jwks import key_ring
from shared.kernel.clock import SystemClock
from shared.kernel.errors import Unavailable

KEY = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})
KEYS = json.dumps({"keys": [KEY.as_dict(private=False)]}).encode()
LOOPBACK = "127.0.0.1"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a server on this machine, and of who signed it: one file with key and certificate."""
    key, now = ec.generate_private_key(ec.SECP256R1()), SystemClock().now()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the issuer of the tests")])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("issuer") / "issuer.pem"
    unlocked = serialization.NoEncryption()
    pem, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file.write_bytes(key.private_bytes(pem, kind, unlocked) + signed.public_bytes(pem))
    return file


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
