"""A server with no HTTP, no store and no admission: enough to replay recorded writes against the pure functions."""

from __future__ import annotations

import copy
import functools
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from argosy.cluster.kinds.registry import builtin_kinds
from argosy.machinery.patches.jsonpatch import apply_json_patch
from argosy.machinery.patches.mergepatch import merge_patch
from argosy.machinery.patches.strategic import strategic_merge
from argosy.machinery.server_side_apply import managed
from argosy.machinery.server_side_apply.apply import apply
from argosy.machinery.server_side_apply.ownership import track_update
from argosy.machinery.status import StatusError

ROOT = Path(os.environ.get("ARGOSY_SHARED") or Path(__file__).parents[3] / "shared") / "data/kubernetes"
KINDS = {(kind.resource.group, kind.resource.version, kind.resource.plural): kind for kind in builtin_kinds()}


@functools.cache
def scenario(name: str) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = json.loads((ROOT / "exchanges" / f"{name}.json").read_text())["steps"]
    return steps


class Server:
    def __init__(self) -> None:
        self.objects: dict[str, Any] = {}
        self.now = datetime(2024, 1, 1, tzinfo=UTC)

    def handle(self, request: dict[str, Any]) -> tuple[int, Any]:
        self.now += timedelta(seconds=1)
        url = urlsplit(request["path"])
        query = {key: values[-1] for key, values in parse_qs(url.query, keep_blank_values=True).items()}
        try:
            return self._handle(request, url.path, query)
        except StatusError as error:
            return error.code, error.status

    def _handle(self, request: dict[str, Any], path: str, query: dict[str, str]) -> tuple[int, Any]:
        parts = path.strip("/").split("/")
        group, version, rest = ("", parts[1], parts[2:]) if parts[0] == "api" else (parts[1], parts[2], parts[3:])
        if rest[0] == "namespaces" and len(rest) > 2:
            rest = rest[2:]
        kind = KINDS[group, version, rest[0]]
        if request["method"] == "GET":
            return 200, self.objects[path]
        body, manager = request["body"], query.get("fieldManager") or "recorder"
        status = 200
        if request["method"] == "POST":
            path, live = f"{path}/{body['metadata']['name']}", None
            merged = body
        else:
            live = self.objects.get(path)
            merged, changed = self._patched(request, body, live, kind, query)
            if live is not None and merged is live and not changed:
                return 200, live
        status = 201 if live is None else 200
        obj = self._finished(kind, merged)
        if not request.get("content-type", "").startswith("application/apply"):
            entries = track_update(
                live,
                obj,
                node=kind.schema,
                manager=manager,
                subresource="",
                now=self.now,
                api_version=kind.resource.api_version,
                reset=kind.strategy.reset_fields(""),
                empty=self._finished(kind, {}),
            )
            obj = managed.with_entries(obj, entries)
        if query.get("dryRun") != "All":
            self.objects[path] = obj
        return status, obj

    def _finished(self, kind: Any, obj: Any) -> Any:
        decoded = kind.strategy.decode(copy.deepcopy(obj)).obj
        if obj:
            kind.strategy.default(decoded)
        decoded.setdefault("metadata", {})
        kind.strategy.canonicalize(decoded)
        return decoded

    def _patched(self, request: Any, body: Any, live: Any, kind: Any, query: Any) -> tuple[Any, bool]:
        match request["content-type"]:
            case "application/apply-patch+yaml":
                return apply(
                    live, json.loads(body) if isinstance(body, str) else body, node=kind.schema,
                    manager=query.get("fieldManager") or "", force=query.get("force") == "true", subresource="",
                    api_version=kind.resource.api_version, now=self.now, reset=kind.strategy.reset_fields(""),
                    empty=self._finished(kind, {}),
                )  # fmt: skip
            case "application/json-patch+json":
                return apply_json_patch(live, body), True
            case "application/merge-patch+json":
                return merge_patch(live, body), True
            case "application/strategic-merge-patch+json":
                return strategic_merge(live, json.loads(body) if isinstance(body, str) else body, kind.schema), True
        raise AssertionError(request["content-type"])
