"""repository.RepositoryService: the configured repositories, for reading and for writing back (spec 4, A7)."""

from __future__ import annotations

from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError
from argosy.server.calls import Call
from argosy.server.context import ServerContext
from argosy.server.errors import denied, invalid, not_found, unimplemented, unknown
from argosy.server.schema.go_json import Misshapen, shaped
from argosy.server.services.differences import different_spec
from argosy.server.services.repositories import secrets
from argosy.server.services.repositories.connecting import Connecting
from argosy.server.services.repositories.store import Store

ACCESS_FIELDS = {
    "sshPrivateKey": "sshPrivateKey",
    "enableOci": "enableOCI",
    "insecureOciForceHttp": secrets.OCI_HTTP,
}
"""Field names that differ in a validation request."""


def target_of(repository: JsonObject) -> str:
    """The object in policies."""
    project = repository.get("project")
    url = str(repository.get("repo") or "")
    return f"{project}/{url}" if project else url


class Repositories:
    """`writes`: repositories that the hydrator pushes to."""

    def __init__(self, context: ServerContext, connecting: Connecting, *, writes: bool) -> None:
        self._context, self._connecting, self._writes = context, connecting, writes
        self._store = Store(context, secrets.WRITE_REPOSITORY if writes else secrets.REPOSITORY)
        self._resource = "write-repositories" if writes else "repositories"

    async def list_all(self, call: Call) -> JsonObject:
        self._check_hydrator(call)
        return {"items": await self._visible(call, call.request.get("forceRefresh") is True) or None}

    async def get(self, call: Call) -> JsonObject:
        self._check_hydrator(call)
        return await self._one(call, "get")

    async def create(self, call: Call) -> JsonObject:
        self._check_hydrator(call)
        given = self._given(call)
        call.permit(self._resource, "create", target_of(given))
        if self._writes and not secrets.has_credentials(given):
            raise invalid("missing credentials in request")
        if self._writes or not given.get("project"):
            await self._connecting.test(given)
        try:
            await self._store.create(given)
        except StatusError as error:
            if not error.is_already_exists:
                raise
            await self._upsert(call, given)
        self._connecting.forget(given["repo"], given.get("project") or "")
        return _named(given)

    async def _upsert(self, call: Call, given: JsonObject) -> None:
        found = self._store.find(given["repo"], str(given.get("project") or ""))
        if not found:
            raise unknown(f"a Secret of another repository has the name for {given['repo']}")
        existing = secrets.repository_json(found[0])
        if _comparable(existing) == _comparable(given):
            return
        if call.request.get("upsert") is not True:
            what = "write repository" if self._writes else "repository"
            raise invalid(different_spec(what, _comparable(existing), _comparable(given), "v1alpha1.Repository"))
        call.permit(self._resource, "update", target_of(given))
        await self._store.replace(found[0], given)

    async def update(self, call: Call) -> JsonObject:
        self._check_hydrator(call)
        given = self._given(call)
        project = str(given.get("project") or "")
        found = self._store.find(given["repo"], project) or self._store.find(given["repo"])
        # First with the request's own spelling, so that nothing is revealed without the right.
        call.permit(self._resource, "update", target_of(given))
        if not found:
            raise not_found(f"repo '{given['repo']}' not found")
        existing = secrets.repository_json(found[0])
        call.permit_hidden(self._resource, "update", target_of(existing))
        await self._store.replace(found[0], given)
        self._connecting.forget(given["repo"], project)
        return _named(given)

    async def delete(self, call: Call) -> JsonObject:
        self._check_hydrator(call)
        repository = await self._one(call, "delete")
        for secret in self._store.find(repository["repo"], str(repository.get("project") or "")):
            await self._store.remove(secret)
        self._connecting.forget(repository["repo"], str(repository.get("project") or ""))
        return {}

    async def validate(self, call: Call) -> JsonObject:
        request = dict(call.request)
        for ours, theirs in ACCESS_FIELDS.items():
            if ours in request:
                request[theirs] = request[ours]
        if self._writes and not self._hydrates:
            raise unimplemented("hydrator is disabled")
        call.permit(self._resource, "create", target_of(request))
        await self._connecting.test({**request, "repo": request.get("repo") or ""})
        return {}

    # -- visibility ----------------------------------------------------------------------------------------------------

    async def _visible(self, call: Call, anew: bool) -> list[JsonObject]:
        call.checked = True
        found = [
            item
            for item in (secrets.repository_json(secret) for secret in self._store.all)
            if call.may(self._resource, "get", target_of(item))
        ]
        found.sort(key=lambda item: f"{item.get('project') or ''}/{item['repo']}")
        return [await self._told(item, anew) for item in found]

    async def _told(self, repository: JsonObject, anew: bool) -> JsonObject:
        state = await self._connecting.state(repository, anew=anew)
        shown = secrets.sanitised(self._inherited(repository))
        return {**shown, "connectionState": state}

    def _inherited(self, repository: JsonObject) -> JsonObject:
        """With the user name of the template whose credentials apply."""
        if secrets.has_credentials(repository):
            return repository
        book = self._context.gitops.plane.credentials
        template = book.template(repository["repo"], str(repository.get("project") or ""))
        if template is None:
            return repository
        user = template.credentials.username
        return {**repository, "inheritedCreds": True, **({"username": user} if user else {})}

    async def _one(self, call: Call, action: str) -> JsonObject:
        """A repository that the caller may not see does not exist for them."""
        request = call.request
        url, project = str(request.get("repo") or ""), str(request.get("appProject") or "")
        call.checked = True
        found = [
            item
            for item in (secrets.repository_json(secret) for secret in self._store.find(url))
            if call.may(self._resource, "get", target_of(item))
        ]
        if not found:
            raise denied()
        chosen = found[0] if len(found) == 1 and not project else None
        if chosen is None:
            chosen = next((item for item in found if str(item.get("project") or "") == project), None)
        if chosen is None:
            raise not_found(f"repo '{url}' not found")
        if action != "get":
            call.permit(self._resource, action, target_of(chosen))
            return chosen
        return await self._told(chosen, request.get("forceRefresh") is True)

    def _given(self, call: Call) -> JsonObject:
        given = call.request.get("repo")
        if not isinstance(given, dict):
            raise invalid("missing payload in request")
        try:
            found = shaped("v1alpha1.Repository", given)
        except Misshapen as error:
            raise invalid(f"repo: {error}") from None
        found.pop("connectionState", None)
        return found

    @property
    def _hydrates(self) -> bool:
        return self._context.configuration.parameters.get("hydrator.enabled") == "true"

    def _check_hydrator(self, call: Call) -> None:
        if self._writes and not self._hydrates:
            call.checked = True
            raise unimplemented("hydrator is disabled")


def _named(repository: JsonObject) -> JsonObject:
    """The answer to a change: without credentials."""
    return {key: repository[key] for key in ("repo", "type", "name") if repository.get(key)}


def _comparable(repository: JsonObject) -> JsonObject:
    found = {**repository, "type": repository.get("type") or "git"}
    return {key: value for key, value in found.items() if key not in ("connectionState", "inheritedCreds") and value}
