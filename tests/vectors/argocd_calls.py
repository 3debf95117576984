"""The calls of a transcript, as its client makes them, without the client: each RPC of a command over gRPC-web.

Requests are made from the command's arguments and from what the calls before it answered, as spec/server-details.md B
says the client does. What the client prints is judged where it prints an answer as it is (`-o json`, `-o yaml`), and by
how the command ends: a refusal must have the code and the words that the client printed.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from argosy.machinery.objects import JsonObject
from argosy.machinery.text.yaml import load_documents
from argosy.server.schema.decoding import decode
from argosy.server.schema.encoding import encode
from argosy.server.schema.facts import Method, methods

WATCH_SECONDS = 60.0
SWITCHES = frozenset(
    {
        *(
            "upsert",
            "yes",
            "y",
            "wait",
            "refresh",
            "hard-refresh",
            "dry-run",
            "force",
            "orphan",
            "prune",
            "batch",
            "follow",
        ),
        *("show-params", "show-operation", "sync", "health", "operation", "short", "client", "token-only", "unixtime"),
        *("manual-sync", "skip-test-tls", "orphaned", "delete", "insecure", "all", "async", "server-side-diff"),
    }
)
REFUSED = re.compile(r"rpc error: code = (\w+) desc = (.*?)\"[,}]")


class NotKnown(Exception):
    """How the client makes this call is not written here."""


@dataclass
class Words:
    """A command line: words, and flags with all of their values."""

    words: list[str] = field(default_factory=list)
    flags: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, argv: Sequence[str]) -> Words:
        found, rest = cls(), list(argv)
        while rest:
            word = rest.pop(0)
            if not word.startswith("-") or word == "-":
                found.words.append(word)
                continue
            name, equals, value = word.lstrip("-").partition("=")
            if not equals and name not in SWITCHES and rest:
                value = rest.pop(0)
            found.flags.setdefault(name, []).append(value if equals or value else "true")
        return found

    def one(self, *names: str) -> str:
        return next((self.flags[name][-1] for name in names if name in self.flags), "")

    def all(self, *names: str) -> list[str]:
        return [value for name in names for value in self.flags.get(name, ())]

    def has(self, *names: str) -> bool:
        return any(name in self.flags for name in names)

    def at(self, index: int) -> str:
        return self.words[index] if index < len(self.words) else ""


@dataclass
class Turn:
    """One command while it is played."""

    words: Words
    files: Path
    answers: list[tuple[str, Any]] = field(default_factory=list)

    def last(self, name: str) -> JsonObject:
        """What that method answered last."""
        found = [answer for called, answer in self.answers if called.endswith(f"/{name}")]
        if not found:
            raise NotKnown(f"nothing asked for {name} before")
        return dict(found[-1])

    @property
    def app(self) -> str:
        return self.words.words[-1] if self.words.at(1) == "wait" else self.words.at(2)


def _with(**values: Any) -> JsonObject:
    return {name: value for name, value in values.items() if value not in (None, "", [], False)}


def _app_get(turn: Turn) -> JsonObject:
    level = "hard" if turn.words.has("hard-refresh") else "normal" if turn.words.has("refresh") else ""
    is_first = not any(name.endswith("ApplicationService/Get") for name, _ in turn.answers)
    return _with(name=_name(turn), refresh=level if is_first else "")


def _name(turn: Turn) -> str:
    words = turn.words
    if words.has("l", "selector") and any(name.endswith("Service/List") for name, _ in turn.answers):
        return str(turn.last("List")["items"][0]["metadata"]["name"])
    return words.at(3 if words.at(1) == "actions" else 2)


def _list(turn: Turn) -> JsonObject:
    words = turn.words
    return _with(
        projects=words.all("p", "project"),
        selector=words.one("l", "selector"),
        repo=words.one("r", "repo"),
        appNamespace=words.one("N", "app-namespace"),
    )


def _sync(turn: Turn) -> JsonObject:
    words = turn.words
    request = _with(
        name=_name(turn),
        revision=words.one("revision"),
        dryRun=words.has("dry-run"),
        prune=words.has("prune"),
        infos=[dict(zip(("name", "value"), item.split("=", 1), strict=True)) for item in words.all("info")],
    )
    strategy = words.one("strategy") or ("hook" if not words.has("strategy") else "")
    force = {"force": True} if words.has("force") else {}
    request["strategy"] = {"apply": force} if strategy == "apply" else {"hook": {"syncStrategyApply": force}}
    if limit := words.one("retry-limit"):
        backoff = {"duration": "5s", "maxDuration": "3m0s", "factor": 2}
        request["retryStrategy"] = {"limit": int(limit), "backoff": backoff}
    if words.has("resource"):
        request["resources"] = [_resource(text) for text in words.all("resource")]
    if words.has("local"):
        request["manifests"] = _local(turn)
    return request


def _resource(text: str) -> JsonObject:
    group, kind, name = text.split(":")
    namespace, _, name = name.rpartition("/")
    return _with(group=group, kind=kind, name=name, namespace=namespace)


def _local(turn: Turn) -> list[str]:
    """What a directory of plain manifests gives."""
    found: list[str] = []
    for path in sorted(Path(turn.words.one("local")).rglob("*.yaml")):
        found += [json.dumps(item) for item in load_documents(path.read_bytes()) if isinstance(item, dict)]
    return found


def _rollback(turn: Turn) -> JsonObject:
    return {"name": turn.words.at(2), "id": int(turn.words.at(3)), "prune": turn.words.has("prune")}


def _item(turn: Turn, index: int) -> JsonObject:
    """The managed resource that the flags choose, the index-th of them."""
    words = turn.words
    chosen = [
        item
        for item in turn.last("ManagedResources").get("items") or ()
        if words.one("kind") in ("", item.get("kind"))
        and words.one("resource-name") in ("", item.get("name"))
        and item.get("liveState") not in (None, "", "null")
    ]
    if words.one("kind") in ("", "Application") and any(name.endswith("Service/Get") for name, _ in turn.answers):
        app = turn.last("Get")
        chosen.append({"group": "argoproj.io", "kind": "Application", **app["metadata"], "liveState": json.dumps(app)})
    if index >= len(chosen):
        raise NotKnown("no resource is left to ask about")
    item = chosen[index]
    version = str(json.loads(item["liveState"]).get("apiVersion") or "argoproj.io/v1alpha1").rpartition("/")[2]
    return _with(
        namespace=item.get("namespace"),
        resourceName=item.get("name"),
        version=version,
        group=item.get("group"),
        kind=item.get("kind"),
    )


def _on_item(turn: Turn, name: str, **more: Any) -> JsonObject:
    done = sum(1 for called, _ in turn.answers if called.endswith(f"/{name}"))
    return {"name": _name(turn), **_item(turn, done), **more}


def _node(turn: Turn) -> JsonObject:
    words = turn.words
    done = sum(1 for called, _ in turn.answers if called.endswith("/GetResource"))
    nodes = [
        node
        for node in turn.last("ResourceTree").get("nodes") or ()
        if node.get("kind") == words.one("kind") and words.one("resource-name") in ("", node.get("name"))
    ]
    node = nodes[done]
    place = _with(namespace=node.get("namespace"), group=node.get("group"), kind=node["kind"], version=node["version"])
    return {"name": _name(turn), "resourceName": node["name"], **place}


def _action(turn: Turn) -> JsonObject:
    parameters = [dict(zip(("name", "value"), item.split("=", 1), strict=True)) for item in turn.words.all("param")]
    return _on_item(turn, "RunResourceActionV2", action=turn.words.at(4), resourceActionParameters=parameters)


def _project_name(turn: Turn) -> str:
    words = turn.words
    if words.at(0) == "app":
        return str((turn.last("Get").get("spec") or {}).get("project") or "default")
    return words.at(3 if words.at(1) in ("role", "windows") else 2)


def _project_update(turn: Turn) -> JsonObject:
    """The client's own edits of a project, as far as the transcripts make them."""
    project, words = turn.last("Get"), turn.words
    spec = project.setdefault("spec", {})
    edit = EDITS.get(tuple(words.words[1:3]))
    if edit is None:
        raise NotKnown(f"how `{' '.join(words.words[:3])}` edits a project is not written here")
    edit(spec, words)
    return {"project": project}


