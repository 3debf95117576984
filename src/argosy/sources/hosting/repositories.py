"""Serves the bare git repositories of a directory over git's smart HTTP protocol, with the git program itself.

Anyone who can reach it may read and push: it is for loopback only.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from pathlib import Path
from typing import Final

from aiohttp import web

BODY_LIMIT: Final = 256 * 1024 * 1024
SECONDS: Final = 120
SERVICES: Final = ("git-upload-pack", "git-receive-pack")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,99}){0,3}")


class Repositories:
    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def create(self, name: str) -> Path:
        """Creates an empty bare repository, unless it exists."""
        path = self._directory / f"{name}.git"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _git(["init", "--quiet", "--bare", "--initial-branch=main", str(path)], b"", {})
        return path

    def application(self) -> web.Application:
        app = web.Application(client_max_size=BODY_LIMIT)
        app.router.add_get("/{name:.+}/info/refs", self._refs)
        app.router.add_post("/{name:.+}/{service:git-upload-pack|git-receive-pack}", self._serve)
        return app

    def _path(self, request: web.Request) -> Path:
        name = request.match_info["name"].removesuffix(".git")
        path = self._directory / f"{name}.git"
        if not _NAME.fullmatch(name) or not path.is_dir():
            raise web.HTTPNotFound(text="repository not found")
        return path

    async def _refs(self, request: web.Request) -> web.Response:
        service = request.query.get("service", "")
        if service not in SERVICES:
            raise web.HTTPForbidden(text="the dumb protocol is not served")
        path, environment = self._path(request), _environment(request)
        arguments = [service.removeprefix("git-"), "--stateless-rpc", "--advertise-refs", str(path)]
        output = await asyncio.to_thread(_git, arguments, b"", environment)
        head = f"# service={service}\n"
        announced = f"{len(head) + 4:04x}{head}0000".encode()
        kind = f"application/x-{service}-advertisement"
        return web.Response(body=announced + output, content_type=kind, headers={"Cache-Control": "no-cache"})

    async def _serve(self, request: web.Request) -> web.Response:
        service, path = request.match_info["service"], self._path(request)
        body = await request.read()  # the server has decompressed it: git compresses anything longer than a kilobyte
        arguments = [service.removeprefix("git-"), "--stateless-rpc", str(path)]
        output = await asyncio.to_thread(_git, arguments, body, _environment(request))
        return web.Response(body=output, content_type=f"application/x-{service}-result")


def _environment(request: web.Request) -> dict[str, str]:
    version = request.headers.get("Git-Protocol", "")
    return {"GIT_PROTOCOL": version} if re.fullmatch(r"version=[012]", version) else {}


def _git(arguments: list[str], given: bytes, environment: dict[str, str]) -> bytes:
    base = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", "-c", "http.receivepack=true", *arguments],
        input=given,
        capture_output=True,
        timeout=SECONDS,
        check=False,
        env={**base, **environment},
    )
    return done.stdout
