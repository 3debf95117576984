"""The operations of an OpenAPI document, 2.0 or 3.1, in one form for the page that shows them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Schema = Mapping[str, Any]
VERBS: Final = ("get", "post", "put", "patch", "delete")
STREAMS: Final = "stream"
"""The first part of the path of Argosy's streams; the next one names the subject."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """`place`: path or query."""

    name: str
    place: str
    schema: Schema
    text: str
    required: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """`status`: a code, or `default`; `schema`: None for an answer without a body of a known form."""

    status: str
    text: str
    schema: Schema | None


@dataclass(frozen=True, slots=True)
class Operation:
    verb: str
    path: str
    name: str
    tag: str
    summary: str
    parameters: tuple[Parameter, ...]
    body: Schema | None
    answers: tuple[Answer, ...]

    def matches(self, words: str) -> bool:
        """Whether each word is in the verb, the path, the name or the summary."""
        text = f"{self.verb} {self.path} {self.name} {self.summary}".lower()
        return all(word in text for word in words.lower().split())


def operations_of(document: Mapping[str, Any]) -> list[Operation]:
    """By tag and path."""
    prefix = next((server["url"] for server in document.get("servers") or ()), "")
    found = [
        _operation(verb, prefix, path, operations[verb])
        for path, operations in document["paths"].items()
        for verb in VERBS
        if verb in operations
    ]
    return sorted(found, key=lambda one: (one.tag, one.path, VERBS.index(one.verb.lower())))


def definitions_of(document: Mapping[str, Any]) -> Mapping[str, Schema]:
    """The named schemas."""
    found: Mapping[str, Schema] = document.get("definitions") or (document.get("components") or {}).get("schemas") or {}
    return found


def _operation(verb: str, prefix: str, path: str, given: Mapping[str, Any]) -> Operation:
    listed = given.get("parameters") or ()
    in_body = next((one["schema"] for one in listed if one["in"] == "body"), None)
    return Operation(
        verb=verb.upper(),
        path=f"{prefix}{path}",
        name=given["operationId"],
        tag=next(iter(given.get("tags") or ()), None) or _subject(path),
        summary=given.get("summary", ""),
        parameters=tuple(_parameters(listed)),
        body=in_body or _content(given.get("requestBody") or {}),
        answers=tuple(
            Answer(status, one.get("description", ""), one.get("schema") or _content(one))
            for status, one in given["responses"].items()
        ),
    )


def _parameters(listed: Any) -> Iterator[Parameter]:
    for one in listed:
        if one["in"] != "body":
            yield Parameter(
                one["name"], one["in"], one.get("schema") or one, one.get("description", ""), bool(one.get("required"))
            )


def _content(given: Mapping[str, Any]) -> Schema | None:
    """The schema of OpenAPI 3's content, which has one media type here."""
    return next((one.get("schema") for one in (given.get("content") or {}).values()), None)


def _subject(path: str) -> str:
    parts = [part for part in path.split("/") if part]
    return parts[1] if parts[0] == STREAMS and len(parts) > 1 else parts[0]
