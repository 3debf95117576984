"""Table rows of the built-in kinds (kinds sheet 4): one function by kind, cells in the order of its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias

from argosy.machinery.objects import GroupKind, JsonObject, JsonValue

Cells: TypeAlias = Callable[[JsonObject, datetime], list[JsonValue]]

CELLS: Mapping[GroupKind, Cells] = {}
ROW_CONDITIONS: Mapping[GroupKind, Callable[[JsonObject], list[JsonObject]]] = {}
