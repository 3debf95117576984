"""An OCI registry in memory: enough to push, list, pull and delete (distribution specification 1.1).

Sizes are bounded; a digest that does not match its content is refused.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

BLOB_LIMIT: Final = 256 * 1024 * 1024
MANIFEST_LIMIT: Final = 4 * 1024 * 1024
MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
INDEX: Final = "application/vnd.oci.image.index.v1+json"
CONFIG: Final = "application/vnd.oci.image.config.v1+json"
LAYER: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
_REPOSITORY: Final = r"{name:[a-z0-9][a-z0-9._/-]*}"


@dataclass(slots=True)
class _Repository:
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """digest -> (media type, content)"""
    tags: dict[str, str] = field(default_factory=dict)


class MemoryRegistry:
    """`application()` serves it; `push_image` adds a small image without a client."""

    def __init__(self) -> None:
        self._repositories: dict[str, _Repository] = {}
        self._blobs: dict[str, bytes] = {}
        self._uploads: dict[str, bytearray] = {}
        self.requests_count = 0

    def application(self) -> web.Application:
        app = web.Application(client_max_size=BLOB_LIMIT)
        base = f"/v2/{_REPOSITORY}"
        app.router.add_get("/v2/", self._base)
        app.router.add_get(f"{base}/tags/list", self._list)
        app.router.add_route("*", f"{base}/manifests/{{reference}}", self._manifest)
        app.router.add_post(f"{base}/blobs/uploads/", self._begin)
        app.router.add_patch(f"{base}/blobs/uploads/{{upload}}", self._append)
        app.router.add_put(f"{base}/blobs/uploads/{{upload}}", self._finish)
        app.router.add_get(f"{base}/blobs/{{digest}}", self._blob)
        return app

    # -- without a client ----------------------------------------------------------------------------------------------

    def push_image(
        self,
        name: str,
        tag: str,
        *,
        created: str = "",
        labels: Mapping[str, str] | None = None,
        platforms: tuple[str, ...] = (),
        annotations: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> str:
        """Returns the digest. With `platforms` (`os/arch`) it is an index of one image each."""
        if not platforms:
            return self._tagged(name, tag, MANIFEST, self._image(created, labels, annotations, content))
        children = []
        for platform in platforms:
            os, arch, *variant = platform.split("/")
            raw = self._image(created, labels, None, content + platform.encode())
            shape: dict[str, Any] = {"os": os, "architecture": arch, **({"variant": variant[0]} if variant else {})}
            digest = self._stored(name, MANIFEST, raw)
            children.append({"mediaType": MANIFEST, "digest": digest, "size": len(raw), "platform": shape})
        index: dict[str, Any] = {"schemaVersion": 2, "mediaType": INDEX, "manifests": children}
        if annotations:
            index["annotations"] = dict(annotations)
        return self._tagged(name, tag, INDEX, _json(index))

    def push_artifact(self, name: str, tag: str, config_type: str, layers: Mapping[str, bytes]) -> str:
        """An artifact with layers by media type, such as a chart."""
        described = [self._described(kind, data) for kind, data in layers.items()]
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self._described(config_type, b"{}"),
            "layers": described,
        }
        return self._tagged(name, tag, MANIFEST, _json(manifest))

    def _image(
        self, created: str, labels: Mapping[str, str] | None, annotations: Mapping[str, str] | None, content: bytes
    ) -> bytes:
        config = {
            "created": created,
            "config": {"Labels": dict(labels or {})},
            "rootfs": {"type": "layers", "diff_ids": []},
        }
        manifest: dict[str, Any] = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self._described(CONFIG, _json(config)),
            "layers": [self._described(LAYER, content)],
        }
        return _json({**manifest, **({"annotations": dict(annotations)} if annotations else {})})

    def _described(self, media_type: str, data: bytes) -> dict[str, Any]:
        digest = _digest(data)
        self._blobs[digest] = data
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def _stored(self, name: str, media_type: str, raw: bytes) -> str:
        digest = _digest(raw)
        self._repositories.setdefault(name, _Repository()).manifests[digest] = (media_type, raw)
        return digest

    def _tagged(self, name: str, tag: str, media_type: str, raw: bytes) -> str:
        digest = self._stored(name, media_type, raw)
        self._repositories[name].tags[tag] = digest
        return digest

    # -- over HTTP -----------------------------------------------------------------------------------------------------

    async def _base(self, request: web.Request) -> web.Response:
        self.requests_count += 1
        return web.json_response({})

    async def _list(self, request: web.Request) -> web.Response:
        self.requests_count += 1
        found = self._repositories.get(request.match_info["name"])
        if found is None:
            return _error(404, "NAME_UNKNOWN", "repository name not known to registry")
        tags = sorted(found.tags)
        etag = f'"{hashlib.sha256(_json(tags)).hexdigest()[:32]}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304)
        last, count = request.query.get("last", ""), request.query.get("n", "")
        after = [tag for tag in tags if tag > last] if last else tags
        headers = {"ETag": etag}
        if count.isdecimal() and len(after) > int(count) > 0:
            after = after[: int(count)]
            headers["Link"] = f'</v2/{request.match_info["name"]}/tags/list?n={count}&last={after[-1]}>; rel="next"'
        return web.json_response({"name": request.match_info["name"], "tags": after}, headers=headers)

    async def _manifest(self, request: web.Request) -> web.Response:
        self.requests_count += 1
        name, reference = request.match_info["name"], request.match_info["reference"]
        if request.method == "PUT":
            return await self._put(request, name, reference)
        found = self._repositories.get(name, _Repository())
        digest = reference if reference.startswith("sha256:") else found.tags.get(reference, "")
        if request.method == "DELETE":
            return self._delete(found, reference)
        if digest not in found.manifests:
            return _error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        media_type, raw = found.manifests[digest]
        headers = {"Docker-Content-Digest": digest, "Content-Type": media_type, "ETag": f'"{digest}"'}
        if request.method == "HEAD":
            return web.Response(headers={**headers, "Content-Length": str(len(raw))})
        return web.Response(body=raw, headers=headers)

    async def _put(self, request: web.Request, name: str, reference: str) -> web.Response:
        raw = await request.read()
        if len(raw) > MANIFEST_LIMIT or not isinstance(_parsed(raw), dict):
            return _error(400, "MANIFEST_INVALID", "manifest invalid")
        digest = _digest(raw)
        if reference.startswith("sha256:") and reference != digest:
            return _error(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        media_type = request.headers.get("Content-Type", MANIFEST)
        self._stored(name, media_type, raw)
        if not reference.startswith("sha256:"):
            self._repositories[name].tags[reference] = digest
        return web.Response(status=201, headers={"Docker-Content-Digest": digest, "Location": request.path})

    def _delete(self, found: _Repository, reference: str) -> web.Response:
        if reference in found.tags:
            del found.tags[reference]
        elif reference in found.manifests:
            del found.manifests[reference]
            found.tags = {tag: digest for tag, digest in found.tags.items() if digest != reference}
        else:
            return _error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        return web.Response(status=202)

    async def _blob(self, request: web.Request) -> web.Response:
        self.requests_count += 1
        data = self._blobs.get(request.match_info["digest"])
        if data is None:
            return _error(404, "BLOB_UNKNOWN", "blob unknown to registry")
        headers = {"Docker-Content-Digest": request.match_info["digest"]}
        return web.Response(body=data, headers=headers, content_type="application/octet-stream")

    async def _begin(self, request: web.Request) -> web.Response:
        data = await request.read()
        if wanted := request.query.get("digest"):
            return self._accepted(request, wanted, data)
        upload = secrets.token_hex(16)
        self._uploads[upload] = bytearray(data)
        location = f"/v2/{request.match_info['name']}/blobs/uploads/{upload}"
        return web.Response(status=202, headers={"Location": location, "Range": "0-0"})

    async def _append(self, request: web.Request) -> web.Response:
        held = self._uploads.get(request.match_info["upload"])
        if held is None:
            return _error(404, "BLOB_UPLOAD_UNKNOWN", "upload unknown")
        held += await request.read()
        if len(held) > BLOB_LIMIT:
            del self._uploads[request.match_info["upload"]]
            return _error(413, "SIZE_INVALID", "the blob is too large")
        return web.Response(status=202, headers={"Location": request.path, "Range": f"0-{len(held) - 1}"})

    async def _finish(self, request: web.Request) -> web.Response:
        held = self._uploads.pop(request.match_info["upload"], None)
        if held is None:
            return _error(404, "BLOB_UPLOAD_UNKNOWN", "upload unknown")
        return self._accepted(request, request.query.get("digest", ""), bytes(held) + await request.read())

    def _accepted(self, request: web.Request, wanted: str, data: bytes) -> web.Response:
        if _digest(data) != wanted:
            return _error(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        self._blobs[wanted] = data
        location = f"/v2/{request.match_info['name']}/blobs/{wanted}"
        return web.Response(status=201, headers={"Location": location, "Docker-Content-Digest": wanted})


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"errors": [{"code": code, "message": message}]}, status=status)
