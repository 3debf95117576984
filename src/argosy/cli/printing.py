"""Objects and tables as text: pure but for the stream that it is written to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TextIO

from argosy.machinery.objects import JsonObject, JsonValue, group_version
from argosy.machinery.text.yaml import dump


def write_value(stream: TextIO, value: JsonValue, output: str) -> None:
    """`json`, indented, or `yaml`."""
    if output == "json":
        stream.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
    else:
        stream.write(dump(value))


def write_manifest(stream: TextIO, manifest: JsonObject) -> None:
    """One YAML document with sorted keys and without managed fields, as `argocd` prints manifests."""
    own = json.loads(json.dumps(manifest, sort_keys=True))
    (own.get("metadata") or {}).pop("managedFields", None)
    stream.write("---\n")
    write_value(stream, own, "yaml")
    stream.write("\n")


def write_objects(stream: TextIO, objects: Sequence[JsonObject], output: str) -> None:
    """Documents for `yaml`, one List for `json`, `kind.group/name` lines for `name`: each is food for kubectl."""
    if output == "name":
        stream.writelines(f"{object_name(obj)}\n" for obj in objects)
    elif output == "json":
        write_value(stream, {"apiVersion": "v1", "kind": "List", "items": list(objects)}, "json")
    else:
        for obj in objects:
            stream.write("---\n")
            write_value(stream, obj, "yaml")


def object_name(obj: JsonObject) -> str:
    """As kubectl's `-o name`."""
    group, _ = group_version(str(obj.get("apiVersion") or ""))
    kind = str(obj.get("kind") or "").lower()
    return f"{kind}{'.' + group if group else ''}/{(obj.get('metadata') or {}).get('name') or ''}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns as wide as their widest cell, two blanks between; the last is not padded. Every row is one line."""
    lines = [tuple(header), *(tuple(map(one_line, row)) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header) - 1)]
    return "".join(
        "".join(f"{cell:<{width}}  " for cell, width in zip(line, widths, strict=False)) + line[-1] + "\n"
        for line in lines
    )


def one_line(text: str) -> str:
    return " ".join(part.strip() for part in text.splitlines()) if "\n" in text else text
