"""Checks an `openAPIV3Schema` before it is served: it must be structural, with valid defaults, patterns and rules.

Source: spec 12; data/kubernetes behaviours C16. Field paths are those of the definition.
"""

from __future__ import annotations

from collections.abc import Iterator

import re2

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.status import Cause
from argosy.machinery.structural.compiling import RECURSION_LIMIT, compile_schema

_JUNCTORS = ("allOf", "anyOf", "oneOf")
_FORBIDDEN_BELOW = ("default", "title", "description", "nullable", "additionalProperties")
_EXTENSIONS = (
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-map-type",
    "x-kubernetes-validations",
)
_TYPES = frozenset({"object", "array", "string", "integer", "number", "boolean"})
_SCALARS = frozenset({"string", "integer", "number", "boolean"})
_HARMLESS = frozenset({"type", "description", "format", "enum", "maxLength", "minLength", "maximum", "minimum"})
"""A scalar with no other keywords is valid: that is most of every schema."""


def check_structural(schema: JsonObject, root: str = "openAPIV3Schema", stored: JsonValue = None) -> list[Cause]:
    """All errors in a schema, at paths below `root`. `stored`: what is served now, on update."""
    causes = list(_check_root(schema, root))
    if causes:
        return causes
    causes = list(_check_values(schema, root))
    if expressions_of(schema):
        from argosy.machinery.structural.rule_check import check_rules_of  # CEL is large: imported with the first rule

        causes += check_rules_of(schema, root, known=expressions_of(stored))
    return causes


def _required(path: str, text: str) -> Cause:
    return Cause(path, f"Required value: {text}", "FieldValueRequired")


def _forbidden(path: str, text: str) -> Cause:
    return Cause(path, f"Forbidden: {text}", "FieldValueForbidden")


def _invalid(path: str, value: JsonValue, text: str) -> Cause:
    from argosy.machinery.structural.validating import shown

    return Cause(path, f"Invalid value: {shown(value)}: {text}")


def _check_root(schema: JsonObject, root: str) -> Iterator[Cause]:
    if not schema.get("type"):
        yield _required(f"{root}.type", "must not be empty at the root")
    elif schema["type"] != "object":
        yield _invalid(f"{root}.type", schema["type"], "must be object at the root")
    if schema.get("nullable"):
        yield _forbidden(f"{root}.nullable", "must not be true at the root")
    if schema.get("additionalProperties"):
        yield _forbidden(f"{root}.additionalProperties", "must not be used at the root")
    yield from _check_resource(schema, root)
    yield from _check(schema, root, "", 0)


def _check_resource(schema: JsonObject, path: str) -> Iterator[Cause]:
    """The fields that every object has: their types are given, and metadata may be restricted only in part."""
    for name, spelled in (("apiVersion", "string"), ("kind", "string"), ("metadata", "object")):
        child = (schema.get("properties") or {}).get(name)
        if not isinstance(child, dict):
            continue
        if child.get("type") != spelled:
            yield _invalid(f"{path}.properties[{name}].type", child.get("type") or "", f"must be {spelled}")
        elif name == "metadata" and not _is_plain_metadata(child):
            text = "must not specify anything other than name and generateName, but metadata is implicitly specified"
            yield _forbidden(f"{path}.properties[metadata]", text)


def _is_plain_metadata(metadata: JsonObject) -> bool:
    """Whether it has only `type`, a description, and restrictions of `name` and `generateName`."""
    named = {name for name, value in metadata.items() if value not in (None, {}, [])}
    return named <= {"type", "properties", "description"} and set(metadata.get("properties") or ()) <= {
        "name",
        "generateName",
    }


def _check(schema: JsonObject, path: str, role: str, depth: int) -> Iterator[Cause]:
    if depth > RECURSION_LIMIT:
        yield _forbidden(path, f"must not be nested deeper than {RECURSION_LIMIT} levels")
        return
    if role and not (schema.get("type") or _is_free(schema) or schema.get("$ref")):
        yield _required(f"{path}.type", f"must not be empty for specified {role}")
    yield from _check_node(schema, path)
    yield from _check_lists(schema, path)
    for below, child, next_role in _children(schema, path):
        if depth == RECURSION_LIMIT or not _is_plain_scalar(child):
            yield from _check(child, below, next_role, depth + 1)
    for below, child in _junctions(schema, path):
        yield from _check_junction(child, below, schema, depth + 1)


def _is_plain_scalar(schema: JsonObject) -> bool:
    return schema.get("type") in _SCALARS and schema.keys() <= _HARMLESS


def _is_free(schema: JsonObject) -> bool:
    return bool(schema.get("x-kubernetes-int-or-string") or schema.get("x-kubernetes-preserve-unknown-fields"))


