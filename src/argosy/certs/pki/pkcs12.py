"""PKCS #12 keystores (RFC 7292) in the four profiles of spec/cert-manager.md section 6.3.

Written here since no library writes all four, or lets its caller choose the salts: they are derived from the key, so
that the same input gives the same bytes and writing a Secret again changes nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from argosy.certs.pki import der, rc2

_DATA: Final = "1.2.840.113549.1.7.1"
_ENCRYPTED_DATA: Final = "1.2.840.113549.1.7.6"
_CERT_BAG: Final = "1.2.840.113549.1.12.10.1.3"
_KEY_BAG: Final = "1.2.840.113549.1.12.10.1.2"
_X509: Final = "1.2.840.113549.1.9.22.1"
_FRIENDLY_NAME: Final = "1.2.840.113549.1.9.20"
_LOCAL_KEY_ID: Final = "1.2.840.113549.1.9.21"
_JAVA_TRUST: Final = "2.16.840.1.113894.746875.1.1"
_ANY_USAGE: Final = "2.5.29.37.0"
_RC2_40: Final = "1.2.840.113549.1.12.1.6"
_TRIPLE_DES: Final = "1.2.840.113549.1.12.1.3"
_PBES2: Final = "1.2.840.113549.1.5.13"
_PBKDF2: Final = "1.2.840.113549.1.5.12"
_PBMAC1: Final = "1.2.840.113549.1.5.14"
_HMAC_SHA256: Final = "1.2.840.113549.2.9"
_AES256: Final = "2.16.840.1.101.3.4.1.42"
_SHA1: Final = "1.3.14.3.2.26"
_SHA256: Final = "2.16.840.1.101.3.4.2.1"
_ROUNDS: Final = 2048
_MAC_ROUNDS: Final = 1
"""As upstream writes the old profiles: old readers in particular expect no more."""


class _Profile(NamedTuple):
    certificates: str
    key: str
    mac: str


PROFILES: Final = {
    "LegacyRC2": _Profile("rc2", "3des", "sha1"),
    "LegacyDES": _Profile("3des", "3des", "sha1"),
    "Modern2023": _Profile("aes", "aes", "sha256"),
    "Modern2026": _Profile("aes", "aes", "pbmac1"),
}
DEFAULT_PROFILE: Final = "LegacyRC2"


@dataclass(frozen=True, slots=True)
class _Writer:
    """One file being written: profile, password, and the source of its salts."""

    profile: _Profile
    password: str
    seed: bytes

    def salt(self, what: bytes, size: int) -> bytes:
        return hmac.new(self.seed, b"argosy pkcs12 " + what + self.password.encode(), hashlib.sha256).digest()[:size]


def keystore(*, key: bytes, chain: Sequence[bytes], cas: Sequence[bytes], password: str, profile: str = "") -> bytes:
    """`key` is PKCS #8 DER, certificates are DER, leaf first. An identifier links the key and the leaf."""
    writer = _Writer(PROFILES[profile or DEFAULT_PROFILE], password, key)
    identifier = hashlib.sha1(chain[0], usedforsecurity=False).digest()
    linked = _attribute(_LOCAL_KEY_ID, der.octets(identifier))
    bags = [_certificate_bag(one, [linked] if at == 0 else []) for at, one in enumerate((*chain, *cas))]
    algorithm, cipher = _encrypted(writer, writer.profile.key, b"key", key)
    shrouded = der.sequence(algorithm, der.octets(cipher))
    key_bag = der.sequence(der.oid(_KEY_BAG), der.context(0, shrouded), der.set_of([linked]))
    return _file(writer, [_encrypted_contents(writer, bags), _data(der.sequence(key_bag))])


def truststore(*, cas: Sequence[tuple[str, bytes]], seed: bytes, password: str, profile: str = "") -> bytes:
    """CAs as (name, DER), each marked as trusted for Java."""
    writer = _Writer(PROFILES[profile or DEFAULT_PROFILE], password, seed)
    trust = _attribute(_JAVA_TRUST, der.oid(_ANY_USAGE))
    bags = [
        _certificate_bag(one, [trust, _attribute(_FRIENDLY_NAME, der.tlv(0x1E, name.encode("utf-16-be")))])
        for name, one in cas
    ]
    return _file(writer, [_encrypted_contents(writer, bags)])


def _attribute(oid: str, value: bytes) -> bytes:
    return der.sequence(der.oid(oid), der.set_of([value]))


def _certificate_bag(one: bytes, attributes: Sequence[bytes]) -> bytes:
    value = der.sequence(der.oid(_X509), der.context(0, der.octets(one)))
    tail = der.set_of(attributes) if attributes else b""
    return der.sequence(der.oid(_CERT_BAG), der.context(0, value), tail)


def _data(content: bytes) -> bytes:
    return der.sequence(der.oid(_DATA), der.context(0, der.octets(content)))


