"""The deleting shell: takes an Application's objects along, wave by wave, and lets it go (spec 8)."""

from __future__ import annotations

from contextlib import suppress

from argosy.gitops import conditions, deletion, destinations, projects
from argosy.gitops.approval import is_approved, needs_approval
from argosy.gitops.clusters.connections import NotConnected
from argosy.gitops.desk import Desk
from argosy.gitops.impersonation import NoServiceAccount, account_for
from argosy.gitops.keys import ResourceKey, instance_name
from argosy.gitops.normalize_spec import normalised
from argosy.gitops.sync.options import options_of
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.machinery.timestamps import parse, seconds
from argosy.runtime.controller import DONE, Outcome

BACKSTOP = 30.0
"""Seconds after which a waiting deletion is looked at without a change."""


class Deleting:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def look(self, key: Key, app: JsonObject) -> Outcome:
        finalizers = app["metadata"].get("finalizers") or []
        how = deletion.cascades(finalizers)
        if how is None:
            return DONE
        spec = normalised(app.get("spec") or {})
        options = options_of((spec.get("syncPolicy") or {}).get("syncOptions"))
        me = ResourceKey("argoproj.io", "Application", key.namespace, key.name)
        with suppress(destinations.InvalidDestination):
            settings, cluster = self.desk.plane.settings, self.desk.cluster(spec)
            try:
                place = self.desk.clusters.of(cluster)
            except NotConnected as error:
                return await self._fail(app, str(error))
            permits = self.desk.plane.effective(spec["project"])
            if permits is None:
                return await self._fail(app, f"Application referencing project {spec['project']} which does not exist")
            try:
                namespace = str((spec.get("destination") or {}).get("namespace") or "")
                applier = place.applier_as(account_for(permits, cluster, namespace, key.namespace, settings))
            except NoServiceAccount as error:
                return await self._fail(app, str(error))
            await place.live.prepare(instance_name(key, self.desk.namespace), (), settings)
            live = {
                wanted: obj
                for wanted, obj in place.live.tracked(instance_name(key, self.desk.namespace), settings).items()
                if not projects.refusal_of(permits, spec["project"], wanted, cluster)
            }
            began = parse(app["metadata"]["deletionTimestamp"])
            if any(needs_approval(obj, options, pruned=False) for obj in live.values()) and not is_approved(app, began):
                return Outcome(requeue_after=BACKSTOP, background=True)
            wave = deletion.next_wave(live, me, options)
            for wanted in wave:
                if not live[wanted]["metadata"].get("deletionTimestamp"):
                    try:
                        await applier.delete(live[wanted], how)
                    except StatusError as error:
                        return await self._fail(app, f"{wanted.kind} {wanted.name}: {error.message}")
                    place.live.forget(wanted)
            if wave:
                return Outcome(acted=True, requeue_after=BACKSTOP)
        await self.desk.write(app, {"metadata": {"finalizers": deletion.without_cascade(finalizers) or None}})
        return Outcome(acted=True)

    async def _fail(self, app: JsonObject, text: str) -> Outcome:
        """Says why the Application cannot go; it is tried again."""
        before = (app.get("status") or {}).get("conditions") or []
        marks = conditions.updated(
            before, [("DeletionError", text)], ("DeletionError",), seconds(self.desk.clock.now())
        )
        if marks != before:
            await self.desk.write(app, {"status": {"conditions": marks}})
        return Outcome(acted=marks != before, requeue_after=BACKSTOP, background=True)
