"""From a SealedSecret and its decrypted values to the Secret: template, forced name and owner, rendered entries.

Source: sealed-secrets, pkg/apis/sealedsecrets/v1alpha1/sealedsecret_expansion.go (Unseal). Any error means no Secret.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from argosy.apis.bitnami import SealedSecret
from argosy.machinery.objects import JsonObject
from argosy.sealing.item import ItemError
from argosy.sealing.scope import SKIP_OWNER, is_true, label_of, scope_of

API_VERSION: Final = "bitnami.com/v1alpha1"
WHOLE: Final = ""
"""Represents the deprecated `spec.data` among the keys of items."""

Open = Callable[[str, str], bytes]
"""(item, label) -> the value. Raises ItemError."""
Render = Callable[[str, str, Mapping[str, str]], str]
"""(name of the entry, its template, the values as text) -> text. Raises RenderError."""


class RenderError(ValueError):
    """A template is invalid, or failed; the text is Go's and quotes no value."""


@dataclass(frozen=True, slots=True)
class Unopened:
    """Why there is no Secret: the condition's message, and the keys that it names. No value is in it."""

    message: str
    keys: tuple[str, ...] = ()


def sealed_label(sealed: SealedSecret) -> str:
    """The object's own name and annotations are used, never the template's."""
    metadata = sealed.metadata
    return label_of(scope_of(metadata.annotations), metadata.namespace, metadata.name)


def assembled(sealed: SealedSecret, opening: Open, render: Render, *, deprecated: bool = True) -> JsonObject | Unopened:
    """The Secret to write, or the reason why not. `deprecated`: a complete Secret in `spec.data` is accepted."""
    if sealed.spec.data:
        return _complete_secret(sealed, opening, deprecated=deprecated)
    errors: dict[str, str] = {}
    label = sealed_label(sealed)
    values: dict[str, bytes] = {}
    for key, item in sorted(sealed.spec.encrypted_data.items()):
        try:
            values[key] = opening(item, label)
        except ItemError as error:
            errors[key] = str(error)
    rendered = _rendered(sealed, values, render, errors)
    if errors:
        return _unopened(errors)
    template = sealed.spec.template
    secret = _secret(sealed, _copied(template.raw.get("metadata") or {}))
    if template.type:
        secret["type"] = template.type
    if template.immutable is not None:
        secret["immutable"] = template.immutable
    secret["data"] = {key: _encoded(value) for key, value in {**values, **rendered}.items()}
    return secret


def _rendered(
    sealed: SealedSecret, values: Mapping[str, bytes], render: Render, errors: dict[str, str]
) -> dict[str, bytes]:
    """The entries of `template.data`. Entries without an action are visible to the others (upstream from 0.37)."""
    entries = sealed.spec.template.data
    if not entries:
        return {}
    texts = {key: value.decode(errors="surrogateescape") for key, value in values.items()}
    texts |= {key: text for key, text in entries.items() if "{{" not in text and key not in texts}
    made: dict[str, bytes] = {}
    for key, text in sorted(entries.items()):
        try:
            made[key] = render(key, text, texts).encode(errors="surrogateescape")
        except RenderError as error:
            if key in errors:
                errors[key] += f"\n{error}"
            else:
                errors[key] = str(error)
    return made


def _complete_secret(sealed: SealedSecret, opening: Open, *, deprecated: bool) -> JsonObject | Unopened:
    if sealed.spec.encrypted_data:
        return Unopened("spec.data is deprecated and cannot be used together with spec.encryptedData")
    if not deprecated:
        return Unopened("spec.data is deprecated and not accepted: accept-deprecated-v1-data is false")
    try:
        found = json.loads(opening(sealed.spec.data, sealed_label(sealed)))
    except ItemError as error:
        return Unopened(str(error))
    except ValueError:
        return Unopened("spec.data holds no Secret in JSON")
    if not isinstance(found, dict) or not isinstance(found.get("metadata") or {}, dict):
        return Unopened("spec.data holds no Secret in JSON")
    secret = _secret(sealed, _copied(found.get("metadata") or {}))
    secret |= {name: found[name] for name in ("type", "immutable", "data", "stringData") if found.get(name) is not None}
    return secret


def _secret(sealed: SealedSecret, metadata: JsonObject) -> JsonObject:
    own = sealed.metadata
    if not is_true(metadata.get("annotations"), SKIP_OWNER):
        metadata["ownerReferences"] = [owner_reference(own.name, own.uid)]
    metadata |= {"name": own.name, "namespace": own.namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}


def owner_reference(name: str, uid: str) -> JsonObject:
    return {"apiVersion": API_VERSION, "kind": "SealedSecret", "name": name, "uid": uid, "controller": True}


def _copied(metadata: JsonObject) -> JsonObject:
    """The part of a template's metadata that a user may set; the server's own fields would be refused."""
    kept = ("labels", "annotations", "finalizers")
    return {name: metadata[name] for name in kept if metadata.get(name)}


def _unopened(errors: Mapping[str, str]) -> Unopened:
    """Equal messages are joined: `<message> (<key>, <key>)`, one line each."""
    keys: dict[str, list[str]] = {}
    for key, text in errors.items():
        for message in text.split("\n"):
            keys.setdefault(message, []).append(key)
    lines = [f"{message} ({', '.join(sorted(named))})" for message, named in sorted(keys.items())]
    return Unopened("\n".join(lines), tuple(sorted(errors)))


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode()
