"""A self-signed issuer is always ready: each request is signed with its own key."""

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
    return Verdict(ready=True, reason="IsReady", announced=False)


KIND: Final = IssuerKind(name="selfsigned", look=look, decide=decide)
