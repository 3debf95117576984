"""`argosy admin rbac can|validate`: evaluates policies with the API server's own code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from argosy.cli.account.accounts import CONFIG_MAPS
from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.server.permissions.enforcement import Enforcer, Subject
from argosy.server.permissions.policy import ACTIONS, OWN_RESOURCES, SCOPED, PolicyError, parse, policy_text

RBAC = "argocd-rbac-cm"
PROJECTS = Resource("argoproj.io", "v1alpha1", "appprojects", "AppProject")
NO = 1


def can(options: argparse.Namespace) -> int:
    """Exit code 0 for yes, 1 for no."""
    resource, action = options.resource, options.action
    if not options.no_strict:
        resource = _known(resource)
        if action != "*" and action.split("/")[0] not in ACTIONS:
            raise CommandError(f"{action!r} is not an action: give one of {', '.join(ACTIONS)}", Exit.CALL_FAILED)
    if options.policy_file is not None:
        return _decide(options, resource, _from_file(options.policy_file), {})

    async def work(client: Client, clock: Clock) -> int:
        config = await _config(client, options.namespace)
        projects: dict[str, JsonObject] = {}
        if resource in SCOPED or resource == "projects":
            page = await client.page(requests.List(resource=PROJECTS, namespace=options.namespace))
            projects = {str(item["metadata"]["name"]): item for item in page.items}
        return _decide(options, resource, config, projects)

    return with_client(options, work)


def _decide(
    options: argparse.Namespace, resource: str, config: Mapping[str, str], projects: Mapping[str, JsonObject]
) -> int:
    given = dict(config)
    if options.default_role:
        given["policy.default"] = options.default_role
    enforcer = Enforcer(given, projects.get, built_in=not options.no_builtin)
    if enforcer.problem:
        raise CommandError(f"the policy cannot be read: {enforcer.problem}", Exit.CALL_FAILED)
    allowed = enforcer.allows(Subject(options.subject), resource, options.action, _target(options, resource))
    if not options.quiet:
        print("Yes" if allowed else "No")
    return Exit.OK if allowed else NO


def _target(options: argparse.Namespace, resource: str) -> str:
    """Objects in the control plane's namespace are named without it in policies."""
    parts = options.object.split("/")
    if resource in SCOPED and len(parts) == 3 and parts[1] == options.namespace:
        return f"{parts[0]}/{parts[2]}"
    return str(options.object) or "*"


def validate(options: argparse.Namespace) -> int:
    if options.policy_file is not None:
        return _validated(_from_file(options.policy_file))

    async def work(client: Client, clock: Clock) -> int:
        return _validated(await _config(client, options.namespace))

    return with_client(options, work)


def _validated(config: Mapping[str, str]) -> int:
    text = policy_text(config)
    if not text.strip():
        raise CommandError("Policy is empty or could not be loaded.", Exit.CALL_FAILED)
    try:
        parse(text)
    except PolicyError as error:
        print(f"Policy is invalid: {error}")
        return NO
    print("Policy is valid.")
    return Exit.OK


async def _config(client: Client, namespace: str) -> Mapping[str, str]:
    try:
        found: Mapping[str, str] = (await client.get(requests.Get(CONFIG_MAPS, Key(namespace, RBAC)))).get("data") or {}
    except StatusError as error:
        if error.is_not_found:
            raise CommandError(f"there is no ConfigMap {Key(namespace, RBAC)}", Exit.CALL_FAILED) from None
        raise
    return found


def _from_file(path: Path) -> Mapping[str, str]:
    """Reads a ConfigMap, or bare policy lines. `-` reads standard input."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text()
    except OSError as error:
        raise CommandError(f"--policy-file {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CommandError(f"--policy-file {path}: it is not text") from None
    try:
        found: Any = yaml.load(text, Loader=yaml.CSafeLoader)  # the safe loader, in C
    except yaml.YAMLError:
        found = None
    if isinstance(found, dict) and found.get("kind") == "ConfigMap":
        return {str(key): str(value) for key, value in (found.get("data") or {}).items()}
    return {"policy.csv": text}


def _known(resource: str) -> str:
    """Expands `app` and `application` to `applications`."""
    short = {"app": "applications", "appset": "applicationsets", "proj": "projects", "repo": "repositories"}
    short |= {"cert": "certificates", "cluster": "clusters", "account": "accounts", "gpgkey": "gpgkeys", "log": "logs"}
    for name in (resource, short.get(resource, ""), f"{resource}s", f"{resource.removesuffix('y')}ies"):
        if name in OWN_RESOURCES:
            return name
    raise CommandError(f"{resource!r} is not a resource: give one of {', '.join(OWN_RESOURCES)}", Exit.CALL_FAILED)
