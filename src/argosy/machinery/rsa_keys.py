"""Reads users' RSA keys quickly: OpenSSL itself tests the primes of 4096-bit keys for a quarter of a second.

Instead it is checked that the numbers are consistent, so that a damaged key is refused; a key whose factors are not
primes weakens only its owner.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

MOST_BITS: Final = 8192


class UnusableKey(ValueError):
    """The message gives the reason, and nothing of the key."""


def rsa_key(pem: bytes) -> RSAPrivateKey:
    """PKCS1 or PKCS8. Raises UnusableKey."""
    try:
        key = load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError):
        raise UnusableKey("no readable private key") from None
    except Exception as error:  # OpenSSL's error for numbers it cannot process
        raise UnusableKey(f"no readable private key: {type(error).__name__}") from None
    if not isinstance(key, RSAPrivateKey):
        raise UnusableKey("no RSA key")
    if key.key_size > MOST_BITS:
        raise UnusableKey(f"an RSA key of {key.key_size} bits, {MOST_BITS} are the most")
    if not _belongs_together(key):
        raise UnusableKey("no readable private key: its numbers do not belong together")
    return key


def _belongs_together(key: RSAPrivateKey) -> bool:
    numbers = key.private_numbers()
    p, q, d = numbers.p, numbers.q, numbers.d
    n, e = numbers.public_numbers.n, numbers.public_numbers.e
    if min(p, q) < 3 or p * q != n or e < 3 or not (p & q & e & 1):
        return False
    inverses = d * e % (p - 1) == 1 and d * e % (q - 1) == 1 and numbers.iqmp * q % p == 1
    return inverses and numbers.dmp1 == d % (p - 1) and numbers.dmq1 == d % (q - 1)
