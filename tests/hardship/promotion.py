"""The stories of promotion: pipelines with gates, queues with aborts, commits and pull requests in real repositories.

Whatever dies when: no Promotion runs twice or is lost, Freight skips no Stage, no gate is passed that was not opened,
no commit and no pull request is made twice.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

from argosy.apis import crds
from argosy.cli.rooms.promotion_service import SERVICE, configurations
from argosy.cluster.http.assembly import ClusterFront
from argosy.cluster.http.keys import Keys
from argosy.machinery.objects import JsonObject, Resource
from argosy.promotion import Settings, controllers
from argosy.promotion.admission.handling import handler
from argosy.promotion.admission.reading import LiveReading
from argosy.promotion.admission.review import Reviewer
from argosy.promotion.answering import Answering, answering
from argosy.promotion.kinds import ANALYSIS_RUNS, APPLICATIONS, FREIGHT, PROMOTIONS, STAGES
from argosy.promotion.warehouses.questions import Discover, Found
from argosy.runtime.engine import Answerer, Engine
from argosy.sources.egress import Egress, EgressPolicy
from argosy.sources.git.mirror.settings import GitSettings
from argosy.sources.git.remote import GitMirrors
from argosy.sources.hosting.repositories import Repositories
from argosy.sources.hosting.serving import Serving
from tests.kit.forge import Forge
from tests.kit.hardship import Committed, Part, Process, Step, Story
from tests.kit.promotion import AUTHOR, CONTROL_PLANE, CONTROLLER
from tests.kit.world import NAMESPACES, World

PROJECT = "demo"
KEYS = Keys.make(datetime.now(UTC))  # noqa: TID251  (certificates live in real time)
TERMINAL = ("Succeeded", "Failed", "Errored", "Aborted")
ORDER = ("", "Pending", "Running")
KARGO = "kargo.akuity.io/v1alpha1"
DIRECT = {"origin": {"kind": "Warehouse", "name": "w"}, "sources": {"direct": True}}


@cache
def definitions() -> tuple[JsonObject, ...]:
    return tuple(crds("kargo", "rollouts", "argo-cd"))


class SharedEngine(Engine):
    def replicas_changed(self) -> None:
        self.wake_all()


def kargo(kind: str, name: str, spec: JsonObject | None = None, **metadata: Any) -> JsonObject:
    namespaced = {} if kind == "Project" else {"namespace": PROJECT}
    shape: JsonObject = {"apiVersion": KARGO, "kind": kind, "metadata": {"name": name, **namespaced, **metadata}}
    return {**shape, "spec": spec} if spec is not None else shape


def resource(kind: str) -> Resource:
    plural = {"ProjectConfig": "projectconfigs"}.get(kind, f"{kind.lower()}s")
    return Resource("kargo.akuity.io", "v1alpha1", plural, kind, namespaced=kind != "Project")


class PromotionStory(Story):
    settings = Settings()
    patience = timedelta(hours=12)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.directory = Path(tempfile.mkdtemp(prefix="hardship-"))
        self.commits: list[str] = []
        """What there is to discover, newest first."""
        self.answerings: list[Answering] = []
        self.egress = Egress(EgressPolicy(allow_loopback=True))
        self.mirrors = GitMirrors(self.directory / "mirrors", world.clock, GitSettings(allow_local=True))
        self.running: dict[str, str] = {}
        self.verified_at: dict[tuple[str, str], str] = {}

    # -- the room --------------------------------------------------------------------------------------------------

    @classmethod
    def definitions(cls) -> Sequence[JsonObject]:
        return definitions()

    def prepare(self) -> None:
        for name in ("argocd", "kargo", "kargo-shared-resources", "kargo-system-resources"):
            self.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        world = self.world
        ClusterFront(world.cluster, KEYS)  # it answers who may do what
        reading = LiveReading(world.cluster.client(CONTROLLER, ("system:masters",)))
        ours = rf"{CONTROL_PLANE}|system:world"
        reviewer = Reviewer(reading, world.clock, world.rng.fork("admission"), control_plane=ours)
        world.cluster.service_handlers.add_service("kargo", SERVICE, "", handler(reviewer))
        for configuration in configurations("kargo"):
            kind = configuration["kind"]
            plural = f"{kind.lower()}s"
            self.create(Resource("admissionregistration.k8s.io", "v1", plural, kind, namespaced=False), configuration)
        for kind in (FREIGHT, PROMOTIONS, STAGES, ANALYSIS_RUNS, APPLICATIONS):
            world.caches.cache(kind)
        self.create(resource("Project"), kargo("Project", PROJECT))

    def start(self, process: Process) -> Part:
        """Every other process finds the working directories of the one before: a pod that was moved has lost them."""
        place = self.directory / f"work-{process.number // 2}"
        made = answering(self.settings, process.clock, process.rng, place, self.mirrors, self.egress, allow_local=True)
        self.answerings.append(made)
        return SharedEngine(
            process.client,
            process.caches,
            process.clock,
            process.rng,
            controllers(self.settings),
            {**made.answerers, **self.answerers()},
            owns=lambda controller, key: process.owns(key),
        )

    def answerers(self) -> dict[Any, Answerer]:
        return {Discover: Answerer(answer=self._discover)}

    async def _discover(self, question: Discover) -> Found:
        body = json.loads(question.body)
        commits = [{"id": one, "branch": "main", "subject": one[:7]} for one in self.commits]
        return Found({"repoURL": body["repoURL"], "commits": commits})

    def close(self) -> None:
        for made in self.answerings:
            made.close()
        self.world.run(self.egress.close())
        self.mirrors.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    # -- what users do ---------------------------------------------------------------------------------------------

    def make(self, kind: str, name: str, spec: JsonObject) -> None:
        self.create(resource(kind), kargo(kind, name, spec))

    def warehouse(self, url: str = "https://git.example.com/app.git") -> None:
        subscription = {"git": {"repoURL": url, "branch": "main"}}
        self.make("Warehouse", "w", {"interval": "24h", "subscriptions": [subscription]})

    def stage(self, name: str, *steps: JsonObject, after: str = "", **more: Any) -> None:
        request: JsonObject = DIRECT
        if after:
            sources = {"stages": [after], **({"requiredSoakTime": more.pop("soak")} if "soak" in more else {})}
            request = {**DIRECT, "sources": sources}
        template = {"promotionTemplate": {"spec": {"steps": list(steps)}}}
        self.make("Stage", name, {"requestedFreight": [request], **template, **more})

    def auto(self, *stages: str) -> None:
        policies = [{"stageSelector": {"name": name}, "autoPromotionEnabled": True} for name in stages]
        self.make("ProjectConfig", PROJECT, {"promotionPolicies": policies})

    def commit(self, number: int) -> None:
        self.commits.insert(0, f"{number}" * 40)
        self.refresh(number)

    def refresh(self, number: int) -> None:
        patch = {"metadata": {"annotations": {"kargo.akuity.io/refresh": f"{number}"}}}
        self.patch(resource("Warehouse"), "w", patch, PROJECT)

    # -- what users see --------------------------------------------------------------------------------------------

    def held(self, stage: str) -> str:
        """The subject of the commit that the Stage holds; "" for none."""
        history = self.status(stage).get("freightHistory") or [{}]
        items = (history[0].get("items") or {}).values()
        return next((one["commits"][0].get("message") or "" for one in items), "")

    def status(self, stage: str) -> JsonObject:
        return (self.get(STAGES, stage, PROJECT) or {}).get("status") or {}

    def verified(self, stage: str) -> list[str]:
        found = (
            one for one in self.list(FREIGHT, PROJECT) if stage in ((one.get("status") or {}).get("verifiedIn") or {})
        )
        return sorted(one["commits"][0].get("message") or "" for one in found)

    def promotions(self, stage: str = "") -> list[JsonObject]:
        return [one for one in self.list(PROMOTIONS, PROJECT) if stage in ("", one["spec"]["stage"])]

    def phases(self, stage: str) -> list[str]:
        return [str((one.get("status") or {}).get("phase") or "") for one in self.promotions(stage)]

    def runs(self) -> list[JsonObject]:
        return self.list(ANALYSIS_RUNS, PROJECT)

    # -- what must hold --------------------------------------------------------------------------------------------

    def wrong(self, write: Committed) -> Iterable[str]:
        if write.write.resource == PROMOTIONS and write.after is not None:
            yield from self._wrong_promotion(write.before, write.after)
        if write.write.resource == FREIGHT and write.after is not None:
            yield from self._wrong_freight(write.after)

    def _wrong_promotion(self, before: JsonObject | None, after: JsonObject) -> Iterable[str]:
        old = str(((before or {}).get("status") or {}).get("phase") or "")
        new = str((after.get("status") or {}).get("phase") or "")
        name, stage = after["metadata"]["name"], after["spec"]["stage"]
        if old in TERMINAL and new != old:
            yield f"{name} left {old} for {new}"
        if old in ORDER and new in ORDER and ORDER.index(new) < ORDER.index(old):
            yield f"{name} went back from {old} to {new}"
        if new == "Running" and self.running.get(stage, name) != name:
            yield f"{name} runs in {stage} beside {self.running[stage]}"
        if new == "Running":
            self.running[stage] = name
        elif self.running.get(stage) == name:
            del self.running[stage]
        if old != "Running" and new == "Running":
            yield from self._wrong_start(after)

    def _wrong_start(self, promotion: JsonObject) -> Iterable[str]:
        """Freight skips no Stage: when it is promoted, the one before has verified it."""
        stage = self.get(STAGES, promotion["spec"]["stage"], PROJECT) or {}
        wanted = [name for one in stage["spec"]["requestedFreight"] for name in one["sources"].get("stages") or ()]
        piece = self.get(FREIGHT, promotion["spec"]["freight"], PROJECT) or {}
        verified = (piece.get("status") or {}).get("verifiedIn") or {}
        for name in wanted:
            if name not in verified:
                yield f"{promotion['metadata']['name']} runs, though {name} has not verified its Freight"

    def _wrong_freight(self, piece: JsonObject) -> Iterable[str]:
        for stage, found in ((piece.get("status") or {}).get("verifiedIn") or {}).items():
            place = (piece["metadata"]["name"], stage)
            if self.verified_at.setdefault(place, found["verifiedAt"]) != found["verifiedAt"]:
                yield f"verifiedAt of {place} has moved"
            yield from self._wrong_gate(piece, stage)

    def _wrong_gate(self, piece: JsonObject, stage: str) -> Iterable[str]:
        """Where analysis verifies, a run of this Freight must have been successful."""
        if not ((self.get(STAGES, stage, PROJECT) or {}).get("spec") or {}).get("verification"):
            return
        passed = [
            run
            for run in self.runs()
            if (run.get("status") or {}).get("phase") == "Successful"
            and run["metadata"]["labels"]["kargo.akuity.io/stage"] == stage
            and any(owner["name"] == piece["metadata"]["name"] for owner in run["metadata"]["ownerReferences"])
        ]
        if not passed:
            yield f"{piece['metadata']['name']} is verified in {stage} without a successful analysis"

    def wrong_at_the_end(self) -> Iterable[str]:
        if unfinished := [
            one["metadata"]["name"] for one in self.promotions() if one["status"]["phase"] not in TERMINAL
        ]:
            yield f"never ended: {unfinished}"


class Pipeline(PromotionStory):
    """Test with an analysis, then production after a soak time, by an Application; a second commit fails."""

    name = "pipeline"

    def prepare(self) -> None:
        super().prepare()
        self.create(APPLICATIONS, self._application())

    def _application(self) -> JsonObject:
        annotations = {"kargo.akuity.io/authorized-stage": f"{PROJECT}:prod"}
        metadata = {"name": "app", "namespace": "argocd", "annotations": annotations}
        source = {"repoURL": "https://git.example.com/app.git", "path": "env", "targetRevision": "main"}
        spec = {"project": "default", "source": source, "destination": {"namespace": "default", "name": "in-cluster"}}
        return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata, "spec": spec}

    def steps(self) -> Iterable[Step]:
        template = Resource("argoproj.io", "v1alpha1", "analysistemplates", "AnalysisTemplate")
        metric = {"name": "m", "provider": {"prometheus": {"address": "http://p", "query": "up"}}}
        shape = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate", "spec": {"metrics": [metric]}}
        yield lambda: bool(self.get(NAMESPACES, PROJECT))
        yield partial(self.create, template, {**shape, "metadata": {"name": "check", "namespace": PROJECT}})
        yield partial(self.auto, "test", "prod")
        self.commits.insert(0, "1" * 40)
        yield self.warehouse
        verification = {"analysisTemplates": [{"name": "check"}]}
        compose = {"uses": "compose-output", "as": "out", "config": {"id": "${{ ctx.targetFreight.name }}"}}
        sync = {"uses": "argocd-update", "config": {"apps": [{"name": "app"}]}}
        yield partial(self.stage, "test", compose, verification=verification)
        yield partial(self.stage, "prod", compose, sync, after="test", soak="1h")
        yield lambda: len(self.runs()) == 1
        yield partial(self._judge, "Successful")
        yield lambda: self._operation() is not None
        yield self._sync
        yield lambda: self.verified("prod") == ["1111111"]
        yield partial(self.commit, 2)
        yield lambda: len(self.runs()) == 2
        yield partial(self._judge, "Failed")

    def _judge(self, phase: str) -> None:
        for run in self.runs():
            if not (run.get("status") or {}).get("phase"):
                status = {"phase": phase, "completedAt": self._now()}
                self.patch(ANALYSIS_RUNS, run["metadata"]["name"], {"status": status}, PROJECT)

    def _now(self) -> str:
        return f"{self.world.clock.now():%Y-%m-%dT%H:%M:%SZ}"

    def _operation(self) -> JsonObject | None:
        found: JsonObject | None = (self.get(APPLICATIONS, "app", "argocd") or {}).get("operation")
        return found

    def _sync(self) -> None:
        """As the GitOps room would."""
        operation = self._operation()
        done = {"operation": operation, "phase": "Succeeded", "startedAt": self._now(), "finishedAt": self._now()}
        done["syncResult"] = {"revision": "1" * 40}
        status = {"operationState": done, "reconciledAt": self._now(), "health": {"status": "Healthy"}}
        status["sync"] = {"status": "Synced", "revision": "1" * 40}
        self.patch(APPLICATIONS, "app", {"operation": None, "status": status}, "argocd")

    def outcome(self) -> object:
        return {
            "test": (self.held("test"), self.verified("test"), sorted(self.phases("test"))),
            "prod": (self.held("prod"), self.verified("prod"), sorted(self.phases("prod"))),
            "runs": sorted(str((run.get("status") or {}).get("phase")) for run in self.runs()),
        }


class Queue(PromotionStory):
    """A person requests four Promotions at once and aborts a waiting one: the others run, in their order."""

    name = "queue"

    def steps(self) -> Iterable[Step]:
        yield lambda: bool(self.get(NAMESPACES, PROJECT))
        self.commits.insert(0, "1" * 40)
        yield self.warehouse
        yield lambda: len(self.list(FREIGHT, PROJECT)) == 1
        yield partial(self.commit, 2)
        yield lambda: len(self.list(FREIGHT, PROJECT)) == 2
        compose = {"uses": "compose-output", "as": "out", "config": {"id": "${{ ctx.targetFreight.name }}"}}
        yield partial(self.stage, "test", compose)
        yield lambda: self.get(STAGES, "test", PROJECT) is not None
        for number in (1, 2, 1, 2):
            yield partial(self._promote, number)
        yield self._abort
        yield lambda: all(phase in TERMINAL for phase in self.phases("test")) and len(self.phases("test")) == 4
        yield lambda: bool(self.status("test").get("lastPromotion"))

    def _promote(self, number: int) -> None:
        freight = {one["commits"][0]["id"][0]: one["metadata"]["name"] for one in self.list(FREIGHT, PROJECT)}
        body = kargo("Promotion", "p", {"stage": "test", "freight": freight[str(number)], "steps": [{"uses": "x"}]})
        body["metadata"] = {"generateName": "p-", "namespace": PROJECT}
        self.create(PROMOTIONS, body)

    def _abort(self) -> None:
        last = sorted(one["metadata"]["name"] for one in self.promotions("test"))[2]
        patch = {"metadata": {"annotations": {"kargo.akuity.io/abort": "terminate"}}}
        self.patch(PROMOTIONS, last, patch, PROJECT)

    def outcome(self) -> object:
        return {
            "held": self.held("test"),
            "verified": "2222222" in self.verified("test"),
            "ended": all(phase in TERMINAL for phase in self.phases("test")),
            "count": len(self.promotions("test")),
            "current": self.status("test").get("currentPromotion"),
        }

    def wrong_at_the_end(self) -> Iterable[str]:
        yield from super().wrong_at_the_end()
        done = [one for one in self.promotions("test") if one["status"]["phase"] == "Succeeded"]
        started = [one["status"]["startedAt"] for one in sorted(done, key=lambda one: str(one["metadata"]["name"]))]
        if started != sorted(started):
            yield f"they ran in another order than they were asked for: {started}"
        history = self.status("test").get("freightHistory") or []
        if len(history) != len(done):
            yield f"{len(done)} Promotions succeeded, and {len(history)} are remembered"


class Commits(PromotionStory):
    """Real repositories: a change is committed to a branch for test, and reaches production by a pull request."""

    name = "commits"
    every = 7

    def __init__(self, world: World) -> None:
        super().__init__(world)
        hosts = self.directory / "hosts"
        hosts.mkdir()
        self.forge = Forge(hosts)
        self.hosting = Serving([self.forge.application(Repositories(hosts))])
        (self.port,) = self.hosting.__enter__()
        self.forge.base = f"http://127.0.0.1:{self.port}"
        Repositories(hosts).create("team/config")
        self.bare = hosts / "team" / "config.git"
        self._seed()

    @property
    def url(self) -> str:
        return f"{self.forge.base}/team/config.git"

    def _seed(self) -> None:
        copy = self.directory / "copy"
        self._git("clone", "--quiet", str(self.bare), str(copy), at=self.directory)
        (copy / "values.yaml").write_text("image:\n  tag: none  # set by promotion\n")
        for branch in ("main", "env/test", "env/prod"):
            self._git("checkout", "--quiet", "-B", branch, at=copy)
            if branch == "main":
                self._git("add", "--all", at=copy)
                self._git("commit", "--quiet", "-m", "first", at=copy)
            self._git("push", "--quiet", "origin", branch, at=copy)

    def _git(self, *arguments: str, at: Path | None = None) -> str:
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.directory), **AUTHOR}
        command = ["git", *arguments]
        done = subprocess.run(command, cwd=at or self.bare, capture_output=True, check=True, env=environment)
        return done.stdout.decode()

    def log(self, branch: str) -> list[str]:
        return self._git("log", "--format=%s", branch).splitlines()

    def close(self) -> None:
        self.hosting.__exit__()
        super().close()

    def _edited(self, branch: str) -> list[JsonObject]:
        checkout = [{"branch": branch, "path": "./src"}]
        update = {"key": "image.tag", "value": "${{ ctx.targetFreight.name }}"}
        message = "${{ ctx.stage }} " + "${{ ctx.promotion }}"
        return [
            {"uses": "git-clone", "config": {"repoURL": self.url, "checkout": checkout}},
            {"uses": "yaml-update", "config": {"path": "./src/values.yaml", "updates": [update]}},
            {"uses": "git-commit", "config": {"path": "./src", "message": message}},
        ]

    def steps(self) -> Iterable[Step]:
        yield lambda: bool(self.get(NAMESPACES, PROJECT))
        yield partial(self.auto, "test", "prod")
        self.commits.insert(0, "1" * 40)
        yield self.warehouse
        yield partial(self.stage, "test", *self._edited("env/test"), {"uses": "git-push", "config": {"path": "./src"}})
        push = {"uses": "git-push", "as": "push", "config": {"path": "./src", "generateTargetBranch": True}}
        proposal = {"repoURL": self.url, "provider": "gitea", "targetBranch": "env/prod"}
        branch = {"sourceBranch": "${{ outputs.push.branch }}"}
        opens = {"uses": "git-open-pr", "as": "open", "config": {**proposal, **branch}}
        awaited = {"repoURL": self.url, "provider": "gitea", "prNumber": "${{ outputs.open.pr.id }}"}
        waits = {"uses": "git-wait-for-pr", "config": awaited}
        yield partial(self.stage, "prod", *self._edited("env/prod"), push, opens, waits, after="test")
        yield lambda: len(self.forge.pulls) == 1 and self.phases("prod") == ["Running"]
        yield partial(self.forge.merge, 1)
        yield lambda: self.verified("prod") == ["1111111"]
        yield partial(self.commit, 2)
        yield lambda: len(self.forge.pulls) == 2
        yield partial(self.forge.merge, 2)
        yield lambda: self.verified("prod") == ["1111111", "2222222"]

    def outcome(self) -> object:
        return {
            "test": (self.held("test"), self.phases("test")),
            "prod": (self.held("prod"), self.phases("prod")),
            "pulls": len(self.forge.pulls),
            "branches": (len(self.log("env/test")), len(self.log("env/prod"))),
        }

    def wrong_at_the_end(self) -> Iterable[str]:
        yield from super().wrong_at_the_end()
        for branch in ("env/test", "env/prod"):
            counted = Counter(subject for subject in self.log(branch) if not subject.startswith("Merge"))
            if doubled := [subject for subject, count in counted.items() if count > 1]:
                yield f"{branch} has a commit twice: {doubled}"


STORIES: tuple[type[Story], ...] = (Pipeline, Queue, Commits)
