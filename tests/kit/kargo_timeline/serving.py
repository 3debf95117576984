"""The scripted HTTP server of the stories, and the classic chart repository in it."""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import dataclass, field

import yaml
from aiohttp import web

from argosy.machinery.objects import JsonObject


@dataclass(slots=True)
class Script:
    """Answers by path, the last one repeats; `delay` is what the next answer of a path takes, in virtual seconds."""

    answers: dict[str, list[JsonObject]] = field(default_factory=dict)
    charts: list[JsonObject] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def delay(self, path: str) -> float:
        left = self.answers.get(path)
        return float(left[0].get("sleep") or 0) if left else 0.0

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        path = request.path
        if path.startswith("/charts/"):
            return self._chart(path)
        self.asked.append((request.method, path))
        left = self.answers.get(path)
        if not left:
            return web.Response(status=404, text="no such thing")
        found = left.pop(0) if len(left) > 1 else left[0]
        body, headers = found.get("body"), found.get("headers") or {}
        if isinstance(body, dict | list):
            return web.json_response(body, status=found.get("status", 200), headers=headers)
        return web.Response(status=found.get("status", 200), text=body or "", headers=headers)

    def _chart(self, path: str) -> web.Response:
        if path == "/charts/index.yaml":
            return web.Response(text=yaml.safe_dump({"apiVersion": "v1", "entries": self._entries()}))
        for one in self.charts:
            if path == f"/charts/{one['chart']}-{one['version']}.tgz":
                return web.Response(body=one["archive"])
        return web.Response(status=404)

    def _entries(self) -> JsonObject:
        entries: JsonObject = {}
        for one in self.charts:
            digest = hashlib.sha256(one["archive"]).hexdigest()
            file = f"{one['chart']}-{one['version']}.tgz"
            shape = {"name": one["chart"], "version": one["version"], "urls": [file], "digest": digest}
            entries.setdefault(one["chart"], []).append(shape)
        return entries


def packaged(name: str, version: str) -> bytes:
    files = {
        "Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\n",
        "templates/cm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n",
    }
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for path, text in files.items():
            info = tarfile.TarInfo(f"{name}/{path}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()
