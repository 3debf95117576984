"""applicationset.ApplicationSetService: sets, what they would generate, and what they own."""

from __future__ import annotations

from argosy.server.calls import Route, within
from argosy.server.context import ServerContext
from argosy.server.services.application_sets.generating import Generating
from argosy.server.services.application_sets.sets import Sets
from argosy.server.services.application_sets.watching import SetWatching

SERVICE = "applicationset.ApplicationSetService"


def application_set_routes(context: ServerContext) -> dict[str, Route]:
    generating = Generating(context)
    sets, watching = Sets(context, generating), SetWatching(context)
    get = within("applicationsets", "get")
    create, delete = (within("applicationsets", action, mutates=True) for action in ("create", "delete"))
    return {
        f"{SERVICE}/Get": Route(needs=get, unary=sets.get),
        f"{SERVICE}/List": Route(needs=get, unary=sets.list_all),
        f"{SERVICE}/Watch": Route(needs=get, stream=watching.watch),
        f"{SERVICE}/Create": Route(needs=create, unary=sets.create),
        f"{SERVICE}/Delete": Route(needs=delete, unary=sets.delete),
        f"{SERVICE}/ResourceTree": Route(needs=get, unary=sets.tree),
        f"{SERVICE}/ListResourceEvents": Route(needs=get, unary=sets.events),
        f"{SERVICE}/Generate": Route(needs=within("applicationsets", "create"), unary=generating.generate),
    }
