"""Sealed Secrets: items, labels, complete objects, keys, existing Secrets, status, endpoints, sealing."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from argosy.apis.bitnami import SealedSecret
from argosy.apis.kubernetes.views.core import Secret
from argosy.apis.schema import read
from argosy.machinery import duration
from argosy.machinery.timestamps import parse
from argosy.sealing.adapters.keymaking import made_key
from argosy.sealing.adapters.opening import Opener
from argosy.sealing.assembly import Unopened, sealed_label
from argosy.sealing.endpoints import Endpoints
from argosy.sealing.item import ItemError, NotBase64, decoded, opened
from argosy.sealing.keyring import KeyRing, RegisteredKey, SealingKey, fingerprint, is_key_secret, key_ring, private_key
from argosy.sealing.outcome import status_after
from argosy.sealing.ownership import DEFAULT_TYPE, creates_unmanaged, plan
from argosy.sealing.ports import MakeKey
from argosy.sealing.rates import Rates
from argosy.sealing.renewal import next_key_at
from argosy.sealing.scope import KEY_LABEL, label_of, scope_of
from argosy.sealing.seal import Sealer, SealError, prepared
from argosy.sealing.settings import Settings
from argosy.sealing.templates import Templates

from .outcome import Outcome, unreadable

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
UID = "5b1f6d3e-0000-4000-8000-000000000001"


def run(data: Path) -> Iterator[Outcome]:
    for name, judge in FAMILIES.items():
        path = data / "sealed-secrets" / f"{name}.json"
        if not path.exists():
            continue
        try:
            document = json.loads(path.read_text())
            cases = document["cases"]
        except (ValueError, KeyError, TypeError) as error:
            yield unreadable(f"sealed-secrets/{name}", error)
            continue
        for case in cases:
            try:
                detail = judge(case, document.get("keys") or {})
            except Exception as error:  # a vector that breaks us is one failure, whatever it is
                detail = f"{type(error).__name__}: {error}"
            yield Outcome(f"sealed-secrets/{name}", f"{case['id']} {case['name']}", not detail, detail)


def ring_of(keys: dict[str, Any], names: list[str], newest: str = "") -> KeyRing:
    """The named keys, in that order; `newest` seals."""
    made = []
    for at, name in enumerate(names):
        private = private_key(keys[name]["privateKey"].encode())
        pem = keys[name]["certificate"].encode()
        key = SealingKey(fingerprint(private.public_key()), private, x509.load_pem_x509_certificate(pem), pem)
        later = 1000 if name == newest else 0
        made.append(RegisteredKey(name, key, NOON + timedelta(days=at + later)))
    return KeyRing(tuple(made))


def opener(*, deprecated: bool = True) -> Opener:
    return Opener(Templates(lambda: NOON, bytes).render, threads=0, deprecated=deprecated)


def decrypt(case: Any, keys: Any) -> str:
    ring = ring_of(keys, case["keys"])
    for registered in ring.keys:
        if registered.key.fingerprint != keys[registered.name]["fingerprint"]:
            return f"fingerprint {registered.key.fingerprint}"
    try:
        value, _ = opened(decoded(case["ciphertext"]), (key.private for key in ring.opening), case["label"])
        found = {"plaintext": base64.b64encode(value).decode()}
    except NotBase64:
        found = {"error": "base64"}
    except ItemError:
        found = {"error": "noKey"}
    return "" if found == case["expect"] else f"another answer than {list(case['expect'])}"


def labels(case: Any, keys: Any) -> str:
    metadata = case["metadata"]
    scope = scope_of(metadata.get("annotations"))
    found = {"label": label_of(scope, metadata.get("namespace", ""), metadata.get("name", "")), "scope": str(scope)}
    return "" if found == case["expect"] else f"{found} != {case['expect']}"


def unseal(case: Any, keys: Any) -> str:
    sealed = read(SealedSecret, case["sealedSecret"])
    found = opener(deprecated=case["acceptDeprecatedData"]).now(
        sealed, ring_of(keys, case["keys"]), sealed_label(sealed)
    )
    expect = case["expect"]
    if isinstance(found, Unopened):
        if "errorKeys" in expect:
            return "" if sorted(found.keys) == sorted(expect["errorKeys"]) else f"names {found.keys}"
        return "" if expect.get("error") else "an error"
    if "secret" not in expect:
        return "a Secret where an error was to be"
    secret = {name: value for name, value in found.secret.items() if name not in ("apiVersion", "kind")}
    return "" if secret == expect["secret"] else "another Secret"


def existing_secret(case: Any, keys: Any) -> str:
    expect = case["expect"]
    desired = _as_object(case["desired"])
    existing = read(Secret, _as_object(case["existing"])) if case["existing"] else None
    planned = plan(desired, existing, name="app", uid=UID)
    action = planned.action
    failed = action == "unmanaged" or (action == "create" and creates_unmanaged(desired))
    if action == "unmanaged":
        action = "none"  # as for what is written
    if expect["action"] == "update-refused":
        return "" if action == "update" else f"{action} where the server was to refuse"
    if failed == expect["synced"]:
        return f"synced {not failed}"
    result = planned.secret or (existing.raw if existing else None)
    if action != expect["action"] and not _only_the_type(expect, action, case):
        return f"{action} != {expect['action']}"
    return _differs(result, expect["secret"]) if "secret" in expect else ""


def _only_the_type(expect: Any, action: str, case: Any) -> bool:
    """An update that says nothing but the type the server would put there itself: we leave it out."""
    return bool(expect["action"] == "update" and action == "none" and not case["desired"]["type"])


def _as_object(secret: Any) -> Any:
    metadata = {"name": "app", "namespace": "ns", "uid": "s", "resourceVersion": "1"}
    metadata |= {name: secret[name] for name in ("labels", "annotations", "ownerReferences") if secret[name]}
    more = {"immutable": secret["immutable"]} if "immutable" in secret else {}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": secret["type"],
        "data": secret["data"],
    } | more


def _differs(found: Any, expect: Any) -> str:
    metadata = found["metadata"]
    shown = {name: metadata.get(name) or type(expect[name])() for name in ("labels", "annotations", "ownerReferences")}
    shown |= {"type": found.get("type") or DEFAULT_TYPE, "data": found.get("data") or {}}
    wanted = {**expect, "type": expect["type"] or DEFAULT_TYPE}
    wanted.pop("immutable", None)
    return "" if shown == wanted else "another Secret"


_PRIVATE = rsa.generate_private_key(65537, 2048)


def key_selection(case: Any, keys: Any) -> str:
    secrets = [read(Secret, _key_secret(item)) for item in case["secrets"]]
    held = [one for one in secrets if is_key_secret(one.metadata.labels, one.metadata.name, "sealed-secrets-key")]
    ring = key_ring(held, order=case["orderPriority"])
    now = parse(case["now"])
    cutoff = parsedate_to_datetime(case["cutoffTime"]) if case["cutoffTime"] else None
    settings = Settings(renew_period=duration.parse(case["renewPeriod"]), cutoff=cutoff, order=case["orderPriority"])
    makes = next_key_at(settings, ring, now, began=False) == now and _makes_at_start(settings, ring)
    newest = ring.newest
    if makes or newest is None:
        first = settings.renew_period or None
    else:
        due = next_key_at(settings, ring, now, began=True)
        first = None if due is None else due - now
    found = {
        "sealingKey": None if makes or newest is None else newest.name,
        "generatesAtStart": makes,
        "registered": sorted(key.name for key in ring.keys),
        "firstRenewalIn": first,
    }
    wanted = {**case["expect"], "firstRenewalIn": None}
    if case["expect"]["firstRenewalIn"] is not None:
        wanted["firstRenewalIn"] = duration.parse(case["expect"]["firstRenewalIn"])
    return "" if found == wanted else f"{found} != {wanted}"


def _makes_at_start(settings: Settings, ring: KeyRing) -> bool:
    """An overdue renewal is one of the schedule, though it comes at once."""
    newest = ring.newest
    return newest is None or (settings.cutoff is not None and newest.ordered_at < settings.cutoff)


def _key_secret(item: Any) -> Any:
    since = parse(item["notBefore"])
    made = made_key(_PRIVATE, MakeKey(2048, "", since, since + timedelta(days=3650)), b"1234567890123456")
    metadata = {"name": item["name"], "namespace": "kube-system", "creationTimestamp": item["creationTimestamp"]}
    if item["label"] is not None:
        metadata["labels"] = {KEY_LABEL: item["label"]}
    data = {"tls.key": made.private_pem, "tls.crt": made.certificate_pem}
    return {"metadata": metadata, "data": {name: base64.b64encode(pem).decode() for name, pem in data.items()}}


def status(case: Any, keys: Any) -> str:
    metadata = {"name": "app", "namespace": "ns", "generation": case["generation"]}
    before = read(SealedSecret, {"metadata": metadata, "status": case["statusBefore"]})
    found = status_after(before, case["error"] or "", NOON)
    expect = case["expect"]
    if (found is not None) != expect["written"]:
        return f"written: {found is not None}"
    if found is None:
        return ""
    condition = found["conditions"][0]
    moved = condition["lastTransitionTime"] == condition["lastUpdateTime"]
    if (
        "lastTransitionTime" not in ((case["statusBefore"] or {}).get("conditions") or [{}])[0]
        and not expect["transition"]
    ):
        moved = False  # the vectors leave the time before out
    shown = {name: condition[name] for name in ("type", "status", "message") if name in condition}
    same = shown == expect["condition"] and found["observedGeneration"] == expect["observedGeneration"]
    return "" if same and moved == expect["transition"] else f"{found}"


def http(case: Any, keys: Any) -> str:
    ring = ring_of(keys, case["keys"], case["newestKey"])
    endpoints = Endpoints(opener(), lambda: ring, os.urandom, lambda: 0.0, Rates(2.0, 2))
    request, expect = case["request"], case["expect"]
    found = asyncio.run(endpoints.answer(request["path"], {}, (request.get("body") or "").encode()))
    if found.status != expect["status"]:
        return f"status {found.status} != {expect['status']}"
    if "bodyEquals" in expect and found.body.decode() != expect["bodyEquals"]:
        return "another body"
    if expect.get("contentType", found.content_type) != found.content_type:
        return found.content_type
    return _rotated(json.loads(found.body), ring, expect["result"]) if "result" in expect else ""


def _rotated(made: Any, ring: KeyRing, expect: Any) -> str:
    template = made["spec"]["template"]
    metadata = template.get("metadata") or {}
    shape = {
        "labels": metadata.get("labels") or {},
        "annotations": metadata.get("annotations") or {},
        "type": template.get("type") or "",
        "immutable": template.get("immutable"),
        "hasData": bool(template.get("data")),
    }
    key = next(one.key for one in ring.keys if one.name == expect["sealedWith"])
    values = _values(made, key, expect["label"])
    same = values == expect["plaintext"] and (made["metadata"].get("annotations") or {}) == expect["annotations"]
    return "" if same and shape == expect["template"] else f"{shape}"


def _values(made: Any, key: SealingKey, label: str) -> dict[str, str]:
    items = made["spec"].get("encryptedData") or {}
    found = {name: opened(decoded(text), [key.private], label)[0] for name, text in items.items()}
    return {name: base64.b64encode(value).decode() for name, value in found.items()}


def seal_(case: Any, keys: Any) -> str:
    flags, expect = case["flags"], case["expect"]
    private = _PRIVATE
    key = SealingKey("", private, None, b"")  # type: ignore[arg-type]
    options = {name: flags[name] for name in ("namespace", "name", "scope") if name in flags}
    try:
        secret = prepared(case["secret"], **options)
        made = Sealer(private.public_key(), os.urandom).sealed(secret, allow_empty=flags.get("allow-empty-data", False))
    except SealError as error:
        return "" if expect.get("error") else str(error)
    if expect.get("error"):
        return "no error"
    shape = {"metadata": made["metadata"], "template": made["spec"]["template"]}
    shape |= {"plaintext": _values(made, key, expect["label"]), "label": expect["label"]}
    return "" if shape == expect else f"{shape} != {expect}"


Judge = Callable[[Any, Any], str]
FAMILIES: dict[str, Judge] = {
    "decrypt": decrypt,
    "labels": labels,
    "unseal": unseal,
    "existing-secret": existing_secret,
    "key-selection": key_selection,
    "status": status,
    "http": http,
    "seal": seal_,
}
