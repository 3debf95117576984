"""Reports of rehearsals in their stored form: compressed in labelled ConfigMaps. Pure."""

from __future__ import annotations

import base64
import gzip
import zlib
from typing import Any, Final

import orjson

from argosy.machinery.objects import JsonObject

LABEL: Final = "argosy.dev/rehearsal"
OUTCOME: Final = "argosy.dev/rehearsal-outcome"
REASON: Final = "argosy.dev/rehearsal-reason"
PREFIX: Final = "rehearsal-"
FIELD: Final = "report.json.gz"
SIZE: Final = 700_000
"""Compressed bytes of one report: a ConfigMap holds a mebibyte, in base64."""
UNPACKED: Final = 32 * 1024 * 1024
REASON_LIMIT: Final = 1000


class TooLarge(ValueError):
    """The report does not fit into a ConfigMap, even without the lines of its diffs."""


def config_map(namespace: str, report: JsonObject) -> JsonObject:
    """Raises TooLarge."""
    packed = _packed(report)
    if len(packed) > SIZE:
        packed = _packed({**report, "differences": [_without_lines(one) for one in report["differences"]]})
    if len(packed) > SIZE:
        raise TooLarge(f"the report of {report['name']} takes {len(packed)} bytes, more than {SIZE}")
    metadata = {
        "name": f"{PREFIX}{report['name']}",
        "namespace": namespace,
        "labels": {LABEL: "true", OUTCOME: report["outcome"]},
        "annotations": {REASON: report["reason"][:REASON_LIMIT]},
    }
    data = {FIELD: base64.b64encode(packed).decode()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "binaryData": data}


def report_of(config_map: JsonObject) -> JsonObject | None:
    """None if it is not a report, or a broken one."""
    text = (config_map.get("binaryData") or {}).get(FIELD)
    try:
        unpacking = zlib.decompressobj(wbits=31)
        raw = unpacking.decompress(base64.b64decode(str(text or ""), validate=True), UNPACKED)
        found: Any = orjson.loads(raw)
    except (ValueError, zlib.error):
        return None
    return found if isinstance(found, dict) else None


def _packed(report: JsonObject) -> bytes:
    return gzip.compress(orjson.dumps(report), mtime=0)


def _without_lines(environment: JsonObject) -> JsonObject:
    return {**environment, "objects": [{**one, "lines": []} for one in environment["objects"]]}
