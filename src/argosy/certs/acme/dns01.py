"""Answers DNS-01 with a TXT record at the provider that the solver names.

Credentials come from Secrets in the issuer's namespace. Every authoritative server must show the record before the
challenge is accepted at the ACME server. Source: spec/cert-manager.md section 8.8.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from argosy.apis.certmanager import Challenge
from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.apis.kubernetes.views.core import Secret
from argosy.certs.acme.ports import (
    CheckRecord,
    Done,
    NotYet,
    PresentRecord,
    Record,
    RemoveRecord,
    Visible,
)
from argosy.certs.acme.solving import Solving
from argosy.certs.issuer_lookup import ambient_allowed, secrets_namespace
from argosy.certs.settings import Settings
from argosy.machinery.controller import Failed, Hidden, Snapshot
from argosy.machinery.objects import Key

SETTLES: Final = timedelta(seconds=60)
"""Time for other resolvers' caches to expire after the record was seen."""
_REF: Final = "SecretRef"


def secret_refs(provider: Any) -> Iterator[tuple[str, str]]:
    """(name, key) of every Secret that a solver's dns01 part refers to, at any depth."""
    if isinstance(provider, Mapping):
        for name, value in provider.items():
            if name.endswith(_REF) and isinstance(value, Mapping) and value.get("name"):
                yield str(value["name"]), str(value.get("key") or "")
            elif name != "config":  # a webhook solver's config: only that solver can read it
                yield from secret_refs(value)
    elif isinstance(provider, list | tuple):
        for one in provider:
            yield from secret_refs(one)


def missing_secrets(snapshot: Snapshot, solver: Mapping[str, Any], namespace: str) -> list[str]:
    """Describes which of a solver's credentials are missing."""
    found: list[str] = []
    for name, key in secret_refs(solver.get("dns01") or {}):
        secret = snapshot.get(Secret, Key(namespace, name))
        if secret is None:
            found.append(f'secrets "{name}" not found')
        elif not secret.value(key):
            found.append(f'Secret "{name}" has no key "{key}"')
    return found


def look(snapshot: Snapshot, challenge: Challenge, issuer: AnyIssuer, settings: Settings, number: int) -> Solving:
    namespace = secrets_namespace(issuer, settings)
    if missing := missing_secrets(snapshot, challenge.spec.solver, namespace):
        return Solving(shown=NotYet("; ".join(missing)), gone=NotYet("; ".join(missing)))
    record = _record(snapshot, challenge, issuer, settings, namespace)
    if challenge.metadata.deletion_timestamp or challenge.status.state in ("valid", "invalid", "expired", "errored"):
        return Solving(gone=_is_done(snapshot.ask(RemoveRecord(record, number))))
    if not challenge.status.presented:
        return Solving(shown=_is_done(snapshot.ask(PresentRecord(record, number))))
    if challenge.spec.solver.get("waitInsteadOfSelfCheck"):
        return Solving(shown=True)
    answer = snapshot.ask(CheckRecord(record, number))
    if isinstance(answer, Failed):
        answer = NotYet(f"the DNS servers did not answer: {answer.reason}")
    visible = answer if isinstance(answer, Visible | NotYet) else None
    return Solving(shown=True, visible=visible, settles=SETTLES)


def _record(snapshot: Snapshot, challenge: Challenge, issuer: AnyIssuer, settings: Settings, namespace: str) -> Record:
    provider: dict[str, Any] = challenge.spec.solver.get("dns01") or {}
    given = tuple(provider.get("nameservers") or ())
    secrets: list[tuple[str, str, Hidden]] = []
    for name, key in sorted(set(secret_refs(provider))):
        secret = snapshot.get(Secret, Key(namespace, name))
        secrets.append((name, key, Hidden((secret.value(key) if secret else None) or b"")))
    return Record(
        owner=challenge.metadata.uid,
        domain=challenge.spec.dns_name,
        value=challenge.spec.key,
        key=challenge.spec.key,
        config=json.dumps(provider, sort_keys=True),
        secrets=tuple(secrets),
        namespace=namespace,
        ambient=ambient_allowed(issuer, settings),
        nameservers=given or settings.recursive_nameservers,
        recursive_only=bool(given) or settings.recursive_nameservers_only,
    )


def _is_done(answer: Any) -> bool | NotYet:
    if isinstance(answer, Failed):
        return NotYet(f"the provider did not answer: {answer.reason}")
    if isinstance(answer, NotYet):
        return answer
    return isinstance(answer, Done)
