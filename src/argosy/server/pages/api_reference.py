"""One described API as HTML: its operations, and its named types with links between them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from html import escape
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from argosy.server.pages.operations import Operation, Parameter, Schema, definitions_of, operations_of


def link(**query: str) -> str:
    """To the same page with this query, escaped for an attribute."""
    return escape(f"?{urlencode(query)}")


class Reference:
    """`name`: the value of the parameter `api`; `path`: where the document is, below the base path.

    The document is read at the first use: that of Argosy's own API takes a while to make.
    """

    def __init__(self, name: str, title: str, path: str, document: Callable[[], Mapping[str, Any]]) -> None:
        self.name, self.title, self.path, self._document = name, title, path, document

    @cached_property
    def operations(self) -> list[Operation]:
        return operations_of(self._document())

    @cached_property
    def definitions(self) -> Mapping[str, Schema]:
        return definitions_of(self._document())

    @cached_property
    def _texts(self) -> Mapping[tuple[str, str], str]:
        """Operations by verb and path: rendered once, because each search repeats them."""
        return {(one.verb, one.path): self._operation(one) for one in self.operations}

    def listed(self, words: str) -> str:
        """The operations that match all words, with a form to search them."""
        found = [one for one in self.operations if one.matches(words)]
        groups = "".join(
            f"<section><h2>{escape(tag)}</h2>{''.join(self._texts[one.verb, one.path] for one in members)}</section>"
            for tag, members in groupby(found, lambda one: one.tag)
        )
        return (
            f"<h1>{escape(self.title)}</h1>"
            f'<form role="search"><input type="hidden" name="api" value="{escape(self.name)}">'
            f'<label for="q">Find operations</label><input id="q" name="q" type="search" value="{escape(words)}">'
            f"<button>Find</button></form><p>{len(found)} of {len(self.operations)} operations</p>{groups}"
        )

    def type_page(self, kind: str) -> str:
        back = f'<p><a href="{link(api=self.name)}">All operations</a></p>'
        if (schema := self.definitions.get(kind)) is None:
            return f"<h1>{escape(kind)}</h1><p>There is no such type.</p>{back}"
        text = f"<p>{escape(schema['description'])}</p>" if schema.get("description") else ""
        return f"<h1>{escape(kind)}</h1>{text}{self._fields(schema)}{back}"

    def _fields(self, schema: Schema) -> str:
        required = schema.get("required") or ()
        rows = [
            (
                f"<code>{escape(field)}</code>",
                self._kind(one),
                "yes" if field in required else "no",
                escape(one.get("description", "")),
            )
            for field, one in (schema.get("properties") or {}).items()
        ]
        return (
            _table("Fields", ("Name", "Type", "Required", "Meaning"), rows) if rows else f"<p>{self._kind(schema)}</p>"
        )

    def _operation(self, one: Operation) -> str:
        summary = f"<p>{escape(one.summary)}</p>" if one.summary else ""
        body = f"<h3>Request body</h3><p>{self._kind(one.body)}</p>" if one.body is not None else ""
        answers = _table(
            "Responses",
            ("Status", "Type", "Meaning"),
            [
                (escape(two.status), self._kind(two.schema) if two.schema else "", escape(two.text))
                for two in one.answers
            ],
        )
        return (
            f"<details><summary><b>{one.verb}</b> <code>{escape(one.path)}</code></summary><div>"
            f"{summary}<p><small>{escape(one.name)}</small></p>{self._parameters(one.parameters)}{body}{answers}"
            f"<h3>Example</h3><pre>{escape(_example(one))}</pre></div></details>"
        )

    def _parameters(self, parameters: Iterable[Parameter]) -> str:
        rows = [
            (
                f"<code>{escape(one.name)}</code>",
                self._kind(one.schema),
                f"{one.place}, required" if one.required else one.place,
                escape(one.text),
            )
            for one in parameters
        ]
        return _table("Parameters", ("Name", "Type", "In", "Meaning"), rows) if rows else ""

    def _kind(self, schema: Schema) -> str:
        """A schema in a few words; a named one is a link to its page."""
        if (reference := schema.get("$ref")) is not None:
            name = str(reference).rpartition("/")[2]
            return f'<a href="{link(api=self.name, type=name)}">{escape(name)}</a>'
        for together in ("anyOf", "oneOf"):
            if together in schema:
                return " or ".join(self._kind(one) for one in schema[together])
        if "enum" in schema:
            return "one of " + ", ".join(f"<code>{escape(str(one))}</code>" for one in schema["enum"])
        return self._plain(schema)

    def _plain(self, schema: Schema) -> str:
        kind = schema.get("type", "anything")
        if kind == "array":
            return f"list of {self._kind(schema.get('items') or {})}"
        if kind == "object" and isinstance(values := schema.get("additionalProperties"), Mapping):
            return f"map of {self._kind(values)}"
        if kind == "object" and (fields := schema.get("properties")):
            return "; ".join(f"<code>{escape(name)}</code>: {self._kind(one)}" for name, one in fields.items())
        words = " or ".join(kind) if isinstance(kind, list) else str(kind)
        return escape(f"{words} ({schema['format']})" if "format" in schema else words)


def _example(one: Operation) -> str:
    words = ["curl", f'"$SERVER{one.path}"', '-H "Authorization: Bearer $TOKEN"']
    if one.verb != "GET":
        words += [f"-X {one.verb}", "-H 'Content-Type: application/json'"]
    return " ".join(words + (["-d @body.json"] if one.body is not None else []))


def _table(caption: str, heads: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    head = "".join(f'<th scope="col">{one}</th>' for one in heads)
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"
