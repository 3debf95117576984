"""What has to stay the same between starts: the CA, and the key that signs ServiceAccount tokens.

Damaged or missing files are never replaced silently: with new keys every existing kubeconfig and token is invalid.
"""

from __future__ import annotations

import logging
import stat
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from argosy.cluster.auth.tokens import make_signing_key
from argosy.cluster.http import tls

CERTIFICATE, KEY, SIGNING_KEY = "ca.crt", "ca.key", "service-account.key"
FILES = (CERTIFICATE, KEY, SIGNING_KEY)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Keys:
    authority: tls.KeyPair
    signing_key: bytes = field(repr=False)

    @classmethod
    def make(cls, now: datetime) -> Keys:
        return cls(tls.make_authority(now), make_signing_key())

    @classmethod
    def load_or_make(cls, directory: Path, now: datetime) -> Keys:
        """Reads the keys from files of mode 0600 in `directory`, which are created on the first start.

        Raises OSError, with a message that says what to do, for files that cannot be used. A file that was readable by
        other users is restricted again, with a warning.
        """
        if any((directory / name).exists() for name in FILES):
            if faults := faults_of_keys(directory, now):
                raise OSError(faults[0])
            _close_to_others(directory)
            certificate, key, signing_key = ((directory / name).read_bytes() for name in FILES)
            return cls(tls.KeyPair(certificate, key), signing_key)
        made = cls.make(now)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, content in zip(
            FILES, (made.authority.certificate, made.authority.key, made.signing_key), strict=True
        ):
            tls.write_private(directory / name, content)
        return made


def faults_of_keys(directory: Path, now: datetime) -> list[str]:
    """Why the keys cannot be used, as sentences that reveal no key. Empty where there are no keys at all."""
    there = [name for name in FILES if (directory / name).exists()]
    if not there:
        return []
    if missing := [name for name in FILES if name not in there]:
        return [f"{directory / missing[0]} is missing next to {there[0]}: {_remedy(directory)}"]
    faults = [fault for name in (KEY, SIGNING_KEY) if (fault := _fault_of_key(directory / name))]
    return faults or _faults_of_authority(directory, now)


def _fault_of_key(path: Path) -> str:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError):
        return f"{path} is damaged: it is not a private key. {_remedy(path.parent).capitalize()}"
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return f"{path} is a key of another kind: Argosy uses ECDSA P-256. {_remedy(path.parent).capitalize()}"
    return ""


def _faults_of_authority(directory: Path, now: datetime) -> list[str]:
    path = directory / CERTIFICATE
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError:
        return [f"{path} is damaged: it is not a certificate. {_remedy(directory).capitalize()}"]
    key = serialization.load_pem_private_key((directory / KEY).read_bytes(), None)
    if key.public_key() != certificate.public_key():
        return [f"{path} and {directory / KEY} do not belong together. {_remedy(directory).capitalize()}"]
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < begins:
        valid = f"{path} is valid from {begins:%Y-%m-%d %H:%M} UTC only"
        return [f"the clock says {now:%Y-%m-%d %H:%M} UTC, and {valid}: set the clock of this machine right"]
    if now >= ends:
        return [f"{path} expired at {ends:%Y-%m-%d %H:%M} UTC: delete {directory} for new keys and a new kubeconfig"]
    return []


def _remedy(directory: Path) -> str:
    return (
        f"put the file back from a backup, or delete {directory} for new keys, which makes every kubeconfig and "
        "token of before worthless"
    )


def _close_to_others(directory: Path) -> None:
    for path in (directory, directory / KEY, directory / SIGNING_KEY):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            path.chmod(0o700 if path.is_dir() else 0o600)
            _log.warning(
                "%s was open to other users (mode %04o) and is not any more; if somebody may have read a key, "
                "delete %s for new ones",
                path,
                mode,
                directory,
            )
