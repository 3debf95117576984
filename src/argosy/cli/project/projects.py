"""AppProjects as the API server has them, and changes of them that fail when somebody else was quicker."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Final

from argosy.apis.argoproj import AppProject
from argosy.apis.schema import read
from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

PROJECTS: Final = Resource("argoproj.io", "v1alpha1", "appprojects", "AppProject")
MANAGER: Final = "argosy-cli"
Change = Callable[[JsonObject], JsonObject | None]
"""A spec, and the spec as it shall be; None where nothing is to change."""


async def get(client: Client, name: str, namespace: str) -> JsonObject:
    try:
        return await client.get(requests.Get(PROJECTS, Key(namespace, name)))
    except StatusError as error:
        if not error.is_not_found:
            raise
        raise CommandError(f'appprojects.argoproj.io "{name}" not found', Exit.CALL_FAILED) from None


def shown(options: argparse.Namespace, show: Callable[[JsonObject, Clock], None]) -> int:
    async def work(client: Client, clock: Clock) -> int:
        show(await get(client, options.project, options.namespace), clock)
        return Exit.OK

    return with_client(options, work)


def changed(options: argparse.Namespace, change: Change) -> int:
    async def work(client: Client, clock: Clock) -> int:
        project = await get(client, options.project, options.namespace)
        spec = change(project.get("spec") or {})
        if spec is not None and spec != project.get("spec"):
            await replace(client, project, spec)
        return Exit.OK

    return with_client(options, work)


async def replace(
    client: Client, project: JsonObject, spec: JsonObject, status: JsonObject | None = None
) -> JsonObject:
    """The whole object, at the version that was read. Raises CommandError for what controllers would refuse."""
    from argosy.gitops.projects.validation import problems  # late: reading needs no rules

    body = {**project, "spec": spec, **({"status": status} if status is not None else {})}
    if found := problems(read(AppProject, body)):
        raise CommandError("; ".join(found), Exit.CALL_FAILED)
    return await client.write(requests.update(PROJECTS, body, manager=MANAGER))
