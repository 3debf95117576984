"""JKS keystores, as Java's keytool reads them.

The format: magic, version 2, entries, then a SHA-1 over the password, a fixed phrase and all preceding bytes. A key
entry is PKCS #8 encrypted with Sun's own password cipher, a SHA-1 stream. Salts are derived, not random: the same key,
password and chain give the same bytes, so that writing a Secret again changes nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from argosy.certs.pki import der

_MAGIC: Final = 0xFEEDFEED
_KEY_ENTRY: Final = 1
_TRUSTED_ENTRY: Final = 2
_PHRASE: Final = b"Mighty Aphrodite"
"""Part of the format."""
_PROTECTOR: Final = "1.3.6.1.4.1.42.2.17.1.1"


def keystore(
    *, key: bytes, chain: Sequence[bytes], cas: Sequence[bytes], alias: str, password: str, at: datetime
) -> bytes:
    """`key` is PKCS #8 DER, certificates are DER, leaf first; CAs become trusted entries `ca`, `ca-1`, ..."""
    entry = _key_entry(alias, key, chain, password, at)
    return _sealed([entry, *_trusted(cas, at)], password)


def truststore(*, cas: Sequence[bytes], password: str, at: datetime) -> bytes:
    return _sealed(list(_trusted(cas, at)), password)


def _trusted(cas: Sequence[bytes], at: datetime) -> list[bytes]:
    names = ["ca" if number == 0 else f"ca-{number}" for number in range(len(cas))]
    return [
        struct.pack(">I", _TRUSTED_ENTRY) + _text(name) + _millis(at) + _certificate(ca)
        for name, ca in zip(names, cas, strict=True)
    ]


def _key_entry(alias: str, key: bytes, chain: Sequence[bytes], password: str, at: datetime) -> bytes:
    protected = _protected(key, password)
    certificates = b"".join(_certificate(one) for one in chain)
    return (
        struct.pack(">I", _KEY_ENTRY)
        + _text(alias.lower())
        + _millis(at)
        + struct.pack(">I", len(protected))
        + protected
        + struct.pack(">I", len(chain))
        + certificates
    )


def _protected(key: bytes, password: str) -> bytes:
    secret = password.encode("utf-16-be")
    salt = hmac.new(key, b"argosy jks " + secret, hashlib.sha256).digest()[:20]
    stream = b""
    block = salt
    while len(stream) < len(key):
        block = hashlib.sha1(secret + block, usedforsecurity=False).digest()
        stream += block
    cipher = bytes(left ^ right for left, right in zip(key, stream, strict=False))
    check = hashlib.sha1(secret + key, usedforsecurity=False).digest()
    algorithm = der.sequence(der.oid(_PROTECTOR), der.NULL)
    return der.sequence(algorithm, der.octets(salt + cipher + check))


def _sealed(entries: Sequence[bytes], password: str) -> bytes:
    body = struct.pack(">III", _MAGIC, 2, len(entries)) + b"".join(entries)
    seal = hashlib.sha1(password.encode("utf-16-be") + _PHRASE + body, usedforsecurity=False).digest()
    return body + seal


def _certificate(one: bytes) -> bytes:
    return _text("X.509") + struct.pack(">I", len(one)) + one


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def _millis(at: datetime) -> bytes:
    return struct.pack(">Q", int(at.timestamp() * 1000))