def _role(spec: JsonObject, words: Words) -> JsonObject:
    return next(role for role in spec.get("roles") or () if role["name"] == words.at(4))


def _policy(words: Words) -> str:
    project, role, action = words.at(3), words.at(4), words.one("a", "action")
    target, effect = words.one("o", "object"), words.one("permission", "p") or "allow"
    resource = words.one("resource") or "applications"
    return f"p, proj:{project}:{role}, {resource}, {action}, {project}/{target}, {effect}"


def _add_policy(spec: JsonObject, words: Words) -> None:
    _role(spec, words).setdefault("policies", []).append(_policy(words))


def _remove_policy(spec: JsonObject, words: Words) -> None:
    _role(spec, words)["policies"].remove(_policy(words))


def _window(words: Words) -> JsonObject:
    lists = {name: words.one(name).split(",") for name in ("applications", "namespaces", "clusters") if words.has(name)}
    window = _with(
        kind=words.one("kind"),
        schedule=words.one("schedule"),
        duration=words.one("duration"),
        timeZone=words.one("time-zone"),
    )
    return {**window, **lists, **({"manualSync": True} if words.has("manual-sync") else {})}


def _update_window(spec: JsonObject, words: Words) -> None:
    index = int(words.at(4))
    if index < len(spec.get("syncWindows") or ()):
        spec["syncWindows"][index] |= _window(words)


