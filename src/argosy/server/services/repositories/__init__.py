"""repository.RepositoryService and repocreds.RepoCredsService: repositories, their contents, and credentials."""

from __future__ import annotations

from argosy.server.calls import Route, within
from argosy.server.context import ServerContext
from argosy.server.services.repositories.browsing import Browsing
from argosy.server.services.repositories.connecting import Connecting
from argosy.server.services.repositories.repositories import Repositories
from argosy.server.services.repositories.templates import Templates

SERVICE, CREDENTIALS = "repository.RepositoryService", "repocreds.RepoCredsService"
READING, WRITING = "repositories", "write-repositories"


def repository_routes(context: ServerContext) -> dict[str, Route]:
    connecting = Connecting(context)
    reading = Repositories(context, connecting, writes=False)
    writing = Repositories(context, connecting, writes=True)
    browsing = Browsing(context, connecting)
    get = within(READING, "get")
    found = {
        f"{SERVICE}/ListRefs": Route(needs=get, unary=browsing.refs),
        f"{SERVICE}/ListOCITags": Route(needs=get, unary=browsing.oci_tags),
        f"{SERVICE}/GetHelmCharts": Route(needs=get, unary=browsing.charts),
        f"{SERVICE}/ListApps": Route(needs=get, unary=browsing.apps),
        f"{SERVICE}/GetAppDetails": Route(needs=get, unary=browsing.details),
        f"{SERVICE}/Get": Route(needs=get, unary=reading.get),
        f"{SERVICE}/GetWrite": Route(needs=within(WRITING, "get"), unary=writing.get),
        f"{SERVICE}/ListWriteRepositories": Route(needs=within(WRITING, "get"), unary=writing.list_all),
        f"{SERVICE}/ValidateAccess": Route(needs=within(READING, "create"), unary=reading.validate),
        f"{SERVICE}/ValidateWriteAccess": Route(needs=within(WRITING, "create"), unary=writing.validate),
    }
    for name in ("List", "ListRepositories"):
        found[f"{SERVICE}/{name}"] = Route(needs=get, unary=reading.list_all)
    for resource, one, word in (
        (READING, reading, ""),
        (READING, reading, "Repository"),
        (WRITING, writing, "WriteRepository"),
    ):
        for verb, unary in (("Create", one.create), ("Update", one.update), ("Delete", one.delete)):
            needs = within(resource, verb.lower(), mutates=True)
            found[f"{SERVICE}/{verb}{word}"] = Route(needs=needs, unary=unary)
    return {**found, **_credential_routes(context)}


def _credential_routes(context: ServerContext) -> dict[str, Route]:
    found: dict[str, Route] = {}
    for resource, word, one in (
        (READING, "", Templates(context, writes=False)),
        (WRITING, "Write", Templates(context, writes=True)),
    ):
        name = f"{word}RepositoryCredentials"
        found[f"{CREDENTIALS}/List{name}"] = Route(needs=within(resource, "get"), unary=one.list_all)
        for verb, unary in (("Create", one.create), ("Update", one.update), ("Delete", one.delete)):
            needs = within(resource, verb.lower(), mutates=True)
            found[f"{CREDENTIALS}/{verb}{name}"] = Route(needs=needs, unary=unary)
    return found
