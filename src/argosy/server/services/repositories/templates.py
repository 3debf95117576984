"""repocreds.RepoCredsService: credentials for all repositories below a URL; the rights are those of repositories."""

from __future__ import annotations

from argosy.machinery.objects import JsonObject
from argosy.server.calls import Call
from argosy.server.context import ServerContext
from argosy.server.errors import invalid, not_found
from argosy.server.schema.go_json import Misshapen, shaped
from argosy.server.services.differences import different_spec
from argosy.server.services.repositories import secrets
from argosy.server.services.repositories.store import Store

SHOWN = ("url", "username", "type", "enableOCI")


class Templates:
    """`writes`: credentials that the hydrator pushes with."""

    def __init__(self, context: ServerContext, *, writes: bool) -> None:
        self._store = Store(context, secrets.WRITE_TEMPLATE if writes else secrets.TEMPLATE)
        self._resource = "write-repositories" if writes else "repositories"
        self._writes = writes

    async def list_all(self, call: Call) -> JsonObject:
        call.checked = True
        items = []
        for secret in self._store.all:
            template = secrets.template_json(secret)
            if not call.may(self._resource, "get", template["url"]) or (self._writes and not template.get("password")):
                continue
            items.append({key: template[key] for key in SHOWN if template.get(key)})
        items.sort(key=lambda item: str(item["url"]))
        return {"items": items or None}

    async def create(self, call: Call) -> JsonObject:
        given = self._given(call)
        call.permit(self._resource, "create", str(given.get("url") or ""))
        if not given.get("url"):
            raise invalid("must specify URL")
        found = self._store.find(given["url"])
        if not found:
            await self._store.create(given)
            return {"url": given["url"]}
        existing = secrets.template_json(found[0])
        if _comparable(existing) != _comparable(given):
            if call.request.get("upsert") is not True:
                before, after = _comparable(existing), _comparable(given)
                raise invalid(different_spec("repository credentials", before, after, "v1alpha1.RepoCreds"))
            call.permit(self._resource, "update", given["url"])
            await self._store.replace(found[0], given)
        return {"url": given["url"]}

    async def update(self, call: Call) -> JsonObject:
        given = self._given(call)
        call.permit(self._resource, "update", str(given.get("url") or ""))
        if not given.get("url"):
            raise invalid("must specify URL")
        await self._store.replace(self._one(given["url"]), given)
        return {"url": given["url"]}

    async def delete(self, call: Call) -> JsonObject:
        url = str(call.request.get("url") or "")
        call.permit(self._resource, "delete", url)
        await self._store.remove(self._one(url))
        return {}

    def _one(self, url: str) -> JsonObject:
        found = self._store.find(url)
        if not found:
            raise not_found(f"{'write ' if self._writes else ''}repository credentials '{url}' not found")
        return found[0]

    def _given(self, call: Call) -> JsonObject:
        given = call.request.get("creds")
        if not isinstance(given, dict):
            call.checked = True
            raise invalid("must specify URL")
        try:
            return shaped("v1alpha1.RepoCreds", given)
        except Misshapen as error:
            raise invalid(f"creds: {error}") from None


def _comparable(template: JsonObject) -> JsonObject:
    return {key: value for key, value in template.items() if value}