Edit = Callable[[JsonObject, Words], object]
EDITS: Mapping[tuple[str, ...], Edit] = {
    ("role", "create"): lambda spec, words: spec.setdefault("roles", []).append(
        _with(name=words.at(4), description=words.one("description"))
    ),
    ("role", "delete"): lambda spec, words: spec["roles"].remove(_role(spec, words)),
    ("role", "add-policy"): _add_policy,
    ("role", "remove-policy"): _remove_policy,
    ("role", "add-group"): lambda spec, words: _role(spec, words).setdefault("groups", []).append(words.at(5)),
    ("role", "remove-group"): lambda spec, words: _role(spec, words)["groups"].remove(words.at(5)),
    ("windows", "add"): lambda spec, words: spec.setdefault("syncWindows", []).append(_window(words)),
    ("windows", "update"): _update_window,
    ("windows", "delete"): lambda spec, words: spec["syncWindows"].pop(int(words.at(4))),
    ("windows", "enable-manual-sync"): lambda spec, words: spec["syncWindows"][int(words.at(4))].update(
        manualSync=True
    ),
    ("windows", "disable-manual-sync"): lambda spec, words: spec["syncWindows"][int(words.at(4))].pop(
        "manualSync", None
    ),
}


def _token(turn: Turn) -> JsonObject:
    words, found = turn.words, re.fullmatch(r"(\d+)([smhd]?)", turn.words.one("e", "expires-in") or "0s")
    seconds = int(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}[found[2]] if found else 0
    return _with(project=words.at(3), role=words.at(4), id=words.one("i", "id"), expiresIn=seconds)


def _repository(turn: Turn) -> JsonObject:
    words = turn.words
    repo = _with(
        repo=words.at(2), type=words.one("type") or "git", name=words.one("name"), project=words.one("project")
    )
    repo |= _with(username=words.one("username"), password=words.one("password"))
    return _with(repo=repo, upsert=words.has("upsert"))


def _validated(turn: Turn) -> JsonObject:
    repo = _repository(turn)["repo"]
    return {**repo, "repo": repo["repo"]}


def _template(turn: Turn) -> JsonObject:
    words = turn.words
    creds = _with(url=words.at(2), username=words.one("username"), password=words.one("password"))
    if path := words.one("ssh-private-key-path"):
        creds["sshPrivateKey"] = Path(path).read_text()
    return _with(creds=creds, upsert=words.has("upsert"))


def _certificates(turn: Turn) -> JsonObject:
    words = turn.words
    text = Path(words.one("from")).read_text()
    if words.at(1) == "add-tls":
        data = base64.b64encode(text.encode()).decode()
        items = [{"serverName": words.at(2), "certType": "https", "certData": data}]
    else:
        items = []
        for line in text.splitlines():
            if line.strip() and not line.startswith("#"):
                host, kind, key = line.split()[:3]
                data = base64.b64encode(key.encode()).decode()
                items.append({"serverName": host, "certType": "ssh", "certSubType": kind, "certData": data})
    return {"certificates": {"items": items}, "upsert": words.has("upsert")}


