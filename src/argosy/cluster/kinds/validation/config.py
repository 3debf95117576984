"""ConfigMaps, Secrets, limits and quotas. No cause ever repeats a Secret's content."""

from __future__ import annotations

import json
from base64 import b64decode

from argosy.cluster.kinds.validation.causes import by_rule, forbidden, immutable, invalid, members, required, too_long
from argosy.cluster.kinds.validation.containers import not_negative_quantity
from argosy.machinery import names as naming
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import Cause

_LIMIT = 1024 * 1024
_FROZEN = "field is immutable when `immutable` is set"
_REDACTED = "<secret contents redacted>"
_REQUIRED_KEYS = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
}
_JSON_KEYS = (".dockercfg", ".dockerconfigjson")
_ACCOUNT_NAME = "kubernetes.io/service-account.name"


def check_config_map(obj: JsonObject) -> list[Cause]:
    data, binary = obj.get("data") or {}, obj.get("binaryData") or {}
    causes: list[Cause] = []
    size = sum(len(value.encode()) for value in data.values()) + sum(_decoded_size(value) for value in binary.values())
    for key in data:
        causes += by_rule(f"data[{key}]", key, naming.config_key)
        if key in binary:
            causes.append(invalid(f"data[{key}]", key, "duplicate of key present in binaryData"))
    for key in binary:
        causes += by_rule(f"binaryData[{key}]", key, naming.config_key)
    if size > _LIMIT:
        causes.append(too_long("[]", _LIMIT))
    return causes


def _decoded_size(text: str) -> int:
    return len(text) * 3 // 4 - text.count("=", max(0, len(text) - 2))


def check_frozen(obj: JsonObject, old: JsonObject, *names: str) -> list[Cause]:
    """`immutable: true` protects the data, and itself."""
    if not old.get("immutable"):
        return []
    causes = [] if obj.get("immutable") else [forbidden("immutable", _FROZEN)]
    return causes + [forbidden(name, _FROZEN) for name in names if (obj.get(name) or {}) != (old.get(name) or {})]


def check_secret(obj: JsonObject) -> list[Cause]:
    data = obj.get("data") or {}
    causes: list[Cause] = []
    for key in data:
        causes += by_rule(f"data[{key}]", key, naming.config_key)
    if sum(_decoded_size(value) for value in data.values()) > _LIMIT:
        causes.append(too_long("data", _LIMIT))
    return causes + _check_secret_type(obj, data)


def _check_secret_type(obj: JsonObject, data: JsonObject) -> list[Cause]:
    spelled = obj.get("type") or ""
    causes = [required(f"data[{key}]") for key in _REQUIRED_KEYS.get(spelled, ()) if key not in data]
    if spelled == "kubernetes.io/basic-auth" and not {"username", "password"} & data.keys():
        causes += [required(f"data[{key}]") for key in ("username", "password")]
    if spelled == "kubernetes.io/service-account-token":
        annotations = obj["metadata"].get("annotations") or {}
        if not annotations.get(_ACCOUNT_NAME):
            causes.append(required(f"metadata.annotations[{_ACCOUNT_NAME}]"))
    for key in _JSON_KEYS:
        if key in data and key in _REQUIRED_KEYS.get(spelled, ()) and not _is_json(data[key]):
            causes.append(invalid(f"data[{key}]", _REDACTED, "must be valid JSON"))
    return causes


def _is_json(encoded: str) -> bool:
    try:
        json.loads(b64decode(encoded))
    except ValueError:
        return False
    return True


def check_secret_update(obj: JsonObject, old: JsonObject) -> list[Cause]:
    return immutable("type", obj.get("type"), old.get("type")) + check_frozen(obj, old, "data")


def certificate_warnings(obj: JsonObject) -> list[str]:
    """A TLS Secret whose certificate is invalid is accepted, with a warning."""
    if obj.get("type") != "kubernetes.io/tls":
        return []
    certificate = b64decode((obj.get("data") or {}).get("tls.crt") or "")
    if b"-----BEGIN" not in certificate:
        return ["tls: failed to find any PEM data in certificate input"]
    return []


def check_resource_quota(obj: JsonObject) -> list[Cause]:
    causes: list[Cause] = []
    for resource, amount in ((obj.get("spec") or {}).get("hard") or {}).items():
        path = f"spec.hard[{resource}]"
        causes += by_rule(path, resource, naming.qualified_name) + not_negative_quantity(path, amount)
    return causes


def check_limit_range(obj: JsonObject) -> list[Cause]:
    causes: list[Cause] = []
    for below, limit in members(obj.get("spec") or {}, "limits"):
        if not limit.get("type"):
            causes.append(required(f"spec.{below}.type"))
        for name in ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio"):
            for resource, amount in (limit.get(name) or {}).items():
                causes += not_negative_quantity(f"spec.{below}.{name}[{resource}]", amount)
    return causes
