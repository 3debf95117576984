"""Keys that users give: refused when damaged or too large, and never long to read."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateNumbers
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from argosy.machinery.rsa_keys import UnusableKey, rsa_key


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    return key.private_bytes(Encoding.PEM, form, NoEncryption())


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_good_key_is_read(key: rsa.RSAPrivateKey, form: PrivateFormat) -> None:
    assert rsa_key(pem(key, form)).private_numbers() == key.private_numbers()


@pytest.mark.parametrize("part", ["d", "dmp1", "dmq1", "iqmp"])
def test_a_key_whose_numbers_do_not_belong_together_is_refused(key: rsa.RSAPrivateKey, part: str) -> None:
    numbers = key.private_numbers()
    parts = {name: getattr(numbers, name) for name in ("p", "q", "d", "dmp1", "dmq1", "iqmp")}
    parts[part] += 2
    damaged = RSAPrivateNumbers(**parts, public_numbers=numbers.public_numbers)
    text = pem(damaged.private_key(unsafe_skip_rsa_key_validation=True), PrivateFormat.TraditionalOpenSSL)
    with pytest.raises(UnusableKey):
        rsa_key(text)


@pytest.mark.parametrize("text", [b"", b"x", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_key_is_refused(text: bytes) -> None:
    with pytest.raises(UnusableKey, match="no readable private key"):
        rsa_key(text)


def test_a_key_of_another_kind_or_of_too_many_bits_is_refused() -> None:
    with pytest.raises(UnusableKey, match="no RSA key"):
        rsa_key(pem(ec.generate_private_key(ec.SECP256R1())))
    p, q = (1 << 8191) - 1, (1 << 8192) - 1
    public = rsa.RSAPublicNumbers(3, p * q)
    large = RSAPrivateNumbers(p, q, 3, 3, 3, 3, public).private_key(unsafe_skip_rsa_key_validation=True)
    with pytest.raises(UnusableKey, match=r"bits, 8192 are the most"):
        rsa_key(pem(large, PrivateFormat.TraditionalOpenSSL))
