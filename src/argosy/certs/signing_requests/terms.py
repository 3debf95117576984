"""What a CertificateSigningRequest asks for in addition to its names, and its possible outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from argosy.apis.kubernetes.views.certificates import CertificateSigningRequest
from argosy.certs.pki.signing import DEFAULT_DURATION
from argosy.machinery import duration
from argosy.machinery.controller import Step

PREFIX: Final = "experimental.cert-manager.io/"
KEY_HOLDER: Final = f"{PREFIX}private-key-secret-name"
SHORTEST: Final = timedelta(seconds=600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why it is not signed; `lasting` fails the request, else it waits."""

    reason: str
    message: str
    lasting: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """No error; `steps` come first, `wake_at` is when it is checked again, `memory` is kept until then."""

    reason: str
    message: str
    is_warning: bool = False
    steps: tuple[Step, ...] = ()
    wake_at: datetime | None = None
    memory: object = None


def duration_of(request: CertificateSigningRequest) -> timedelta | Refused:
    text = request.metadata.annotations.get(f"{PREFIX}request-duration")
    if text is not None:
        try:
            found = duration.parse(text)
        except duration.DurationError as error:
            return Refused(reason="InvalidDuration", message=f"annotation {PREFIX}request-duration: {error}")
    elif request.spec.expiration_seconds is not None:
        found = timedelta(seconds=request.spec.expiration_seconds)
    else:
        found = DEFAULT_DURATION
    if found < SHORTEST:
        asked, shortest = duration.spelled(found), duration.spelled(SHORTEST)
        message = f"a certificate of {asked} is asked for; the shortest is {shortest}"
        return Refused(reason="InvalidDuration", message=message)
    return found


def is_ca(request: CertificateSigningRequest) -> bool:
    return request.metadata.annotations.get(f"{PREFIX}request-is-ca") == "true"
