"""Keeps the private key of the next revision in its own Secret while a Certificate is being issued.

Owns `status.nextPrivateKeySecretName` and the Secrets labelled as next private keys. The key is created by a question,
since that takes time and randomness; the Secret's name is derived from the Certificate and the attempt, so that
a crash between the two writes creates no second key. Source: spec/cert-manager.md section 3.3.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from argosy.apis.certmanager import Certificate
from argosy.apis.kubernetes.views.core import Secret
from argosy.certs.base64_text import encoded
from argosy.certs.certificate import status
from argosy.certs.certificate.target_secret import owner_reference
from argosy.certs.names import FAO, NEXT_KEY
from argosy.certs.pki import keys
from argosy.certs.ports import GenerateKey, Unfit
from argosy.certs.settings import Settings
from argosy.machinery import requests
from argosy.machinery.controller import (
    NOTHING,
    PENDING,
    Controller,
    Decision,
    Event,
    Failed,
    Hidden,
    Pending,
    Question,
    Snapshot,
)
from argosy.machinery.objects import JsonObject, Key

NAME: Final = "certificates-key-manager"
REPORTER: Final = "cert-manager-certificates-key-manager"
_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
_SUFFIX: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    certificate: Certificate
    owned: tuple[Secret, ...]
    """Our Secrets with next private keys."""
    target: Secret | None
    generated: Hidden | Unfit | Failed | Pending | None
    """None if no new key is needed."""
    memory: Any
    settings: Settings


def look(snapshot: Snapshot, key: Key, *, settings: Settings) -> Seen | None:
    certificate = snapshot.get(Certificate, key)
    if certificate is None or certificate.metadata.deletion_timestamp:
        return None
    owned = tuple(
        one
        for one in snapshot.owned(Secret, certificate.metadata.uid)
        if one.metadata.labels.get(NEXT_KEY) == "true" and one.metadata.namespace == key.namespace
    )
    target = snapshot.get(Secret, Key(key.namespace, certificate.spec.secret_name)) if certificate.issuing else None
    generated: Hidden | Unfit | Failed | Pending | None = None
    if certificate.issuing and not owned and needs_new_key(certificate, target, settings):
        try:
            kind = keys.wanted(certificate.spec.private_key)
        except keys.KeyError_ as error:
            generated = Unfit(str(error))
        else:
            question: Question[Hidden | Unfit] = GenerateKey(certificate.metadata.uid, attempt_of(certificate), kind)
            generated = snapshot.ask(question)
    return Seen(
        certificate=certificate,
        owned=owned,
        target=target,
        generated=generated,
        memory=snapshot.memory,
        settings=settings,
    )


def decide(seen: Seen, now: datetime) -> Decision:
    certificate = seen.certificate
    if not certificate.issuing:
        deletions = tuple(_delete(one) for one in seen.owned)
        return Decision((*deletions, *status.write(certificate, nextPrivateKeySecretName=None)))
    named = certificate.status.next_private_key_secret_name
    if len(seen.owned) > 1:
        return Decision(tuple(_delete(one) for one in seen.owned if one.metadata.name != named))
    if seen.owned:
        return _with_one(seen, seen.owned[0], named)
    return _with_none(seen)


def _with_one(seen: Seen, secret: Secret, named: str) -> Decision:
    is_of_this_attempt = secret.metadata.name == secret_name(seen.certificate)
    if named and named != secret.metadata.name and not is_of_this_attempt:
        return Decision((_delete(secret),))
    if named != secret.metadata.name:  # we created it, but crashed before its name was written
        return Decision(status.write(seen.certificate, nextPrivateKeySecretName=secret.metadata.name))
    try:
        facts = keys.facts_of(secret.value("tls.key") or b"", seen.settings.limits.key)
    except keys.KeyError_:
        return Decision((_delete(secret),))
    if mismatches := keys.mismatches(facts, seen.certificate.spec.private_key):
        message = f"Regenerating private key due to change in fields: [{' '.join(mismatches)}]"
        return Decision((_delete(secret), Event(about=seen.certificate.raw, reason="Deleted", message=message)))
    return NOTHING


def _with_none(seen: Seen) -> Decision:
    """Creates the Secret, with the stored key or a new one, and writes its name to the status."""
    certificate = seen.certificate
    if seen.generated is not None:
        return _with_new(seen)
    assert seen.target is not None
    stored = seen.target.value("tls.key") or b""
    mismatches = keys.mismatches(keys.facts_of(stored, seen.settings.limits.key), certificate.spec.private_key)
    if mismatches:
        message = (
            "User intervention required: existing private key in Secret "
            f'"{seen.target.metadata.name}" does not match requirements on Certificate resource, mismatching fields: '
            f"[{' '.join(mismatches)}], but cert-manager cannot create new private key as the Certificate's "
            ".spec.privateKey.rotationPolicy is unset or set to Never. To allow cert-manager to create a new private "
            "key you can set .spec.privateKey.rotationPolicy to 'Always' (this will result in the private key being "
            "regenerated every time a cert is renewed) "
        )
        return _report_once(seen, "CannotRegenerateKey", message)
    text = keys.encode(keys.load(stored, seen.settings.limits.key, checked=False), "PKCS8")
    message = f'Reusing private key stored in existing Secret resource "{seen.target.metadata.name}"'
    return _store(seen, text, (Event(about=certificate.raw, reason="Reused", message=message),))


def _with_new(seen: Seen) -> Decision:
    generated = seen.generated
    if generated is PENDING:
        return NOTHING
    if isinstance(generated, Failed):
        return _report_once(seen, "PrivateKeyFailed", f"The private key could not be made: {generated.reason}")
    if isinstance(generated, Unfit):
        return _report_once(seen, "PrivateKeyFailed", generated.reason)
    assert isinstance(generated, Hidden)
    text = generated.value if isinstance(generated.value, bytes) else generated.value.encode()
    name = secret_name(seen.certificate)
    message = f'Stored new private key in temporary Secret resource "{name}"'
    events: tuple[Event, ...] = (Event(about=seen.certificate.raw, reason="Generated", message=message),)
    if undecodable(seen):
        named = seen.certificate.spec.secret_name
        failed = f'Failed to decode private key stored in Secret "{named}" - generating new key'
        events = (Event(about=seen.certificate.raw, reason="DecodeFailed", message=failed, type="Warning"), *events)
    return _store(seen, text, events)


def _store(seen: Seen, text: bytes, events: tuple[Event, ...]) -> Decision:
    certificate = seen.certificate
    name = secret_name(certificate)
    write = requests.create(Secret, _secret(certificate, name, text))
    return Decision((write, *events, *status.write(certificate, nextPrivateKeySecretName=name)))


def _report_once(seen: Seen, reason: str, message: str) -> Decision:
    if seen.memory == message:
        return NOTHING
    event = Event(about=seen.certificate.raw, reason=reason, message=message, type="Warning")
    return Decision((event,), memory=message)


def needs_new_key(certificate: Certificate, target: Secret | None, settings: Settings) -> bool:
    """With rotation policy Never the stored key is used again, if it can be parsed at all."""
    if certificate.spec.private_key.rotation_policy != "Never" or target is None or not target.value("tls.key"):
        return True
    try:
        keys.facts_of(target.value("tls.key") or b"", settings.limits.key)
    except keys.KeyError_:
        return True
    return False


def undecodable(seen: Seen) -> bool:
    """Whether there was a key to use again that cannot be parsed."""
    never = seen.certificate.spec.private_key.rotation_policy == "Never"
    return never and seen.target is not None and bool(seen.target.value("tls.key"))


def attempt_of(certificate: Certificate) -> str:
    """Distinguishes one issuance of a Certificate from the next, and from the same one after a change of the spec."""
    issuing = certificate.condition("Issuing")
    began = issuing.last_transition_time if issuing else ""
    return f"{certificate.revision + 1}/{certificate.metadata.generation}/{began}"


def secret_name(certificate: Certificate) -> str:
    """A name as the server generates it from `generateName`, but the same for the same attempt."""
    seed = f"{certificate.metadata.uid}/{attempt_of(certificate)}"
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big")
    suffix = ""
    for _ in range(_SUFFIX):
        number, at = divmod(number, len(_ALPHABET))
        suffix += _ALPHABET[at]
    return f"{_prefix(certificate)}{suffix}"


def _prefix(certificate: Certificate) -> str:
    return f"{certificate.metadata.name[: 252 - _SUFFIX]}-"


def _secret(certificate: Certificate, name: str, text: bytes) -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "generateName": _prefix(certificate),
            "namespace": certificate.metadata.namespace,
            "labels": {NEXT_KEY: "true", FAO: "true"},
            "ownerReferences": [owner_reference(certificate)],
        },
        "data": {"tls.key": encoded(text)},
        "type": "Opaque",
    }


def _delete(secret: Secret) -> requests.Write:
    return requests.delete(Secret, secret.raw)


def controller(settings: Settings) -> Controller[Seen]:
    return Controller(
        name=NAME,
        kind=Certificate,
        look=partial(look, settings=settings),
        decide=decide,
        owns=(Secret,),
        manager=REPORTER,
        reporter=REPORTER,
    )
