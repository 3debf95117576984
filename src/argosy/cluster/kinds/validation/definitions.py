"""CustomResourceDefinitions (spec 12): names, versions, schemas, subresources, columns; what no update may change."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from argosy.cluster.kinds.definitions import APPROVED, is_established, is_protected
from argosy.cluster.kinds.validation.causes import (
    by_rule,
    immutable,
    invalid,
    members,
    one_of,
    required,
)
from argosy.machinery import names as naming
from argosy.machinery.jsonpath import JsonPathError, compile_path
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.status import Cause
from argosy.machinery.structural import check_structural

_KIND = re.compile(r"[A-Za-z]([-A-Za-z0-9]*[A-Za-z0-9])?")
_COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
_PLAIN_PATH = re.compile(r"(\.[A-Za-z_][A-Za-z0-9_-]*|\['[^']+'\])+")


def check_definition(obj: JsonObject, old: JsonObject | None = None) -> list[Cause]:
    """`old`: what is stored, on update."""
    spec = obj.get("spec") or {}
    names = spec.get("names") or {}
    causes: list[Cause] = []
    wanted = f"{names.get('plural', '')}.{spec.get('group', '')}"
    if obj["metadata"].get("name") != wanted:
        text = 'must be spec.names.plural+"."+spec.group'
        causes.append(invalid("metadata.name", obj["metadata"].get("name") or "", text))
    causes += _check_group(spec.get("group") or "")
    causes += one_of("spec.scope", spec.get("scope"), ("Cluster", "Namespaced"))
    causes += _check_names(names) + _check_versions(spec, old) + _check_conversion(spec.get("conversion") or {})
    return causes + _check_approval(obj, spec.get("group") or "")


def _check_group(group: str) -> list[Cause]:
    if not group:
        return [required("spec.group")]
    causes = by_rule("spec.group", group, naming.dns_subdomain)
    if "." not in group:
        causes.append(invalid("spec.group", group, "should be a domain with at least one dot"))
    return causes


def _check_names(names: JsonObject) -> list[Cause]:
    causes = [
        required(f"spec.names.{name}") for name in ("plural", "singular", "kind", "listKind") if not names.get(name)
    ]
    for name in ("plural", "singular"):
        if names.get(name):
            causes += by_rule(f"spec.names.{name}", names[name], naming.dns_1035_label)
    for name in ("shortNames", "categories"):
        for index, word in enumerate(names.get(name) or ()):
            causes += by_rule(f"spec.names.{name}[{index}]", word, naming.dns_1035_label)
    for name in ("kind", "listKind"):
        word = names.get(name)
        if word and (not _KIND.fullmatch(word) or len(word) > 63):
            text = "may have mixed case, but should otherwise match: a DNS-1035 label"
            causes.append(invalid(f"spec.names.{name}", word, text))
    if names.get("kind") and names.get("kind") == names.get("listKind"):
        causes.append(invalid("spec.names.listKind", names["listKind"], "kind and listKind may not be the same"))
    return causes


def _check_versions(spec: JsonObject, old: JsonObject | None) -> list[Cause]:
    versions = spec.get("versions") or []
    if not versions:
        return [required("spec.versions")]
    causes: list[Cause] = []
    listed = [version.get("name") for version in versions]
    if len(set(listed)) != len(listed):
        causes.append(invalid("spec.versions", listed, "must contain unique version names"))
    if sum(1 for version in versions if version.get("storage")) != 1:
        text = "must have exactly one version marked as storage version"
        causes.append(invalid("spec.versions", listed, text))
    stored = {
        version.get("name"): _schema_of(version) for version in ((old or {}).get("spec") or {}).get("versions") or ()
    }
    for below, version in members(spec, "versions"):
        causes += by_rule(f"spec.{below}.name", version.get("name") or "", naming.dns_1035_label)
        causes += _check_version(f"spec.{below}", version, stored.get(version.get("name")), alone=len(versions) == 1)
    return causes


def _schema_of(version: JsonObject) -> JsonValue:
    return (version.get("schema") or {}).get("openAPIV3Schema")


def _check_version(path: str, version: JsonObject, stored: JsonValue, *, alone: bool) -> list[Cause]:
    """Problems inside the schema of a single version are told at `spec.validation`, where upstream keeps it."""
    schema = _schema_of(version)
    if not isinstance(schema, dict):
        return [required(f"{path}.schema.openAPIV3Schema", "schemas are required")]
    root = "spec.validation.openAPIV3Schema" if alone else f"{path}.schema.openAPIV3Schema"
    causes = list(check_structural(schema, root, stored))
    scale = (version.get("subresources") or {}).get("scale")
    if scale is not None:
        causes += _check_scale(f"{path}.subresources.scale", scale)
    for below, column in members(version, "additionalPrinterColumns"):
        causes += _check_column(f"{path}.{below}", column)
    for below, item in members(version, "selectableFields"):
        if not _PLAIN_PATH.fullmatch(item.get("jsonPath") or ""):
            causes.append(invalid(f"{path}.{below}.jsonPath", item.get("jsonPath") or "", "is an invalid path"))
    return causes


def _check_scale(path: str, scale: JsonObject) -> list[Cause]:
    causes: list[Cause] = []
    for name, root in (("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")):
        value = scale.get(name) or ""
        if not value:
            causes.append(required(f"{path}.{name}"))
        elif not _PLAIN_PATH.fullmatch(value):
            causes.append(invalid(f"{path}.{name}", value, "should be a simple JSON path"))
        elif not value.startswith(root):
            causes.append(invalid(f"{path}.{name}", value, f"should be a json path under {root[:-1]}"))
    value = scale.get("labelSelectorPath")
    if value and not value.startswith((".spec.", ".status.")):
        text = "should be a json path under either .spec or .status"
        causes.append(invalid(f"{path}.labelSelectorPath", value, text))
    return causes


def _check_column(path: str, column: JsonObject) -> list[Cause]:
    causes = [] if column.get("name") else [required(f"{path}.name")]
    causes += one_of(f"{path}.type", column.get("type"), _COLUMN_TYPES)
    text = column.get("jsonPath") or ""
    if not text:
        return [*causes, required(f"{path}.jsonPath")]
    try:
        compile_path(text)
    except JsonPathError as problem:
        causes.append(invalid(f"{path}.jsonPath", text, str(problem)))
    return causes


def _check_conversion(conversion: JsonObject) -> list[Cause]:
    causes = one_of("spec.conversion.strategy", conversion.get("strategy"), ("None", "Webhook"))
    webhook = conversion.get("webhook")
    if conversion.get("strategy") == "Webhook" and webhook is None:
        text = "required when strategy is set to Webhook"
        causes.append(required("spec.conversion.webhookClientConfig", text))
    elif webhook is not None and not webhook.get("conversionReviewVersions"):
        causes.append(required("spec.conversion.conversionReviewVersions"))
    return causes


def _check_approval(obj: JsonObject, group: str) -> list[Cause]:
    if not is_protected(group):
        return []
    text = (obj["metadata"].get("annotations") or {}).get(APPROVED)
    path = f"metadata.annotations[{APPROVED}]"
    if text is None:
        return [required(path, f'protected groups must have approval annotation "{APPROVED}"')]
    if text.startswith("unapproved") or (urlsplit(text).scheme and urlsplit(text).netloc):
        return []
    return [invalid(path, text, 'protected groups must have an approval URL or a reason starting with "unapproved"')]


def check_definition_update(obj: JsonObject, old: JsonObject) -> list[Cause]:
    """Scope and group are for ever once instances may exist; a version with stored objects stays declared."""
    causes: list[Cause] = []
    if is_established(old):
        for name in ("group", "scope"):
            causes += immutable(f"spec.{name}", obj["spec"].get(name), old["spec"].get(name))
    declared = {version.get("name") for version in obj["spec"].get("versions") or ()}
    for index, stored in enumerate((obj.get("status") or {}).get("storedVersions") or ()):
        if stored not in declared:
            causes.append(invalid(f"status.storedVersions[{index}]", stored, "must appear in spec.versions"))
    return causes
