"""An ACME issuer is ready when its account is registered with the server.

Owns the Secret of the account's key, and `status.acme`. While server, e-mail and key are those that were registered,
the server is not asked. Source: spec/cert-manager.md section 8.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.apis.kubernetes.views.core import Secret
from argosy.certs.acme.dns01 import missing_secrets
from argosy.certs.acme.login import hash_of, key_place, server_of
from argosy.certs.acme.ports import Binding, Login, Refused, RegisterAccount, Registered, Trouble, Unavailable
from argosy.certs.acme.rounds import FIRST, Round, backoff
from argosy.certs.base64_text import encoded, url_decoded
from argosy.certs.issuer_lookup import secrets_namespace
from argosy.certs.issuers.verdict import IssuerKind, Verdict
from argosy.certs.pki import keys
from argosy.certs.ports import GenerateKey, Unfit
from argosy.certs.settings import Settings
from argosy.machinery import requests
from argosy.machinery.controller import Failed, Hidden, Pending, Snapshot
from argosy.machinery.objects import JsonObject, Key

REGISTERED: Final = "The ACME account was registered with the ACME server"
RETIRED: Final = frozenset(
    {"acme-v01.api.letsencrypt.org", "acme-staging.api.letsencrypt.org"},
)
"""Servers of version 1 of the protocol, which have been shut down."""
_FIRST_RETRY: Final = timedelta(seconds=5)
_LONGEST_RETRY: Final = timedelta(minutes=30)
_REGISTER: Final = "Failed to register ACME account: "
_VERIFY: Final = "Failed to verify ACME account: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """`fault`: what is wrong before the server is asked; `is_known`: nothing has changed since the registration."""

    fault: Verdict | None = None
    new_key: Hidden | Unfit | Failed | Pending | None = None
    key_hash: str = ""
    is_known: bool = False
    answer: Registered | Trouble | Failed | Pending | None = None
    round: Round = FIRST


def look(snapshot: Snapshot, issuer: AnyIssuer, settings: Settings) -> Gathered:
    spec = issuer.spec.acme
    assert spec is not None
    if urlsplit(spec.server).hostname in RETIRED:
        message = (
            f"{spec.server} speaks the first version of ACME, which has been shut down: use the server's v2 directory"
        )
        return Gathered(fault=Verdict(ready=False, reason="InvalidConfig", message=message))
    place, name = key_place(issuer, settings)
    secret = snapshot.get(Secret, place)
    text = secret.value(name) if secret else None
    if secret is None:
        return _without_key(snapshot, issuer, place)
    fault, key_hash = _judged(text, place, name, settings)
    if fault is not None:
        return Gathered(fault=fault)
    if fault := _solvers(snapshot, issuer, settings) or _server(spec.server):
        return Gathered(fault=fault)
    if is_registered(issuer, key_hash):
        return Gathered(key_hash=key_hash, is_known=True)
    return _registering(snapshot, issuer, settings, Hidden(text or b""), key_hash)


def _without_key(snapshot: Snapshot, issuer: AnyIssuer, place: Key) -> Gathered:
    assert issuer.spec.acme is not None
    if issuer.spec.acme.disable_account_key_generation:
        message = (
            f"{_VERIFY}the ACME issuer config has 'disableAccountKeyGeneration' set to true, "
            f'but the secret was not found: secrets "{place.name}" not found'
        )
        verdict = Verdict(ready=False, reason="ErrVerifyACMEAccount", message=message, announced=False, error=message)
        return Gathered(fault=verdict)
    return Gathered(new_key=snapshot.ask(GenerateKey(issuer.metadata.uid, "account", keys.KeyKind(keys.RSA, 2048))))


def _judged(text: bytes | None, place: Key, name: str, settings: Settings) -> tuple[Verdict | None, str]:
    """The error in the stored key, or the hash of the key."""
    try:
        key = keys.load(text or b"", settings.limits.key, checked=False)
    except ValueError as error:
        fault = f"Secret {place} has no private key in {name!r} that can be used: {error}"
        return _unverified(fault), ""
    if keys.kind_of(key).algorithm != keys.RSA:
        return _unverified(f"Secret {place}: the key in {name!r} is not an RSA key"), ""
    return None, hash_of(key)


def _unverified(fault: str) -> Verdict:
    return Verdict(ready=False, reason="ErrVerifyACMEAccount", message=_VERIFY + fault)


def _solvers(snapshot: Snapshot, issuer: AnyIssuer, settings: Settings) -> Verdict | None:
    assert issuer.spec.acme is not None
    namespace = secrets_namespace(issuer, settings)
    missing = [text for one in issuer.spec.acme.solvers for text in missing_secrets(snapshot, one, namespace)]
    if not missing:
        return None
    message = f"a solver's credentials are missing: {'; '.join(missing)}"
    return Verdict(ready=False, reason="InvalidSolver", message=message, error=message)


def _server(url: str) -> Verdict | None:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("https", "http") and parts.hostname
    except ValueError:
        sound = False
    message = f"spec.acme.server: {url!r} is not a URL of a directory, such as https://acme.example/directory"
    return None if sound else Verdict(ready=False, reason="InvalidURL", message=message)


def is_registered(issuer: AnyIssuer, key_hash: str) -> bool:
    spec, status = issuer.spec.acme, issuer.status.acme
    if spec is None or status is None or not issuer.ready or not status.uri:
        return False
    same_host = urlsplit(status.uri).netloc == urlsplit(spec.server).netloc
    return same_host and status.last_registered_email == spec.email and status.last_private_key_hash == key_hash


def _registering(snapshot: Snapshot, issuer: AnyIssuer, settings: Settings, key: Hidden, key_hash: str) -> Gathered:
    spec = issuer.spec.acme
    assert spec is not None
    binding = _binding(snapshot, issuer, settings) if spec.external_account_binding is not None else None
    if isinstance(binding, Verdict):
        return Gathered(fault=binding)
    round_ = _remembered(snapshot.memory)
    question = RegisterAccount(Login(server_of(spec), key), spec.email, binding, round_.number)
    return Gathered(key_hash=key_hash, answer=snapshot.ask(question), round=round_)


def _binding(snapshot: Snapshot, issuer: AnyIssuer, settings: Settings) -> Binding | Verdict:
    assert issuer.spec.acme is not None and issuer.spec.acme.external_account_binding is not None
    asked = issuer.spec.acme.external_account_binding
    ref = asked.key_secret_ref
    place = Key(secrets_namespace(issuer, settings), ref.name)
    secret = snapshot.get(Secret, place)
    value = secret.value(ref.key) if secret else None
    if secret is None:
        return _unbound(f'secrets "{ref.name}" not found')
    if not value:
        return _unbound(f"Secret {place} has no key {ref.key!r} for the external account binding")
    try:
        url_decoded(value.decode("ascii"))
    except ValueError:
        return _unbound(f"Secret {place}: the value of {ref.key!r} is not base64url text without padding")
    return Binding(asked.key_id, Hidden(value))


def _unbound(fault: str) -> Verdict:
    return Verdict(ready=False, reason="ErrRegisterACMEAccount", message=_REGISTER + fault, status={"acme": {}})


def _remembered(memory: Any) -> Round:
    found = memory.own if memory is not None else None
    return found if isinstance(found, Round) else FIRST


def decide(issuer: AnyIssuer, seen: Gathered, settings: Settings, now: datetime) -> Verdict | None:
    if seen.fault is not None:
        return seen.fault
    if seen.new_key is not None:
        return _with_new_key(issuer, seen.new_key, settings)
    if seen.is_known:
        return Verdict(ready=True, reason="ACMEAccountRegistered", message=REGISTERED, announced=False)
    match seen.answer:
        case Registered(uri):
            return _registered(issuer, uri, seen.key_hash)
        case Refused() as refused:
            message = _REGISTER + str(refused)
            return Verdict(
                ready=False, reason="ErrRegisterACMEAccount", message=message, announced=False, status={"acme": {}}
            )
        case Unavailable() as trouble:
            return _retried(seen, trouble, now)
    return None


def _with_new_key(issuer: AnyIssuer, found: Any, settings: Settings) -> Verdict | None:
    if not isinstance(found, Hidden):
        return None
    assert isinstance(found.value, bytes)
    place, name = key_place(issuer, settings)
    text = keys.encode(keys.load(found.value, checked=False), "PKCS1")
    secret: JsonObject = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "namespace": place.namespace,
            "name": place.name,
            "labels": {"app.kubernetes.io/managed-by": "cert-manager"},
        },
        "type": "Opaque",
        "data": {name: encoded(text)},
    }
    return Verdict(ready=False, reason="", is_silent=True, steps=(requests.create(Secret, secret),))


def _registered(issuer: AnyIssuer, uri: str, key_hash: str) -> Verdict:
    assert issuer.spec.acme is not None
    account: Mapping[str, Any] = {"uri": uri, "lastPrivateKeyHash": key_hash}
    if issuer.spec.acme.email:
        account = {**account, "lastRegisteredEmail": issuer.spec.acme.email}
    return Verdict(
        ready=True,
        reason="ACMEAccountRegistered",
        message=REGISTERED,
        announced=False,
        status={"acme": account},
    )


def _retried(seen: Gathered, trouble: Unavailable, now: datetime) -> Verdict:
    """Retries with back-off, or at the time that the server gave."""
    wait = max(backoff(seen.round.number, _FIRST_RETRY, _LONGEST_RETRY), timedelta(seconds=trouble.retry_after))
    memory, wake_at = seen.round.later(now, wait)
    return Verdict(
        ready=False,
        reason="ErrRegisterACMEAccount",
        message=_REGISTER + str(trouble),
        announced=False,
        error=str(trouble),
        status={"acme": {}},
        wake_at=wake_at,
        memory=memory,
    )


KIND: Final = IssuerKind(name="acme", look=look, decide=decide)