def _certificate_query(turn: Turn) -> JsonObject:
    words = turn.words
    host = words.at(2) if words.at(1) == "rm" else words.one("hostname-pattern")
    return _with(hostNamePattern=host, certType=words.one("cert-type"), certSubType=words.one("cert-sub-type"))


def _cluster(turn: Turn) -> JsonObject:
    words = turn.words
    if words.at(0) == "app":
        destination = (turn.last("Get").get("spec") or {}).get("destination") or {}
        return {key: destination[key] for key in ("server", "name") if destination.get(key)}
    name = words.at(2)
    return {"id": {"type": "url", "value": name}, "server": name} if "://" in name else _by_name(name)


def _by_name(name: str) -> JsonObject:
    return {"id": {"type": "name", "value": name}, "name": name}


def _cluster_update(turn: Turn) -> JsonObject:
    words, updated = turn.words, []
    name = words.at(2)
    cluster = _with(name=words.one("name") or name, namespaces=words.all("namespace"))
    if words.has("label"):
        cluster["labels"] = dict(item.split("=", 1) for item in words.all("label"))
    updated = [
        key for key in ("name", "namespaces", "labels") if key in cluster and (key != "name" or words.has("name"))
    ]
    return {"cluster": cluster, "updatedFields": updated, "id": {"type": "name", "value": name}}


def _watch(turn: Turn) -> JsonObject:
    version = ""
    if any(name.endswith("Service/Get") for name, _ in turn.answers):
        version = str(turn.last("Get")["metadata"].get("resourceVersion") or "")
    return _with(name=_name(turn), resourceVersion=version)


def _logs(turn: Turn) -> JsonObject:
    words = turn.words
    tail = words.one("tail")
    chosen = _with(kind=words.one("kind"), resourceName=words.one("resource-name"), container=words.one("container"))
    return {"name": _name(turn), "tailLines": int(tail or 0), "sinceSeconds": 0, **chosen}


def _server_side(turn: Turn) -> JsonObject:
    """All live resources in one batch, each with its target."""
    items = [item for item in turn.last("ManagedResources").get("items") or () if not item.get("hook")]
    wanted = ("group", "kind", "namespace", "name", "liveState", "targetState")
    live = [{name: item[name] for name in wanted if item.get(name)} for item in items]
    app = turn.last("ApplicationService/Get") if len(turn.answers) == 1 else turn.answers[0][1]
    project = str((app.get("spec") or {}).get("project") or "default")
    targets = [item.get("targetState") or "null" for item in items]
    return {"appName": _name(turn), "project": project, "liveResources": live, "targetManifests": targets}


