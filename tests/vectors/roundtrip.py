"""Upstream's protobuf fixtures: each `.pb` decodes to exactly the object of its `.json`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from argosy.cluster.http.representation.decode import type_key
from argosy.cluster.http.representation.json_text import BodyError
from argosy.cluster.http.representation.protobuf import decode

from .argocd_health_builtin import load_object
from .outcome import Outcome, without
from .reading import each

FAMILY = "roundtrip"


def run(data: Path) -> Iterator[Outcome]:
    """`data` is the directory that holds `kubernetes/roundtrip`."""
    files = sorted((data / "kubernetes" / "roundtrip").glob("*.pb"))
    return each(FAMILY, files, lambda path: [_one(path)], lambda path: path.stem)


def _one(path: Path) -> Outcome:
    try:
        wanted = load_object(path.with_suffix(".json"))
    except (FileNotFoundError, ValueError) as error:
        return without(FAMILY, path.stem, error)
    try:
        decoded = decode(path.read_bytes(), type_key)
    except BodyError as error:
        return Outcome(FAMILY, path.stem, passed=False, detail=str(error))
    differing = sorted(key for key in {*decoded, *wanted} if decoded.get(key) != wanted.get(key))
    return Outcome(FAMILY, path.stem, passed=not differing, detail=", ".join(differing))
