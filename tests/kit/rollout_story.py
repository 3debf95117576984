"""Plays a story of a Rollout in virtual time: objects, rules, the commands of users, and what was seen of it.

The layout is that of the recorded timelines (data/rollouts/timelines/README.md): actions in order; `wait` until an
object has given values and then is quiet. Kept is every distinct state of every object, and the Events in order.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any, Self
from urllib.parse import urlsplit

from argosy import analysis
from argosy.analysis.ports import Answer, Broken, Measure
from argosy.analysis.providers import web
from argosy.analysis.providers.calling import CannotMeasure, asked
from argosy.apis import crds
from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read
from argosy.machinery.api import PatchType, WatchEvent
from argosy.machinery.controller import Controller, Event, Question
from argosy.machinery.objects import Key, Resource, key_of
from argosy.machinery.requests import Watch, Write
from argosy.machinery.status import StatusError
from argosy.rollouts import RolloutSettings, controllers
from argosy.rollouts.commands import changes, create_run, images, promote, undo
from argosy.rollouts.resources import ANALYSIS_TEMPLATES
from argosy.runtime.client import Client
from argosy.runtime.clients.wrapping import WrappingClient
from argosy.runtime.clock import Clock
from argosy.runtime.engine import Answerer
from argosy.runtime.engine.writer import Writer
from tests.kit.engine import EngineWorld

Json = dict[str, Any]
NAMESPACE = "story"
QUIET = 1.2
GLANCE = 0.1
"""Seconds between two looks for changes."""
QUIET_WITHIN = 30.0
"""Seconds: what never becomes quiet is left at that."""
COMMAND = 0.15
"""Seconds that a command takes until the next one can begin."""
ROLLOUTS = Resource("argoproj.io", "v1alpha1", "rollouts", "Rollout")
EXPERIMENTS = Resource("argoproj.io", "v1alpha1", "experiments", "Experiment")
RUNS = Resource("argoproj.io", "v1alpha1", "analysisruns", "AnalysisRun")
REPLICA_SETS = Resource("apps", "v1", "replicasets", "ReplicaSet")
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
WRITE_TAKES = 0.005
"""Seconds until a controller hears what came of a write: the workloads react meanwhile, as on a real cluster."""
NEWS_TAKES = 0.0005
"""Seconds until a controller hears of a change: those of the cluster itself are quicker."""
ANSWER_TAKES = 0.002
"""Seconds that a metric server takes."""
SCHEMALESS = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
ROUTERS = (
    ("networking.istio.io", "v1alpha3", "virtualservices", "VirtualService"),
    ("networking.istio.io", "v1alpha3", "destinationrules", "DestinationRule"),
    ("split.smi-spec.io", "v1alpha1", "trafficsplits", "TrafficSplit"),
    ("apisix.apache.org", "v2", "apisixroutes", "ApisixRoute"),
    ("traefik.io", "v1alpha1", "traefikservices", "TraefikService"),
    ("getambassador.io", "v2", "mappings", "Mapping"),
    ("appmesh.k8s.aws", "v1beta2", "virtualservices", "VirtualService"),
    ("appmesh.k8s.aws", "v1beta2", "virtualrouters", "VirtualRouter"),
    ("appmesh.k8s.aws", "v1beta2", "virtualnodes", "VirtualNode"),
    ("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute"),
    ("elbv2.k8s.aws", "v1beta1", "targetgroupbindings", "TargetGroupBinding"),
)


def router_crds() -> list[Json]:
    return [
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{group}", "annotations": {"api-approved.kubernetes.io": "unapproved"}},
            "spec": {
                "group": group,
                "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
                "scope": "Namespaced",
                "versions": [
                    {"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": SCHEMALESS}}
                ],
            },
        }
        for group, version, plural, kind in ROUTERS
    ]


class Slow(WrappingClient):
    """Writes take a moment, after which their effect has long been seen by others."""

    def __init__(self, inner: Client, clock: Clock) -> None:
        super().__init__(inner)
        self._clock = clock

    async def follow(self, request: Watch) -> AsyncIterator[WatchEvent]:
        heard = None
        async for event in super().follow(request):
            if self._clock.now() != heard:
                await self._clock.sleep(NEWS_TAKES)
                heard = self._clock.now()
            yield event

    async def write(self, request: Write) -> Json:
        answer = await super().write(request)
        await self._clock.sleep(WRITE_TAKES)
        return answer


class RolloutStory(EngineWorld):
    """`history` has (number of the action, kind, name, object or None for gone); `told` the Events likewise."""

    def __init__(
        self,
        *more: Controller[Any],
        rules: Sequence[Json] = (),
        metric: Json | None = None,
        answerers: Mapping[type[Question[Any]], Answerer] | None = None,
        settings: RolloutSettings | None = None,
        **options: Any,
    ) -> None:
        self.metric = {path: list(answers) for path, answers in (metric or {}).items()}
        super().__init__(
            (*controllers(settings), *analysis.controllers(), *more),
            {Measure: Answerer(answer=self._measure), **(answerers or {})},
            crds=[*crds("rollouts"), *router_crds()],
            namespaces=(NAMESPACE,),
            wrap=lambda client: Slow(client, self.clock),
            **options,
        )
        self.rules = list(rules)
        self.after = 0
        self.commits = 0
        self.said: dict[int, str] = {}
        """What commands printed, by the number of their action."""
        self.history: list[tuple[int, str, str, Json | None]] = []
        self.told: list[tuple[int, Event]] = []
        self._record: Callable[..., None] | None = None

    def __enter__(self) -> Self:
        super().__enter__()
        self.cluster.on_commit(self._committed)
        self._hear_events()
        if self.rules:
            self.create(
                {
                    "apiVersion": "v1",
                    "kind": "ConfigMap",
                    "metadata": {
                        "name": "rules",
                        "namespace": NAMESPACE,
                        "labels": {"argosy.dev/simulation-rules": "true"},
                    },
                    "data": {"rules.yaml": json.dumps({"rules": self.rules})},
                }
            )
        return self

    async def _measure(self, question: Measure) -> Answer:
        """As the recorder's little server: each path its answers, the last of which stays."""
        await self.clock.sleep(ANSWER_TAKES)
        spec = asked(question, self.clock.now(), analysis.AnalysisSettings()).spec
        answers = self.metric.get(urlsplit(str(spec.get("url"))).path.rpartition("/")[2]) or [{"status": 404}]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if int(answer.get("status") or 200) // 100 != 2:
            return Broken(message=f"received non 2xx response code: {answer['status']}")
        body = answer.get("body")
        try:
            return web.read(
                body.encode() if isinstance(body, str) else json.dumps(body).encode(),
                str(spec.get("jsonPath") or "{$}"),
            )
        except CannotMeasure as error:
            return Broken(message=str(error))

    def _committed(self, batch: Sequence[Any]) -> None:
        for change in batch:
            entry = change.new or change.old
            obj = entry.obj
            if obj["metadata"].get("namespace") != NAMESPACE:
                continue
            kind, name = str(obj.get("kind")), str(obj["metadata"]["name"])
            if kind in ("Event", "Lease", "EndpointSlice", "Endpoints"):
                continue
            self.commits += 1
            self.history.append((self.after, kind, name, obj if change.new is not None else None))

    def _hear_events(self) -> None:
        """In the order in which decisions emitted them, before any aggregation."""
        writer: Writer = self.engine._writer
        original = writer._record

        def record(controller: Controller[Any], event: Event) -> None:
            self.told.append((self.after, event))
            original(controller, event)

        writer._record = record  # type: ignore[method-assign]

    # -- actions -------------------------------------------------------------------------------------------------------

    def given(self, manifests: Sequence[Json]) -> None:
        for manifest in manifests:
            self.create(_placed(manifest))

    def quiet(self, seconds: float = QUIET, within: float = QUIET_WITHIN) -> None:
        since = 0.0
        for _ in range(int(within / GLANCE)):
            before = self.commits
            self.pass_time(GLANCE)
            since = since + GLANCE if self.commits == before else 0.0
            if since >= seconds:
                return

    def wait(self, reference: str, values: Mapping[str, Any], timeout: float = 30, *, quiet: bool = True) -> None:
        if values:
            self.run_until(lambda: self.holds(reference, values), within=timedelta(seconds=timeout + 3600))
        if quiet:
            self.quiet()

    def holds(self, reference: str, values: Mapping[str, Any]) -> bool:
        kind, _, name = reference.partition("/")
        obj = self._now(kind, name)
        if values.get("gone") or "gone" in values:
            return obj is None
        if obj is None:
            return False
        if kind == "Rollout":
            observed = (obj.get("status") or {}).get("observedGeneration")
            if observed != str(obj["metadata"].get("generation")):
                return False
        return all(_matches(_at(obj, path), wanted) for path, wanted in values.items())

    def _now(self, kind: str, name: str) -> Json | None:
        for _, one, other, obj in reversed(self.history):
            if (one, other) == (kind, name):
                return obj
        return None

    def rollout(self, name: str = "web") -> Rollout:
        obj = self.get(ROLLOUTS, Key(NAMESPACE, name))
        if obj is None:
            raise StatusError(404, "NotFound", f'rollouts.argoproj.io "{name}" not found')
        return read(Rollout, obj)

    def command(self, args: Sequence[str]) -> str:
        """A command of the plug-in. Raises ValueError or StatusError with the text that users see."""
        verb = args[0]
        if verb == "set":
            return self._set_image(args[2], args[3:])
        if verb in ("abort", "pause"):
            patch, sub = (changes.ABORT, "status") if verb == "abort" else (changes.PAUSE, "")
            self.patch(ROLLOUTS, args[1], patch, NAMESPACE, subresource=sub)
            return f"rollout '{args[1]}' {'aborted' if verb == 'abort' else 'paused'}\n"
        if verb == "promote":
            return self._promote(args[1], args[2:])
        if verb == "retry":
            resource, patch = (
                (ROLLOUTS, changes.RETRY) if args[1] == "rollout" else (EXPERIMENTS, changes.RETRY_EXPERIMENT)
            )
            self.patch(resource, args[2], patch, NAMESPACE, subresource="status" if args[1] == "rollout" else "")
            return f"{args[1]} '{args[2]}' retried\n"
        if verb == "undo":
            return self._undo(args[1], args[2:])
        if verb == "restart":
            return self._restart(args[1], args[2:])
        if verb == "terminate":
            resource = RUNS if args[1] == "analysisrun" else EXPERIMENTS
            self.patch(resource, args[2], changes.TERMINATE, NAMESPACE)
            return f"{'analysisRun' if args[1] == 'analysisrun' else args[1]} '{args[2]}' terminated\n"
        if verb == "create":
            return self._create_run(args[2:])
        raise ValueError(f"unknown command {verb}")

    def _create_run(self, flags: Sequence[str]) -> str:
        given = {flag: value for flag, value in pairwise(flags) if flag in ("--from", "--name")}
        texts = [value.partition("=") for flag, value in pairwise(flags) if flag == "-a"]
        template = self.get(ANALYSIS_TEMPLATES, Key(NAMESPACE, given["--from"]))
        assert template is not None
        args = [{"name": name, "value": value} for name, _, value in texts]
        run = create_run.new_run(template, lambda name, wide: None, args, NAMESPACE, name=given["--name"])
        self.create(run)
        return f"analysisrun.argoproj.io/{given['--name']} created\n"

    def _set_image(self, name: str, pairs: Sequence[str]) -> str:
        rollout = self.rollout(name)
        reference = rollout.spec.workload_ref
        resource, key = (ROLLOUTS, name) if reference is None else (DEPLOYMENTS, reference.name)
        obj = self.get(resource, Key(NAMESPACE, key))
        assert obj is not None
        for pair in pairs:
            container, _, image = pair.partition("=")
            obj = images.with_image(obj, container, image)
        self.run(self.client.update(resource, obj))
        return f'{resource.kind.lower()} "{key}" image updated\n'

    def _promote(self, name: str, flags: Sequence[str]) -> str:
        full = "--full" in flags
        found = promote.promote_patches(
            self.rollout(name),
            skip_current_step="--skip-current-step" in flags,
            skip_all_steps="--skip-all-steps" in flags,
            full=full,
        )
        if found.status is not None:
            self.patch(ROLLOUTS, name, found.status, NAMESPACE, subresource="status")
        if found.spec is not None:
            self.patch(ROLLOUTS, name, found.spec, NAMESPACE)
        return f"rollout '{name}' {'fully ' if full else ''}promoted\n"

    def _undo(self, name: str, flags: Sequence[str]) -> str:
        revision = next((int(flag.partition("=")[2]) for flag in flags if flag.startswith("--to-revision")), 0)
        rollout = self.rollout(name)
        sets = [read(ReplicaSet, obj) for obj in self.list(REPLICA_SETS, NAMESPACE)]
        found = undo.revision_to_restore(rollout, sets, revision)
        if undo.is_restored(rollout, found):
            return f"skipped rollback (current template already matches revision {revision})"
        patch = undo.undo_patch(found)
        self.run(self.client.patch(ROLLOUTS, name, NAMESPACE, patch, PatchType.JSON))
        return f"rollout '{name}' undo\n"

    def _restart(self, name: str, flags: Sequence[str]) -> str:
        text = " ".join(flags)
        wait = re.search(r"--in[= ](\d+)s", text)
        at = self.clock.now() + timedelta(seconds=int(wait[1]) if wait else 0)
        self.patch(ROLLOUTS, name, changes.restart_patch(at), NAMESPACE)
        return f"rollout '{name}' restarts in {wait[1] if wait else 0}s\n"

    def act(self, action: Json) -> None:
        self.after = int(action["n"])
        do, args = action["do"], action.get("args")
        if do == "wait":
            timeout, quiet = action.get("timeout", 30), action.get("quiet", True)
            self.wait(action["object"], args or {}, timeout, quiet=quiet)
        elif do == "kubectl-argo-rollouts":
            try:
                self.said[self.after] = self.command(args or [])
            except (ValueError, StatusError) as error:
                self.said[self.after] = f"Error: {error}\n"
                return
            self.pass_time(COMMAND)
        elif do == "sleep":
            self.pass_time(float(args or 1))
        else:
            self._change(do, action)

    def _change(self, do: str, action: Json) -> None:
        args = action.get("args")
        if do in ("patch-current-rs", "delete-current-rs"):
            name = f"web-{self.rollout().status.current_pod_hash}"
            if do == "patch-current-rs":
                self.patch(REPLICA_SETS, name, args or {}, NAMESPACE)
            else:
                self.delete(REPLICA_SETS, name, NAMESPACE)
        elif do == "metric":
            self.metric |= {path: list(answers) for path, answers in (args or {}).items()}
        elif do == "terminate-current-run":
            run = self.rollout().status.canary.current_step_analysis_run_status
            assert run is not None
            self.patch(RUNS, run.name, changes.TERMINATE, NAMESPACE)
        elif do == "apply":
            manifests = action["args"]
            for manifest in manifests if isinstance(manifests, list) else [manifests]:
                self.apply(_placed(manifest))
        elif do in ("patch", "delete"):
            kind, _, name = str(action["object"]).partition("/")
            resource = self._resource(kind)
            if self.get(resource, Key(NAMESPACE, name)) is None:
                return  # as for kubectl
            if do == "delete":
                self.delete(resource, name, NAMESPACE)
            else:
                self.patch(resource, name, args or {}, NAMESPACE, subresource=action.get("subresource") or "")

    def _resource(self, kind: str) -> Resource:
        return next(one for one in self.run(self.client.resources()) if one.kind == kind)


def _placed(manifest: Json) -> Json:
    text = json.dumps(manifest).replace("{ns}", NAMESPACE)
    obj: Json = json.loads(text)
    if not obj["kind"].startswith("Cluster"):
        obj["metadata"]["namespace"] = NAMESPACE
    return obj


def _at(obj: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(obj, list):
            obj = obj[int(part)] if part.isdecimal() and int(part) < len(obj) else None
        else:
            obj = (obj or {}).get(part) if isinstance(obj, dict) else None
    return obj


def _matches(found: Any, wanted: Any) -> bool:
    if wanted == "*":
        return found not in (None, "")
    if isinstance(wanted, str) and wanted.startswith("~"):
        return found is not None and re.search(wanted[1:], str(found)) is not None
    return bool(found == wanted) or (wanted in (None, "") and not found)


__all__ = ["NAMESPACE", "REPLICA_SETS", "RolloutStory", "key_of"]
