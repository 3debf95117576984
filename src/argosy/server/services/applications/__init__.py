"""application.ApplicationService: everything about Applications and what they own, one file a job.

`access` finds an Application for a caller; no other file reads one by name.
"""

from __future__ import annotations

from argosy.server.calls import Route, within
from argosy.server.services.applications.reading import Reading
from argosy.server.services.applications.watching import Watching
from argosy.server.world import World

SERVICE = "application.ApplicationService"


def application_routes(world: World) -> dict[str, Route]:
    reading, watching = Reading(world), Watching(world)
    get = within("applications", "get")
    return {
        f"{SERVICE}/List": Route(needs=get, unary=reading.list),
        f"{SERVICE}/Get": Route(needs=get, unary=reading.get),
        f"{SERVICE}/Watch": Route(needs=get, stream=watching.watch),
    }
