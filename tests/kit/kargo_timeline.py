"""Plays a recorded story of Kargo's control plane against ours, and compares what became of the objects.

Compared: each object's distinct states in order (ours may leave out what lives for an instant), the end state, events
by reason and message, refusals, and commits. Texts that differ from run to run - times, names with random parts, ids -
are put into words on both sides first.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import re
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import yaml
from aiohttp import web

from argosy.machinery import duration
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.promotion import Settings
from argosy.promotion.freight.references import freight_names
from argosy.promotion.garbage import Seen as Garbage
from argosy.promotion.garbage import collected
from argosy.promotion.kinds import FREIGHT, PROMOTIONS, STAGES
from argosy.runtime.verbs import verbs
from argosy.sources.hosting.serving import Serving
from kit.promotion import PromotionWorld, git

KINDS: Final = ("Warehouse", "Freight", "Stage", "Promotion", "Project", "ProjectConfig", "AnalysisRun")
MANIFEST_KINDS: Final = {"Namespace": "namespaces"}
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NAME: Final = re.compile(r"\b([a-z0-9-]+)\.[0-9a-hjkmnp-tv-z]{26}\.([0-9a-f]{7}|[a-z]+)\b")
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_LONG: Final = re.compile(r"\b[0-9a-f]{64}\b")
_HEX: Final = re.compile(r"\b[0-9a-f]{40}\b")
_ALIAS: Final = re.compile(r"\b[a-z]+-[a-z]+\b")
_SOAK: Final = re.compile(r'("longestSoak": )"[^"]*"')
_TOOL: Final = re.compile(
    r'(?: into \\?"|: Cloning into|error executing cmd|: stat |: open |: GET |: failed to get|: failed to list'
    r'|error listing tags:)(?:[^"\\]|\\.)*'
)
"""From here on it is a program's or a registry's own text."""
WEBHOOKS: Final = "http://webhooks.example.com"
_PLACEHOLDERS: Final = (
    (re.compile(r"\{uid:[^}]*\}+|\{rand:uuid\d+\}"), "{uuid}"),
    (re.compile(r"\{rand(:\d+)?\}"), "{rand}"),
    (re.compile(r"\{(freight7|sha7|id7):\d+\}"), "{hex7}"),
    (re.compile(r"\{(freight|sha|id):\d+\}"), "{hex}"),
    (re.compile(r"\{alias:\d+\}"), "{alias}"),
    (re.compile(r"\{digest:\d+\}"), "{digest}"),
    (re.compile(r"\{hash:\d+\}"), "{hash}"),
)


@dataclass(slots=True)
class Story:
    document: JsonObject
    world: PromotionWorld
    http: dict[str, list[JsonObject]]
    http_port: int
    shas: list[str] = field(default_factory=list)
    freight: list[str] = field(default_factory=list)
    states: dict[str, list[JsonObject]] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)
    _tokens: int = 0

    @property
    def project(self) -> str:
        return str(self.document["project"])

    # -- putting values in -------------------------------------------------------------------------------------------

    def filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        local = f"http://127.0.0.1:{self.world._git_port}"
        known = {
            "{git}": f"{local}",
            "{registry}": f"127.0.0.1:{self.world.registry_port}/{self.project}",
            "{charts}": f"http://127.0.0.1:{self.http_port}/charts",
            "{http}": f"http://127.0.0.1:{self.http_port}",
            "{time}": f"{self.world.clock.now():%Y-%m-%dT%H:%M:%SZ}",
        }
        for name, value in known.items():
            text = text.replace(name, value)
        text = re.sub(r"\{sha:(\d+)\}", lambda found: self.shas[int(found[1]) - 1], text)
        text = re.sub(r"\{freight:(\d+)\}", lambda found: self.freight[int(found[1]) - 1], text)
        text = re.sub(r"\{alias:(\d+)\}", lambda found: self._alias(int(found[1])), text)
        text = re.sub(r"\{promotion:(\d+)\}", lambda found: self._promotion(int(found[1])), text)
        return re.sub(r"\{verification:([\w-]+)\}", lambda found: self._verification(found[1]), text)

    def _alias(self, number: int) -> str:
        found = self.world.get(FREIGHT, Key(self.project, self.freight[number - 1])) or {}
        return str(found.get("alias"))

    def _promotion(self, number: int) -> str:
        names = [key.partition("/")[2] for key in self.states if key.startswith("Promotion/")]
        return names[number - 1]

    def _verification(self, stage: str) -> str:
        history = self.world.stage(stage, self.project)["status"]["freightHistory"]
        return str(history[0]["verificationHistory"][0]["id"])

    # -- playing -----------------------------------------------------------------------------------------------------

    def observe(self, changes: Sequence[Any]) -> None:
        for change in changes:
            obj = change.new.obj if change.new is not None else None
            if obj is None or obj.get("kind") not in KINDS:
                continue
            metadata = obj["metadata"]
            name = f"{obj['kind']}/{metadata['name']}"
            if obj["kind"] == "Freight" and metadata["name"] not in self.freight:
                self.freight.append(metadata["name"])
            self.states.setdefault(name, []).append(obj)

    def play(self) -> None:
        for action in [*self.document["given"], *self.document["actions"]]:
            getattr(self, f"_do_{action['do']}")(self.filled_action(action), action)

    def filled_action(self, action: JsonObject) -> JsonObject:
        kept = {key: value for key, value in action.items() if key != "result"}
        return self.filled(kept)  # type: ignore[no-any-return]

    def _result(self, action: JsonObject, code: int, message: str, index: int = 0) -> None:
        wanted = action.get("result")
        one = (wanted[index] if index < len(wanted) else {}) if isinstance(wanted, list) else wanted or {}
        if (code >= 300) != (int(one.get("code", 200)) >= 300):
            self.refusals.append(f"{action['do']}: {code} {message!r}, recorded {one}")
        elif code >= 300 and self.ours(message)[:110] != spelled(str(one.get("message") or ""))[:110]:
            self.refusals.append(
                f"{action['do']}: {self.ours(message)!r}, recorded {spelled(one.get('message') or '')!r}"
            )

    def _client(self, action: JsonObject) -> Any:
        user = action.get("as")
        return verbs(self.world.front.acting_as(user)) if user else self.world.kubectl

    def _do_apply(self, action: JsonObject, recorded: JsonObject) -> None:
        for index, document in enumerate(one for one in yaml.safe_load_all(action["manifests"]) if one):
            resource = self.world.resource(document)
            if resource.namespaced:
                document["metadata"].setdefault("namespace", self.project)
            try:
                key = Key(document["metadata"].get("namespace", ""), document["metadata"]["name"])
                if self.world.get(resource, key) is not None:
                    self.world.run(
                        self._client(action).patch(resource, key.name, key.namespace, document, PatchType.MERGE)
                    )
                else:
                    self.world.run(self._client(action).create(resource, document))
                self._result(recorded, 200, "", index)
            except StatusError as error:
                self._result(recorded, error.code, str(error), index)

    def _do_promote(self, action: JsonObject, recorded: JsonObject) -> None:
        spec: JsonObject = {"stage": action["stage"], "freight": action["freight"], "steps": [{"uses": "x"}]}
        spec |= action.get("spec") or {}
        body = {
            "apiVersion": "kargo.akuity.io/v1alpha1",
            "kind": "Promotion",
            "metadata": {"generateName": "p-", "namespace": self.project},
            "spec": {key: value for key, value in spec.items() if value is not None},
        }
        try:
            self.world.run(self._client(action).create(PROMOTIONS, body))
            self._result(recorded, 201, "")
        except StatusError as error:
            self._result(recorded, error.code, str(error))

    def _kind(self, kind: str) -> Resource:
        for found in self.world.run(self.world.client.resources()):
            if found.kind == kind and found.group in (
                "kargo.akuity.io",
                "",
                "argoproj.io",
                "rbac.authorization.k8s.io",
            ):
                return found
        raise AssertionError(kind)

    def _changed(self, action: JsonObject, recorded: JsonObject, patch: Any, subresource: str = "") -> None:
        resource = self._kind(action["kind"])
        namespace = action.get("namespace") or (self.project if resource.namespaced else "")
        try:
            self.world.run(
                self._client(action).patch(
                    resource, action["name"], namespace, patch, PatchType.MERGE, subresource=subresource
                )
            )
            self._result(recorded, 200, "")
        except StatusError as error:
            self._result(recorded, error.code, str(error))

    def _do_patch(self, action: JsonObject, recorded: JsonObject) -> None:
        patch = dict(action["patch"])
        if action["kind"] == "Secret" and "stringData" in patch:
            import base64

            encoded = {key: base64.b64encode(value.encode()).decode() for key, value in patch.pop("stringData").items()}
            patch["data"] = encoded
        self._changed(action, recorded, patch, action.get("sub") or "")

    def _do_annotate(self, action: JsonObject, recorded: JsonObject) -> None:
        self._changed(action, recorded, {"metadata": {"annotations": action["annotations"]}})

    def _do_refresh(self, action: JsonObject, recorded: JsonObject) -> None:
        self._tokens += 1
        token = f"{self.world.clock.now():%Y-%m-%dT%H:%M:%S}.{self._tokens:06}Z"
        self._changed(action, recorded, {"metadata": {"annotations": {"kargo.akuity.io/refresh": token}}})
        self.world.pass_time(0.5)

    def _do_replace(self, action: JsonObject, recorded: JsonObject) -> None:
        resource = self._kind(action["kind"])
        found = json.loads(json.dumps(self.world.get(resource, Key(self.project, action["name"]))))
        for path, value in action["set"].items():
            _set(found, path.split("."), value)
        try:
            self.world.run(self._client(action).update(resource, found))
            self._result(recorded, 200, "")
        except StatusError as error:
            self._result(recorded, error.code, str(error))

    def _do_delete(self, action: JsonObject, recorded: JsonObject) -> None:
        resource = self._kind(action["kind"])
        try:
            self.world.run(
                self._client(action).delete(resource, action["name"], self.project if resource.namespaced else "")
            )
            self._result(recorded, 200, "")
        except StatusError as error:
            self._result(recorded, error.code, str(error))

    def _do_commit(self, action: JsonObject, recorded: JsonObject) -> None:
        files = dict(action.get("files") or {}) | dict.fromkeys(action.get("delete") or ())
        sha = self.world.write(
            action.get("repo") or "repo",
            files,
            message=action["message"],
            branch=action.get("branch") or "main",
            tags=action.get("tags") or ([action["tag"]] if action.get("tag") else ()),
        )
        self.shas.append(sha)
        self.world.pass_time(1)

    def _do_image(self, action: JsonObject, recorded: JsonObject) -> None:
        self.world.registry.push_image(
            f"{self.project}/{action['repo']}",
            action["tag"],
            created=action.get("created") or f"{self.world.clock.now():%Y-%m-%dT%H:%M:%SZ}",
            platforms=tuple(action.get("platforms") or ()),
            annotations=action.get("annotations"),
            labels=action.get("labels"),
            content=f"{action['repo']}:{action['tag']}:{len(self.states)}".encode(),
        )

    def _do_chart(self, action: JsonObject, recorded: JsonObject) -> None:
        archive = packaged(action["name"], action["version"])
        if action.get("oci"):
            kinds = {"application/vnd.cncf.helm.chart.content.v1.tar+gzip": archive}
            name = f"{self.project}/charts/{action['name']}"
            config = "application/vnd.cncf.helm.config.v1+json"
            self.world.registry.push_artifact(name, action["version"].replace("+", "_"), config, kinds)
        else:
            self.http.setdefault("/charts", []).append(
                {"chart": action["name"], "version": action["version"], "archive": archive}
            )

    def _do_http(self, action: JsonObject, recorded: JsonObject) -> None:
        self.http[action["path"]] = list(action["responses"])

    def _do_wait(self, action: JsonObject, recorded: JsonObject) -> None:
        within = timedelta(seconds=float(action.get("timeout") or 25) + 5)
        try:
            self.world.run_until(lambda: self._holds(action), within=within)
        except AssertionError:
            if not (recorded.get("result") or {}).get("timedOut"):
                self.refusals.append(f"waited in vain: {action}")

    def _holds(self, action: JsonObject) -> bool:
        resource = self._kind_cached(action["kind"])
        namespace = self.project if resource.namespaced else ""
        if "count" in action:
            return len(self.world.list(resource, namespace)) >= int(action["count"])
        found = self.world.get(resource, Key(namespace, action["name"]))
        if action.get("gone"):
            return found is None
        value = _at(found, action["path"]) if found and action.get("path") else found
        wanted = action.get("is")
        if wanted is None:
            return value is not None
        return value in wanted if isinstance(wanted, list) else value == wanted

    def _kind_cached(self, kind: str) -> Resource:
        return KNOWN[kind]

    def _do_quiet(self, action: JsonObject, recorded: JsonObject) -> None:
        self.world.pass_time(float(action["seconds"]))

    def _do_sleep(self, action: JsonObject, recorded: JsonObject) -> None:
        self.world.pass_time(float(action["seconds"]))

    def _do_gc(self, action: JsonObject, recorded: JsonObject) -> None:
        env = action["env"]
        settings = replace(
            Settings(),
            retained_promotions=int(env["MAX_RETAINED_PROMOTIONS"]),
            min_promotion_age=duration.parse(env["MIN_PROMOTION_DELETION_AGE"]),
            retained_freight=int(env["MAX_RETAINED_FREIGHT"]),
            min_freight_age=duration.parse(env["MIN_FREIGHT_DELETION_AGE"]),
        )
        stages = self.world.list(STAGES, self.project)
        held = [
            name
            for stage in stages
            for name in freight_names(((stage.get("status") or {}).get("freightHistory") or [{}])[0])
        ]
        seen = Garbage(
            self.world.list(PROMOTIONS, self.project), self.world.list(FREIGHT, self.project), frozenset(held), None
        )
        for write in collected(seen, settings, self.world.clock.now()):
            self.world.run(self.world.client.delete(write.resource, write.key.name, write.key.namespace))

    def _do_webhook(self, action: JsonObject, recorded: JsonObject) -> None:
        body = json.dumps(action["body"]).encode()
        headers = dict(action.get("headers") or {})
        if sign := action.get("sign"):
            digest = hmac.new(sign["secret"].encode(), body, hashlib.sha256).hexdigest()
            headers[sign["header"]] = f"sha256={digest}"
        self.world.deliver(self.project, action["receiver"], headers, body)
        self.world.pass_time(0.5)

    def _do_cli(self, action: JsonObject, recorded: JsonObject) -> None:
        """Of the commands recorded, `verify stage` alone changes anything here."""
        stage = action["argv"][-1]
        annotations = {"kargo.akuity.io/reverify": self._verification(stage)}
        patch = {"metadata": {"annotations": annotations}}
        self.world.run(self.world.kubectl.patch(STAGES, stage, self.project, patch, PatchType.MERGE))

    # -- comparing ---------------------------------------------------------------------------------------------------

    def ours(self, text: str) -> str:
        for address, name in (
            (f"http://127.0.0.1:{self.http_port}/charts", "{charts}"),
            (f"http://127.0.0.1:{self.http_port}", "{http}"),
            (f"http://127.0.0.1:{self.world._git_port}", "{git}"),
            (f"127.0.0.1:{self.world.registry_port}/{self.project}", "{registry}"),
        ):
            text = text.replace(address, name)
        text = _TIME.sub("{time}", text.replace(WEBHOOKS, "{webhooks}"))
        text = _SOAK.sub(r'\1"{duration}"', _TOOL.sub("...", text))
        text = _UUID.sub("{uuid}", text)
        text = _NAME.sub(lambda found: f"{found[1]}.{{rand}}.{'{hex7}' if len(found[2]) == 7 else found[2]}", text)
        text = _HEX.sub("{hex}", _LONG.sub("{hash}", _DIGEST.sub("{digest}", text)))
        for alias in self._aliases():
            text = re.sub(rf"(?<![\w-]){alias}(?![\w-])", "{alias}", text)
        return text

    def _aliases(self) -> list[str]:
        names = {
            one.get("alias") for key, states in self.states.items() if key.startswith("Freight/") for one in states
        }
        return [name for name in names if name and _ALIAS.fullmatch(name)]

    def differences(self) -> list[str]:
        found = list(self.refusals)
        ours: dict[str, list[JsonObject]] = {}
        order: dict[str, list[str]] = {}
        for name, states in self.states.items():
            generic = self.ours(name)
            order.setdefault(generic, []).append(name)
            ours[name] = [self._state(state) for state in states]
        taken: dict[str, int] = {}
        for name, recorded in self.document["objects"].items():
            kind = name.partition("/")[0]
            if kind not in KINDS or kind == "AnalysisRun":
                continue
            generic = spelled(name)
            number = taken.get(generic, 0)
            taken[generic] = number + 1
            mine = order.get(generic, [])
            if number >= len(mine):
                found.append(f"{name}: never seen")
                continue
            found += self._compared(name, recorded, ours[mine[number]], mine[number])
        return [*found, *self._commits()]

    def _state(self, obj: JsonObject) -> JsonObject:
        metadata = {k: v for k, v in obj["metadata"].items() if k in ("labels", "annotations", "finalizers")}
        shape = {k: v for k, v in obj.items() if k not in ("apiVersion", "kind", "metadata")}
        return json.loads(self.ours(json.dumps({"metadata": metadata, **shape})))  # type: ignore[no-any-return]

    def _compared(self, name: str, recorded: JsonObject, mine: list[JsonObject], real: str) -> list[str]:
        wanted = _whole(recorded["states"])
        own = _distinct([_kept(state) for state in mine])
        found: list[str] = []
        at = 0
        for state in own:
            place = next((i for i in range(at, len(wanted)) if _kept(wanted[i]) == state), None)
            if place is None:
                place = next((i for i in range(len(wanted)) if _kept(wanted[i]) == state), None)
                if place is None or not any("repeats" in one for one in recorded["states"]):
                    alike = [one for one in wanted if ("status" in one) == ("status" in state)] or wanted
                    nearest = min((_difference(_kept(one), state) for one in alike), key=_weight)
                    found.append(f"{name}: a state that was not recorded: {nearest or 'out of order'}")
                    continue
            at = place
        if wanted and own and not recorded.get("final") and own[-1] != _kept(wanted[-1]):
            found.append(f"{name}: ends otherwise: {_difference(_kept(wanted[-1]), own[-1])}")
        return found + self._events(name, recorded, real)

    def _events(self, name: str, recorded: JsonObject, real: str) -> list[str]:
        if not name.startswith(("Freight/", "Promotion/")):
            return []
        events = [
            entry.obj
            for entry in self.world.cluster.store.table("", "events").scan(self.project)
            if f"{entry.obj['involvedObject']['kind']}/{entry.obj['involvedObject']['name']}" == real
        ]
        mine = sorted(
            (one["reason"], self.ours(one["message"])) for one in events for _ in range(int(one.get("count") or 1))
        )
        wanted = sorted((one["reason"], spelled(one["message"])) for one in recorded.get("events") or ())
        return [] if mine == wanted else [f"{name}: events {mine}, recorded {wanted}"]

    def _commits(self) -> list[str]:
        wanted = [
            (
                one["message"].strip(),
                one["author"],
                {p: spelled(c.get("content") or "") for p, c in one["files"].items()},
            )
            for one in self.document.get("commits") or ()
            if not one["author"].startswith("Dana Dev")
        ]
        mine = []
        for repository in sorted(self.world.directory.glob("*.git")):
            for sha in git(repository, "rev-list", "--all", "--reverse", "--topo-order").split():
                message, author = git(repository, "log", "-1", "--format=%B%x00%an <%ae>", sha).split("\0")
                if author.strip().startswith("Dana Dev"):
                    continue
                listed = git(repository, "show", "--format=", "--name-only", sha).split("\n")
                files = {path: self._content(repository, sha, path) for path in listed if path}
                mine.append((self.ours(message.strip()), author.strip(), files))
        if sorted(map(str, mine)) == sorted(map(str, wanted)):
            return []
        return [f"commits {mine}, recorded {wanted}"]

    def _content(self, repository: Path, sha: str, path: str) -> str:
        try:
            return self.ours(git(repository, "show", f"{sha}:{path}"))
        except Exception:
            return ""


KNOWN: Final[dict[str, Resource]] = {}


def spelled(text: str) -> str:
    """A recorded text without the numbers of its placeholders."""
    for pattern, word in _PLACEHOLDERS:
        text = pattern.sub(word, text)
    return _SOAK.sub(r'\1"{duration}"', _TOOL.sub("...", _TIME.sub("{time}", text)))


def _whole(states: Sequence[JsonObject]) -> list[JsonObject]:
    """With what was left out because it was equal to the state before."""
    found: list[JsonObject] = []
    last: JsonObject = {}
    for state in states:
        if state.get("deleted"):
            continue
        kept = {key: value for key, value in state.items() if key not in ("repeats", "optional")}
        last = {**{key: last[key] for key in ("metadata", "spec") if key in last}, **kept}
        found.append(json.loads(spelled(json.dumps(last))))
    return found


def _kept(state: JsonObject) -> JsonObject:
    metadata = state.get("metadata") or {}
    labels = dict(metadata.get("labels") or {})
    annotations = {k: v for k, v in (metadata.get("annotations") or {}).items() if "refresh" not in k}
    shape = {k: v for k, v in state.items() if k != "metadata" and v not in ({}, None)}
    kept = {"labels": labels, "annotations": annotations, "finalizers": metadata.get("finalizers")}
    return {"metadata": {k: v for k, v in kept.items() if v}, **shape}


def _distinct(states: Sequence[JsonObject]) -> list[JsonObject]:
    found: list[JsonObject] = []
    for state in states:
        if not found or found[-1] != state:
            found.append(state)
    return found


def _difference(wanted: Any, mine: Any, at: str = "") -> str:
    if isinstance(wanted, dict) and isinstance(mine, dict):
        parts = [
            _difference(wanted.get(key), mine.get(key), f"{at}.{key}")
            for key in sorted({*wanted, *mine})
            if wanted.get(key) != mine.get(key)
        ]
        return "; ".join(parts)
    if isinstance(wanted, list) and isinstance(mine, list) and len(wanted) == len(mine):
        return "; ".join(
            _difference(one, other, f"{at}[{number}]")
            for number, (one, other) in enumerate(zip(wanted, mine, strict=True))
            if one != other
        )
    return f"{at}: ours {str(mine)[:300]!r}, recorded {str(wanted)[:300]!r}"


def _weight(text: str) -> tuple[int, int]:
    return text.count("; ") + 5 * text.count('ours "[') + 5 * text.count("ours '["), len(text)


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


def packaged(name: str, version: str) -> bytes:
    files = {
        "Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\n",
        "templates/cm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n",
    }
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for path, text in files.items():
            info = tarfile.TarInfo(f"{name}/{path}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


def scripted(answers: Mapping[str, list[JsonObject]]) -> web.Application:
    """The scripted HTTP server, and the classic chart repository."""

    async def answer(request: web.Request) -> web.Response:
        path = request.path
        if path.startswith("/charts/"):
            return _chart_answer(path, answers.get("/charts") or [])
        left = answers.get(path)
        if not left:
            return web.Response(status=404, text="no such thing")
        found = left.pop(0) if len(left) > 1 else left[0]
        body = found.get("body")
        headers = found.get("headers") or {}
        if isinstance(body, dict | list):
            return web.json_response(body, status=found.get("status", 200), headers=headers)
        return web.Response(status=found.get("status", 200), text=body or "", headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    return app


def _chart_answer(path: str, charts: list[JsonObject]) -> web.Response:
    if path == "/charts/index.yaml":
        entries: JsonObject = {}
        for one in charts:
            digest = hashlib.sha256(one["archive"]).hexdigest()
            file = f"{one['chart']}-{one['version']}.tgz"
            shape = {"name": one["chart"], "version": one["version"], "urls": [file], "digest": digest}
            entries.setdefault(one["chart"], []).append(shape)
        return web.Response(text=yaml.safe_dump({"apiVersion": "v1", "entries": entries}))
    for one in charts:
        if path == f"/charts/{one['chart']}-{one['version']}.tgz":
            return web.Response(body=one["archive"])
    return web.Response(status=404)


def played(document: JsonObject, directory: Path, **world: Any) -> list[str]:
    """What is different from the recording."""
    answers: dict[str, list[JsonObject]] = {}
    with (
        Serving([scripted(answers)]) as (port,),
        PromotionWorld(directory, settings=Settings(webhook_base_url=WEBHOOKS), **world) as made,
    ):
        for found in made.run(made.client.resources()):
            KNOWN.setdefault(found.kind, found)
        story = Story(document, made, answers, port)
        made.cluster.on_commit(story.observe)
        story.play()
        made.pass_time(2)
        return story.differences()
