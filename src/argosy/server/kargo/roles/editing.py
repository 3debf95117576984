"""Creates, updates and deletes roles; grants and revokes. Source: spec/kargo-api.md 4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.promotion.kinds import ROLE_BINDINGS, ROLES, SERVICE_ACCOUNTS
from argosy.promotion.names import DESCRIPTION
from argosy.promotion.projects.rules import CUSTOM_VERBS, VERBS
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.kargo.claims import annotated, claims_of
from argosy.server.kargo.endpoint import ApiRequest, Endpoint, Reply, inner, text, texts
from argosy.server.kargo.faults import conflict, invalid
from argosy.server.kargo.roles import view
from argosy.server.kargo.roles.escalation import check_rules
from argosy.server.kargo.roles.gathering import parts_of
from argosy.server.kargo.roles.showing import OWN
from argosy.server.kargo.roles.view import Parts, check_manageable, role_of

ONE = f"{OWN}/{{role}}"
LACKING = "one of userClaims, serviceAccounts, or resourceDetails must be provided"


def editing_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    editor = Editor(context)
    create, change = within("roles", "create", mutates=True), within("roles", "update", mutates=True)
    return (
        Endpoint(method="POST", path=OWN, needs=create, answer=editor.create),
        Endpoint(method="PUT", path=ONE, needs=change, answer=editor.update),
        Endpoint(method="DELETE", path=ONE, needs=within("roles", "delete", mutates=True), answer=editor.delete),
        Endpoint(method="POST", path=f"{OWN}/grants", needs=change, answer=editor.grant),
        Endpoint(method="POST", path=f"{OWN}/revocations", needs=change, answer=editor.revoke),
    )


class Editor:
    def __init__(self, context: ServerContext) -> None:
        self._context = context

    async def create(self, request: ApiRequest) -> Reply:
        """Everything is checked before anything is created. Answers with the request's content, like upstream."""
        body, project = request.json(), request.project
        metadata = inner(body, "metadata") or {}
        name = text(metadata, "name")
        if not name:
            raise invalid("name should not be empty")
        if text(metadata, "namespace") not in ("", project):
            raise conflict("namespace in body does not match project in URL")
        key = Key(project, name)
        for resource in (SERVICE_ACCOUNTS, ROLES, ROLE_BINDINGS):
            if await request.objects.find(resource, key) is not None:
                raise conflict(f'{resource.kind.lower()}{_dotted(resource)} "{name}" already exists')
        given = await self._grouped(view.rules_in(body))
        rules = view.normal(given, stored=False)
        await check_rules(request, project, rules)
        claims = view.claims_in(body)
        await request.objects.create(
            SERVICE_ACCOUNTS, view.new_account(project, name, claims, view.description_in(body))
        )
        await request.objects.create(ROLE_BINDINGS, view.new_binding(project, name))
        await request.objects.create(ROLES, view.new_role(project, name, rules))
        about = {"annotations": {DESCRIPTION: told}} if (told := view.description_in(body)) else {}
        shown = {"metadata": {"name": name, "namespace": project, **about}, "kargoManaged": True}
        told_claims = [{"name": claim, "values": values} for claim, values in claims.items()]
        more = {"claims": told_claims, "rules": given}
        return Reply({**shown, **{word: value for word, value in more.items() if value}}, 201)

    async def update(self, request: ApiRequest) -> Reply:
        """Replaces claims, description and rules."""
        body = request.json()
        metadata = inner(body, "metadata") or {}
        if text(metadata, "name") != request.path["role"]:
            raise invalid("name in body does not match role name in URL")
        if text(metadata, "namespace") not in ("", request.project):
            raise invalid("namespace in body does not match project name in URL")
        parts = await self._manageable(request, request.path["role"])
        rules = view.normal(await self._grouped(view.rules_in(body)), stored=False)
        await check_rules(request, request.project, rules)
        account = _described(annotated(parts.account, view.claims_in(body)), view.description_in(body))
        parts = replace(parts, account=await request.objects.update(SERVICE_ACCOUNTS, account))
        return Reply(role_of(await self._with_rules(request, parts, rules)))

    async def delete(self, request: ApiRequest) -> Reply:
        parts = await self._manageable(request, request.path["role"])
        for role in parts.roles:
            await request.objects.delete(ROLES, Key(request.project, role["metadata"]["name"]))
        for binding in parts.bindings:
            await request.objects.delete(ROLE_BINDINGS, Key(request.project, binding["metadata"]["name"]))
        await request.objects.delete(SERVICE_ACCOUNTS, request.key("role"))
        return Reply(code=204)

    async def grant(self, request: ApiRequest) -> Reply:
        name, claims, details = _wanted(request.json())
        parts = await self._manageable(request, name)
        if claims is not None:
            await check_rules(request, request.project, parts.rules)
            present = claims_of(parts.account["metadata"].get("annotations") or {})
            merged = {one: [*present.get(one, ()), *claims.get(one, ())] for one in {**present, **claims}}
            return Reply(role_of(await self._with_claims(request, parts, merged)))
        rule = await self._rule(details)
        added = view.normal([rule], stored=False)
        await check_rules(request, request.project, added)
        rules = view.normal([*parts.rules, rule], stored=False)
        return Reply(role_of(await self._with_rules(request, parts, rules)))

    async def revoke(self, request: ApiRequest) -> Reply:
        name, claims, details = _wanted(request.json())
        parts = await self._manageable(request, name)
        if claims is not None:
            present = claims_of(parts.account["metadata"].get("annotations") or {})
            left = {one: [v for v in values if v not in claims.get(one, ())] for one, values in present.items()}
            return Reply(role_of(await self._with_claims(request, parts, left)))
        if not parts.roles:
            return Reply(role_of(parts))
        rules = without(view.normal(parts.rules, stored=True), await self._rule(details))
        return Reply(role_of(await self._with_rules(request, parts, rules)))

    async def _manageable(self, request: ApiRequest, name: str) -> Parts:
        """Raises Fault."""
        parts = await parts_of(self._context, request, request.project, name)
        check_manageable(parts)
        return parts

    async def _with_claims(self, request: ApiRequest, parts: Parts, claims: dict[str, list[str]]) -> Parts:
        account = await request.objects.update(SERVICE_ACCOUNTS, annotated(parts.account, claims))
        return replace(parts, account=account)

    async def _with_rules(self, request: ApiRequest, parts: Parts, rules: Sequence[JsonObject]) -> Parts:
        """Creates missing objects."""
        project, name = request.project, parts.account["metadata"]["name"]
        if parts.roles:
            role = await request.objects.update(ROLES, {**parts.roles[0], "rules": list(rules)})
        else:
            role = await request.objects.create(ROLES, view.new_role(project, name, rules))
        bindings = parts.bindings
        if not bindings:
            bindings = (await request.objects.create(ROLE_BINDINGS, view.new_binding(project, name)),)
        return replace(parts, roles=(role,), bindings=bindings)

    async def _rule(self, details: JsonObject) -> JsonObject:
        """Raises Fault 400."""
        kind, name = text(details, "resourceType"), text(details, "resourceName")
        view.normal([{"resources": [kind], "verbs": ["get"]}], stored=True)  # validates the type's name
        rule = {"apiGroups": [await self._group(kind)], "resources": [kind], "verbs": texts(details, "verbs")}
        return {**rule, **({"resourceNames": [name]} if name else {})}

    async def _grouped(self, rules: Sequence[JsonObject]) -> list[JsonObject]:
        """A rule without groups gets the group of each of its types. Raises Fault 400."""
        found = []
        for rule in rules:
            if rule.get("apiGroups") or not rule.get("resources"):
                found.append(rule)
            else:
                found += [
                    {**rule, "apiGroups": [await self._group(one)], "resources": [one]} for one in rule["resources"]
                ]
        return found

    async def _group(self, kind: str) -> str:
        """From the kinds that the API server serves. Raises Fault 400."""
        plural = kind.partition("/")[0]
        groups = {one.group for one in (await self._context.client.served()).resources if one.plural == plural}
        if len(groups) > 1:
            raise invalid(f'ambiguous resource type "{kind}"; it is served by multiple API groups')
        if not groups:
            raise invalid(f'unrecognized resource type "{kind}"')
        return groups.pop()