def _children(schema: JsonObject, path: str) -> Iterator[tuple[str, JsonObject, str]]:
    for name, child in (schema.get("properties") or {}).items():
        yield f"{path}.properties[{name}]", child, "object fields"
    if isinstance(schema.get("additionalProperties"), dict):
        yield f"{path}.additionalProperties", schema["additionalProperties"], "object fields"
    if isinstance(schema.get("items"), dict):
        yield f"{path}.items", schema["items"], "array items"


def _junctions(schema: JsonObject, path: str) -> Iterator[tuple[str, JsonObject]]:
    for word in _JUNCTORS:
        for index, child in enumerate(schema.get(word) or ()):
            yield f"{path}.{word}[{index}]", child
    if isinstance(schema.get("not"), dict):
        yield f"{path}.not", schema["not"]


def _check_node(schema: JsonObject, path: str) -> Iterator[Cause]:
    declared = schema.get("type")
    if declared and declared not in _TYPES:
        supported = ", ".join(f'"{name}"' for name in sorted(_TYPES))
        message = f'Unsupported value: "{declared}": supported values: {supported}'
        yield Cause(f"{path}.type", message, "FieldValueNotSupported")
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        yield _invalid(f"{path}.x-kubernetes-preserve-unknown-fields", False, "must be true or undefined")
    if schema.get("x-kubernetes-embedded-resource"):
        yield from _check_embedded(schema, path)
    if schema.get("uniqueItems"):
        text = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield _forbidden(f"{path}.uniqueItems", text)
    if schema.get("properties") and schema.get("additionalProperties"):
        yield _forbidden(f"{path}.additionalProperties", "additionalProperties and properties are mutual exclusive")
    if schema.get("$ref"):
        yield _forbidden(f"{path}.$ref", "$ref is not supported")
    if isinstance(schema.get("items"), list):
        yield _forbidden(f"{path}.items", "items must be a schema object and not an array")
    if declared == "array" and schema.get("items") is None:
        yield _required(f"{path}.items", "must be specified")
    yield from _check_pattern(schema, path)


def _check_embedded(schema: JsonObject, path: str) -> Iterator[Cause]:
    declared = schema.get("type")
    if declared != "object":
        yield _invalid(f"{path}.type", declared or "", "must be object if x-kubernetes-embedded-resource is true")
    if not schema.get("properties") and not schema.get("x-kubernetes-preserve-unknown-fields"):
        text = (
            "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"
        )
        yield _required(f"{path}.properties", text)
    yield from _check_resource(schema, path)


def _check_pattern(schema: JsonObject, path: str) -> Iterator[Cause]:
    pattern = schema.get("pattern")
    if not pattern:
        return
    try:
        re2.compile(pattern)
    except re2.error as error:
        yield _invalid(f"{path}.pattern", pattern, f"must be a valid regular expression, but isn't: {_re2_text(error)}")


def _re2_text(error: Exception) -> str:
    """RE2's message in the wording of Go's package."""
    named = error.args[0] if error.args else ""
    text = named.decode(errors="replace") if isinstance(named, bytes) else str(named)
    what, _, where = text.partition(": ")
    what = what.replace("missing ]", "missing closing ]").replace("missing )", "missing closing )")
    return f"error parsing regexp: {what}: `{where}`" if where else f"error parsing regexp: {what}"


def _check_lists(schema: JsonObject, path: str) -> Iterator[Cause]:
    kind, keys = schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-list-map-keys")
    keys_path = f"{path}.x-kubernetes-list-map-keys"
    if kind is not None and kind not in ("atomic", "set", "map"):
        message = f'Unsupported value: "{kind}": supported values: "atomic", "set", "map"'
        yield Cause(f"{path}.x-kubernetes-list-type", message, "FieldValueNotSupported")
    if kind is not None and schema.get("type") != "array":
        text = "must be array if x-kubernetes-list-type is specified"
        yield _invalid(f"{path}.type", schema.get("type") or "", text)
    if keys and kind is None:
        text = "must be map if x-kubernetes-list-map-keys is non-empty"
        yield _required(f"{path}.x-kubernetes-list-type", text)
    elif keys and kind != "map":
        text = "must be map if x-kubernetes-list-map-keys is non-empty"
        yield _invalid(f"{path}.x-kubernetes-list-type", kind, text)
    yield from _check_sets(schema, path)
    if kind != "map":
        return
    if not keys:
        yield _required(keys_path, "must not be empty if x-kubernetes-list-type is map")
        return
    items = schema.get("items") or {}
    properties = items.get("properties") or {}
    if items.get("type") != "object":
        text = "must be object if parent array's x-kubernetes-list-type is map"
        yield _invalid(f"{path}.items.type", items.get("type") or "", text)
        return
    if len(set(keys)) != len(keys):
        yield _invalid(keys_path, keys, "must not contain duplicate entries")
    if any(key not in properties for key in keys):
        yield _invalid(keys_path, keys, "entries must all be names of item properties")
    for key in dict.fromkeys(key for key in keys if key in properties):
        if key not in (items.get("required") or ()) and "default" not in properties[key]:
            text = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"
            yield _required(f"{path}.items.properties[{key}].default", text)