Make = Callable[[Turn], JsonObject]
MADE: Mapping[str, Make] = {
    "application.ApplicationService/List": _list,
    "application.ApplicationService/Get": _app_get,
    "application.ApplicationService/Sync": _sync,
    "application.ApplicationService/Rollback": _rollback,
    "application.ApplicationService/Watch": _watch,
    "application.ApplicationService/PodLogs": _logs,
    "application.ApplicationService/ManagedResources": lambda turn: {"applicationName": _name(turn)},
    "application.ApplicationService/ResourceTree": lambda turn: {"applicationName": _name(turn)},
    "application.ApplicationService/TerminateOperation": lambda turn: {"name": _name(turn)},
    "application.ApplicationService/GetManifests": lambda turn: _with(
        name=_name(turn), revision=turn.words.one("revision")
    ),
    "application.ApplicationService/GetResource": _node,
    "application.ApplicationService/ListResourceActions": lambda turn: _on_item(turn, "ListResourceActions"),
    "application.ApplicationService/RunResourceActionV2": _action,
    "application.ApplicationService/PatchResource": lambda turn: _on_item(
        turn, "PatchResource", patch=turn.words.one("patch"), patchType=turn.words.one("patch-type")
    ),
    "application.ApplicationService/DeleteResource": lambda turn: _on_item(
        turn, "DeleteResource", force=turn.words.has("force"), orphan=turn.words.has("orphan")
    ),
    "application.ApplicationService/Delete": lambda turn: {"name": _name(turn), "cascade": True},
    "application.ApplicationService/ServerSideDiff": _server_side,
    "project.ProjectService/Get": lambda turn: {"name": _project_name(turn)},
    "project.ProjectService/GetDetailedProject": lambda turn: {"name": _project_name(turn)},
    "project.ProjectService/Update": _project_update,
    "project.ProjectService/CreateToken": _token,
    "project.ProjectService/DeleteToken": lambda turn: {
        "project": turn.words.at(3),
        "role": turn.words.at(4),
        "iat": int(turn.words.at(5)),
    },
    "cluster.SettingsService/Get": lambda turn: {},
    "cluster.ClusterService/List": lambda turn: {},
    "cluster.ClusterService/Get": _cluster,
    "cluster.ClusterService/Delete": _cluster,
    "cluster.ClusterService/RotateAuth": _cluster,
    "cluster.ClusterService/Update": _cluster_update,
    "certificate.CertificateService/ListCertificates": _certificate_query,
    "certificate.CertificateService/DeleteCertificate": _certificate_query,
    "certificate.CertificateService/CreateCertificate": _certificates,
    "repository.RepositoryService/ListRepositories": lambda turn: _with(
        forceRefresh=turn.words.one("refresh") == "hard"
    ),
    "repository.RepositoryService/Get": lambda turn: _with(repo=turn.words.at(2), appProject=turn.words.one("project")),
    "repository.RepositoryService/DeleteRepository": lambda turn: _with(
        repo=turn.words.at(2), appProject=turn.words.one("project")
    ),
    "repository.RepositoryService/CreateRepository": _repository,
    "repository.RepositoryService/ValidateAccess": _validated,
    "repocreds.RepoCredsService/ListRepositoryCredentials": lambda turn: {},
    "repocreds.RepoCredsService/CreateRepositoryCredentials": _template,
    "repocreds.RepoCredsService/DeleteRepositoryCredentials": lambda turn: {"url": turn.words.at(2)},
    "session.SessionService/Create": lambda turn: _with(
        username=turn.words.one("username"), password=turn.words.one("password")
    ),
    "session.SessionService/GetUserInfo": lambda turn: {},
    "version.VersionService/Version": lambda turn: {},
}
"""By method, the request that the client makes of a command."""


class Wire:
    """gRPC-web, as the client speaks it."""

    def __init__(self, player: Any, token: str) -> None:
        self._player, self.token = player, token

    def call(
        self, method: Method, request: JsonObject, enough: Callable[[JsonObject], bool]
    ) -> tuple[int, str, list[Any]]:
        """Code, text and messages; of a stream as many as are enough."""
        body = encode(method.request, request)
        headers = {"Content-Type": "application/grpc-web+proto", "User-Agent": "argocd-client/3.6.0"}
        if self.token:
            headers["token"] = self.token
        connection = self._player.connect(WATCH_SECONDS)
        framed = b"\0" + len(body).to_bytes(4, "big") + body
        connection.request("POST", f"/{method.full_name}", framed, headers)
        answer = connection.getresponse()
        if status := int(answer.getheader("Grpc-Status") or 0):
            connection.close()
            return status, str(answer.getheader("Grpc-Message")), []
        found: list[Any] = []
        buffer = b""
        try:
            while part := answer.read1(65536):
                buffer += part
                while len(buffer) >= 5 and len(buffer) >= 5 + int.from_bytes(buffer[1:5], "big"):
                    size = int.from_bytes(buffer[1:5], "big")
                    flag, message, buffer = buffer[0], buffer[5 : 5 + size], buffer[5 + size :]
                    if flag & 0x80:
                        return 0, "", found
                    found.append(decode(method.response, message))
                    if method.server_stream and enough(found[-1]):
                        return 0, "", found
        finally:
            connection.close()
        return 0, "", found


