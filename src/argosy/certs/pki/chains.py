"""Orders an unordered set of certificates into one chain, for tls.crt and ca.crt.

Source: spec/cert-manager.md section 7.4. Roots are left out of the chain: verifiers have them already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from argosy.certs.pki.certificates import X509

_LONGEST: Final = 1000


class ChainError(ValueError):
    """The certificates do not form a single chain."""


class Bundle(NamedTuple):
    """PEM texts; `ca` is empty if it is unknown."""

    chain: bytes
    ca: bytes


def bundle_of(certificates: Iterable[X509]) -> Bundle:
    """Leaf first, without the self-signed root. Raises ChainError."""
    line = in_line(certificates)
    top = line[-1]
    if len(line) == 1:
        return Bundle(top.pem, top.pem if top.is_self_signed else b"")
    chain = line[:-1] if top.is_self_signed else line
    return Bundle(b"".join(one.pem for one in chain), top.pem)


def in_line(certificates: Iterable[X509]) -> Sequence[X509]:
    """Each certificate followed by its issuer. Raises ChainError."""
    unique = list({one.der_bytes: one for one in certificates}.values())
    if not unique or len(unique) > _LONGEST:
        raise ChainError(f"a chain has 1 to {_LONGEST} certificates, not {len(unique)}")
    lines = [[one] for one in unique]
    while len(lines) > 1:
        last = lines.pop()
        for at, line in enumerate(lines):
            if joined := _joined(last, line):
                lines[at] = joined
                break
        else:
            raise ChainError("certificate chain is malformed or broken")
    return lines[0]


def _joined(left: list[X509], right: list[X509]) -> list[X509] | None:
    if right[-1].was_issued_by(left[0]):
        return right + left
    if left[-1].was_issued_by(right[0]):
        return left + right
    return None
