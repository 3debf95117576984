"""Signs CertificateSigningRequests with a Vault server. Source: spec/cert-manager.md sections 7.5 and 11."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.apis.kubernetes.views.certificates import CertificateSigningRequest
from argosy.certs.acme.rounds import FIRST, Round, backoff
from argosy.certs.base64_text import decoded
from argosy.certs.ports import Signed
from argosy.certs.settings import Settings
from argosy.certs.signing_requests.terms import Refused, Waiting
from argosy.certs.vault.connection import Incomplete, connection_of
from argosy.certs.vault.ports import SignByVault, Trouble
from argosy.machinery.controller import Failed, Pending, Snapshot

_FIRST_RETRY: Final = timedelta(seconds=5)
_LONGEST_RETRY: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """The server's answer, and its round."""

    answer: Signed | Trouble | Failed | Pending
    round: Round


def look(
    snapshot: Snapshot, request: CertificateSigningRequest, issuer: AnyIssuer, settings: Settings, life: timedelta
) -> Signing | Refused:
    assert issuer.spec.vault is not None
    own = getattr(snapshot.memory, "own", None)
    round_ = own if isinstance(own, Round) else FIRST
    try:
        connection = connection_of(snapshot, issuer, settings)
    except Incomplete as error:
        return Refused(reason="ErrorVaultInit", message=_init(str(error)), lasting=False)
    path = issuer.spec.vault.path.strip("/")
    content = decoded(request.spec.request)
    question = SignByVault(request.metadata.uid, connection, path, content, life.total_seconds(), round_.number)
    return Signing(answer=snapshot.ask(question), round=round_)


def judged(found: Signing, now: datetime) -> Signed | Refused | Waiting | None:
    """A refusal fails the request; a temporary error is retried, and reported once."""
    match found.answer:
        case Signed() as signed:
            return signed
        case Trouble() as trouble if trouble.lasting and not trouble.starting:
            return Refused(reason="ErrorSigning", message=f"Vault failed to sign: {trouble.reason}")
        case Trouble() as trouble:
            round_, wake_at = found.round.later(now, backoff(found.round.number, _FIRST_RETRY, _LONGEST_RETRY))
            reason = "ErrorVaultInit" if trouble.starting else "ErrorSigning"
            message = _init(trouble.reason) if trouble.starting else f"Vault did not answer: {trouble.reason}"
            return Waiting(reason=reason, message=message, is_warning=True, wake_at=wake_at, memory=round_)
    return None


def _init(reason: str) -> str:
    return f"Failed to initialise vault client for signing: {reason}"
