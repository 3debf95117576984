"""CustomResourceDefinitions (spec 12): names, versions, schemas, subresources, columns; immutable fields."""

from __future__ import annotations

from urllib.parse import urlsplit

from argosy.cluster.kinds.definitions import APPROVED, is_established, is_protected
from argosy.cluster.kinds.validation.causes import (
    by_rule,
    immutable,
    invalid,
    one_of,
    required,
)
from argosy.cluster.kinds.validation.definition_conversion import check_conversion
from argosy.cluster.kinds.validation.definition_versions import check_versions
from argosy.machinery import names as naming
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import Cause

_PROTECTED = f'protected groups must have approval annotation "{APPROVED}"'
_SEE = "see https://github.com/kubernetes/enhancements/pull/1111"


def check_definition(obj: JsonObject, old: JsonObject | None = None) -> list[Cause]:
    """`old`: the stored object, on update."""
    spec = obj.get("spec") or {}
    names = spec.get("names") or {}
    causes: list[Cause] = []
    wanted = f"{names.get('plural', '')}.{spec.get('group', '')}"
    if obj["metadata"].get("name") != wanted:
        text = 'must be spec.names.plural+"."+spec.group'
        causes.append(invalid("metadata.name", obj["metadata"].get("name") or "", text))
    causes += _check_group(spec.get("group") or "")
    causes += one_of("spec.scope", spec.get("scope"), ("Cluster", "Namespaced"))
    causes += _check_names(names) + check_versions(obj, old) + check_conversion(spec.get("conversion") or {})
    if spec.get("preserveUnknownFields"):
        text = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        causes.append(invalid("spec.preserveUnknownFields", True, text))
    return causes + _check_approval(obj, spec.get("group") or "")


def _check_group(group: str) -> list[Cause]:
    if not group:
        return [required("spec.group")]
    causes = by_rule("spec.group", group, naming.dns_subdomain)
    if not causes and "." not in group:
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
        if word and (problems := naming.dns_1035_label(word.lower())):
            text = f"may have mixed case, but should otherwise match: {','.join(problems)}"
            causes.append(invalid(f"spec.names.{name}", word, text))
    if names.get("kind") and names.get("kind") == names.get("listKind"):
        causes.append(invalid("spec.names.listKind", names["listKind"], "kind and listKind may not be the same"))
    return causes


def _check_approval(obj: JsonObject, group: str) -> list[Cause]:
    if not is_protected(group):
        return []
    text = (obj["metadata"].get("annotations") or {}).get(APPROVED)
    path = f"metadata.annotations[{APPROVED}]"
    if text is None:
        return [required(path, f"{_PROTECTED}, {_SEE}")]
    if text.startswith("unapproved") or (urlsplit(text).scheme and urlsplit(text).netloc):
        return []
    wanted = f'{_PROTECTED} with either a URL or a reason starting with "unapproved", {_SEE}'
    return [invalid(path, text, wanted)]


def check_definition_update(obj: JsonObject, old: JsonObject) -> list[Cause]:
    """Scope and group are immutable once instances may exist; a version with stored objects stays declared."""
    causes: list[Cause] = []
    if is_established(old):
        for name in ("group", "scope"):
            causes += immutable(f"spec.{name}", obj["spec"].get(name), old["spec"].get(name))
    return causes
