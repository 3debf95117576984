"""application.ApplicationService: Applications and what they own, one module per task.

`access` finds an Application for a caller; no other module reads one by name.
"""

from __future__ import annotations

from functools import partial

from argosy.server.calls import Route, within
from argosy.server.context import ServerContext
from argosy.server.services.applications.live_resources import LiveResources
from argosy.server.services.applications.logs import Logs
from argosy.server.services.applications.operations import Operations
from argosy.server.services.applications.reading import Reading
from argosy.server.services.applications.seeing import Seeing
from argosy.server.services.applications.server_side import server_side_diff
from argosy.server.services.applications.uploads import Uploads
from argosy.server.services.applications.watching import Watching
from argosy.server.services.applications.writing import Writing

SERVICE = "application.ApplicationService"


def application_routes(context: ServerContext) -> dict[str, Route]:
    reading, watching, writing, operations = Reading(context), Watching(context), Writing(context), Operations(context)
    live, seeing = LiveResources(context), Seeing(context)
    get = within("applications", "get")
    act = within("applications", "action", mutates=True)
    create, update, delete, sync = (
        within("applications", action, mutates=True) for action in ("create", "update", "delete", "sync")
    )
    return {
        f"{SERVICE}/List": Route(needs=get, unary=reading.list_all),
        f"{SERVICE}/Get": Route(needs=get, unary=reading.get),
        f"{SERVICE}/Watch": Route(needs=get, stream=watching.watch),
        f"{SERVICE}/PodLogs": Route(needs=within("logs", "get"), stream=Logs(context).read),
        f"{SERVICE}/Create": Route(needs=create, unary=writing.create),
        f"{SERVICE}/Update": Route(needs=update, unary=writing.update),
        f"{SERVICE}/UpdateSpec": Route(needs=update, unary=writing.update_spec),
        f"{SERVICE}/Patch": Route(needs=update, unary=writing.patch),
        f"{SERVICE}/Delete": Route(needs=delete, unary=writing.delete),
        f"{SERVICE}/Sync": Route(needs=sync, unary=operations.sync),
        f"{SERVICE}/Rollback": Route(needs=sync, unary=operations.rollback),
        f"{SERVICE}/TerminateOperation": Route(needs=sync, unary=operations.terminate),
        f"{SERVICE}/GetResource": Route(needs=get, unary=live.get),
        f"{SERVICE}/PatchResource": Route(needs=update, unary=live.patch),
        f"{SERVICE}/DeleteResource": Route(needs=delete, unary=live.delete),
        f"{SERVICE}/ListResourceActions": Route(needs=get, unary=live.actions),
        f"{SERVICE}/RunResourceAction": Route(needs=act, unary=live.run_action),
        f"{SERVICE}/RunResourceActionV2": Route(needs=act, unary=live.run_action),
        f"{SERVICE}/ResourceTree": Route(needs=get, unary=seeing.tree),
        f"{SERVICE}/WatchResourceTree": Route(needs=get, stream=seeing.watch_tree),
        f"{SERVICE}/ManagedResources": Route(needs=get, unary=seeing.managed),
        f"{SERVICE}/ServerSideDiff": Route(needs=get, unary=partial(server_side_diff, context)),
        f"{SERVICE}/ListResourceEvents": Route(needs=get, unary=seeing.events),
        f"{SERVICE}/ListLinks": Route(needs=get, unary=seeing.links),
        f"{SERVICE}/ListResourceLinks": Route(needs=get, unary=seeing.resource_links),
        f"{SERVICE}/GetManifests": Route(needs=get, unary=seeing.manifests),
        f"{SERVICE}/GetManifestsWithFiles": Route(needs=get, unary=Uploads(context).manifests_of_files),
        f"{SERVICE}/RevisionMetadata": Route(needs=get, unary=seeing.revision),
        f"{SERVICE}/RevisionChartDetails": Route(needs=get, unary=seeing.chart),
        f"{SERVICE}/GetOCIMetadata": Route(needs=get, unary=seeing.oci),
        f"{SERVICE}/GetApplicationSyncWindows": Route(needs=get, unary=operations.windows),
    }
