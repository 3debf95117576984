"""Makes `src/argosy/apis/kubernetes/facts.json`, the prose-free facts about Kubernetes' built-in types, and checks it.

    scripts/kubernetes_facts.py write DATA    rewrites the package's file from DATA/{types,printer-columns}.json
                                              and from kubernetes_types_resource.json, which DATA does not have
    scripts/kubernetes_facts.py check DATA    fails if the committed file is stale
    scripts/kubernetes_facts.py cross [1.36]  compares it with the JSON schemas of the `kubernetes-validate` package

The file is one JSON object, one type or resource a line, so that a change reads well in review. `kinds/facts.py` says
what each column means.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "src/argosy/apis/kubernetes/facts.json"

# Go packages drop the domain of their group: rbac.authorization.k8s.io lives in rbac/v1.
CORE = "core"

# Published without an entry of `kind` to recognise them by: the JSON schemas know these under other shapes.
_TYPE_META = ("apiVersion", "kind")
OPEN_SHAPES = frozenset({"JSON", "JSONSchemaPropsOrBool", "JSONSchemaPropsOrArray", "JSONSchemaPropsOrStringArray"})


def type_key(group: str, version: str, kind: str) -> str:
    return f"{group.split('.')[0] or CORE}/{version}.{kind}"


def facts_of(types: dict[str, Any], columns: dict[str, Any]) -> dict[str, Any]:
    """The content of the facts file: resources in discovery order, types, enums and printer columns."""
    known = types["types"]
    return {
        "source": types["source"],
        "resources": [_resource(entry, known) for entry in types["resources"]],
        "types": {key: _type(known[key]) for key in sorted(known)},
        "enums": {key: [1 if enum["closed"] else 0, *enum["v"]] for key, enum in sorted(types["enums"].items())},
        "columns": {kind: columns[kind] for kind in sorted(columns)},
    }


def _resource(entry: dict[str, Any], known: dict[str, Any]) -> list[Any]:
    group, version = entry["group"], entry["version"]
    key = type_key(group, version, entry["kind"])
    if key not in known:
        raise SystemExit(f"no type {key} for {entry['plural']}")
    subresources = {
        name: [
            sub["group"] or (group if not sub["version"] else ""),
            sub["version"] or version,
            sub["kind"],
            sub["verbs"],
        ]
        for name, sub in sorted(entry["sub"].items())
    }
    names = [entry["plural"], entry["singular"], entry["kind"]]
    flags = [1 if entry["namespaced"] else 0, entry["verbs"], entry["short"], entry["categories"]]
    return [group, version, *names, *flags, subresources, key]


def _type(entry: dict[str, Any]) -> list[Any]:
    extras = {key: entry[key] for key in ("mt",) if entry.get(key)}
    return [entry.get("n", ""), extras, *entry["f"]]


def rendered(facts: dict[str, Any]) -> str:
    """Compact JSON with a line for each entry of each section."""
    sections = []
    for name, section in facts.items():
        if isinstance(section, dict):
            lines = [f"{_compact(key)}:{_compact(value)}" for key, value in section.items()]
            sections.append(f"{_compact(name)}:{{\n" + ",\n".join(lines) + "\n}")
        elif isinstance(section, list):
            sections.append(f"{_compact(name)}:[\n" + ",\n".join(map(_compact, section)) + "\n]")
        else:
            sections.append(f"{_compact(name)}:{_compact(section)}")
    return "{" + ",\n".join(sections) + "}\n"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def from_data(data: Path) -> str:
    types = json.loads((data / "types.json").read_text())
    columns = json.loads((data / "printer-columns.json").read_text())
    more = json.loads(Path(__file__).with_name("kubernetes_types_resource.json").read_text())
    types["resources"] += more["resources"]
    types["types"] |= more["types"]
    columns |= more["columns"]
    return rendered(facts_of(types, columns))


def differences(facts: dict[str, Any], definitions: dict[str, Any]) -> Iterator[str]:
    """What our facts and the published JSON schemas say differently, where both have room to say it."""
    for key, (published, _, *fields) in facts["types"].items():
        definition = definitions.get(published)
        if definition is None:
            continue
        ours = {name: item for name, item in _flattened(facts, fields) if name not in _TYPE_META}
        theirs = {name: spec for name, spec in definition.get("properties", {}).items() if name not in _TYPE_META}
        for name in sorted(ours.keys() - theirs.keys()):
            yield f"{key}.{name}: only in our facts"
        for name in sorted(theirs.keys() - ours.keys()):
            yield f"{key}.{name}: only published"
        for name in sorted(ours.keys() & theirs.keys()):
            yield from (f"{key}.{name}: {text}" for text in _field_differences(facts, ours[name], theirs[name]))


def _flattened(facts: dict[str, Any], fields: list[list[Any]]) -> Iterator[tuple[str, list[Any]]]:
    for item in fields:
        if "i" in item[2]:
            yield from _flattened(facts, facts["types"][item[1]][2:])
        else:
            yield item[0], item


def _field_differences(facts: dict[str, Any], ours: list[Any], theirs: dict[str, Any]) -> Iterator[str]:
    extras = ours[4] if len(ours) > 4 else {}
    strategy = theirs.get("x-kubernetes-patch-strategy", "")
    pairs = (
        ("type", _published_type(facts, ours[1]), _their_type(theirs)),
        ("list type", extras.get("lt", ""), theirs.get("x-kubernetes-list-type", "")),
        ("list keys", extras.get("lk", []), theirs.get("x-kubernetes-list-map-keys", [])),
        ("patch strategy", extras.get("ps", ""), strategy),
        (
            "merge key",
            extras.get("pk", ""),
            theirs.get("x-kubernetes-patch-merge-key", "") if "merge" in strategy else "",
        ),
    )
    for label, mine, published in pairs:
        if mine != published:
            yield f"{label} {mine!r}, published {published!r}"


_SCALARS = {
    "string": "string",
    "bytes": "string",
    "int32": "integer",
    "int64": "integer",
    "bool": "boolean",
    "double": "number",
}
_PUBLISHED_NAMES = {
    "Time": "io.k8s.apimachinery.pkg.apis.meta.v1.Time",
    "MicroTime": "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime",
    "Quantity": "io.k8s.apimachinery.pkg.api.resource.Quantity",
    "IntOrString": "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
    "RawExtension": "io.k8s.apimachinery.pkg.runtime.RawExtension",
    "FieldsV1": "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1",
}


def _published_type(facts: dict[str, Any], spelled: str) -> str:
    if spelled.startswith(("[]", "{}")):
        return spelled[:2] + _published_type(facts, spelled[2:])
    if spelled in OPEN_SHAPES:
        return "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1." + spelled
    known = facts["types"].get(spelled)
    return str(known[0]) if known else _PUBLISHED_NAMES.get(spelled) or _SCALARS.get(spelled, spelled)


def _their_type(spec: dict[str, Any]) -> str:
    if "$ref" in spec:
        return str(spec["$ref"]).rpartition("/")[2].removesuffix(".json")
    kind = spec.get("type", "any")
    if isinstance(kind, list):
        kind = next(word for word in kind if word != "null")
    if kind == "array":
        return "[]" + _their_type(spec.get("items", {}))
    if kind == "object" and "additionalProperties" in spec:
        return "{}" + _their_type(spec["additionalProperties"])
    return str(kind)


def published(minor: str) -> dict[str, Any]:
    """The definitions that `kubernetes-validate` ships for a minor version such as `1.36`."""
    import kubernetes_validate  # type: ignore[import-not-found,import-untyped,unused-ignore]

    root = Path(kubernetes_validate.__file__).parent
    paths = [path for path in root.rglob("_definitions.json") if f"v{minor}." in str(path) or f"v{minor}/" in str(path)]
    if not paths:
        raise SystemExit(f"kubernetes-validate has no definitions for {minor}")
    content: dict[str, Any] = json.loads(paths[0].read_text())
    definitions: dict[str, Any] = content["$defs"]
    return definitions


def main(arguments: list[str]) -> int:
    match arguments:
        case ["write", data]:
            TARGET.write_text(from_data(Path(data)))
        case ["check", data]:
            if TARGET.read_text() != from_data(Path(data)):
                print(f"{TARGET} is stale: run `scripts/kubernetes_facts.py write {data}`")
                return 1
        case ["cross", *rest]:
            found = list(differences(json.loads(TARGET.read_text()), published(rest[0] if rest else "1.36")))
            print("\n".join(found) or "no differences")
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
