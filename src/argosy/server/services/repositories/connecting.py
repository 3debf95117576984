"""Whether a repository is reachable with its credentials: checked when it is added, cached for an hour."""

from __future__ import annotations

import logging
import re
from http import HTTPStatus
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import seconds
from argosy.server.context import ServerContext
from argosy.server.errors import unknown
from argosy.server.services.repositories import secrets
from argosy.sources.credentials import CredentialBook
from argosy.sources.port import Credentials, SourceError

log = logging.getLogger(__name__)
REMEMBERED_SECONDS: Final = 3600.0
UNREACHABLE: Final = "Unable to connect to repository: "


class Connecting:
    def __init__(self, context: ServerContext) -> None:
        self._context = context
        self._states: dict[tuple[str, str], tuple[float, JsonObject]] = {}

    async def test(self, repository: JsonObject) -> None:
        """With its own credentials, else those of a template. Raises ApiError."""
        try:
            await self._reach(repository)
        except SourceError as error:
            raise unknown(_said(repository, error)) from None

    async def state(self, repository: JsonObject, *, anew: bool) -> JsonObject:
        key, now = (repository["repo"], str(repository.get("project") or "")), self._context.clock.monotonic()
        known = self._states.get(key)
        if known is not None and not anew and now - known[0] < REMEMBERED_SECONDS:
            return known[1]
        found: JsonObject = {"status": "Successful", "attemptedAt": seconds(self._context.clock.now())}
        try:
            await self._reach(repository)
        except SourceError as error:
            message = f"rpc error: code = Unknown desc = {_said(repository, error)}"
            found |= {"status": "Failed", "message": f"{UNREACHABLE}{message}"}
        self._states[key] = (now, found)
        return found

    def forget(self, url: str, project: str) -> None:
        self._states.pop((url, project), None)

    def credentials(self, repository: JsonObject) -> Credentials:
        """For a repository that may not be stored yet."""
        book = self._context.gitops.plane.credentials
        url, project = repository["repo"], str(repository.get("project") or "")
        if not secrets.has_credentials(repository) and book.find(url, project) is not None:
            return book.credentials(url, project)
        own = secrets.new_secret(repository, secrets.REPOSITORY, self._context.namespace)
        stored = [item for item in self._context.configuration.secrets() if not _is_same(item, own)]
        settings = [self._context.configuration.config_object(name) for name in TRUST]
        return CredentialBook([*stored, own], [item for item in settings if item]).credentials(url, project)

    async def _index(self, url: str, credentials: Credentials) -> None:
        try:
            await self._context.outside.charts.listed(url, credentials)
        except SourceError as error:
            code = ANSWERED.search(str(error))
            phrase = HTTPStatus(int(code[1])).phrase if code else ""
            message = f"failed to get index: {code[1]} {phrase}" if code else str(error)
            raise type(error)(f"error loading repo index: {message}") from None

    async def _reach(self, repository: JsonObject) -> None:
        url, kind = repository["repo"], repository.get("type") or "git"
        credentials, charts = self.credentials(repository), self._context.outside.charts
        if kind == "git":
            await self._context.outside.git.refs(url, credentials)
        elif kind == "helm" and not repository.get("enableOCI"):
            await self._index(url, credentials)
        else:
            await charts.reach(url, credentials)


ANSWERED: Final = re.compile(r"answered (\d{3})")
TRUST: Final = ("argocd-tls-certs-cm", "argocd-ssh-known-hosts-cm")


def _is_same(one: JsonObject, other: JsonObject) -> bool:
    return bool(one["metadata"]["name"] == other["metadata"]["name"])


def _said(repository: JsonObject, error: SourceError) -> str:
    is_git = str(repository.get("type") or "git") == "git"
    doing = "unable to ls-remote HEAD on repository: " if is_git else ""
    return f"error testing repository connectivity: {doing}{error}"
