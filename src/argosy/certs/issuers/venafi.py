"""Argosy does not support Venafi's servers: their issuers are stored unchanged, and their status says so."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.certs.issuers.verdict import IssuerKind, Verdict
from argosy.certs.settings import Settings
from argosy.machinery.controller import Snapshot


def look(snapshot: Snapshot, issuer: AnyIssuer, settings: Settings) -> None:
    return None


def decide(issuer: AnyIssuer, gathered: None, settings: Settings, now: datetime) -> Verdict:
    message = "Argosy does not ask Venafi's servers; use an external issuer controller for them"
    return Verdict(ready=False, reason="NotActedOn", message=message)


KIND: Final = IssuerKind(name="venafi", look=look, decide=decide)
