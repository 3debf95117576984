"""Promotion in virtual time: the room's controllers, its admission, and real repositories on this machine.

with PromotionWorld(tmp_path) as world:
    world.write("repo", {"a.txt": "x"})
    world.project("demo")
    world.make("Warehouse", "w", {...})
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import yaml

from argosy.apis import crds
from argosy.cli.rooms.promotion_service import SERVICE, configurations
from argosy.cluster.http.assembly import ClusterFront
from argosy.cluster.http.keys import Keys
from argosy.machinery.controller import Controller, Question
from argosy.machinery.objects import JsonObject, Key, Kind, Resource, resource_of
from argosy.machinery.requests import Write
from argosy.promotion import Settings, controllers
from argosy.promotion.admission.handling import handler
from argosy.promotion.admission.reading import LiveReading
from argosy.promotion.admission.review import Reviewer
from argosy.promotion.answering import Answering, answering
from argosy.promotion.kinds import FREIGHT, PROJECT_CONFIGS, PROJECTS, PROMOTIONS, STAGES, WAREHOUSES
from argosy.promotion.promotions.questions import RunStep
from argosy.promotion.webhooks.deliveries import Receiving
from argosy.promotion.webhooks.delivery import Delivery
from argosy.render.cache import RenderCache
from argosy.render.inputs import AnswerBook
from argosy.render.renderer import WorkerRenderer
from argosy.render.workers.pool import RenderPool
from argosy.runtime.client import Client
from argosy.runtime.engine import Answerer
from argosy.sources.egress import Egress, EgressPolicy
from argosy.sources.git.mirror.settings import GitSettings
from argosy.sources.git.remote import GitMirrors
from argosy.sources.hosting.registry import MemoryRegistry
from argosy.sources.hosting.repositories import Repositories
from argosy.sources.hosting.serving import Serving
from tests.kit.engine import EngineWorld
from tests.kit.verbs import verbs

CONTROLLER = "system:serviceaccount:kargo:kargo-controller"
CONTROL_PLANE = r"system:serviceaccount:kargo:.*"
AUTHOR = {
    "GIT_AUTHOR_NAME": "Dana Dev",
    "GIT_AUTHOR_EMAIL": "dana@example.com",
    "GIT_COMMITTER_NAME": "Dana Dev",
    "GIT_COMMITTER_EMAIL": "dana@example.com",
}


class PromotionWorld(EngineWorld):
    def __init__(
        self,
        directory: Path,
        *,
        settings: Settings | None = None,
        seed: int = 7,
        more: Iterable[Controller[Any]] = (),
        answerers: Mapping[type[Question[Any]], Answerer] | None = None,
        wrap: Callable[[Client], Client] = lambda client: client,
        slow: Callable[[RunStep], Awaitable[None]] | None = None,
        renders: bool = False,
    ) -> None:
        """`more`: controllers of other rooms, with their `answerers`. `slow` passes virtual time before a step runs.

        `renders`: with worker processes for the steps that render.
        """
        self._slow, self._renders = slow, renders
        self._pool: RenderPool | None = None
        self.renderer: WorkerRenderer | None = None
        self.settings = settings or Settings()
        self.directory = directory
        self._more_answerers = dict(answerers or {})
        self.answering: Answering
        super().__init__(
            [*controllers(self.settings), *more],
            self._more_answerers,
            seed=seed,
            crds=crds("kargo", "rollouts", "argo-cd"),
            namespaces=("argocd", "kargo", "kargo-shared-resources", "kargo-system-resources"),
            wrap=lambda _: wrap(self.cluster.client(CONTROLLER, ("system:masters",))),
        )

    def __enter__(self) -> Self:
        egress = Egress(EgressPolicy(allow_loopback=True))
        mirrors = GitMirrors(self.directory / "mirrors", self.clock, GitSettings(allow_local=True))
        self._pool, self.renderer = self._renderer() if self._renders else (None, None)
        self.answering = answering(
            self.settings,
            self.clock,
            self.rng,
            self.directory / "work",
            mirrors,
            egress,
            self.renderer,
            allow_local=True,
        )
        self._egress, self.mirrors = egress, mirrors
        self._answerers = {**self.answering.answerers, RunStep: self._running(), **self._more_answerers}
        self.registry, hosts = MemoryRegistry(), Repositories(self.directory)
        self._serving = Serving([hosts.application(), self.registry.application()])
        self.git_port, self.registry_port = self._serving.__enter__()
        super().__enter__()
        self.front = ClusterFront(self.cluster, Keys.make(datetime.now(UTC)))  # noqa: TID251  (certificates live in real time)
        self.kubectl = verbs(self.cluster.client("kubernetes-admin", ("system:masters",)))
        reviewer = Reviewer(
            LiveReading(self.cluster.client(CONTROLLER, ("system:masters",))),
            self.clock,
            self.rng.fork("admission"),
            control_plane=CONTROL_PLANE,
        )
        self.cluster.service_handlers.add_service("kargo", SERVICE, "", handler(reviewer))
        for configuration in configurations("kargo"):
            self.create(configuration)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.kill()
        self.run(self._egress.close())
        self.mirrors.close()
        if self._pool is not None:
            self._pool.close()
        self.answering.close()
        self._serving.__exit__(*exc_info)
        super().__exit__(*exc_info)

    def _renderer(self) -> tuple[RenderPool, WorkerRenderer]:
        book = AnswerBook()
        pool = RenderPool(self.clock, book, size=1)
        return pool, WorkerRenderer(pool, RenderCache(b"k" * 32), book, self.clock)

    def _running(self) -> Answerer:
        given, slow = self.answering.answerers[RunStep], self._slow
        if slow is None:
            return given

        async def answer(question: RunStep) -> Any:
            await slow(question)
            return await given.answer(question)

        return replace(given, answer=answer)

    # -- repositories ------------------------------------------------------------------------------------------------

    def repository(self, name: str) -> str:
        path = self.directory / f"{name}.git"
        if not path.exists():
            git(self.directory, "init", "--quiet", "--bare", "--initial-branch=main", str(path))
        return f"http://127.0.0.1:{self.git_port}/{name}.git"

    def write(
        self,
        name: str,
        files: Mapping[str, str | None],
        *,
        message: str = "change",
        branch: str = "main",
        tags: Iterable[str] = (),
    ) -> str:
        """Commits to a branch and pushes; the commit's id."""
        self.repository(name)
        copy = self.directory / f"{name}-copy"
        if not copy.exists():
            git(self.directory, "clone", "--quiet", str(self.directory / f"{name}.git"), str(copy))
        git(copy, "fetch", "--quiet", "origin")
        if git(copy, "branch", "-r", "--list", f"origin/{branch}").strip():
            git(copy, "checkout", "--quiet", "-B", branch, f"origin/{branch}")
        else:
            git(copy, "checkout", "--quiet", "-B", branch)
        for path, text in files.items():
            place = copy / path
            if text is None:
                place.unlink()
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        git(copy, "add", "--all")
        git(copy, "commit", "--quiet", "--allow-empty", "-m", message, **self._dates())
        for tag in tags:
            git(copy, "tag", tag)
        git(copy, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}", *(f"refs/tags/{tag}" for tag in tags))
        return git(copy, "rev-parse", "HEAD").strip()

    def _dates(self) -> dict[str, str]:
        now = f"{int(self.clock.now().timestamp())} +0000"
        return {"GIT_AUTHOR_DATE": now, "GIT_COMMITTER_DATE": now}

    def read(self, name: str, path: str, revision: str = "main") -> str:
        return git(self.directory / f"{name}.git", "show", f"{revision}:{path}")

    def log(self, name: str, revision: str = "main") -> list[str]:
        return git(self.directory / f"{name}.git", "log", "--format=%s", revision).splitlines()

    def get(self, kind: Kind, key: Key) -> JsonObject | None:
        """Straight from the store, so that goals may ask, too."""
        return next((one for one in self.list(kind, key.namespace) if one["metadata"]["name"] == key.name), None)

    def list(self, kind: Kind, namespace: str = "") -> tuple[JsonObject, ...]:
        resource = resource_of(kind)
        return tuple(entry.obj for entry in self.cluster.store.table(resource.group, resource.plural).scan(namespace))

    # -- objects -----------------------------------------------------------------------------------------------------

    def user(self, manifests: str, namespace: str = "demo") -> Sequence[JsonObject]:
        """Created by a user, one by one. Raises StatusError."""
        made = []
        for document in yaml.safe_load_all(manifests):
            resource = self.resource(document)
            if resource.namespaced:
                document["metadata"].setdefault("namespace", namespace)
            made.append(self.run(self.kubectl.create(resource, document)))
        return made

    def project(self, name: str = "demo") -> None:
        self.user(f"apiVersion: kargo.akuity.io/v1alpha1\nkind: Project\nmetadata: {{name: {name}}}\n")
        self.run_until(lambda: self.condition(PROJECTS, name, "Ready", "") == "True")

    def make(self, kind: str, name: str, spec: JsonObject, namespace: str = "demo") -> JsonObject:
        metadata = {"name": name, "namespace": namespace}
        obj = {"apiVersion": "kargo.akuity.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}
        return self.run(self.kubectl.create(self.resource(obj), obj))

    def promote(self, stage: str, freight: str, namespace: str = "demo", client: Client | None = None) -> str:
        body = {
            "apiVersion": "kargo.akuity.io/v1alpha1",
            "kind": "Promotion",
            "metadata": {"generateName": "p-", "namespace": namespace},
            "spec": {"stage": stage, "freight": freight, "steps": [{"uses": "x"}]},
        }
        made = self.run((verbs(client) if client else self.kubectl).create(PROMOTIONS, body))
        return str(made["metadata"]["name"])

    def built(self, stage: str, freight: str, namespace: str = "demo") -> JsonObject:
        """As admission builds it, without making it."""
        spec = {"stage": stage, "freight": freight, "steps": [{"uses": "x"}]}
        body = {
            "apiVersion": "kargo.akuity.io/v1alpha1",
            "kind": "Promotion",
            "metadata": {"generateName": "p-", "namespace": namespace},
            "spec": spec,
        }
        write = Write(verb="create", resource=PROMOTIONS, key=Key(namespace, ""), body=body, dry_run=True)
        return self.run(self.cluster.client("kubernetes-admin", ("system:masters",)).write(write))

    def deliver(self, project: str, receiver: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        """To the path that is published for it; (status, body)."""
        config = self.get(PROJECT_CONFIGS, Key(project, project)) or {}
        published = (config.get("status") or {}).get("webhookReceivers") or ()
        path = next(one["path"] for one in published if one["name"] == receiver)
        receiving = Receiving(
            self.cluster.client(CONTROLLER, ("system:masters",)), self.clock, "kargo-system-resources"
        )
        reply = self.run(receiving.answer(path, Delivery(headers=headers, body=body)))
        return reply.status, json.dumps(reply.body, separators=(",", ":"))

    def condition(self, kind: Resource, name: str, type_: str, namespace: str = "demo") -> str:
        found = self.get(kind, Key(namespace, name))
        conditions = ((found or {}).get("status") or {}).get("conditions") or ()
        return next((str(one["status"]) for one in conditions if one["type"] == type_), "")

    def phase(self, promotion: str, namespace: str = "demo") -> str:
        found = self.get(PROMOTIONS, Key(namespace, promotion)) or {}
        return str((found.get("status") or {}).get("phase") or "")

    def freight(self, namespace: str = "demo") -> Sequence[str]:
        """Names, oldest first."""
        found = sorted(self.list(FREIGHT, namespace), key=lambda one: one["metadata"]["creationTimestamp"])
        return [str(one["metadata"]["name"]) for one in found]

    def stage(self, name: str, namespace: str = "demo") -> JsonObject:
        found = self.get(STAGES, Key(namespace, name))
        assert found is not None
        return found

    def warehouse(self, name: str, url: str, namespace: str = "demo", **more: Any) -> None:
        git_subscription = {"repoURL": url, "branch": "main"}
        self.make(
            "Warehouse", name, {"interval": "1h", "subscriptions": [{"git": git_subscription}], **more}, namespace
        )
        self.run_until(lambda: self.condition(WAREHOUSES, name, "Ready", namespace) == "True")


def git(directory: Path, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(directory), **AUTHOR, **environment},
    )
    return done.stdout
