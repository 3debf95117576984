"""Plays what was recorded of the real cert-manager against these controllers, and compares the states of each object.

Compared are, for each object: its final state; that every state which was seen in both recordings is passed through,
in order; and, for all objects, the set of (type, reason, message) of Events. See the data's README for what varies.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from argosy.certs.acme.ports import Login, Trouble, Unavailable
from argosy.certs.adapters.acme.simulated import SimulatedAcme, SimulatedServer
from argosy.certs.pki import keys
from argosy.certs.ports import GenerateKey
from argosy.certs.settings import DefaultIssuer, Settings
from argosy.cluster.store import Change
from argosy.machinery.api import PatchType
from argosy.machinery.controller import Hidden
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.machinery.timestamps import seconds
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock
from argosy.runtime.engine import Answerer
from tests.kit.certs import GATEWAY_CRDS, CertsWorld
from tests.vectors.certmanager.describe import described
from tests.vectors.outcome import Outcome
from tests.vectors.reading import stories

NS = "tale-7q"
A = Settings(cluster_resource_namespace="cert-manager", signing_requests=True)
B = Settings(
    cluster_resource_namespace="cert-manager",
    signing_requests=True,
    approve=False,
    minimum_backoff=timedelta(seconds=8),
    certificate_owner_ref=True,
    default_issuer=DefaultIssuer(name="dflt"),
)
QUIET = 2.0
HOST = "https://127.0.0.1"
SOLVER = "cm-acme-http-solver-"
_ACME_TEXTS = tuple(
    (re.compile(pattern), shown)
    for pattern, shown in (
        (rf"{HOST}:\d+/(my-account|my-order|finalize-order|authZ|chalZ)/\d+", r"https://{acme}/\1/{rand}"),
        (rf"{HOST}:\d+", "https://{acme}"),
        (r"[0-9a-f]{43}", "{token}"),
        (r"\{token\}\.[A-Za-z0-9_-]{43}", "{token}.{thumbprint}"),
        (r'"lastPrivateKeyHash": "[^"]+"', '"lastPrivateKeyHash": "{hash}"'),
    )
)
_LEFT_OUT = (
    "apiVersion",
    "kind",
    "publicKey",
    "serial",
    "selfIssued",
    "otherExtensions",
    "nameConstraints",
    "matchesCertificate",
    "now",
    "acme.cert-manager.io/http-token",
    "clusterIP",
    "clusterIPs",
    "nodePort",
    "nodeName",
    "image",
    # Whether a Pod was bound to a node when it was deleted.
    "deletionGracePeriodSeconds",
)
_OURS_ALONE = ("CANotInjected",)
"""Reasons of Events that upstream does not tell."""
_EVENTS_LEFT_OUT = (*_OURS_ALONE, "WaitingForApproval", "IssuerNotReady", "IssuerNotFound", "OrderPending")
_RACES = (
    "Referenced issuer does not have a Ready status condition",
    'Referenced "Issuer" not found',
    # Between upstream's two writes of Secret and status: readiness falls for an instant, here it does not.
    "Secret contains a private key that does not match the current CertificateRequest",
    # An Order that is only just made, before and after the server was asked.
    ': ""',
)
_RACING = ("status.processing", "status.presented", "status.presentedAt")
"""Of Challenges: whether they are released before they are deleted."""
_OURS = ('invalid "cert-manager.io/',)
"""How Events begin that upstream does not tell."""
_ENDS_LATE = "Challenge", _RACING
"""A recording may end between two writes of one check of a Challenge."""
_FORGOTTEN = ("uri", "caBundle")
"""Fields that upstream leaves out for a while, or altogether, where they are kept or filled here: the URL of an account
whose e-mail has changed, until its next check; the CA of a conversion webhook that is reached by URL.
"""


def run(data: Path) -> Iterator[Outcome]:
    files = (data / "cert-manager" / "timelines").glob("*.json")
    for path, story, unread in stories("certmanager.timelines", files, "given", "actions", "objects"):
        if unread:
            yield unread
            continue
        try:
            problems = list(play(story))
        except Exception as error:  # a story that cannot be played has failed, and the next one is played
            problems = [f"{type(error).__name__}: {error}"]
        yield Outcome("certmanager.timelines", path.stem, not problems, "; ".join(problems)[:2000])


@lru_cache(maxsize=64)
def key_number(kind: keys.KeyKind, number: int) -> Hidden:
    """Making RSA keys takes most of the time of a story: each is used in all of them."""
    return Hidden(keys.encode(keys.generate(kind), "PKCS8"))


class RecordedServers(SimulatedAcme):
    """The ACME servers of the recordings."""

    def __init__(self, clock: Clock, rng: Rng) -> None:
        pebble = partial(
            SimulatedServer,
            intermediate="Pebble Intermediate CA {rand}",
            root="Pebble Root CA {rand}",
            algorithm="RSA",
            life=timedelta(seconds=157766400),
        )
        refused = "400 urn:ietf:params:acme:error:connection: dial tcp: connection refused"
        key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
        servers = {
            f"{HOST}:18714/dir": pebble(),
            f"{HOST}:18716/dir": pebble(failing={"*": refused}),
            f"{HOST}:18718/dir": pebble(bindings={"kid-1": key}, reuses=True),
            f"{HOST}:18714/nothing": SimulatedServer(missing=(404, "404 page not found\n")),
            f"{HOST}:1/dir": SimulatedServer(unreachable="dial tcp 127.0.0.1:1: connect: connection refused"),
        }
        unseen = {
            "nowhere.invalid-name.test": "failed to perform self check GET request '{url}': Get \"{url}\": no host",
            "10.0.0.1": "wrong status code '404', expected '200'",
        }
        super().__init__(clock, rng, servers, unseen=unseen)

    async def _reached(self, login: Login) -> SimulatedServer | Trouble:
        if not login.server.skip_tls_verify:
            return Unavailable(f'Get "{login.server.url}": tls: failed to verify certificate: x509')
        return await super()._reached(login)


class Story:
    """One recording in the playing."""

    def __init__(self, story: JsonObject) -> None:
        self.story = story
        numbers = itertools.count()

        async def generate(question: GenerateKey) -> Hidden:
            return key_number(question.kind, next(numbers))

        self.world = CertsWorld(
            A if story["controller"] == "A" else B,
            answerers={GenerateKey: Answerer(answer=generate)},
            acme=RecordedServers,
            crds=GATEWAY_CRDS,
            namespaces=[NS, "cert-manager"],
        )
        self.states: dict[str, list[Any]] = {}
        self.events: list[JsonObject] = []
        self._names: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._uids: dict[str, str] = {}

    def play(self) -> Iterator[str]:
        with self.world as world:
            world.cluster.on_commit(self._heard)
            for obj in self.story["given"]:
                yield from self._do({"do": "create", "object": obj})
            world.pass_time(self._quiet())
            for action in self.story["actions"]:
                yield from self._do(action)
                if not action.get("now") and action["do"] != "wait":
                    world.pass_time(self._quiet(action))
        yield from self._compared()

    def _quiet(self, action: JsonObject | None = None) -> float:
        return max(QUIET, float((action or {}).get("quiet", 0)))

    def _do(self, action: JsonObject) -> Iterator[str]:
        try:
            self._act(action)
            status: int = 201 if action["do"] == "create" else 200
            message = ""
        except StatusError as error:
            status, message = error.code, error.message
        wanted = action.get("reply")
        if wanted and wanted["status"] // 100 != status // 100:
            yield f"{action['do']} {action.get('target', '')}: {status} {message} instead of {wanted}"
        elif wanted and wanted.get("message") and not _same_refusal(message, wanted["message"].replace("{ns}", NS)):
            yield f"{action['do']}: {message!r} instead of {wanted['message']!r}"

    def _act(self, action: JsonObject) -> None:
        world, namespace = self.world, action.get("namespace", NS)
        match action["do"]:
            case "create":
                obj = self._filled(action["object"])
                resource = world.resource(obj)
                if resource.namespaced:
                    obj["metadata"].setdefault("namespace", namespace)
                world.create(obj)
            case "patch" | "patchStatus":
                key, resource = self._target(action)
                patch = self._filled(action["patch"])
                kind = PatchType.JSON if isinstance(patch, list) else PatchType.MERGE
                sub = "status" if action["do"] == "patchStatus" else ""
                world.run(world.client.patch(resource, key.name, key.namespace, patch, kind, subresource=sub))
            case "delete":
                key, resource = self._target(action)
                world.run(world.client.delete(resource, key.name, key.namespace, propagation="Background"))
            case "deleteFirst":
                resource = world.resource({"apiVersion": action.get("apiVersion", "v1"), "kind": action["kind"]})
                first = world.run(world.client.list(resource, namespace)).items[0]["metadata"]
                world.run(world.client.delete(resource, first["name"], namespace, propagation="Background"))
            case "condition":
                self._condition(action)
            case "sleep":
                world.pass_time(float(action.get("seconds", 1)))
            case "wait":
                world.pass_time(float(action["most"]))

    def _condition(self, action: JsonObject) -> None:
        key, resource = self._target(action)
        world = self.world
        obj = world.run(world.client.read(resource, key.name, key.namespace))
        made = {**action["condition"], "lastTransitionTime": seconds(world.clock.now())}
        if action.get("observed"):
            made["observedGeneration"] = obj["metadata"]["generation"]
        conditions = [one for one in (obj.get("status") or {}).get("conditions") or [] if one["type"] != made["type"]]
        obj = {**obj, "status": {**(obj.get("status") or {}), "conditions": [*conditions, made]}}
        world.run(world.client.update(resource, obj, subresource=action.get("subresource", "status")))

    def _target(self, action: JsonObject) -> tuple[Key, Resource]:
        kind, _, name = self._filled(action["target"]).partition("/")
        served = self.world.run(self.world.client.resources())
        resource = next(one for one in served if one.kind == kind)
        namespace = action.get("namespace", NS)
        return Key(namespace if resource.namespaced else "", name), resource

    def _filled(self, value: Any) -> Any:
        return json.loads(json.dumps(value).replace("{ns}", NS))

    # -- what was seen -------------------------------------------------------------------------------------------------

    def _heard(self, batch: Sequence[Change]) -> None:
        for change in batch:
            self._committed(change)

    def _committed(self, change: Change) -> None:
        obj, deleted = change.obj, change.new is None
        kind, metadata = obj["kind"], obj["metadata"]
        if kind == "Event":
            if not deleted:
                self.events.append(obj)
            return
        self._name(obj)
        self._uids[metadata["uid"]] = f"{{uid:{kind}/{self._names.get(metadata['name'], metadata['name'])}}}"
        place = metadata.get("namespace", NS)
        elsewhere = "" if place == NS else f" (namespace {place})"
        states = self.states.setdefault(f"{kind}/{metadata['name']}{elsewhere}", [])
        state = {"deleted": True} if deleted else described(obj, NS)
        if not states or states[-1] != state:
            states.append(state)

    def _name(self, obj: JsonObject) -> None:
        name, prefix = obj["metadata"]["name"], obj["metadata"].get("generateName")
        if obj["kind"] in ("Order", "Challenge"):
            owner = obj["metadata"]["ownerReferences"][0]["name"]
            domain = f" {obj['spec']['dnsName']}" if obj["kind"] == "Challenge" else ""
            self._names[name] = f"{self._names.get(owner, owner)}-{{hash{domain}}}"
        if prefix == SOLVER and name not in self._names:
            domain = obj["metadata"]["labels"]["acme.cert-manager.io/http-domain"]
            place = f"{obj['kind']}/{domain}"
            self._counts[place] = self._counts.get(place, 0) + 1
            self._names[name] = f"{prefix}{{rand:{domain}.{self._counts[place]}}}"
        if prefix and name not in self._names:
            self._counts[prefix] = self._counts.get(prefix, 0) + 1
            self._names[name] = f"{prefix}{{rand:{self._counts[prefix]}}}"

    def _replaced(self, value: Any) -> Any:
        text = json.dumps(value)
        known = sorted(itertools.chain(self._names.items(), self._uids.items()), key=lambda one: -len(one[0]))
        for name, shown in known:
            text = text.replace(name, shown).replace(name.replace(NS, "{ns}"), shown)
        for pattern, shown in _ACME_TEXTS:
            text = pattern.sub(shown, text)
        return json.loads(text.replace(NS, "{ns}"))

    def _compared(self) -> Iterator[str]:
        ours = {self._replaced(name): self._replaced(states) for name, states in self.states.items()}
        cut = self._cut_short()
        for name, recorded in self.story["objects"].items():
            if recorded.get("optional") or not recorded["states"] or name.startswith("Gateway/") or name in cut:
                continue
            if name not in ours:
                yield f"{name}: never seen"
                continue
            yield from _states_differ(name, recorded, ours[name])
        yield from self._events_differ(cut)

    def _cut_short(self) -> set[str]:
        """Certificates made last of all, which no controller had answered yet when the recording ended."""
        seen = {name: list(_expanded(one["states"])) for name, one in self.story["objects"].items() if one["states"]}
        last = max((states[-1][0].get("step", 0) for states in seen.values()), default=0)
        return {
            name
            for name, states in seen.items()
            if name.startswith("Certificate/")
            and last == states[0][0].get("step") > 0
            and all(not state.get("status") and "deleted" not in state for state, _ in states)
        }

    def _events_differ(self, cut: set[str]) -> Iterator[str]:
        wanted: dict[tuple[str, str, str], bool] = {}
        for recorded in self.story["objects"].values():
            for event in recorded["events"]:
                if event["reason"] not in _EVENTS_LEFT_OUT:
                    key = (event["type"], event["reason"], _before_foreign(event["message"]))
                    wanted[key] = wanted.get(key, True) and bool(event.get("optional") or recorded.get("optional"))
        kinds = {name.partition("/")[0] for name in self.story["objects"]}
        found = {
            (one["type"], one["reason"], _before_foreign(self._replaced(one["message"])))
            for one in self.events
            if one["involvedObject"]["kind"] in kinds - {"Pod"}
            and one["reason"] not in _EVENTS_LEFT_OUT
            and f"{one['involvedObject']['kind']}/{one['involvedObject']['name']}" not in cut
        }
        for key, optional in wanted.items():
            if key not in found and not optional:
                yield f"no event {key}"
        for key in sorted(one for one in found - set(wanted) if not one[2].startswith(_OURS)):
            yield f"event {key} was not recorded"


def _states_differ(name: str, recorded: Mapping[str, Any], ours: list[Any]) -> Iterator[str]:
    expanded = list(_expanded(recorded["states"]))
    last = _comparable(expanded[recorded.get("final", -1)][0])
    end = _forgetting(_comparable(ours[-1]), last)
    if name.startswith(f"{_ENDS_LATE[0]}/"):
        last, end = _without_racing(last), _without_racing(end)
    if not recorded.get("finalVaries") and end != last:
        yield f"{name} ends as {_first_difference(end, last)}"
    if name.startswith("Secret/"):
        expanded = list(_last_of_steps(expanded))
    yield from _facets_differ(name, [(_facets(state), optional) for state, optional in expanded], ours)


def _forgetting(ours: Any, theirs: Any) -> Any:
    """Ours, without what upstream is known to leave out where it does."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        kept = {key: value for key, value in ours.items() if not (key in _FORGOTTEN and key not in theirs)}
        return {key: _forgetting(value, theirs.get(key)) for key, value in kept.items()}
    return ours