def _wanted(body: JsonObject) -> tuple[str, dict[str, list[str]] | None, JsonObject]:
    """The role, and claims or rights. Raises Fault 400."""
    name = text(body, "role")
    if not name:
        raise invalid("role is required")
    claims, details = inner(body, "userClaims"), inner(body, "resourceDetails")
    if claims is not None:
        return name, view.claims_in(claims), {}
    if details is None:
        raise invalid(LACKING)
    return name, None, details


def without(rules: Sequence[JsonObject], revoked: JsonObject) -> list[JsonObject]:
    """Removes the verbs, from all names of the type if none is given. Rules are normalised."""
    kind = revoked["resources"][0]
    verbs = set(revoked["verbs"])
    if "*" in verbs:
        verbs |= {*VERBS, *CUSTOM_VERBS.get(kind, ())}
    names = revoked.get("resourceNames")
    found = []
    for rule in rules:
        is_meant = (rule["apiGroups"], rule["resources"]) == (revoked["apiGroups"], revoked["resources"])
        if not is_meant or (names and rule.get("resourceNames") != names):
            found.append(rule)
        elif left := [verb for verb in rule["verbs"] if verb not in verbs]:
            found.append({**rule, "verbs": left})
    return found


def _described(account: JsonObject, description: str) -> JsonObject:
    metadata = account["metadata"]
    annotations = {k: v for k, v in metadata["annotations"].items() if k != DESCRIPTION}
    if description:
        annotations[DESCRIPTION] = description
    return {**account, "metadata": {**metadata, "annotations": annotations}}


def _dotted(resource: Resource) -> str:
    return f".{resource.group}" if resource.group else ""
