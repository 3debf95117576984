"""A forge for tests: real repositories over HTTP, and Gitea's API for pull requests on them. Merging is git's."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from aiohttp import web

from argosy.sources.hosting.repositories import Repositories

AUTHOR = {"name": "Dana Dev", "email": "dana@example.com"}


class Forge:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.base = ""
        self.pulls: list[dict[str, Any]] = []

    def application(self, repositories: Repositories) -> web.Application:
        app = repositories.application()
        place = "/api/v1/repos/{owner}/{name}/pulls"
        app.router.add_get(place, self._list)
        app.router.add_post(place, self._open)
        app.router.add_get(place + "/{number}", self._get)
        app.router.add_post(place + "/{number}/merge", self._merge)
        return app

    def merge(self, number: int) -> None:
        """What a person does in the browser."""
        found = self.pulls[number - 1]
        if found["merged"]:
            return
        bare = self._directory / f"{found['repository']}.git"
        base, head = found["base"]["ref"], found["head"]["ref"]
        tree = _git(bare, "merge-tree", "--write-tree", base, head).split()[0]
        message = f"Merge pull request #{number}"
        commit = _git(bare, "commit-tree", tree, "-p", base, "-p", head, "-m", message).strip()
        _git(bare, "update-ref", f"refs/heads/{base}", commit)
        found |= {"merged": True, "state": "closed", "merge_commit_sha": commit}

    def _shown(self, pull: dict[str, Any]) -> dict[str, Any]:
        sha = pull["head"]["sha"]
        return {**pull, "head": {**pull["head"], "sha": sha}, "mergeable": True, "draft": False}

    async def _list(self, request: web.Request) -> web.Response:
        mine = [self._shown(one) for one in self.pulls if one["repository"] == _repository(request)]
        page = int(request.query.get("page", "1"))
        return web.json_response(mine[(page - 1) * 50 : page * 50])

    async def _open(self, request: web.Request) -> web.Response:
        wanted, repository = await request.json(), _repository(request)
        bare = self._directory / f"{repository}.git"
        number = len(self.pulls) + 1
        made = {
            "number": number,
            "repository": repository,
            "title": wanted["title"],
            "html_url": f"{self.base}/{repository}/pulls/{number}",
            "state": "open",
            "merged": False,
            "head": {"ref": wanted["head"], "sha": _git(bare, "rev-parse", wanted["head"]).strip()},
            "base": {"ref": wanted["base"]},
            "created_at": f"2026-01-01T00:00:{number:02}Z",
        }
        self.pulls.append(made)
        return web.json_response(self._shown(made), status=201)

    async def _get(self, request: web.Request) -> web.Response:
        return web.json_response(self._shown(self._of(request)))

    async def _merge(self, request: web.Request) -> web.Response:
        self.merge(self._of(request)["number"])
        return web.json_response({})

    def _of(self, request: web.Request) -> dict[str, Any]:
        number = int(request.match_info["number"])
        if not 1 <= number <= len(self.pulls):
            raise web.HTTPNotFound
        return self.pulls[number - 1]


def _repository(request: web.Request) -> str:
    return f"{request.match_info['owner']}/{request.match_info['name']}"


def _git(bare: Path, *arguments: str) -> str:
    command = ["git", "-c", f"user.name={AUTHOR['name']}", "-c", f"user.email={AUTHOR['email']}", *arguments]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(bare)}
    return subprocess.run(command, cwd=bare, check=True, capture_output=True, env=environment).stdout.decode()
