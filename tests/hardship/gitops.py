"""Stories of Applications: synced, hooked, pruned, healed, deleted, waited for, rolled back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

import yaml

from argosy.apis import GITOPS, crds
from argosy.apis.kubernetes import known
from argosy.gitops import GitOps
from argosy.gitops.keys import APPLICATIONS, PROJECTS
from argosy.machinery.objects import JsonObject
from argosy.render.port import Rendered, RenderRequest
from argosy.sources.git.scripted import ScriptedGit
from tests.kit.gitops import REPO, NoCharts, application, config, project
from tests.kit.hardship import Committed, Part, Process, Step, Story
from tests.kit.hook_jobs import JOBS, Jobs, job
from tests.kit.world import CONFIG_MAPS, NAMESPACES, World

FINALIZER = "resources-finalizer.argocd.argoproj.io"
KINDS = [{"apiGroups": ["", "batch"], "kinds": ["ConfigMap", "Job"], "clusters": ["*"]}]
"""What is watched: a hundred empty caches only take time."""

Files = Mapping[str, str]


@cache
def definitions() -> tuple[JsonObject, ...]:
    """Of this room's kinds, without their schemas, whose checking takes more time than a story."""
    return tuple(_unchecked(crd) for crd in crds(GITOPS))


def _unchecked(crd: JsonObject) -> JsonObject:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    versions = [{**version, "schema": {"openAPIV3Schema": schema}} for version in crd["spec"]["versions"]]
    return {**crd, "spec": {**crd["spec"], "versions": versions}}


@cache
def documents(text: str) -> tuple[JsonObject, ...]:
    return tuple(obj for obj in yaml.safe_load_all(text) if obj)


class PlainRenderer:
    """Directories of YAML, rendered where the caller is: no story is about rendering."""

    async def render(self, request: RenderRequest) -> Rendered:
        path = str(request.source.get("path") or "")
        entries = [entry for entry in request.tree.list(path) if entry.name.endswith(".yaml")]
        texts = [request.tree.read(f"{path}/{entry.name}").decode() for entry in entries]
        found = tuple(obj for text in texts for obj in documents(text))
        digest = " ".join(f"{entry.name}:{entry.oid}" for entry in entries)
        return Rendered(source_type="Directory", manifests=found, digest=digest)


