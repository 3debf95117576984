"""Reports that are kept in the cluster, for the web page: ConfigMaps with a label, the newest of them."""

from __future__ import annotations

import base64
import gzip
import zlib
from collections.abc import Iterable
from typing import Any, Final

import orjson

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.rehearse.report import Report, as_json
from argosy.runtime.client import Client

CONFIG_MAPS: Final = Resource("", "v1", "configmaps", "ConfigMap")
LABEL: Final = "argosy.dev/rehearsal"
OUTCOME: Final = "argosy.dev/rehearsal-outcome"
PREFIX: Final = "rehearsal-"
FIELD: Final = "report.json.gz"
KEPT: Final = 50
SIZE: Final = 700_000
"""Bytes of one, compressed: a ConfigMap holds a mebibyte, in base64."""
UNPACKED: Final = 32 * 1024 * 1024


class TooLarge(ValueError):
    """The report is larger than a ConfigMap, even without the lines of its differences."""


async def keep(client: Client, namespace: str, report: Report) -> str:
    """Under the report's name; one of the same name is replaced, the oldest go. Raises TooLarge, StatusError."""
    obj = config_map(namespace, as_json(report))
    await client.write(requests.apply(CONFIG_MAPS, obj, manager="argosy-rehearsal", force=True))
    selector = f"{LABEL}=true"
    found = (await client.page(requests.List(resource=CONFIG_MAPS, namespace=namespace, label_selector=selector))).items
    for one in oldest(found):
        await client.write(requests.remove(CONFIG_MAPS, Key(namespace, one["metadata"]["name"])))
    return str(obj["metadata"]["name"])


def config_map(namespace: str, report: JsonObject) -> JsonObject:
    packed = _packed(report)
    if len(packed) > SIZE:
        packed = _packed({**report, "differences": [_without_lines(one) for one in report["differences"]]})
    if len(packed) > SIZE:
        raise TooLarge(f"the report of {report['name']} takes {len(packed)} bytes, more than {SIZE}")
    metadata = {
        "name": f"{PREFIX}{report['name']}",
        "namespace": namespace,
        "labels": {LABEL: "true", OUTCOME: report["outcome"]},
        "annotations": {"argosy.dev/rehearsal-reason": report["reason"][:1000]},
    }
    data = {FIELD: base64.b64encode(packed).decode()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "binaryData": data}


def report_of(config_map: JsonObject) -> JsonObject | None:
    """None for what is no report, or a broken one."""
    text = (config_map.get("binaryData") or {}).get(FIELD)
    try:
        unpacking = zlib.decompressobj(wbits=31)
        raw = unpacking.decompress(base64.b64decode(str(text or ""), validate=True), UNPACKED)
        found: Any = orjson.loads(raw)
    except (ValueError, zlib.error):
        return None
    return found if isinstance(found, dict) else None


def oldest(config_maps: Iterable[JsonObject]) -> list[JsonObject]:
    """Those that are more than may be kept."""
    found = sorted(config_maps, key=lambda one: str(one["metadata"].get("creationTimestamp") or ""), reverse=True)
    return found[KEPT:]


def _packed(report: JsonObject) -> bytes:
    return gzip.compress(orjson.dumps(report), mtime=0)


def _without_lines(environment: JsonObject) -> JsonObject:
    return {**environment, "objects": [{**one, "lines": []} for one in environment["objects"]]}