def _without_racing(state: Any) -> Any:
    if not isinstance(state, dict) or not isinstance(state.get("status"), dict):
        return state
    left = {place.rpartition(".")[2] for place in _ENDS_LATE[1]}
    return {**state, "status": {key: value for key, value in state["status"].items() if key not in left}}


def _last_of_steps(expanded: list[tuple[Any, bool]]) -> Iterator[tuple[Any, bool]]:
    """What a Secret is between two writes of one step is upstream's way of writing: how the step leaves it counts."""
    for (state, optional), following in itertools.zip_longest(expanded, expanded[1:]):
        between = following is not None and following[0].get("step") == state.get("step")
        yield state, optional or between


def _facets_differ(name: str, expanded: list[tuple[dict[str, Any], bool]], ours: list[Any]) -> Iterator[str]:
    """Each condition and each field of the status on its own: how they interleave is a race of several controllers."""
    seen = [_facets(state) for state in ours]
    for facet in sorted({facet for facets, _ in expanded for facet in facets} | {f for one in seen for f in one}):
        required = _distinct(facets.get(facet) for facets, optional in expanded if not optional)
        known = [facets.get(facet) for facets, _ in expanded]
        found = _distinct(one.get(facet) for one in seen)
        at = 0
        for wanted in required:
            place = next((i for i, value in enumerate(found[at:], at) if _forgetting(value, wanted) == wanted), None)
            if place is None:
                if _is_race(wanted):
                    continue
                yield f"{name} {facet} never is {_short(wanted)}"
                return
            at = place
        for value in found:
            was_known = any(_forgetting(value, one) == one for one in known)
            if value is not None and not was_known and not _is_race(value) and facet not in _RACING:
                yield f"{name} {facet} was {_short(value)}, which was not recorded"
                return


