"""`argosy proj role ...`: roles of a project, their policies and groups."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from argosy.cli.failing import CommandError, Exit
from argosy.cli.printing import table, write_value
from argosy.cli.project.projects import changed, shown
from argosy.cli.project.times import go_time
from argosy.machinery.objects import JsonObject
from argosy.runtime.clock import Clock


def list_role(options: argparse.Namespace) -> int:
    def show(project: JsonObject, clock: Clock) -> None:
        roles = (project.get("spec") or {}).get("roles") or []
        if options.output == "name":
            sys.stdout.writelines(f"{role.get('name')}\n" for role in roles)
        elif options.output == "wide":
            rows = [(str(role.get("name")), str(role.get("description") or "")) for role in roles]
            sys.stdout.write(table(("ROLE-NAME", "DESCRIPTION"), rows))
        else:
            write_value(sys.stdout, roles, options.output)

    return shown(options, show)


def get_role(options: argparse.Namespace) -> int:
    def show(project: JsonObject, clock: Clock) -> None:
        spec = project.get("spec") or {}
        role = role_of(spec, options)
        print(f"{'Role Name:':<15}{options.role}\n{'Description:':<15}{role.get('description') or ''}".rstrip())
        print(f"Policies:\np, proj:{options.project}:{options.role}, projects, get, {options.project}, allow")
        sys.stdout.writelines(f"{policy}\n" for policy in role.get("policies") or ())
        groups = role.get("groups") or []
        sys.stdout.writelines(f"g, {group}, proj:{options.project}:{options.role}\n" for group in groups)
        print("Groups:\n" + ("\n".join(f"  - {group}" for group in groups) or "<none>"))
        rows = [_token(token) for token in role.get("jwtTokens") or ()]
        sys.stdout.write("JWT Tokens:\n" + table(("ID", "ISSUED-AT", "EXPIRES-AT"), rows))

    return shown(options, show)


def _token(token: JsonObject) -> tuple[str, str, str]:
    expires = token.get("exp")
    ends = f"{expires} ({go_time(expires)})" if expires else "<none>"
    return str(token.get("id") or ""), f"{token.get('iat')} ({go_time(token.get('iat') or 0)})", ends


def role_of(spec: JsonObject, options: argparse.Namespace) -> JsonObject:
    for role in spec.get("roles") or ():
        if role.get("name") == options.role:
            found: JsonObject = role
            return found
    raise CommandError(f"role '{options.role}' does not exist in project '{options.project}'", Exit.CALL_FAILED)


def create_role(options: argparse.Namespace) -> int:
    def change(spec: JsonObject) -> JsonObject | None:
        if any(role.get("name") == options.role for role in spec.get("roles") or ()):
            print(f"Role '{options.role}' already exists")
            return None
        role = {"name": options.role, **({"description": options.description} if options.description else {})}
        print(f"Role '{options.role}' created")
        return {**spec, "roles": [*(spec.get("roles") or ()), role]}

    return changed(options, change)


def delete_role(options: argparse.Namespace) -> int:
    def change(spec: JsonObject) -> JsonObject | None:
        kept = [role for role in spec.get("roles") or () if role.get("name") != options.role]
        if len(kept) == len(spec.get("roles") or ()):
            print(f"Role '{options.role}' does not exist in project")
            return None
        print(f"Role '{options.role}' deleted")
        return {**spec, "roles": kept}

    return changed(options, change)


def with_role(spec: JsonObject, options: argparse.Namespace, change: Callable[[JsonObject], JsonObject]) -> JsonObject:
    wanted = role_of(spec, options)
    return {**spec, "roles": [change(role) if role is wanted else role for role in spec["roles"]]}


def policy_of(options: argparse.Namespace) -> str:
    start = f"p, proj:{options.project}:{options.role}, {options.resource}, {options.action}"
    return f"{start}, {options.project}/{options.object}, {options.permission}"


def add_policy(options: argparse.Namespace) -> int:
    def add(role: JsonObject) -> JsonObject:
        policies = role.get("policies") or []
        policy = policy_of(options)
        return role if policy in policies else {**role, "policies": [*policies, policy]}

    return changed(options, lambda spec: with_role(spec, options, add))


def remove_policy(options: argparse.Namespace) -> int:
    def remove(role: JsonObject) -> JsonObject:
        start = policy_of(options).rpartition(",")[0]
        kept = [policy for policy in role.get("policies") or () if str(policy).rpartition(",")[0].strip() != start]
        return {**role, "policies": kept} if len(kept) != len(role.get("policies") or ()) else role

    return changed(options, lambda spec: with_role(spec, options, remove))


def add_group(options: argparse.Namespace) -> int:
    def add(role: JsonObject) -> JsonObject:
        groups = role.get("groups") or []
        if options.group in groups:
            print(f"Group '{options.group}' already present in role '{options.role}'")
            return role
        print(f"Group '{options.group}' added to role '{options.role}'")
        return {**role, "groups": [*groups, options.group]}

    return changed(options, lambda spec: with_role(spec, options, add))


def remove_group(options: argparse.Namespace) -> int:
    def remove(role: JsonObject) -> JsonObject:
        groups = role.get("groups") or []
        if options.group not in groups:
            print(f"Group '{options.group}' not present in role '{options.role}'")
            return role
        print(f"Group '{options.group}' removed from role '{options.role}'")
        return {**role, "groups": [group for group in groups if group != options.group]}

    return changed(options, lambda spec: with_role(spec, options, remove))
