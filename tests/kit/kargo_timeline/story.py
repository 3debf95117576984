"""Plays the steps of a recorded story against our control plane, and keeps what became of the objects."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

import yaml

from argosy.apis.kargo import Freight, Promotion, Stage
from argosy.apis.schema import read
from argosy.machinery import duration
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.promotion import Settings
from argosy.promotion.garbage import Seen as Garbage
from argosy.promotion.garbage import collected
from argosy.promotion.kinds import FREIGHT, PROJECTS, PROMOTIONS, STAGES, WAREHOUSES
from tests.kit.kargo_timeline.serving import Script, packaged
from tests.kit.kargo_timeline.spelling import ours as ours_spelled
from tests.kit.kargo_timeline.spelling import recorded as spelled
from tests.kit.promotion import PromotionWorld
from tests.kit.verbs import verbs

KINDS: Final = ("Warehouse", "Freight", "Stage", "Promotion", "Project", "ProjectConfig", "AnalysisRun")
GROUPS: Final = ("kargo.akuity.io", "", "argoproj.io", "rbac.authorization.k8s.io")
WEBHOOKS: Final = "http://webhooks.example.com"
GRACE_SECONDS: Final = 5


@dataclass(slots=True)
class Story:
    document: JsonObject
    world: PromotionWorld
    script: Script
    http_port: int
    shas: list[str] = field(default_factory=list)
    freight: list[str] = field(default_factory=list)
    states: dict[str, list[JsonObject]] = field(default_factory=dict)
    events: list[JsonObject] = field(default_factory=list)
    """One for each time that it was told, in order."""
    refusals: list[str] = field(default_factory=list)
    withheld: set[str] = field(default_factory=set)
    """Stages for which an approval without the right to promote was refused; upstream grants it (a fault of its)."""
    _tokens: int = 0
    _kinds: dict[str, Resource] = field(default_factory=dict)
    _told: dict[str, int] = field(default_factory=dict)

    @property
    def project(self) -> str:
        return str(self.document["project"])

    # -- putting values in -------------------------------------------------------------------------------------------

    def filled(self, value: Any) -> Any:
        """Raises IndexError while something that is named is not there yet."""
        if isinstance(value, dict):
            return {key: self.filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        for name, value in self.addresses().items():
            text = text.replace(value, name)
        text = text.replace("{time}", f"{self.world.clock.now():%Y-%m-%dT%H:%M:%SZ}")
        text = re.sub(r"\{sha:(\d+)\}", lambda found: self.shas[int(found[1]) - 1], text)
        text = re.sub(r"\{freight:(\d+)\}", lambda found: self.freight[int(found[1]) - 1], text)
        text = re.sub(r"\{alias:(\d+)\}", lambda found: self._alias(int(found[1])), text)
        text = re.sub(r"\{promotion:(\d+)\}", lambda found: self._promotion(int(found[1])), text)
        return re.sub(r"\{verification:([\w-]+)\}", lambda found: self._verification(found[1]), text)

    def addresses(self) -> dict[str, str]:
        return {
            f"127.0.0.1:{self.world.registry_port}/{self.project}": "{registry}",
            f"http://127.0.0.1:{self.http_port}/charts": "{charts}",
            f"http://127.0.0.1:{self.http_port}": "{http}",
            f"http://127.0.0.1:{self.world.git_port}": "{git}",
            WEBHOOKS: "{webhooks}",
        }

    def _alias(self, number: int) -> str:
        """Of Freight that is not there yet: one that a user gives it."""
        if number > len(self.freight):
            return f"given-{number}"
        found = self.world.get(FREIGHT, Key(self.project, self.freight[number - 1])) or {}
        return str(found.get("alias"))

    def _promotion(self, number: int) -> str:
        names = [key.partition("/")[2] for key in self.states if key.startswith("Promotion/")]
        return names[number - 1]

    def _verification(self, stage: str) -> str:
        history = self.world.stage(stage, self.project)["status"]["freightHistory"]
        return str(history[0]["verificationHistory"][0]["id"])

    # -- keeping what comes of it ------------------------------------------------------------------------------------

    def observe(self, changes: Sequence[Any]) -> None:
        for change in changes:
            obj = change.new.obj if change.new is not None else None
            if obj is None:
                continue
            if obj.get("kind") == "Event":
                self._observe_event(obj)
            elif obj.get("kind") in KINDS:
                self._observe_object(obj)

    def _observe_event(self, event: JsonObject) -> None:
        uid, count = event["metadata"]["uid"], int(event.get("count") or 1)
        self.events += [event] * (count - self._told.get(uid, 0))
        self._told[uid] = count

    def _observe_object(self, obj: JsonObject) -> None:
        name = obj["metadata"]["name"]
        if obj["kind"] == "Freight" and name not in self.freight:
            self.freight.append(name)
        self.states.setdefault(f"{obj['kind']}/{name}", []).append(obj)

    def state(self, obj: JsonObject) -> JsonObject:
        metadata = {k: v for k, v in obj["metadata"].items() if k in ("labels", "annotations", "finalizers")}
        shape = {k: v for k, v in obj.items() if k not in ("apiVersion", "kind", "metadata")}
        return json.loads(self.ours(json.dumps({"metadata": metadata, **shape})))  # type: ignore[no-any-return]

    def ours(self, text: str) -> str:
        aliases = {one.get("alias") for key, all_ in self.states.items() if key.startswith("Freight/") for one in all_}
        named = [name for name in aliases if name and re.fullmatch(r"[a-z]+-[a-z0-9]+", name)]
        return ours_spelled(text, self.addresses(), named)

    def truths(self) -> list[str]:
        """A Project counts what exists, soon after it changed (upstream does so late)."""
        project = self.world.get(PROJECTS, Key("", self.project))
        if project is None:
            return []
        stats = (project.get("status") or {}).get("stats") or {}
        warehouses = len(self.world.list(WAREHOUSES, self.project))
        found = (stats.get("warehouses") or {}).get("count") or 0
        return [] if found == warehouses else [f"Project: counts {found} Warehouses of {warehouses}"]

    # -- playing -----------------------------------------------------------------------------------------------------

    def play(self) -> None:
        self._kind("Stage")  # what is served is asked once, outside of goals
        for recording in [*self.document["given"], *self.document["actions"]]:
            action = {key: value for key, value in recording.items() if key != "result"}
            if action["do"] != "wait":
                action = self.filled(action)
            getattr(self, f"_do_{action['do']}")(action, recording)

    def _result(self, recording: JsonObject, error: StatusError | None, index: int = 0) -> None:
        code, message = (error.code, str(error)) if error else (200, "")
        given = recording.get("result")
        one = (given[index] if index < len(given) else {}) if isinstance(given, list) else given or {}
        wanted, said = int(one.get("code") or 200), spelled(str(one.get("message") or ""))
        if (code >= 300) != (wanted >= 300):
            if self._withholds(recording, message):
                return
            self.refusals.append(f"{recording['do']}: {code} {message!r}, recorded {one}")
        elif code >= 300 and _comparable(self.ours(message)) != _comparable(said):
            self.refusals.append(f"{recording['do']}: {self.ours(message)!r}, recorded {said!r}")

    def _withholds(self, recording: JsonObject, message: str) -> bool:
        """Ours requires the permission to promote, where upstream lets anybody approve who may write a status."""
        if found := re.search(r"is not permitted to approve Freight for Stage \"([\w-]+)\"", message):
            self.withheld.add(found[1])
        return bool(found) and recording.get("sub") == "status"

    def _tried(self, work: Any, recording: JsonObject, index: int = 0) -> None:
        try:
            self.world.run(work)
        except StatusError as error:
            self._result(recording, error, index)
        else:
            self._result(recording, None, index)

    def _client(self, action: JsonObject) -> Any:
        user = action.get("as")
        return verbs(self.world.front.acting_as(user)) if user else self.world.kubectl

    def _kind(self, kind: str) -> Resource:
        if not self._kinds:
            served = self.world.run(self.world.client.resources())
            self._kinds = {one.kind: one for one in reversed(served) if one.group in GROUPS}
        return self._kinds[kind]

    def _place(self, action: JsonObject) -> tuple[Resource, Key]:
        resource = self._kind(action["kind"])
        namespace = action.get("namespace") or (self.project if resource.namespaced else "")
        return resource, Key(namespace, str(action.get("name") or ""))

    def _do_apply(self, action: JsonObject, recording: JsonObject) -> None:
        for index, document in enumerate(one for one in yaml.safe_load_all(action["manifests"]) if one):
            resource = self.world.resource(document)
            if resource.namespaced:
                document["metadata"].setdefault("namespace", self.project)
            key = Key(document["metadata"].get("namespace", ""), document["metadata"]["name"])
            client = self._client(action)
            if self.world.get(resource, key) is not None:
                work = client.patch(resource, key.name, key.namespace, document, PatchType.MERGE)
            else:
                work = client.create(resource, document)
            self._tried(work, recording, index)
        self.world.pass_time(0.1)  # as the clients of the recording took, from one to the next

    def _do_promote(self, action: JsonObject, recording: JsonObject) -> None:
        spec: JsonObject = {"stage": action["stage"], "freight": action["freight"], "steps": [{"uses": "x"}]}
        spec |= action.get("spec") or {}
        metadata = {"generateName": "p-", "namespace": self.project}
        if action.get("annotations"):
            metadata["annotations"] = action["annotations"]
        body = {
            "apiVersion": "kargo.akuity.io/v1alpha1",
            "kind": "Promotion",
            "metadata": metadata,
            "spec": {key: value for key, value in spec.items() if value is not None},
        }
        self._tried(self._client(action).create(PROMOTIONS, body), recording)

    def _patched(self, action: JsonObject, recording: JsonObject, patch: JsonObject, subresource: str = "") -> None:
        resource, key = self._place(action)
        work = self._client(action).patch(
            resource, key.name, key.namespace, patch, PatchType.MERGE, subresource=subresource
        )
        self._tried(work, recording)

    def _do_patch(self, action: JsonObject, recording: JsonObject) -> None:
        patch = dict(action["patch"])
        if action["kind"] == "Secret" and "stringData" in patch:
            texts = patch.pop("stringData")
            patch["data"] = {key: base64.b64encode(value.encode()).decode() for key, value in texts.items()}
        self._patched(action, recording, patch, action.get("sub") or "")

    def _do_annotate(self, action: JsonObject, recording: JsonObject) -> None:
        self._patched(action, recording, {"metadata": {"annotations": action["annotations"]}})

    def _do_refresh(self, action: JsonObject, recording: JsonObject) -> None:
        self._tokens += 1
        token = f"{self.world.clock.now():%Y-%m-%dT%H:%M:%S}.{self._tokens:06}Z"
        self._patched(action, recording, {"metadata": {"annotations": {"kargo.akuity.io/refresh": token}}})
        self.world.pass_time(0.5)

    def _do_replace(self, action: JsonObject, recording: JsonObject) -> None:
        resource, key = self._place(action)
        found = json.loads(json.dumps(self.world.get(resource, key)))
        for path, value in action["set"].items():
            _set(found, path.split("."), value)
        self._tried(self._client(action).update(resource, found), recording)

    def _do_delete(self, action: JsonObject, recording: JsonObject) -> None:
        resource, key = self._place(action)
        self._tried(self._client(action).delete(resource, key.name, key.namespace), recording)

    def _do_commit(self, action: JsonObject, recording: JsonObject) -> None:
        sha = self.world.write(
            action.get("repo") or "repo",
            dict(action.get("files") or {}) | dict.fromkeys(action.get("delete") or ()),
            message=action["message"],
            branch=action.get("branch") or "main",
            tags=action.get("tags") or ([action["tag"]] if action.get("tag") else ()),
        )
        self.shas.append(sha)
        self.world.pass_time(1)

    def _do_image(self, action: JsonObject, recording: JsonObject) -> None:
        content = action.get("payload") or f"{action['repo']}:{action['tag']}:{len(self.states)}"
        self.world.registry.push_image(
            f"{self.project}/{action['repo']}",
            action["tag"],
            created=action.get("created") or f"{self.world.clock.now():%Y-%m-%dT%H:%M:%SZ}",
            platforms=tuple(action.get("platforms") or ()),
            annotations=action.get("annotations"),
            labels=action.get("labels"),
            content=content.encode(),
        )

    def _do_chart(self, action: JsonObject, recording: JsonObject) -> None:
        archive = packaged(action["name"], action["version"])
        if action.get("oci"):
            kinds = {"application/vnd.cncf.helm.chart.content.v1.tar+gzip": archive}
            name = f"{self.project}/charts/{action['name']}"
            config = "application/vnd.cncf.helm.config.v1+json"
            self.world.registry.push_artifact(name, action["version"].replace("+", "_"), config, kinds)
        else:
            chart = {"chart": action["name"], "version": action["version"], "archive": archive}
            self.script.charts.append(chart)

    def _do_http(self, action: JsonObject, recording: JsonObject) -> None:
        self.script.answers[action["path"]] = list(action["responses"])

    def _do_wait(self, action: JsonObject, recording: JsonObject) -> None:
        timed_out = bool((recording.get("result") or {}).get("timedOut"))
        seconds = float(action.get("timeout") or 25) + (0 if timed_out else GRACE_SECONDS)
        try:
            self.world.run_until(lambda: self._holds(action), within=timedelta(seconds=seconds))
        except AssertionError:
            if not timed_out:
                self.refusals.append(f"waited in vain: {action}")

    def _holds(self, action: JsonObject) -> bool:
        try:
            action = self.filled(action)
        except (IndexError, KeyError):
            return False
        resource, key = self._place(action)
        if "count" in action:
            return len(self.world.list(resource, key.namespace)) >= int(action["count"])
        found = self.world.get(resource, key)
        if action.get("gone"):
            return found is None
        value = _at(found, action["path"]) if found and action.get("path") else found
        wanted = action.get("is")
        if wanted is None:
            return value is not None
        return value in wanted if isinstance(wanted, list) else value == wanted

    def _do_quiet(self, action: JsonObject, recording: JsonObject) -> None:
        self.world.pass_time(float(action["seconds"]))

    _do_sleep = _do_quiet

    def _do_restartController(self, action: JsonObject, recording: JsonObject) -> None:  # noqa: N802  (its word)
        self.world.restart()

    def _do_gc(self, action: JsonObject, recording: JsonObject) -> None:
        env = action["env"]
        settings = replace(
            Settings(),
            retained_promotions=int(env["MAX_RETAINED_PROMOTIONS"]),
            min_promotion_age=duration.parse(env["MIN_PROMOTION_DELETION_AGE"]),
            retained_freight=int(env["MAX_RETAINED_FREIGHT"]),
            min_freight_age=duration.parse(env["MIN_FREIGHT_DELETION_AGE"]),
        )
        holding = [read(Stage, one).status.held for one in self.world.list(STAGES, self.project)]
        held = [name for one in holding if one for name in one.names]
        promotions = [read(Promotion, one) for one in self.world.list(PROMOTIONS, self.project)]
        freight = [read(Freight, one) for one in self.world.list(FREIGHT, self.project)]
        seen = Garbage(None, promotions, freight, frozenset(held))
        for write in collected(seen, settings, self.world.clock.now()):
            self.world.run(self.world.client.delete(write.resource, write.key.name, write.key.namespace))

    def _do_webhook(self, action: JsonObject, recording: JsonObject) -> None:
        body = json.dumps(action["body"]).encode()
        headers = dict(action.get("headers") or {})
        if sign := action.get("sign"):
            digest = hmac.new(sign["secret"].encode(), body, hashlib.sha256).hexdigest()
            headers[sign["header"]] = f"sha256={digest}"
        code, answer = self.world.deliver(self.project, action["receiver"], headers, body)
        wanted = recording["result"]
        if (code, answer) != (wanted["code"], wanted["body"]):
            self.refusals.append(f"webhook: {code} {answer}, recorded {wanted}")
        self.world.pass_time(0.5)

    def _do_cli(self, action: JsonObject, recording: JsonObject) -> None:
        """Of the commands recorded, `verify stage` alone changes anything here; it writes as the server does."""
        stage = action["argv"][-1]
        request = {"id": self._verification(stage), "actor": "admin"}
        patch = {"metadata": {"annotations": {"kargo.akuity.io/reverify": json.dumps(request, separators=(",", ":"))}}}
        server = verbs(self.world.cluster.client("system:serviceaccount:kargo:kargo-api", ("system:masters",)))
        self.world.run(server.patch(STAGES, stage, self.project, patch, PatchType.MERGE))


def _comparable(message: str) -> str:
    """A missing permission is reported as such (upstream: an internal error, of the kind instead of the resource)."""
    message = message.replace("Internal error occurred: ", "").replace("Promotion.kargo", "promotions.kargo")
    return message[:110] if "is invalid" in message else message[:90]


def _set(obj: Any, path: list[str], value: Any) -> None:
    *parents, last = path
    for part in parents:
        obj = obj[int(part)] if isinstance(obj, list) else obj.setdefault(part, {})
    if value is None:
        obj.pop(last, None)
    elif isinstance(obj, list):
        obj[int(last)] = value
    else:
        obj[last] = value


def _at(obj: Any, path: str) -> Any:
    for part in path.split("."):
        if obj is None:
            return None
        if found := re.fullmatch(r"\[(\w+)=(.*)\]", part):
            obj = next((one for one in obj if one.get(found[1]) == found[2]), None)
        elif isinstance(obj, list):
            obj = obj[int(part)] if int(part) < len(obj) else None
        else:
            obj = obj.get(part)
    return obj
