"""The story of hydration: dry commits are rendered onto a branch, each once, and synced from there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from argosy.apis.kubernetes import known
from argosy.gitops import GitOps
from argosy.gitops.keys import APPLICATIONS
from argosy.machinery.objects import JsonObject
from tests.hardship.gitops import ApplicationStory
from tests.kit.gitops import REPO, NoCharts, application, config
from tests.kit.hardship import Committed, Part, Process, Step, Story
from tests.kit.scripted_writer import ScriptedWriter
from tests.kit.world import CONFIG_MAPS


class Hydrated(ApplicationStory):
    """Two Applications share the hydrated branch."""

    name = "hydration"

    def prepare(self) -> None:
        super().prepare()
        self.writer = ScriptedWriter(self.git)
        metadata = {"name": "argocd-cmd-params-cm", "namespace": "argocd"}
        data = {"hydrator.enabled": "true"}
        self.create(CONFIG_MAPS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})

    def start(self, process: Process) -> Part:
        door = process.door(self.writer, "push", "annotate")
        return GitOps(
            process.access,
            process.caches,
            self.renderer,
            self.git,
            NoCharts(),
            process.clock,
            process.rng,
            known,
            writer=lambda: door,
            replicas=process.replicas,
        )

    def an_app(self, name: str) -> JsonObject:
        dry = {"repoURL": REPO, "path": f"dry/{name}", "targetRevision": "main"}
        hydrator = {"drySource": dry, "syncSource": {"targetBranch": "env", "path": f"env/{name}"}}
        made = application(name, sourceHydrator=hydrator)
        del made["spec"]["source"]
        return made

    def steps(self) -> Iterable[Step]:
        yield lambda: self.push(self.files(a="one", b="one"))
        for name in ("a", "b"):
            yield lambda name=name: self.create(APPLICATIONS, self.an_app(name))
        yield lambda: self.is_synced("a", a="one") and self.is_synced("b", b="one")
        yield lambda: self.push(self.files(a="two", b="one"))
        yield lambda: self.is_synced("a", a="two") and self.is_hydrated()

    def files(self, **values: str) -> dict[str, str]:
        return {f"dry/{name}/{name}.yaml": config(name, value) for name, value in values.items()}

    def is_hydrated(self) -> bool:
        dry = list(self.pushed)[-1]
        return all(self.told(name) == ("Hydrated", dry) for name in ("a", "b"))

    def told(self, name: str) -> tuple[str, str]:
        operation = self._operation(self.app(name))
        return str(operation.get("phase")), str(operation.get("drySHA"))

    def _operation(self, app: JsonObject) -> JsonObject:
        found: JsonObject = ((app.get("status") or {}).get("sourceHydrator") or {}).get("currentOperation") or {}
        return found

    def outcome(self) -> object:
        notes = [json.loads(text)["drySha"] for (_, _), text in sorted(self.writer.notes.items())]
        told = {name: self.told(name) for name in ("a", "b")}
        apps = {name: self._told(self.app(name)) for name in ("a", "b")}
        for app in apps.values():  # which commit holds it depends on how many were made on the way
            for name in ("revision", "synced to", "deployed"):
                app.pop(name)
        return {
            "values": self.values(),
            "told": told,
            "last is noted": list(self.pushed)[-1] in notes,
            "apps": apps,
        }

    def wrong(self, write: Committed) -> Iterable[str]:
        if write.write.resource.plural == "applications" and write.after is not None:
            operation = self._operation(write.after)
            commit = str(operation.get("hydratedSHA") or "")
            if operation.get("phase") == "Hydrated" and commit not in [made for _, made in self.writer.pushes]:
                yield f"told to be hydrated as {commit[:7]}, which was never pushed"

    def wrong_at_the_end(self) -> Iterable[str]:
        made = Counter(commit for branch, commit in self.writer.pushes if branch == "env")
        contents = Counter(str(sorted(self.writer._files[commit].items())) for commit in made)
        for count in contents.values():
            if count > 1:
                yield "the same content was committed twice"

    def wanted(self, files: Any, app: str) -> dict[str, str]:
        return {}


STORIES: tuple[type[Story], ...] = (Hydrated,)
