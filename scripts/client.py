"""Writes the typed client of Argosy's own API from its description: python scripts/client.py [--check]

`src/argosy/client/types.py` and `operations.py` are made by this alone; `--check` exits 1 where they are not of today.
"""

from __future__ import annotations

import builtins
import json
import keyword
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from openapi import described

PLACE: Final = Path(__file__).parents[1] / "src" / "argosy" / "client"
PLAIN: Final = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
NOTE: Final = "Made by scripts/client.py: changes here are lost."
Schema = dict[str, Any]


def files() -> dict[Path, str]:
    document = json.loads(described())
    return {
        PLACE / "types.py": formatted(types_of(document["components"]["schemas"])),
        PLACE / "operations.py": formatted(operations_of(document)),
    }


def formatted(text: str) -> str:
    for arguments in (
        ["check", "--fix-only", "--quiet", "--stdin-filename", "src/argosy/client/made.py", "-"],
        ["format", "--quiet", "-"],
    ):
        text = subprocess.run(
            [str(Path(sys.executable).with_name("ruff")), *arguments],
            input=text, capture_output=True, text=True, check=True, cwd=PLACE.parents[2],
        ).stdout  # fmt: skip
    return text


# -- types -------------------------------------------------------------------------------------------------------------


def types_of(schemas: dict[str, Schema]) -> str:
    lines = [f'"""What the API takes and gives. {NOTE}"""', "", "from __future__ import annotations", ""]
    lines += ["from typing import Any, Literal, NotRequired, TypedDict", ""]
    for name, schema in schemas.items():
        lines += ["", *_typed(name, schema)]
    return "\n".join([*lines, ""])


def _typed(name: str, schema: Schema) -> Iterator[str]:
    yield f"class {name}(TypedDict):"
    if text := schema.get("description"):
        yield f'    """{_indented(text)}"""'
        yield ""
    required = set(schema.get("required") or ())
    properties: dict[str, Schema] = schema.get("properties") or {}
    for field, found in properties.items():
        hint = hint_of(found)
        yield f"    {field}: {hint if field in required else f'NotRequired[{hint}]'}"
    if not properties and not text:
        yield "    pass"


def _indented(text: str) -> str:
    """Of a docstring: what follows its first line is indented as deep as the field names."""
    first, *rest = text.strip().split("\n")
    shown = [f"    {line.strip()}" if line.strip() else "" for line in rest]
    return "\n".join([first, *shown, *(["    "] if rest else [])])


def hint_of(schema: Schema) -> str:
    if reference := schema.get("$ref"):
        return str(reference).rpartition("/")[2]
    if enum := schema.get("enum"):
        return f"Literal[{', '.join(json.dumps(one) for one in enum)}]"
    if several := schema.get("anyOf"):
        return " | ".join("None" if one.get("type") == "null" else hint_of(one) for one in several)
    kind = schema.get("type")
    if kind == "array":
        return f"list[{hint_of(schema['items'])}]"
    if kind == "object":
        return f"dict[str, {hint_of(schema.get('additionalProperties') or {})}]"
    return PLAIN.get(str(kind), "Any")


# -- operations --------------------------------------------------------------------------------------------------------


def operations_of(document: Schema) -> str:
    names = sorted(document["components"]["schemas"])
    head = [f'"""One method for each operation of the API. {NOTE}"""', "", "from __future__ import annotations", ""]
    head += ["from collections.abc import AsyncIterator, Iterator, Sequence", "from typing import Any, cast", ""]
    head += ["from argosy.client.awaiting import AwaitingTransport"]
    head += ["from argosy.client.transport import Event"]
    head += [f"from argosy.client.types import {', '.join(names)}"]
    head += ["from argosy.client.waiting import WaitingTransport", ""]
    operations = [
        (method.upper(), path, found)
        for path, methods in document["paths"].items()
        for method, found in methods.items()
    ]
    lines = [
        "",
        "class Client(WaitingTransport):",
        '    """Waits for each answer. Every method raises ApiError for a refusal, Unreachable without an answer."""',
    ]
    for one in operations:
        lines += ["", *_method(*one, awaited=False)]
    lines += [
        "",
        "",
        "class AsyncClient(AwaitingTransport):",
        '    """Every method is awaited, streams are iterated. Raises what `Client` does."""',
    ]
    for one in operations:
        lines += ["", *_method(*one, awaited=True)]
    return "\n".join([*head, *lines, ""])


def _method(method: str, path: str, operation: Schema, *, awaited: bool) -> Iterator[str]:
    content = operation["responses"]["200"]["content"]
    streams = "text/event-stream" in content
    values = [name_of(one["name"]) for one in operation["parameters"] if one["in"] == "path"]
    query = [one for one in operation["parameters"] if one["in"] == "query"]
    takes = operation.get("requestBody")
    arguments = ["self", *(f"{name}: str" for name in values)]
    if takes is not None:
        arguments.append(f"body: {hint_of(takes['content']['application/json']['schema'])}")
    arguments += ["*", *map(_argument, query)] if query else []
    given = "(" + ", ".join([*values, ""] if len(values) == 1 else values) + ")"
    asked = "{" + ", ".join(f'"{one["name"]}": {name_of(one["name"])}' for one in query) + "}"
    where = json.dumps(re.sub(r"\{\w+\}", "{}", path))
    summary = operation["summary"]
    name = snake(operation["operationId"])
    if streams:
        yield f"    def {name}({', '.join(arguments)}) -> {'Async' if awaited else ''}Iterator[Event]:"
        yield f'        """{summary}."""'
        yield f"        return self._stream({where}, {given}, {asked})"
        return
    hint = hint_of(content["application/json"]["schema"])
    wait = "await " if awaited else ""
    body = ", body" if takes is not None else ""
    yield f"    {'async ' if awaited else ''}def {name}({', '.join(arguments)}) -> {hint}:"
    yield f'        """{summary}."""'
    yield f"        return cast({hint}, {wait}self._ask({json.dumps(method)}, {where}, {given}, {asked}{body}))"


def _argument(parameter: Schema) -> str:
    schema = parameter["schema"]
    if schema["type"] == "array":
        return f"{name_of(parameter['name'])}: Sequence[str] = ()"
    if schema["type"] == "integer":
        return f'{name_of(parameter["name"])}: int | str = ""'
    return f'{name_of(parameter["name"])}: str = ""'


def name_of(text: str) -> str:
    found = snake(text)
    return f"{found}_" if keyword.iskeyword(found) or found in dir(builtins) else found


def snake(text: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: f"_{found[1]}", text.replace("-", "_")).lower()


def main() -> int:
    stale = []
    for path, text in files().items():
        if not path.exists() or path.read_text() != text:
            stale.append(path.name)
            if "--check" not in sys.argv:
                path.write_text(text)
    if "--check" in sys.argv and stale:
        print(f"not of today: {', '.join(stale)}; run python scripts/client.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
