"""Edits of YAML and TOML files, and the keys that they take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from argosy.promotion.editing import toml, yaml_scalar
from argosy.promotion.editing.keys import split
from argosy.promotion.editing.yaml_merge import merged
from tests.vectors.outcome import Outcome

from .judging import judged

Case = Mapping[str, Any]


def keys(data: Path) -> Iterator[Outcome]:
    return judged(data, "split-key", lambda _, case: ([part.text for part in split(case["key"])], case.get("parts")))


def yaml_update(data: Path) -> Iterator[Outcome]:
    def judge(document: Case, case: Case) -> tuple[Any, Any]:
        updates = [(one["key"], one["value"]) for one in case["updates"]]
        return yaml_scalar.update(case.get("doc", document["baseDoc"]), updates), case.get("result")

    return judged(data, "yaml-update", judge)


def yaml_merge(data: Path) -> Iterator[Outcome]:
    return judged(data, "yaml-merge", lambda _, case: (merged(case["files"]), case.get("result")))


def toml_update(data: Path) -> Iterator[Outcome]:
    def judge(document: Case, case: Case) -> tuple[Any, Any]:
        updates = [(one["key"], one["value"]) for one in case["updates"]]
        return toml.update(case.get("doc", document["baseDoc"]), updates), case.get("result")

    return judged(data, "toml-update", judge)
