"""How a certificate is identified when a server is asked when to renew it (RFC 9773)."""

from __future__ import annotations

from argosy.certs.base64_text import url_encoded
from argosy.certs.pki.certificates import X509


def certificate_id(certificate: X509) -> str:
    """Its authority key id and its serial number; empty if it has no authority key id."""
    key_id, serial = certificate.authority_key_id, certificate.serial
    content = serial.to_bytes(serial.bit_length() // 8 + 1, "big")  # as in DER: a leading zero keeps it positive
    return f"{url_encoded(key_id)}.{url_encoded(content)}" if key_id else ""
