"""application.ApplicationService: everything about Applications and what they own, one file a job.

`access` finds an Application for a caller; no other file reads one by name.
"""

from __future__ import annotations

from argosy.server.calls import Route, within
from argosy.server.services.applications.operations import Operations
from argosy.server.services.applications.reading import Reading
from argosy.server.services.applications.watching import Watching
from argosy.server.services.applications.writing import Writing
from argosy.server.world import World

SERVICE = "application.ApplicationService"


def application_routes(world: World) -> dict[str, Route]:
    reading, watching, writing, operations = Reading(world), Watching(world), Writing(world), Operations(world)
    get = within("applications", "get")
    create, update, delete, sync = (
        within("applications", action, mutates=True) for action in ("create", "update", "delete", "sync")
    )
    return {
        f"{SERVICE}/List": Route(needs=get, unary=reading.list_all),
        f"{SERVICE}/Get": Route(needs=get, unary=reading.get),
        f"{SERVICE}/Watch": Route(needs=get, stream=watching.watch),
        f"{SERVICE}/Create": Route(needs=create, unary=writing.create),
        f"{SERVICE}/Update": Route(needs=update, unary=writing.update),
        f"{SERVICE}/UpdateSpec": Route(needs=update, unary=writing.update_spec),
        f"{SERVICE}/Patch": Route(needs=update, unary=writing.patch),
        f"{SERVICE}/Delete": Route(needs=delete, unary=writing.delete),
        f"{SERVICE}/Sync": Route(needs=sync, unary=operations.sync),
        f"{SERVICE}/Rollback": Route(needs=sync, unary=operations.rollback),
        f"{SERVICE}/TerminateOperation": Route(needs=sync, unary=operations.terminate),
        f"{SERVICE}/GetApplicationSyncWindows": Route(needs=get, unary=operations.windows),
    }