def _encrypted_contents(writer: _Writer, bags: Sequence[bytes]) -> bytes:
    algorithm, cipher = _encrypted(writer, writer.profile.certificates, b"certificates", der.sequence(*bags))
    content = der.sequence(der.oid(_DATA), algorithm, der.context(0, cipher, constructed=False))
    return der.sequence(der.oid(_ENCRYPTED_DATA), der.context(0, der.sequence(der.integer(0), content)))


def _file(writer: _Writer, contents: Sequence[bytes]) -> bytes:
    safe = der.sequence(*contents)
    return der.sequence(der.integer(3), _data(safe), _mac(writer, safe))


def _mac(writer: _Writer, content: bytes) -> bytes:
    salt = writer.salt(b"mac", 20)
    if writer.profile.mac == "pbmac1":
        key = hashlib.pbkdf2_hmac("sha256", writer.password.encode(), salt, _ROUNDS, 32)
        digest = hmac.new(key, content, hashlib.sha256).digest()
        kdf = _pbkdf2(salt, size=32)
        algorithm = der.sequence(der.oid(_PBMAC1), der.sequence(kdf, _hmac_sha256()))
        return der.sequence(der.sequence(algorithm, der.octets(digest)), der.octets(salt), der.integer(_ROUNDS))
    old = writer.profile.mac == "sha1"
    rounds = _MAC_ROUNDS if old else _ROUNDS
    hashed: Callable[..., hashlib._Hash] = hashlib.sha1 if old else hashlib.sha256
    key = derived(hashed, writer.password, salt, purpose=3, rounds=rounds, size=20 if old else 32)
    digest = hmac.new(key, content, hashed).digest()
    algorithm = der.sequence(der.oid(_SHA1 if old else _SHA256), der.NULL)
    tail = b"" if rounds == 1 else der.integer(rounds)
    return der.sequence(der.sequence(algorithm, der.octets(digest)), der.octets(salt), tail)


def _encrypted(writer: _Writer, cipher: str, what: bytes, data: bytes) -> tuple[bytes, bytes]:
    """The AlgorithmIdentifier, and the cipher text."""
    if cipher == "aes":
        return _aes(writer, what, data)
    salt = writer.salt(what, 8)
    oid, size = (_RC2_40, 5) if cipher == "rc2" else (_TRIPLE_DES, 24)
    key = derived(hashlib.sha1, writer.password, salt, purpose=1, rounds=_ROUNDS, size=size)
    iv = derived(hashlib.sha1, writer.password, salt, purpose=2, rounds=_ROUNDS, size=8)
    algorithm = der.sequence(der.oid(oid), der.sequence(der.octets(salt), der.integer(_ROUNDS)))
    if cipher == "rc2":
        return algorithm, rc2.encrypt_cbc(key, iv, data, 40)
    encryptor = Cipher(TripleDES(key), modes.CBC(iv)).encryptor()
    return algorithm, encryptor.update(_padded(data, 8)) + encryptor.finalize()


def _aes(writer: _Writer, what: bytes, data: bytes) -> tuple[bytes, bytes]:
    salt, iv = writer.salt(what, 16), writer.salt(what + b" iv", 16)
    key = hashlib.pbkdf2_hmac("sha256", writer.password.encode(), salt, _ROUNDS, 32)
    encryptor = Cipher(algorithms.AES256(key), modes.CBC(iv)).encryptor()
    scheme = der.sequence(der.oid(_AES256), der.octets(iv))
    algorithm = der.sequence(der.oid(_PBES2), der.sequence(_pbkdf2(salt), scheme))
    return algorithm, encryptor.update(_padded(data, 16)) + encryptor.finalize()


def _pbkdf2(salt: bytes, size: int = 0) -> bytes:
    length = der.integer(size) if size else b""
    return der.sequence(der.oid(_PBKDF2), der.sequence(der.octets(salt), der.integer(_ROUNDS), length, _hmac_sha256()))


def _hmac_sha256() -> bytes:
    return der.sequence(der.oid(_HMAC_SHA256), der.NULL)


def _padded(data: bytes, block: int) -> bytes:
    fill = block - len(data) % block
    return data + bytes([fill]) * fill


def derived(
    hashed: Callable[..., hashlib._Hash], password: str, salt: bytes, *, purpose: int, rounds: int, size: int
) -> bytes:
    """The key derivation of RFC 7292, appendix B; `purpose` 1 is a key, 2 an initial vector, 3 a MAC key."""
    block = 64
    secret = password.encode("utf-16-be") + b"\0\0"
    filled = _stretched(salt, block) + _stretched(secret, block)
    out = b""
    while len(out) < size:
        digest = hashed(bytes([purpose]) * block + filled).digest()
        for _ in range(rounds - 1):
            digest = hashed(digest).digest()
        out += digest
        adder = int.from_bytes(_stretched(digest, block)[:block], "big") + 1
        filled = b"".join(
            ((int.from_bytes(filled[at : at + block], "big") + adder) % (1 << block * 8)).to_bytes(block, "big")
            for at in range(0, len(filled), block)
        )
    return out[:size]


def _stretched(data: bytes, block: int) -> bytes:
    size = block * -(-len(data) // block)
    return (data * (size // len(data) + 1))[:size] if data else b""
