"""Upstream's protobuf fixtures: each `.pb` decodes to exactly the object of the `.json` beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from argosy.cluster.http.representation.decode import type_key
from argosy.cluster.http.representation.json_text import BodyError
from argosy.cluster.http.representation.protobuf import decode

from .outcome import Outcome, without

FAMILY = "roundtrip"


def run(data: Path) -> Iterator[Outcome]:
    """`data` is the directory that holds `kubernetes/roundtrip`."""
    for path in sorted((data / "kubernetes" / "roundtrip").glob("*.pb")):
        try:
            yield _one(path)
        except FileNotFoundError as error:
            yield without(FAMILY, path.stem, error)


def _one(path: Path) -> Outcome:
    wanted = json.loads(path.with_suffix(".json").read_bytes())
    try:
        decoded = decode(path.read_bytes(), type_key)
    except BodyError as error:
        return Outcome(FAMILY, path.stem, passed=False, detail=str(error))
    differing = sorted(key for key in {*decoded, *wanted} if decoded.get(key) != wanted.get(key))
    return Outcome(FAMILY, path.stem, passed=not differing, detail=", ".join(differing))
