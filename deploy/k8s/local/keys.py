"""The certificates of the cluster's parts, all signed by an authority of its own, and who is who by them."""

import datetime
import ipaddress
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deploy.k8s.local.places import KEYS, KUBERNETES_SERVICE, NODE, NODE_ADDRESS

YEAR = datetime.timedelta(days=365)
Signer = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


class Part(NamedTuple):
    """Whom a certificate names, the group it puts them into, and the addresses at which they serve."""

    name: str
    group: str = ""
    serves: Sequence[str] = ()


OF_KUBERNETES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
PARTS = {
    "apiserver": Part("kube-apiserver", serves=(*OF_KUBERNETES, "127.0.0.1", NODE_ADDRESS, KUBERNETES_SERVICE)),
    "kubelet-serving": Part(NODE, serves=(NODE, NODE_ADDRESS, "127.0.0.1")),
    "keda": Part("keda", serves=("localhost", NODE_ADDRESS)),
    "apiserver-kubelet-client": Part("apiserver-kubelet-client", "system:masters"),
    "front-proxy-client": Part("front-proxy-client"),
    "admin": Part("admin", "system:masters"),
    "controller-manager": Part("system:kube-controller-manager"),
    "scheduler": Part("system:kube-scheduler"),
    "proxy": Part("system:kube-proxy"),
    "kubelet": Part(f"system:node:{NODE}", "system:nodes"),
}  # fmt: skip


def make_keys() -> None:
    """Write `<part>.crt` and `<part>.key`, `ca.crt` and the keys of service accounts into `KEYS`, once."""
    if (KEYS / "ca.crt").exists():
        return
    KEYS.mkdir(parents=True, exist_ok=True)
    KEYS.chmod(0o700)
    accounts = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (KEYS / "accounts.key").write_bytes(_private(accounts))
    (KEYS / "accounts.pub").write_bytes(_public(accounts))
    signer = make_authority("rapport-local")
    for name, part in PARTS.items():
        write_pair(KEYS, name, issue(signer, part))
    (KEYS / "ca.key").write_bytes(key_of(signer))
    (KEYS / "ca.crt").write_bytes(certificate_of(signer))


def make_authority(name: str) -> Signer:
    """One that signs others."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True,
        content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    draft = _draft(subject, subject, key).add_extension(usage, critical=True)
    draft = draft.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return draft.sign(key, hashes.SHA256()), key


def issue(signer: Signer, part: Part) -> Signer:
    """A certificate for the part and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.NameAttribute(NameOID.COMMON_NAME, part.name)]
    if part.group:
        names.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, part.group))
    uses = [ExtendedKeyUsageOID.CLIENT_AUTH]
    if part.serves:  # and asks as well: KEDA's two halves show each other the same one
        uses.append(ExtendedKeyUsageOID.SERVER_AUTH)
    draft = _draft(x509.Name(names), signer[0].subject, key)
    draft = draft.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
    if part.serves:
        served = x509.SubjectAlternativeName([_general(each) for each in part.serves])
        draft = draft.add_extension(served, critical=False)
    return draft.sign(signer[1], hashes.SHA256()), key


def write_pair(folder: Path, name: str, pair: Signer) -> None:
    """`<name>.crt` and `<name>.key` in the folder."""
    (folder / f"{name}.crt").write_bytes(certificate_of(pair))
    (folder / f"{name}.key").write_bytes(key_of(pair))


def certificate_of(pair: Signer) -> bytes:
    """As PEM."""
    return pair[0].public_bytes(serialization.Encoding.PEM)


def key_of(pair: Signer) -> bytes:
    """As PEM, open."""
    return _private(pair[1])


def _draft(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return x509.CertificateBuilder(
        issuer, subject, key.public_key(), x509.random_serial_number(),
        now - datetime.timedelta(minutes=1), now + YEAR,
    )  # fmt: skip


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _private(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _public(key: rsa.RSAPrivateKey) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)