def _is_race(value: Any) -> bool:
    """States that show or not depending on the order in which controllers run; of upstream's own, or of both."""
    message = value.get("message", "") if isinstance(value, dict) else ""
    return any(text in str(message) for text in _RACES)


def _facets(state: Any) -> dict[str, Any]:
    if not isinstance(state, dict) or "deleted" in state:
        return {"deleted": True}
    plain = _comparable(state)
    found = {key: value for key, value in plain.items() if key != "status"}
    status = dict(plain.get("status") or {})
    for one in status.pop("conditions", []):
        found[f"condition {one['type']}"] = {key: value for key, value in one.items() if key != "lastTransitionTime"}
    return found | {f"status.{key}": value for key, value in status.items()}


def _distinct(values: Iterator[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if not found or found[-1] != value:
            found.append(value)
    return found


def _expanded(states: list[Any]) -> Iterator[tuple[Any, bool]]:
    """Full states: `"="` means the value of the entry before."""
    before: dict[str, Any] = {}
    for state in states:
        made = {key: before.get(key) if value == "=" else value for key, value in state.items()}
        before = made
        yield made, bool(state.get("optional"))


def _comparable(state: Any) -> Any:
    if isinstance(state, dict):
        state = {key: value for key, value in state.items() if key != "deletionTimestamp" or "finalizers" in state}
        left = {"step", "optional", "differences"} if "step" in state else set()
        made = {
            key: _comparable(_entry(key, value))
            for key, value in state.items()
            if key not in left and key not in _LEFT_OUT
        }
        return {key: value for key, value in made.items() if value not in (None, {}, [], "")}
    if isinstance(state, list):
        return [_comparable(one) for one in state]
    return _before_foreign(state) if isinstance(state, str) else state


def _entry(key: str, value: Any) -> Any:
    """Values that one side gives by text or length only are compared by presence."""
    if key == "critical":
        return sorted(value)
    if key == "spec" and isinstance(value, dict):
        return {name: item for name, item in value.items() if name not in ("username", "uid", "groups", "extra")}
    if key == "data" and isinstance(value, dict):
        return {
            n: v if isinstance(v, dict) and ("pem" in v or "chainLength" in v) else {"entry": n}
            for n, v in value.items()
        }
    return value


def _is_described(item: Any) -> bool:
    return isinstance(item, dict) and ("pem" in item or "chainLength" in item)


def _before_foreign(text: str) -> str:
    """Text of other programs varies: the text before it is compared."""
    return re.split(r"urn:ietf:params:acme:error:|dial tcp|Get \\?\"http|tls: failed", text)[0]


def _same_refusal(ours: str, theirs: str) -> bool:
    """Field, kind of error and value count; the words after them are free."""
    return ours[:60] == theirs[:60]


def _first_difference(ours: Any, theirs: Any, path: str = "") -> str:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs}):
            if ours.get(key) != theirs.get(key):
                return _first_difference(ours.get(key), theirs.get(key), f"{path}.{key}")
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for at, (left, right) in enumerate(zip(ours, theirs, strict=True)):
            if left != right:
                return _first_difference(left, right, f"{path}[{at}]")
    return f"{path}: {_short(ours)} instead of {_short(theirs)}"


def _short(value: Any) -> str:
    return json.dumps(value)[:400]


def play(story: JsonObject) -> Iterator[str]:
    return Story(story).play()
