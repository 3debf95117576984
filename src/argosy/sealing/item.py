"""One sealed item: a session key wrapped with RSA-OAEP, then the value under AES-GCM.

Layout: two bytes, the length of the wrapped key, big endian; the wrapped key; ciphertext and 16 bytes of tag. OAEP and
its mask use SHA-256, and the label binds the item to its scope. The nonce is zero: a session key is used only once.
Source: sealed-secrets, pkg/crypto/crypto.go.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

SESSION_KEY_BYTES: Final = 32
TAG_BYTES: Final = 16
_NONCE: Final = bytes(12)
_STRAY: Final = re.compile(rb"[^A-Za-z0-9+/=\r\n]")


class ItemError(ValueError):
    """An item cannot be decrypted; the text is upstream's and reveals nothing of the content."""


class NotBase64(ItemError):
    """The text is not base64."""


NO_KEY: Final = "no key could decrypt secret"


def seal(public_key: RSAPublicKey, label: str, value: bytes, session_key: bytes) -> str:
    """Base64 of one item. `session_key`: 32 random bytes that are never used for anything else."""
    assert len(session_key) == SESSION_KEY_BYTES
    wrapped = public_key.encrypt(session_key, _padding(label))
    sealed = AESGCM(session_key).encrypt(_NONCE, value, None)
    return base64.b64encode(len(wrapped).to_bytes(2, "big") + wrapped + sealed).decode()


def decoded(text: str) -> bytes:
    """The bytes of an item: standard base64 with padding, line breaks are skipped. Raises NotBase64."""
    raw = text.encode(errors="surrogatepass")
    stray = _STRAY.search(raw)
    kept = raw.replace(b"\r", b"").replace(b"\n", b"")
    if stray is None:
        try:
            return base64.b64decode(kept, validate=True)
        except binascii.Error:
            pass
    raise NotBase64(f"illegal base64 data at input byte {_fault(raw)}")


def opened(item: bytes, keys: Iterable[RSAPrivateKey], label: str) -> tuple[bytes, RSAPrivateKey]:
    """The value, and the key that decrypted it. Every error has the same answer NO_KEY. Raises ItemError."""
    length = int.from_bytes(item[:2], "big")
    wrapped, sealed = item[2 : 2 + length], item[2 + length :]
    if len(item) >= 2 and len(wrapped) == length and len(sealed) >= TAG_BYTES:
        padding = _padding(label)
        for key in keys:
            if length == (key.key_size + 7) // 8 and (value := _with(key, padding, wrapped, sealed)) is not None:
                return value, key
    raise ItemError(NO_KEY)


def _with(key: RSAPrivateKey, padding: OAEP, wrapped: bytes, sealed: bytes) -> bytes | None:
    try:
        return AESGCM(key.decrypt(wrapped, padding)).decrypt(_NONCE, sealed, None)
    except (ValueError, InvalidTag):  # ValueError: another key or label, or a session key of invalid length
        return None


def _padding(label: str) -> OAEP:
    return OAEP(mgf=MGF1(SHA256()), algorithm=SHA256(), label=label.encode() or None)


def _fault(raw: bytes) -> int:
    """Where Go's decoder stops: an invalid byte, misplaced padding, or an incomplete group."""
    digits = 0
    for at, byte in enumerate(raw):
        if byte in b"\r\n":
            continue
        if _STRAY.match(raw, at) is not None:
            return at
        if byte == ord("="):
            return _padding_fault(raw, at, digits % 4)
        digits += 1
    return len(raw) - digits % 4


def _padding_fault(raw: bytes, at: int, digits: int) -> int:
    if digits < 2:
        return at
    end = _past_line_ends(raw, at + 1)
    if digits == 2:
        if end == len(raw):
            return end
        if raw[end] != ord("="):
            return end - 1
        end = _past_line_ends(raw, end + 1)
    return end


def _past_line_ends(raw: bytes, at: int) -> int:
    while at < len(raw) and raw[at] in b"\r\n":
        at += 1
    return at
