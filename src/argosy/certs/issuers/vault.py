"""A Vault issuer is ready if Argosy can log in to its server, and the server is initialized and unsealed.

Source: spec/cert-manager.md section 7.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.certs.acme.rounds import FIRST, Round, backoff
from argosy.certs.issuers.verdict import IssuerKind, Verdict
from argosy.certs.settings import Settings
from argosy.certs.vault.connection import Incomplete, connection_of
from argosy.certs.vault.ports import CheckVault, Trouble, Verified
from argosy.machinery.controller import Failed, Pending, Snapshot

_FIRST_RETRY: Final = timedelta(seconds=5)
_LONGEST_RETRY: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    answer: Verified | Trouble | Failed | Pending
    round: Round


def look(snapshot: Snapshot, issuer: AnyIssuer, settings: Settings) -> Gathered:
    found = snapshot.memory.own if snapshot.memory is not None else None
    round_ = found if isinstance(found, Round) else FIRST
    try:
        connection = connection_of(snapshot, issuer, settings)
    except Incomplete as error:
        return Gathered(answer=Trouble(str(error), lasting=True), round=round_)
    return Gathered(answer=snapshot.ask(CheckVault(connection, round_.number)), round=round_)


def decide(issuer: AnyIssuer, seen: Gathered, settings: Settings, now: datetime) -> Verdict | None:
    match seen.answer:
        case Verified():
            memory = Round(seen.round.number)  # so that the same question is asked
            return Verdict(ready=True, reason="VaultVerified", message="Vault verified", announced=False, memory=memory)
        case Trouble() as trouble if trouble.lasting:
            return Verdict(ready=False, reason="VaultError", message=trouble.reason)
        case Trouble() as trouble:
            wait = backoff(seen.round.number, _FIRST_RETRY, _LONGEST_RETRY)
            memory, wake_at = seen.round.later(now, wait)
            message = f"Failed to initialize Vault client: {trouble.reason}"
            return Verdict(
                ready=False,
                reason="VaultError",
                message=message,
                announced=False,
                error=message,
                wake_at=wake_at,
                memory=memory,
            )
    return None


KIND: Final = IssuerKind(name="vault", look=look, decide=decide)
