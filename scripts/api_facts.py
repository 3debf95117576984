"""Makes `src/argosy/server/schema/facts.json`, the prose-free facts about Argo CD's public API, and checks it.

    scripts/api_facts.py write DATA [SOURCE]   rewrites the package's file from DATA/argo-cd/grpc/schema.json
    scripts/api_facts.py check DATA            fails if the committed file is stale

`schema.json` is the wire schema. How Go's encoder writes each field as JSON is not in it: SOURCE, a checkout of Argo
CD, shows that by the tags of its structures. Without SOURCE what the committed file says of JSON is kept. One method or
message a line, so that a change reads well in review; `schema/facts.py` says what each column means.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "src/argosy/server/schema/facts.json"
SHORT = (
    ("github.com.argoproj.argo_cd.v3.pkg.apis.application.v1alpha1.", "v1alpha1."),
    ("github.com.argoproj.argo_cd.server.settings.oidc.", "oidc."),
    ("k8s.io.apimachinery.pkg.apis.meta.v1.", "meta."),
    ("k8s.io.api.core.v1.", "core."),
    ("k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.", "apiextensions."),
    ("k8s.io.apimachinery.pkg.runtime.", "runtime."),
    ("k8s.io.apimachinery.pkg.util.intstr.", "intstr."),
)
FILES = {
    "v1alpha1": "pkg/apis/application/v1alpha1/*.go",
    "repository": "reposerver/apiclient/*.pb.go",
    "oidc": "util/settings/*.go",
}
FIELD = re.compile(r"^\s+(?:(\w+)\s+)?([\w.*\[\]{}]+(?:\[[\w.]+\][\w.*\[\]{}]+)?)\s+`([^`]*)`")
KUBERNETES = {
    "meta.ObjectMeta": {"deletionTimestamp": "p", "deletionGracePeriodSeconds": "p"},
    "meta.ListMeta": {"remainingItemCount": "p", "shardInfo": "p"},
    "meta.OwnerReference": dict.fromkeys(("apiVersion", "kind", "name", "uid"), "a")
    | {"controller": "p", "blockOwnerDeletion": "p"},
    "meta.LabelSelectorRequirement": {"key": "a", "operator": "a"},
    "meta.GroupKind": {"group": "a", "kind": "a"},
    "meta.ManagedFieldsEntry": {"time": "p", "fieldsV1": "p"},
    "core.PortStatus": {"port": "a", "protocol": "a", "error": "p"},
    "core.LoadBalancerIngress": {"ipMode": "p"},
    "core.NodeSystemInfo": dict.fromkeys(
        (
            *("machineID", "systemUUID", "bootID", "kernelVersion", "osImage", "containerRuntimeVersion"),
            *("kubeletVersion", "kubeProxyVersion", "operatingSystem", "architecture"),
        ),
        "a",
    )
    | {"swap": "p"},
    "core.NodeSwapStatus": {"capacity": "p"},
}
"""Modes of Kubernetes' own structures, whose source is not part of SOURCE."""
REPO_SERVER: dict[str, list[list[Any]]] = {
    "repository.TestRepositoryRequest": [[1, "repo", "v1alpha1.Repository"]],
    "repository.TestRepositoryResponse": [[1, "verifiedRepository", "bool"]],
    "repository.ResolveRevisionRequest": [
        [1, "repo", "v1alpha1.Repository"],
        [2, "app", "v1alpha1.Application"],
        [3, "ambiguousRevision", "string"],
        [4, "sourceIndex", "int64"],
    ],
    "repository.ResolveRevisionResponse": [[1, "revision", "string"], [2, "ambiguousRevision", "string"]],
    "repository.ManifestRequest": [
        [1, "repo", "v1alpha1.Repository"],
        [2, "revision", "string"],
        [3, "noCache", "bool"],
        [5, "appName", "string"],
        [8, "namespace", "string"],
        [10, "applicationSource", "v1alpha1.ApplicationSource"],
        [14, "kubeVersion", "string"],
        [15, "apiVersions", "string", "repeated"],
        [23, "refSources", "map<string,v1alpha1.RefTarget>"],
        [25, "projectName", "string"],
    ],
    "v1alpha1.RefTarget": [[1, "repo", "v1alpha1.Repository"], [2, "targetRevision", "string"], [3, "chart", "string"]],
}
"""Messages of the repo-server, which the wire schema of the API does not have: the fields that are read or answered.

Source: reposerver/repository/repository.proto, 3.6.
"""
ALWAYS_STRUCT, OMIT, ALWAYS, POINTER, INLINE = "s", "", "a", "p", "i"


def short(name: str) -> str:
    for long, alias in SHORT:
        name = name.replace(long, alias)
    return name


def json_tags(source: Path) -> dict[str, dict[int, tuple[str, str, str]]]:
    """By message and field number: Go type, JSON name, options."""
    found: dict[str, dict[int, tuple[str, str, str]]] = {}
    for path in sorted(source.glob("pkg/apiclient/*/*.pb.go")):
        found.update(_structs(path, _package(path)))
    for path in sorted(source.glob(FILES["repository"])):
        found.update(_structs(path, "repository"))
    for path in sorted(source.glob(FILES["v1alpha1"])):
        if "generated" not in path.name and not path.name.endswith("_test.go"):
            found.update(_structs(path, "v1alpha1"))
    return found


