"""Tokens of project roles: their IDs are in the project's status, and they are valid as long as they are listed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError
from argosy.server.calls import Call
from argosy.server.configuration import PROJECTS
from argosy.server.context import ServerContext
from argosy.server.errors import ApiError, Code, invalid, not_found
from argosy.server.services.projects.projects import read, seen
from argosy.server.sessions.authentication import project_tokens

TRIES: Final = 5


class Tokens:
    def __init__(self, context: ServerContext) -> None:
        self._context = context

    async def create(self, call: Call) -> JsonObject:
        request, context = call.request, self._context
        name, role_name = request.get("project") or "", request.get("role") or ""
        project = await self._project(call, name)
        role = _role(project, role_name)
        if role is None:
            self._permit(call, name, ())
            raise not_found(f"project '{name}' does not have role '{role_name}'")
        self._permit(call, name, role.get("groups") or ())
        token_id, seconds = request.get("id") or "", int(request.get("expiresIn") or 0)
        if seconds < 0:
            raise invalid(f"expiresIn: {seconds} is negative; 0 means that the token does not expire")
        if token_id and any(item.get("id") == token_id for item in project_tokens(project, role_name)):
            raise invalid(f"rpc error: code = InvalidArgument desc = Token id '{token_id}' has been used. ")
        token_id = token_id or context.authentication.new_id()
        now = int(context.clock.now().timestamp())
        token = context.authentication.issue(f"proj:{name}:{role_name}", seconds, token_id)
        entry: JsonObject = {"iat": now, "id": token_id}
        if seconds:
            entry["exp"] = now + seconds
        await self._change(name, role_name, lambda items: [*items, entry])
        context.events.record(project, "ResourceCreated", f"{call.caller.username or 'Unknown user'} created token")
        return {"token": token}

    async def delete(self, call: Call) -> JsonObject:
        request = call.request
        name, role_name = request.get("project") or "", request.get("role") or ""
        issued, token_id = int(request.get("iat") or 0), request.get("id") or ""
        project = await self._project(call, name)
        role = _role(project, role_name)
        self._permit(call, name, (role or {}).get("groups") or ())
        if role is None:
            return {}

        def left(items: list[JsonObject]) -> list[JsonObject]:
            if token_id:
                return [item for item in items if item.get("id") != token_id]
            return [item for item in items if int(item.get("iat") or 0) != issued]

        if left(project_tokens(project, role_name)) != project_tokens(project, role_name):
            await self._change(name, role_name, left)
            text = f"{call.caller.username or 'Unknown user'} deleted token"
            self._context.events.record(project, "ResourceDeleted", text)
        return {}

    async def _project(self, call: Call, name: str) -> JsonObject:
        """A missing token and a forbidden one give the same answer, unless the caller may change all."""
        try:
            return await read(self._context, name)
        except StatusError as error:
            if error.is_not_found:
                self._permit(call, name, ())
            raise

    def _permit(self, call: Call, name: str, groups: object) -> None:
        """Requires the right to change the project, or membership in the role itself."""
        members = set(groups) if isinstance(groups, list | tuple) else set()
        call.checked = True
        if not call.may("projects", "update", name) and not members.intersection(call.caller.subject.groups):
            raise call.refusal("projects", "update", name)

    async def _change(self, name: str, role: str, change: Callable[[list[JsonObject]], list[JsonObject]]) -> None:
        for _ in range(TRIES):
            project = await read(self._context, name)
            items = change(project_tokens(project, role))
            by_role = {**((project.get("status") or {}).get("jwtTokensByRole") or {}), role: {"items": items}}
            spec = project.get("spec") or {}
            roles = [_with_tokens(item, role, items) for item in spec.get("roles") or ()]
            status = {**(project.get("status") or {}), "jwtTokensByRole": by_role}
            body = {**project, "spec": {**spec, "roles": roles}, "status": status}
            try:
                await seen(self._context, await self._context.client.write(requests.update(PROJECTS, body)))
                return
            except StatusError as error:
                if not error.is_conflict:
                    raise
        raise ApiError(Code.ABORTED, "the project is being changed by others: try again")


def _with_tokens(role: JsonObject, name: str, items: list[JsonObject]) -> JsonObject:
    """Tokens are listed in both places, like upstream."""
    if role.get("name") != name:
        return role
    kept = {key: value for key, value in role.items() if key != "jwtTokens"}
    return {**kept, "jwtTokens": items} if items else kept


def _role(project: JsonObject, name: str) -> JsonObject | None:
    roles = (project.get("spec") or {}).get("roles") or ()
    return next((role for role in roles if role.get("name") == name), None)
