"""Values of the Kubernetes API, independent of the client that transfers them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from argosy.machinery.objects import JsonObject


class PatchType(StrEnum):
    JSON = "application/json-patch+json"
    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"
    APPLY = "application/apply-patch+yaml"


EventType = Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]
Propagation = Literal["Background", "Foreground", "Orphan"]
FieldValidation = Literal["Strict", "Warn", "Ignore"]


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """One change. A BOOKMARK's object carries only a resourceVersion (and perhaps annotations).

    An ERROR frame is never an event here: the watch raises StatusError.
    """

    type: EventType
    object: JsonObject


@dataclass(frozen=True, slots=True)
class ListPage:
    items: tuple[JsonObject, ...]
    resource_version: str
    continue_token: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A Table column. `json_path` is set for custom resources, whose cells are read by path."""

    name: str
    type: str = "string"
    format: str = ""
    priority: int = 0
    description: str = ""
    json_path: str = ""


@dataclass(frozen=True, slots=True)
class Subresource:
    name: str
    verbs: tuple[str, ...]
    group: str
    version: str
    kind: str