def played(player: Any, wire: Wire, step: JsonObject, files: Path) -> list[str]:
    """What is wrong with the calls of one command. Raises NotKnown."""
    if not step["calls"]:
        return []
    argv = [
        re.sub(r"\{file:([\w.-]*)\}", lambda found: str(files / found[1]), player.fill(word)) for word in step["argv"]
    ]
    turn = Turn(Words.of(argv), files)
    token = wire.token
    if given := turn.words.one("auth-token"):
        wire.token = given
    try:
        refusal = _calls(wire, turn, step["calls"])
    finally:
        wire.token = token
    told = REFUSED.search(step.get("stderr") or "")
    if told is None:
        faults = [] if refusal is None else [f"refused: {refusal}"]
        return faults or _printed(player, turn, step)
    if refusal is None:
        return [f"not refused; want {told[0][:200]}"]
    code, text = refusal
    if _code_name(code) != told[1]:
        return [f"code {_code_name(code)}, want {told[1]}: {text[:200]}"]
    wanted = json.loads(f'"{told[2]}"') if "\\" in told[2] else told[2]
    faults = []
    script, ours = "error executing Lua resource action: ", player.text(text)
    if wanted.startswith(script) and ours.startswith(script):
        return []  # what follows is their interpreter's own
    if not step.get("quirk") and step.get("compare") != "exit":
        player.diff(wanted.rstrip(), ours.rstrip(), "message", [], faults)
    return faults


def _calls(wire: Wire, turn: Turn, names: Sequence[str]) -> tuple[int, str] | None:
    """The refusal that ended them."""
    for name in names:
        method = methods().get(name)
        if method is None:
            continue  # pages, such as signing out
        make = MADE.get(name)
        if make is None:
            raise NotKnown(f"how the client calls {name} is not written here")
        code, text, found = wire.call(method, make(turn), lambda message: _is_done(turn, message))
        if code:
            return code, text
        turn.answers.append((name, found[-1] if found else {}))
    return None


def _is_done(turn: Turn, message: JsonObject) -> bool:
    """Of a watch: whether the client would stop looking."""
    if "application" not in message:
        return bool(message.get("last"))
    if turn.words.at(1) == "delete":
        return message.get("type") == "DELETED"
    app = message["application"]
    status = app.get("status") or {}
    state = status.get("operationState") or {}
    if turn.words.has("timeout") and turn.words.at(1) == "wait":
        return True
    return not app.get("operation") and bool(state.get("finishedAt")) and state.get("phase") != "Running"


def _printed(player: Any, turn: Turn, step: JsonObject) -> list[str]:
    """Answers that the client prints as they are."""
    wanted = step.get("stdout")
    if not isinstance(wanted, dict) or step.get("quirk") or step.get("compare") == "exit" or not turn.answers:
        return []
    shown = PRINTED.get(tuple(turn.words.words[:2]))
    if shown is None or ("$json" not in wanted and "$yaml" not in wanted):
        return []
    value = wanted["$json"] if "$json" in wanted else wanted["$yaml"][0]
    faults: list[str] = []
    ignored = [re.sub(r"^stdout(/0)?", "stdout", path) for path in (step.get("ignore") or step.get("mask") or [])]
    player.diff(_named(value), player.normal(_named(shown(turn))), "stdout", ignored, faults)
    return faults


def _named(value: Any) -> Any:
    """What identifies the objects of an answer: how Go prints the rest is the client's own."""
    if isinstance(value, list):
        return [_named(item) for item in value]
    metadata = value.get("metadata") if isinstance(value, dict) else None
    if not isinstance(metadata, dict):
        return value.get("repo") or value.get("url") or value.get("server") if isinstance(value, dict) else value
    status = value.get("status") or {}
    return {
        "name": metadata.get("name"),
        "namespace": metadata.get("namespace"),
        "spec": value.get("spec"),
        "sync": (status.get("sync") or {}).get("status"),
        "health": (status.get("health") or {}).get("status"),
    }


PRINTED: Mapping[tuple[str, ...], Callable[[Turn], Any]] = {
    ("app", "list"): lambda turn: turn.last("List").get("items") or [],
    ("app", "get"): lambda turn: next(answer for name, answer in turn.answers if "ApplicationService" in name),
    ("repo", "list"): lambda turn: turn.last("ListRepositories").get("items") or [],
    ("repocreds", "list"): lambda turn: turn.last("ListRepositoryCredentials").get("items") or [],
    ("cluster", "list"): lambda turn: turn.last("ClusterService/List").get("items") or [],
}
CODES = (
    *("OK", "Canceled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound", "AlreadyExists"),
    *("PermissionDenied", "ResourceExhausted", "FailedPrecondition", "Aborted", "OutOfRange", "Unimplemented"),
    *("Internal", "Unavailable", "DataLoss", "Unauthenticated"),
)


def _code_name(code: int) -> str:
    return CODES[code] if code < len(CODES) else str(code)
