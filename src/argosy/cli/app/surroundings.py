"""An Application's web page, and whether its project's sync windows allow a sync now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from argosy.apis.argoproj import AppProject
from argosy.apis.argoproj.project import SyncWindow
from argosy.apis.schema import read
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
PROJECTS = Resource("argoproj.io", "v1alpha1", "appprojects", "AppProject")
IN_CLUSTER = "https://kubernetes.default.svc"


@dataclass(frozen=True, slots=True)
class Surroundings:
    url: str = ""
    window: str = "Sync Allowed"
    windows: tuple[str, ...] = ()


async def surroundings(client: Client, clock: Clock, app: JsonObject, page: str = "") -> Surroundings:
    """Anything the caller may not read is omitted. `page`: the address of the page if the settings name none."""
    namespace = str((app.get("status") or {}).get("controllerNamespace") or app["metadata"]["namespace"])
    settings = await _read(client, CONFIG_MAPS, "argocd-cm", namespace)
    base = str((settings.get("data") or {}).get("url") or page).rstrip("/")
    project = str((app.get("spec") or {}).get("project") or "default")
    windows = read(AppProject, await _read(client, PROJECTS, project, namespace)).spec.sync_windows
    url = f"{base}/applications/{app['metadata']['name']}" if base else ""
    return _windows(url, windows, app, clock) if windows else Surroundings(url)


async def render_settings(client: Client, app: JsonObject) -> Mapping[str, str]:
    """The keys of argocd-cm that rendering depends on; none where it may not be read."""
    from argosy.gitops.control_plane.settings import settings_of  # late: only --local asks

    namespace = str((app.get("status") or {}).get("controllerNamespace") or app["metadata"]["namespace"])
    found = await _read(client, CONFIG_MAPS, "argocd-cm", namespace)
    return settings_of(found.get("data") or {}).render


async def _read(client: Client, resource: Resource, name: str, namespace: str) -> JsonObject:
    try:
        return await client.get(requests.Get(resource, Key(namespace, name)))
    except StatusError:
        return {}


def _windows(url: str, given: Sequence[SyncWindow], app: JsonObject, clock: Clock) -> Surroundings:
    from argosy.gitops.clusters.resolution import Cluster  # late: most projects have no windows
    from argosy.gitops.projects import sync_windows

    destination = (app.get("spec") or {}).get("destination") or {}
    server, name = str(destination.get("server") or ""), str(destination.get("name") or "")
    cluster = Cluster(server, name or ("in-cluster" if server == IN_CLUSTER else ""))
    namespace = str(destination.get("namespace") or "")
    mine, now = sync_windows.matching(given, app["metadata"]["name"], cluster, namespace), clock.now()
    if not mine:
        return Surroundings(url)
    active = [window for window in mine if sync_windows.is_active(window, now)]
    denied = any(window.kind == "deny" for window in active)
    allowed = any(window.kind == "allow" for window in active)
    waits = any(window.kind == "allow" for window in mine if window not in active)
    word = "Sync Allowed"
    if denied or (not allowed and waits):
        word = "Manual Allowed" if sync_windows.allows(mine, sync_windows.Asked(manual=True), now) else "Sync Denied"
    listed = tuple(f"{window.kind}:{window.schedule}:{window.duration}" for window in mine)
    return Surroundings(url, word, listed)
