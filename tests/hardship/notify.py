"""The stories of notifications: each is delivered, whatever is refused, lost or killed, and none without its cause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import orjson

from argosy import notify
from argosy.apis import crds
from argosy.machinery.objects import JsonObject, Resource
from argosy.notify.ports import Deliver, Delivered, Undelivered
from argosy.notify.records import read_records
from argosy.notify.settings import NotifySettings
from argosy.notify.state import read_state
from argosy.notify.subjects import APPLICATIONS
from argosy.runtime.engine import Answerer, Engine
from tests.kit.hardship import Part, Process, Step, Story
from tests.kit.world import NAMESPACES, World

CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
CONFIGURATION = {
    "trigger.on-out": "- when: app.status.sync.status == 'OutOfSync'\n  send: [out]\n",
    "trigger.on-new": "- when: app.status?.sync?.revision != nil\n  oncePer: app.status.sync.revision\n  send: [new]\n",
    "template.out": "message: '{{.app.metadata.name}} is out of sync'\n",
    "template.new": "message: '{{.app.metadata.name}} has {{.app.status.sync.revision}}'\n",
    "service.slack": "token: t\n",
}
SUBSCRIPTIONS = {
    "notifications.argoproj.io/subscribe.on-out.slack": "ops",
    "notifications.argoproj.io/subscribe.on-new.slack": "ops;dev",
}


class SharedEngine(Engine):
    def replicas_changed(self) -> None:
        self.wake_all()


class NotifyStory(Story):
    failures = 0
    """How often the service refuses the first deliveries."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.delivered: dict[str, set[str]] = {}
        self.left = self.failures

    @classmethod
    def definitions(cls) -> Sequence[JsonObject]:
        return crds("argo-cd")

    def prepare(self) -> None:
        self.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}})
        metadata = {"name": "argocd-notifications-cm", "namespace": "argocd"}
        config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": CONFIGURATION}
        self.create(CONFIG_MAPS, config_map)

    def start(self, process: Process) -> Part:
        return SharedEngine(
            process.client,
            process.caches,
            process.clock,
            process.rng,
            notify.controllers(NotifySettings(), process.clock.now, bytes),
            {Deliver: Answerer(answer=self.deliver)},
            owns=lambda controller, key: process.owns(key),
        )

    async def deliver(self, question: Deliver) -> Delivered | Undelivered:
        if self.left:
            self.left -= 1
            return Undelivered(message="not now")
        message = orjson.loads(question.content.value)["message"]
        self.delivered.setdefault(question.recipient, set()).add(message)
        return Delivered()

    def app(self) -> JsonObject:
        return self.get(APPLICATIONS, "web", "argocd") or {}

    def annotations(self) -> JsonObject:
        return dict((self.app().get("metadata") or {}).get("annotations") or {})

    def is_quiet(self) -> bool:
        return not read_records(self.annotations())

    def states(self) -> int:
        return len(read_state(self.annotations()))

    def application(self) -> JsonObject:
        return {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": "web", "namespace": "argocd", "annotations": SUBSCRIPTIONS},
            "spec": {
                "project": "default",
                "source": {"repoURL": "https://git.example/team/web.git", "path": "."},
                "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
            },
        }

    def synced(self, status: str, revision: str) -> Step:
        patch = {"status": {"sync": {"status": status, "revision": revision}}}
        return partial(self.patch, APPLICATIONS, "web", patch, "argocd")

    def outcome(self) -> object:
        return sorted(read_state(self.annotations())), self.delivered

    def wrong_at_the_end(self) -> Iterable[str]:
        if not self.is_quiet():
            yield "a delivery is still noted as pending"


class Occurrences(NotifyStory):
    """A condition comes, goes and comes again; two revisions are new for two recipients."""

    name = "occurrences"

    def steps(self) -> Iterable[Step]:
        yield partial(self.create, APPLICATIONS, self.application())
        yield self.synced("OutOfSync", "r1")
        yield lambda: "web is out of sync" in self.delivered.get("ops", ()) and self.is_quiet()
        yield self.synced("Synced", "r1")
        yield lambda: self.states() == 2  # r1 for two recipients, and nothing of on-out any more
        yield self.synced("OutOfSync", "r2")
        yield lambda: "web has r2" in self.delivered.get("dev", ()) and self.is_quiet()


class Refused(NotifyStory):
    """The service takes nothing at first."""

    name = "refused"
    failures = 4

    def steps(self) -> Iterable[Step]:
        yield partial(self.create, APPLICATIONS, self.application())
        yield self.synced("OutOfSync", "r1")
        yield lambda: self.is_quiet() and "web has r1" in self.delivered.get("dev", ())


STORIES: tuple[type[Story], ...] = (Occurrences, Refused)
