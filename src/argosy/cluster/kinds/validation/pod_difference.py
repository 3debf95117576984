"""The difference that a refused change of a Pod's spec would make: a unified diff, as the API server shows it.

Upstream prints its internal type, whose fields have Go's names and are printed even when they are not set.
"""

from __future__ import annotations

import json
from difflib import unified_diff

from argosy.apis.kubernetes.facts import LEAVES, SCALARS, is_struct, json_fields
from argosy.machinery.objects import JsonObject, JsonValue

POD_SPEC = "core/v1.PodSpec"
_IN_SECURITY_CONTEXT = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers")
"""Fields of the spec in v1 that are in the security context of the internal type."""
_ABSENT = ("serviceAccount",)
_PLACED_AFTER = {"setHostnameAsFQDN": "subdomain", "preemptionPolicy": "priority", "overhead": "runtimeClassName"}
_PLACED_AFTER |= {"enableServiceLinks": "overhead"}
_ACRONYMS = (
    "dns",
    "tty",
    "tcp",
    "http",
    "grpc",
    "os",
    "csi",
    "nfs",
    "iscsi",
    "rbd",
    "aws",
    "gce",
    "fc",
    "ip",
    "se",
    "fs",
)
_ZERO: dict[str, JsonValue] = {"string": "", "bool": False, "int32": 0, "int64": 0, "double": 0}


def difference(old: JsonObject, new: JsonObject) -> str:
    """Both arguments are canonical specs of Pods."""
    before, after = (_lines(_internal(spec)) for spec in (old, new))
    return "".join(unified_diff(before, after)).removeprefix("--- \n+++ \n")


def _lines(value: JsonValue) -> list[str]:
    text = json.dumps(value, indent=1, ensure_ascii=False)
    return [f"{line}\n" for line in text.split("\n")]


def _internal(spec: JsonObject) -> JsonObject:
    order = [field.name for field in json_fields(POD_SPEC) if field.name not in (*_IN_SECURITY_CONTEXT, *_ABSENT)]
    for name, before in _PLACED_AFTER.items():
        order.remove(name)
        order.insert(order.index(before) + 1, name)
    printed = _struct(POD_SPEC, spec)
    shared = {_go_name(name): printed[_go_name(name)] for name in _IN_SECURITY_CONTEXT}
    context = printed["SecurityContext"]
    if context is not None or any(shared.values()):
        own = context or _struct("core/v1.PodSecurityContext", {})
        printed["SecurityContext"] = shared | own
    return {_go_name(name): printed[_go_name(name)] for name in order}


def _struct(key: str, value: JsonObject) -> JsonObject:
    return {
        _go_name(field.name): _value(field.type, value.get(field.name), is_pointer=field.pointer)
        for field in json_fields(key)
    }


def _value(spelled: str, value: JsonValue, *, is_pointer: bool) -> JsonValue:
    if value is None:
        return _nothing(spelled, is_pointer=is_pointer)
    if spelled.startswith("[]"):
        return [_value(spelled[2:], item, is_pointer=False) for item in value]
    if spelled.startswith("{}"):
        return {name: _value(spelled[2:], value[name], is_pointer=False) for name in sorted(value)}
    return _struct(spelled, value) if is_struct(spelled) else value


def _nothing(spelled: str, *, is_pointer: bool) -> JsonValue:
    if is_pointer or spelled.startswith(("[]", "{}")):
        return None
    if spelled in SCALARS or spelled in LEAVES:
        return _ZERO.get(spelled)
    return _struct(spelled, {})


def _go_name(name: str) -> str:
    for acronym in _ACRONYMS:
        rest = name[len(acronym) :]
        if name.startswith(acronym) and (not rest or rest[0].isupper()):
            return acronym.upper() + rest
    return name[:1].upper() + name[1:]
