"""Builds the room of ApplicationSets, at the first one: importing the template engines takes time."""

from __future__ import annotations

from argosy.cli.outside import Doors, Git
from argosy.cli.rooms.loading import APPLICATION_SETS, Context, Parts
from argosy.expr.gotemplate import GoTemplates
from argosy.gitops.applicationsets import Generators, JqRunner, answerers, controllers
from argosy.gitops.applicationsets.adapters import ClusterObjects
from argosy.gitops.applicationsets.hosting import WebHosting
from argosy.gitops.applicationsets.hosting.plugin_service import PluginServices
from argosy.gitops.applicationsets.metrics import ApplicationSetMetrics
from argosy.runtime.caches.informer import Caches
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.sources.port import GitRemote


def build(context: Context) -> Parts:
    found = generators(
        context.client, context.caches, Git(context.doors), context.doors, context.clock, context.rng, context.namespace
    )
    metrics = ApplicationSetMetrics(context.caches.cache(APPLICATION_SETS), context.environ)
    return Parts(
        controllers=tuple(
            metrics.of(one) if one.kind == APPLICATION_SETS and one.timed is None else one
            for one in controllers(context.namespace, found.remembered)
        ),
        answerers=answerers(found, JqRunner(context.jq)),
    )


def generators(
    client: Client, caches: Caches, git: GitRemote, doors: Doors, clock: Clock, rng: Rng, namespace: str
) -> Generators:
    templates = GoTemplates(clock.now, rng.fork("applicationsets").token_bytes, name="base")
    hosting, plugins = WebHosting(doors.egress, clock), PluginServices(doors.egress, clock)
    objects = ClusterObjects(client, caches, namespace)
    return Generators(objects, git, hosting, plugins, templates, namespace)
