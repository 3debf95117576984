"""Signs requests with a Vault server. Source: spec/cert-manager.md section 7.5."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from argosy.apis.certmanager import CertificateRequest
from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.certs.acme.rounds import FIRST, Round, backoff
from argosy.certs.base64_text import decoded
from argosy.certs.ports import Signed
from argosy.certs.settings import Settings
from argosy.certs.signing_flow import outcome
from argosy.certs.signing_flow.flow import IssuerType, Seen, duration_of
from argosy.certs.vault.connection import Incomplete, connection_of
from argosy.certs.vault.ports import SignByVault, Trouble
from argosy.machinery.controller import NOTHING, Decision, Failed, Pending, Snapshot

_FIRST_RETRY: Final = timedelta(seconds=5)
_LONGEST_RETRY: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    answer: Signed | Trouble | Failed | Pending
    round: Round


def look(snapshot: Snapshot, request: CertificateRequest, issuer: AnyIssuer, settings: Settings) -> Signing:
    round_ = snapshot.memory if isinstance(snapshot.memory, Round) else FIRST
    assert issuer.spec.vault is not None
    try:
        connection = connection_of(snapshot, issuer, settings)
    except Incomplete as error:
        return Signing(answer=Trouble(str(error), starting=True), round=round_)
    question = SignByVault(
        request.metadata.uid,
        connection,
        issuer.spec.vault.path.strip("/"),
        decoded(request.spec.request),
        duration_of(request).total_seconds(),
        round_.number,
    )
    return Signing(answer=snapshot.ask(question), round=round_)


def decide(seen: Seen, now: datetime) -> Decision:
    found = seen.ready_for
    assert isinstance(found, Signing)
    match found.answer:
        case Signed(certificate, ca):
            return outcome.issued(seen.request, certificate, ca, now)
        case Trouble() as trouble if trouble.lasting:
            message = f"Vault failed to sign certificate: {trouble.reason}"
            return outcome.failed(seen.request, "SigningError", message, now)
        case Trouble() as trouble:
            return _again(seen, found, trouble, now)
    return NOTHING


def _again(seen: Seen, found: Signing, trouble: Trouble, now: datetime) -> Decision:
    """A temporary error is retried, and reported once."""
    what = "Failed to initialise vault client for signing" if trouble.starting else "Vault did not answer"
    report = outcome.pending(seen.request, "VaultInitError", f"{what}: {trouble.reason}", now)
    round_, wake_at = found.round.later(now, backoff(found.round.number, _FIRST_RETRY, _LONGEST_RETRY))
    return Decision(report.steps, wake_at=wake_at, memory=round_)


TYPE: Final = IssuerType(name="vault", look=look, decide=decide)