def _package(path: Path) -> str:
    match = re.search(r'proto\.RegisterType\(\(\*\w+\)\(nil\), "([\w.]+)\.\w+"\)', path.read_text())
    return short(match.group(1) + ".")[:-1] if match else path.parent.name


def _structs(path: Path, package: str) -> dict[str, dict[int, tuple[str, str, str]]]:
    found: dict[str, dict[int, tuple[str, str, str]]] = {}
    for name, body in re.findall(r"^type (\w+) struct \{\n(.*?)^\}", path.read_text(), re.DOTALL | re.MULTILINE):
        fields = {}
        for line in body.split("\n"):
            if (match := FIELD.match(line)) and (number := re.search(r'protobuf:"\w+,(\d+)', match[3])):
                tag = re.search(r'json:"([^"]*)"', match[3])
                json_name, _, options = (tag[1] if tag else "").partition(",")
                embedded = "inline" in options or not (match[1] or json_name)
                fields[int(number[1])] = (match[2], "" if embedded else json_name or match[1] or "", options)
        found[f"{package}.{name}"] = fields
    return found


def facts_of(schema: dict[str, Any], modes: dict[str, dict[int, tuple[str, str]]]) -> dict[str, Any]:
    """`modes`: by message and field number the JSON name and the mode."""
    services = {
        f"{service}/{method}": [
            short(entry["request"]),
            short(entry["response"]),
            ("s" if entry.get("serverStream") else "") + ("c" if entry.get("clientStream") else ""),
            entry.get("body", ""),
            [list(pair) for pair in entry.get("http", [])],
        ]
        for service, methods in sorted(schema["services"].items())
        for method, entry in sorted(methods.items())
    }
    messages = {}
    for name, message in sorted(schema["messages"].items()):
        known = modes.get(short(name), {})
        messages[short(name)] = [
            2 if message["syntax"] == "proto2" else 3,
            *[_field(field, known.get(field[0])) for field in message["fields"]],
        ]
    for name, fields in REPO_SERVER.items():
        messages[name] = [3, *[_field(field, None) for field in fields]]
    return {"methods": services, "messages": messages}


def _field(field: list[Any], known: tuple[str, str] | None) -> list[Any]:
    number, name, kind, flags = (*field, "")[:4]
    label = "".join(("r" if "repeated" in flags else "", "!" if "required" in flags else ""))
    json_name, mode = known or (name, OMIT)
    found = [number, name, short(kind), label, mode, json_name if json_name != name else ""]
    while found and not found[-1]:
        found.pop()
    return found


def modes_from_tags(schema: dict[str, Any], tags: dict[str, Any]) -> dict[str, dict[int, tuple[str, str]]]:
    found: dict[str, dict[int, tuple[str, str]]] = {}
    for long, message in schema["messages"].items():
        known = tags.get(short(long), {})
        for field in message["fields"]:
            if mode := KUBERNETES.get(short(long), {}).get(field[1]):
                found.setdefault(short(long), {})[field[0]] = (field[1], mode)
            if field[0] not in known:
                continue
            go, json_name, options = known[field[0]]
            scalar = field[2].split(".")[-1] == field[2]
            repeated = "repeated" in (*field, "")[3] or field[2].startswith("map<")
            found.setdefault(short(long), {})[field[0]] = (
                json_name or field[1],
                _mode(go, json_name, options, scalar, repeated),
            )
    return found


def _mode(go: str, json_name: str, options: str, scalar: bool, repeated: bool) -> str:
    if "inline" in options or not json_name:
        return INLINE
    if go.startswith("*"):
        return POINTER if "omitempty" in options else ALWAYS
    if not scalar and not repeated:
        return ALWAYS_STRUCT if "omitzero" not in options else OMIT
    return OMIT if "omitempty" in options else ALWAYS


def modes_of(facts: dict[str, Any]) -> dict[str, dict[int, tuple[str, str]]]:
    return {
        name: {field[0]: ((*field, "", "", "", "")[5] or field[1], (*field, "", "", "")[4]) for field in message[1:]}
        for name, message in facts["messages"].items()
    }


def text_of(facts: dict[str, Any]) -> str:
    lines = []
    for part, entries in facts.items():
        inner = ",\n".join(
            f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'))}" for key, value in entries.items()
        )
        lines.append(f"{json.dumps(part)}:{{\n{inner}\n}}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main(command: str, data: Path, source: Path | None = None) -> int:
    schema = json.loads((data / "argo-cd/grpc/schema.json").read_text())
    if source is not None:
        modes = modes_from_tags(schema, json_tags(source))
    else:
        modes = modes_of(json.loads(TARGET.read_text()))
    text = text_of(facts_of(schema, modes))
    if command == "write":
        TARGET.write_text(text)
        return 0
    if text != TARGET.read_text():
        print(f"{TARGET} is stale: run scripts/api_facts.py write DATA", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], *(Path(argument) for argument in sys.argv[2:])))
