"""`argosy proj list|get`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable

from argosy.cli.connect import with_client
from argosy.cli.failing import Exit
from argosy.cli.printing import table, write_value
from argosy.cli.project.projects import PROJECTS, shown
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

HEADER = (
    "NAME", "DESCRIPTION", "DESTINATIONS", "SOURCES", "CLUSTER-RESOURCE-WHITELIST", "NAMESPACE-RESOURCE-BLACKLIST",
    "SIGNATURE-KEYS", "ORPHANED-RESOURCES", "DESTINATION-SERVICE-ACCOUNTS",
)  # fmt: skip


def list_all(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        projects = list((await client.page(requests.List(resource=PROJECTS, namespace=options.namespace))).items)
        if options.output == "name":
            sys.stdout.writelines(f"{project['metadata']['name']}\n" for project in projects)
        elif options.output == "wide":
            sys.stdout.write(table(HEADER, [_row(project) for project in projects]))
        else:
            write_value(sys.stdout, projects, options.output)
        return Exit.OK

    return with_client(options, work)


def _row(project: JsonObject) -> list[str]:
    spec = project.get("spec") or {}
    return [
        project["metadata"]["name"],
        str(spec.get("description") or ""),
        _counted(spec.get("destinations"), "destinations", _place),
        _counted(spec.get("sourceRepos"), "repos", str),
        _counted(spec.get("clusterResourceWhitelist"), "resources", _kind),
        _counted(spec.get("namespaceResourceBlacklist"), "resources", _kind),
        _counted(spec.get("signatureKeys"), "key(s)", _key),
        orphaned(spec),
        _counted(spec.get("destinationServiceAccounts"), "account(s)", _account),
    ]


def _kind(item: JsonObject) -> str:
    return f"{item.get('group') or ''}/{item.get('kind') or ''}"


def _place(item: JsonObject) -> str:
    return f"{item.get('server') or item.get('name') or ''},{item.get('namespace') or ''}"


def _key(item: JsonObject) -> str:
    return str(item.get("keyID"))


def _account(item: JsonObject) -> str:
    return str(item.get("defaultServiceAccount"))


def _counted(items: Iterable[JsonValue] | None, what: str, show: Callable[[JsonValue], str]) -> str:
    listed = list(items or ())
    if not listed:
        return "<none>"
    return show(listed[0]) if len(listed) == 1 else f"{len(listed)} {what}"


def orphaned(spec: JsonObject) -> str:
    found = spec.get("orphanedResources")
    if found is None:
        return "disabled"
    details = ["warn=true"] if found.get("warn") is not False else []
    if found.get("ignore"):
        details.append(f"ignored {len(found['ignore'])}")
    return f"enabled ({', '.join(details)})" if details else "enabled"


def show(options: argparse.Namespace) -> int:
    def show(project: JsonObject, clock: Clock) -> None:
        if options.output == "name":
            print(project["metadata"]["name"])
        elif options.output == "wide":
            sys.stdout.writelines(_lines(project))
        else:
            write_value(sys.stdout, project, options.output)

    return shown(options, show)


def _lines(project: JsonObject) -> Iterable[str]:
    spec = project.get("spec") or {}
    blocks: list[tuple[str, list[str]]] = [
        ("Name:", [project["metadata"]["name"]]),
        ("Description:", [str(spec.get("description") or "")]),
        ("Destinations:", list(map(_place, spec.get("destinations") or ()))),
        ("Repositories:", list(map(str, spec.get("sourceRepos") or ()))),
        ("Source Namespaces:", list(map(str, spec.get("sourceNamespaces") or ()))),
        ("Scoped Repositories:", []),
        ("Allowed Cluster Resources:", list(map(_kind, spec.get("clusterResourceWhitelist") or ()))),
        ("Scoped Clusters:", []),
        ("Denied Namespaced Resources:", list(map(_kind, spec.get("namespaceResourceBlacklist") or ()))),
        ("Signature keys:", list(map(_key, spec.get("signatureKeys") or ()))),
        ("Orphaned Resources:", [orphaned(spec)]),
    ]
    for label, values in blocks:
        first, *others = values or ["<none>"]
        yield f"{label:<29}{first}\n"
        yield from (f"{'':<29}{value}\n" for value in others)