def _check_sets(schema: JsonObject, path: str) -> Iterator[Cause]:
    """Items of a set are compared as a whole; a map's type is one of two, and only for objects."""
    items = schema.get("items") or {}
    if schema.get("x-kubernetes-list-type") == "set" and isinstance(items, dict):
        for spelled, word, wanted in (("object", "map", ("atomic",)), ("array", "list", (None, "atomic"))):
            found = items.get(f"x-kubernetes-{word}-type")
            if items.get("type") == spelled and found not in wanted:
                text = "must be atomic as item of a list with x-kubernetes-list-type=set"
                yield _invalid(f"{path}.items.x-kubernetes-{word}-type", found, text)
    kind = schema.get("x-kubernetes-map-type")
    if kind is None:
        return
    if schema.get("type") != "object":
        text = "must be object if x-kubernetes-map-type is specified"
        yield _invalid(f"{path}.type", schema.get("type") or "", text)
    if kind not in ("atomic", "granular"):
        message = f'Unsupported value: "{kind}": supported values: "atomic", "granular"'
        yield Cause(f"{path}.x-kubernetes-map-type", message, "FieldValueNotSupported")


def _check_junction(schema: JsonObject, path: str, structure: JsonObject, depth: int) -> Iterator[Cause]:
    """Below allOf, anyOf, oneOf and not: values may be restricted, nothing may be declared."""
    if depth > RECURSION_LIMIT:
        yield _forbidden(path, f"must not be nested deeper than {RECURSION_LIMIT} levels")
        return
    if schema.get("type") and not structure.get("x-kubernetes-int-or-string"):
        yield _forbidden(f"{path}.type", "must be empty to be structural")
    for word in (*_FORBIDDEN_BELOW, *_EXTENSIONS):
        if word in schema:
            yield _forbidden(f"{path}.{word}", "must be undefined to be structural")
    yield from _check_pattern(schema, path)
    for name, child in (schema.get("properties") or {}).items():
        declared = (structure.get("properties") or {}).get(name)
        if declared is None:
            outer = path.rpartition(".")[0]
            text = f"because it is defined in {path}.properties[{name}]"
            yield _required(f"{outer}.properties[{name}]", text)
        yield from _check_junction(child, f"{path}.properties[{name}]", declared or {}, depth + 1)
    if isinstance(schema.get("items"), dict):
        yield from _check_junction(schema["items"], f"{path}.items", structure.get("items") or {}, depth + 1)
    for below, child in _junctions(schema, path):
        yield from _check_junction(child, below, structure, depth + 1)


def _check_values(schema: JsonObject, path: str) -> Iterator[Cause]:
    """Defaults must fit their own schema; checked only for a structural schema."""
    if "default" in schema:
        yield from _check_default(schema, f"{path}.default")
    for below, child, _ in _children(schema, path):
        if not _is_plain_scalar(child):
            yield from _check_values(child, below)


def _check_default(schema: JsonObject, path: str) -> Iterator[Cause]:
    from argosy.machinery.structural.filling import default, prune
    from argosy.machinery.structural.validating import validate

    wrapped = {
        "type": "object",
        "properties": {"value": {key: item for key, item in schema.items() if key != "default"}},
    }
    node = compile_schema(wrapped)
    value, unknown = prune(node, default(node, {"value": schema["default"]}))
    if unknown:
        yield _invalid(path, schema["default"], "must not have unknown fields")
    for cause in validate(node, value):
        where = path + cause.field.removeprefix("value") if cause.field.startswith("value") else path
        yield Cause(where, cause.message.replace("value in body", " in body"), cause.reason)


def expressions_of(schema: JsonValue) -> frozenset[str]:
    """All rules and messageExpressions of a schema."""
    return frozenset(_expressions(schema)) if isinstance(schema, dict) else frozenset()


def _expressions(schema: JsonObject) -> Iterator[str]:
    for rule in schema.get("x-kubernetes-validations") or ():
        for word in ("rule", "messageExpression"):
            if isinstance(rule, dict) and isinstance(rule.get(word), str):
                yield rule[word]
    below = [*(schema.get("properties") or {}).values(), schema.get("additionalProperties"), schema.get("items")]
    for child in below:
        if isinstance(child, dict):
            yield from _expressions(child)