class ApplicationStory(Story):
    """A repository of ConfigMaps and hooks, and Applications that follow it."""

    @classmethod
    def definitions(cls) -> Sequence[JsonObject]:
        return definitions()

    def prepare(self) -> None:
        self.git = ScriptedGit()
        self.pushed: dict[str, tuple[datetime, Files]] = {}
        """By commit."""
        self.renderer = PlainRenderer()
        self.made: Counter[tuple[str, str]] = Counter()
        """Hooks by name and operation."""
        self.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}})
        metadata = {"name": "argocd-cm", "namespace": "argocd"}
        settings = {"resource.inclusions": json.dumps(KINDS)}
        self.create(CONFIG_MAPS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": settings})
        self.create(PROJECTS, project("default"))
        for resource in (CONFIG_MAPS, APPLICATIONS):
            self.world.caches.cache(resource)
        self.jobs = Jobs(self.world)
        self.states: list[tuple[datetime, dict[str, str]]] = []
        """What the ConfigMaps were, from when on."""
        self.world.caches.cache(CONFIG_MAPS).on_change(lambda old, new: self._note())
        self.world.pass_time(1)

    def start(self, process: Process) -> Part:
        return GitOps(
            process.access,
            process.caches,
            self.renderer,
            self.git,
            NoCharts(),
            process.clock,
            process.rng,
            known,
            replicas=process.replicas,
        )

    # -- what users do and see -----------------------------------------------------------------------------------------

    def push(self, files: Files) -> None:
        commit = self.git.push(REPO, files)
        self.pushed[commit] = (self.world.clock.now(), files)

    def values(self) -> dict[str, str]:
        found = (obj for obj in self.list(CONFIG_MAPS, "default") if "value" in (obj.get("data") or {}))
        return {obj["metadata"]["name"]: obj["data"]["value"] for obj in found}

    def app(self, name: str = "app") -> JsonObject:
        return self.get(APPLICATIONS, name, "argocd") or {}

    def is_synced(self, name: str = "app", **values: str) -> bool:
        app = self.app(name)
        status = app.get("status") or {}
        phase = (status.get("operationState") or {}).get("phase")
        told = (status.get("sync") or {}).get("status"), phase, app.get("operation")
        return told == ("Synced", "Succeeded", None) and self.values().items() >= values.items()

    def outcome(self) -> object:
        apps = {obj["metadata"]["name"]: self._told(obj) for obj in self.list(APPLICATIONS, "argocd")}
        hooks = sorted(obj["metadata"]["name"] for obj in self.list(JOBS, "default"))
        return {"values": self.values(), "applications": apps, "hooks": hooks}

    def _told(self, app: JsonObject) -> JsonObject:
        status = app.get("status") or {}
        state, history = status.get("operationState") or {}, status.get("history") or []
        return {
            "sync": (status.get("sync") or {}).get("status"),
            "revision": (status.get("sync") or {}).get("revision"),
            "health": (status.get("health") or {}).get("status"),
            "phase": state.get("phase"),
            "synced to": (state.get("syncResult") or {}).get("revision"),
            "busy": "operation" in app,
            "conditions": sorted(item["type"] for item in status.get("conditions") or ()),
            "deployed": history[-1]["revision"] if history else "",
            "ids": [item["id"] for item in history] == list(range(len(history))),
        }

    # -- what no write may do ------------------------------------------------------------------------------------------

    def wrong(self, write: Committed) -> Iterable[str]:
        if write.write.resource.plural == "applications":
            yield from self._claims(write)
        if write.write.resource.plural == "configmaps" and write.after is None:
            name = write.write.key.name
            if (
                self.pushed
                and all(f"conf/{name}.yaml" in files for _, files in self.pushed.values())
                and not self._progress()
            ):
                yield f"{name} was pruned, and Git says it in every revision"
        if write.write.resource.plural == "jobs" and write.before is None and write.after is not None:
            yield from self._hooked(write.after["metadata"]["name"])

    def _progress(self) -> bool:
        """Whether an Application is on its way out, and takes what it brought with it."""
        stored = self.world.caches.cache(APPLICATIONS).list("argocd")
        return not stored or any(app["metadata"].get("deletionTimestamp") for app in stored)

    def _hooked(self, name: str) -> Iterable[str]:
        app = next(iter(self.world.caches.cache(APPLICATIONS).list("argocd")), {})
        state = (app.get("status") or {}).get("operationState") or {}
        began = f"{state.get('startedAt')} {state.get('retryCount')}"
        self.made[name, began] += 1
        if self.made[name, began] > 1 and not self._progress():
            yield f"hook {name} was made twice in one operation"

    def _claims(self, write: Committed) -> Iterable[str]:
        """Synced at a revision: so it was at some moment since that revision is there."""
        sync = ((write.after or {}).get("status") or {}).get("sync") or {}
        if (
            sync.get("status") != "Synced"
            or not write.became("status", "sync")
            or sync.get("revision") not in self.pushed
        ):
            return
        since, files = self.pushed[sync["revision"]]
        wanted = self.wanted(files, write.write.key.name)
        held = [state for at, state in self._states_since(since) if self._matches(state, wanted)]
        if not held:
            yield f"told to be Synced at {sync['revision'][:7]}, where {wanted} is said; it never was since"

    def wanted(self, files: Files, app: str) -> dict[str, str]:
        """The ConfigMaps of a revision, by name; hooks aside."""
        found: dict[str, str] = {}
        for text in files.values():
            for obj in documents(text):
                if obj["kind"] == "ConfigMap":
                    found[obj["metadata"]["name"]] = obj["data"]["value"]
        return found

    def _matches(self, state: dict[str, str], wanted: dict[str, str]) -> bool:
        return state.items() >= wanted.items()

    def _note(self) -> None:
        self.states.append((self.world.clock.now(), self.values()))

    def _states_since(self, moment: datetime) -> list[tuple[datetime, dict[str, str]]]:
        earlier = [item for item in self.states if item[0] < moment]
        return [*earlier[-1:], *(item for item in self.states if item[0] >= moment), (moment, self.values())]


class Synced(ApplicationStory):
    """Waves, a change, a prune, drift that is healed."""

    name = "sync"
    files: ClassVar[Files] = {"conf/a.yaml": config("a", "one"), "conf/b.yaml": config("b", "two", sync_wave="1")}

    def steps(self) -> Iterable[Step]:
        yield lambda: self.push(self.files)
        yield lambda: self.create(APPLICATIONS, application())
        yield lambda: self.is_synced(a="one", b="two")
        yield lambda: self.push({"conf/a.yaml": config("a", "three"), "conf/c.yaml": config("c", "four")})
        yield lambda: self.is_synced(a="three", c="four") and "b" not in self.values()
        yield lambda: self.patch(CONFIG_MAPS, "a", {"data": {"value": "drift"}})
        yield lambda: self.delete(CONFIG_MAPS, "c")
        yield lambda: self.is_synced(a="three", c="four")


class Hooked(ApplicationStory):
    """Hooks around a sync run once for each sync, and are created again by the next."""

    name = "hooks"

    def files(self, value: str) -> Files:
        return {
            "conf/pre.yaml": job("pre", "PreSync"),
            "conf/a.yaml": config("a", value),
            "conf/b.yaml": config("b", value, sync_wave="1"),
            "conf/post.yaml": job("post", "PostSync", "HookSucceeded"),
        }

    def steps(self) -> Iterable[Step]:
        yield lambda: self.push(self.files("one"))
        yield lambda: self.create(APPLICATIONS, application())
        yield lambda: self.is_synced(a="one", b="one")
        yield lambda: self.push(self.files("two"))
        yield lambda: self.is_synced(a="two", b="two")

    def wrong_at_the_end(self) -> Iterable[str]:
        for name in ("pre", "post"):
            if (count := self.jobs.made.count(name)) != 2:
                yield f"hook {name} ran {count} times in two syncs"


class Deleted(ApplicationStory):
    """Hooks before and after, objects wave by wave, and nothing stays."""

    name = "deletion"
    files: ClassVar[Files] = {
        "conf/before.yaml": job("before", "PreDelete"),
        "conf/a.yaml": config("a", "one"),
        "conf/b.yaml": config("b", "two", sync_wave="1"),
        "conf/after.yaml": job("after", "PostDelete", "HookSucceeded"),
    }

    def prepare(self) -> None:
        super().prepare()
        self.gone: list[str] = []
        self.world.caches.cache(CONFIG_MAPS).on_change(self._went)

    def _went(self, old: JsonObject | None, new: JsonObject | None) -> None:
        if old is not None and new is None:
            self.gone.append(old["metadata"]["name"])

    def steps(self) -> Iterable[Step]:
        app = application(syncPolicy={"automated": {}})
        app["metadata"]["finalizers"] = [FINALIZER]
        yield lambda: self.push(self.files)
        yield lambda: self.create(APPLICATIONS, app)
        yield lambda: self.is_synced(a="one", b="two")
        yield lambda: self.delete(APPLICATIONS, "app", "argocd")
        yield lambda: not self.app()

    def wrong_at_the_end(self) -> Iterable[str]:
        if self.gone != ["b", "a"]:
            yield f"deleted in the order {self.gone}"
        if self.jobs.made != ["before", "after"]:
            yield f"hooks made: {self.jobs.made}"


class DependencyIndex(ApplicationStory):
    """One waits for the other, on the way in and on the way out."""

    name = "dependencies"

    def apps(self) -> Iterable[JsonObject]:
        for name, on in (("app", ""), ("front", "app")):
            app = application(name, source={"repoURL": REPO, "path": name, "targetRevision": "main"})
            app["metadata"]["finalizers"] = [FINALIZER]
            app["metadata"]["annotations"] = {"argosy.dev/depends-on": on} if on else {}
            yield app

    def steps(self) -> Iterable[Step]:
        self.order: list[str] = []
        self.world.caches.cache(CONFIG_MAPS).on_change(self._came)
        files = {"app/a.yaml": config("a", "one"), "front/b.yaml": config("b", "two")}
        yield lambda: self.push(files)
        for app in self.apps():
            yield lambda app=app: self.create(APPLICATIONS, app)
        yield lambda: self.is_synced("app", a="one") and self.is_synced("front", b="two")
        yield lambda: self.push({**files, "app/a.yaml": config("a", "three")})
        yield lambda: self.is_synced("app", a="three")
        yield self.delete_both
        yield lambda: not self.app() and not self.app("front")

    def delete_both(self) -> None:
        for name in ("front", "app"):  # in this order: an object that does not exist yet cannot be waited for
            self.delete(APPLICATIONS, name, "argocd")

    def _came(self, old: JsonObject | None, new: JsonObject | None) -> None:
        obj = new or old or {}
        if obj["metadata"]["name"] in ("a", "b") and (old is None or new is None):
            self.order.append(f"{'+' if new else '-'}{obj['metadata']['name']}")

    def wanted(self, files: Files, app: str) -> dict[str, str]:
        return super().wanted({path: text for path, text in files.items() if path.startswith(f"{app}/")}, app)

    def wrong(self, write: Committed) -> Iterable[str]:
        return () if write.write.resource.plural == "configmaps" else super().wrong(write)

    def wrong_at_the_end(self) -> Iterable[str]:
        if self.order != ["+a", "+b", "-b", "-a"]:
            yield f"came and went in the order {self.order}"


class RolledBack(ApplicationStory):
    """A rollback is held until there is a newer revision."""

    name = "rollback"

    def steps(self) -> Iterable[Step]:
        yield lambda: self.push({"conf/a.yaml": config("a", "one")})
        yield lambda: self.create(APPLICATIONS, application())
        yield lambda: self.is_synced(a="one")
        yield lambda: self.push({"conf/a.yaml": config("a", "two"), "conf/b.yaml": config("b", "two")})
        yield lambda: self.is_synced(a="two", b="two")
        yield lambda: self.patch(APPLICATIONS, "app", self.rollback(), "argocd")
        yield lambda: self.values() == {"a": "one"} and "operation" not in self.app()
        yield lambda: self.push({"conf/a.yaml": config("a", "three")})
        yield lambda: self.is_synced(a="three")

    def rollback(self) -> JsonObject:
        first = next(iter(self.pushed))
        operation: Any = {"sync": {"revision": first, "prune": True}, "initiatedBy": {"username": "someone"}}
        return {"operation": operation, "status": {"operationState": None}}


STORIES: tuple[type[Story], ...] = (Synced, Hooked, Deleted, DependencyIndex, RolledBack)

__all__ = ["STORIES", "World"]
