"""project.ProjectService: AppProjects, tokens of their roles, sync windows, and related objects."""

from __future__ import annotations

from argosy.server.calls import Route, right, within
from argosy.server.context import ServerContext
from argosy.server.services.projects.detail import Detail
from argosy.server.services.projects.projects import Projects
from argosy.server.services.projects.tokens import Tokens

SERVICE = "project.ProjectService"


def project_routes(context: ServerContext) -> dict[str, Route]:
    projects, tokens, detail = Projects(context), Tokens(context), Detail(context)
    get = right("projects", "get", lambda request: str(request.get("name") or ""))
    token = within("projects", "update", mutates=True)
    return {
        f"{SERVICE}/List": Route(needs=within("projects", "get"), unary=projects.list_all),
        f"{SERVICE}/Get": Route(needs=get, unary=projects.get),
        f"{SERVICE}/Create": Route(needs=within("projects", "create", mutates=True), unary=projects.create),
        f"{SERVICE}/Update": Route(needs=within("projects", "update", mutates=True), unary=projects.update),
        f"{SERVICE}/Delete": Route(needs=within("projects", "delete", mutates=True), unary=projects.delete),
        f"{SERVICE}/CreateToken": Route(needs=token, unary=tokens.create),
        f"{SERVICE}/DeleteToken": Route(needs=token, unary=tokens.delete),
        f"{SERVICE}/GetDetailedProject": Route(needs=get, unary=detail.detailed),
        f"{SERVICE}/GetGlobalProjects": Route(needs=get, unary=detail.global_projects),
        f"{SERVICE}/GetSyncWindowsState": Route(needs=get, unary=detail.windows),
        f"{SERVICE}/ListEvents": Route(needs=get, unary=detail.events),
        f"{SERVICE}/ListLinks": Route(needs=get, unary=detail.links),
    }
