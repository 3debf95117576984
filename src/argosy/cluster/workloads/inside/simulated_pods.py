"""The `ports.PodRuntime` over the simulation's rules: commands by exec, HTTP by port-forward and proxies."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Sequence
from fnmatch import fnmatchcase

import orjson

from argosy.cluster.ports import Clock, CommandConsole, ProxyRequest, ProxyResponse
from argosy.cluster.workloads.inside import commands
from argosy.cluster.workloads.inside.commands import READS_INPUT, Place, Ran
from argosy.cluster.workloads.inside.fields import api_server, field_value, host_name, kubelet_files
from argosy.cluster.workloads.inside.files import ALL_LIMIT, POD_LIMIT, Files, data_of, mounted
from argosy.cluster.workloads.inside.known_images import PORT, page_of, serves_pages
from argosy.cluster.workloads.inside.line import END, ENTER, INTERRUPT, Line
from argosy.cluster.workloads.inside.rules import Page
from argosy.cluster.workloads.kubelet.effects import effects_of, ordinal_of, owners_of
from argosy.cluster.workloads.pods import containers_of
from argosy.cluster.workloads.rules.rule_book import RuleBook
from argosy.cluster.workloads.rules.rules import Effect
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject, Key

PODS_KEPT = 256
"""Maximum Pods whose written files are kept; those written to first are dropped first."""
GREETING = (
    b"This container is simulated: there is no shell. A few plain commands answer, and rules may say what others\n"
    b"print (docs/simulation.md). 'exit' ends.\n"
)


PROMPT = b"$ "
LONGEST_LINE = 1 << 16
"""Maximum bytes of a script's line."""


class SimulatedPodRuntime:
    def __init__(self, view: View, book: RuleBook, clock: Clock) -> None:
        self._view, self._book, self._clock = view, book, clock
        self._written: dict[str, Files] = {}

    # -- commands ----------------------------------------------------------------------------------------------------

    async def run(
        self, pod: JsonObject, container: str, command: Sequence[str], console: CommandConsole, *, tty: bool
    ) -> int:
        effect = self._effect(pod, container)
        place = self._place(pod, container, effect)
        name = command[0].rpartition("/")[2]
        if (said := _rule_output(effect, command)) is not None:
            done = said
        elif _echoes(command):
            while data := await console.read():
                await console.write(data)
            return 0
        elif name in ("sh", "bash", "ash") and tty and len(command) == 1:
            return await self._interact(pod, place, effect, console)
        elif name in ("sh", "bash", "ash") and len(command) == 1:
            return await self._listen(pod, place, effect, console)
        else:
            given = await _all_input(console) if _waits_for_input(name, command) else b""
            done = self._executed(place, effect, command, given)
        self._keep(pod, place)
        await console.write(done.output)
        await console.write(done.complaint, error=True)
        return done.code

    def _executed(self, place: Place, effect: Effect, command: Sequence[str], given: bytes) -> Ran:
        """Checks rules first, for each command of a script too."""
        if (said := _rule_output(effect, command)) is not None:
            return said
        name = command[0].rpartition("/")[2]
        if name in ("sh", "bash", "ash") and len(command) > 2 and command[1].endswith("c"):
            return commands.script_run(
                place, command[2], lambda at, words, data: self._executed(at, effect, words, data)
            )
        return commands.run(place, command, given)

    async def _interact(self, pod: JsonObject, place: Place, effect: Effect, console: CommandConsole) -> int:
        """Line by line, until the end of the input or `exit`."""
        await console.write(GREETING + PROMPT)
        line, code = Line(), 0
        while data := await console.read():
            for byte in data:
                if byte == INTERRUPT:
                    line, code = Line(), 130
                    await console.write(b"^C\n" + PROMPT)
                if byte not in ENTER and (byte != END or line.text):
                    await console.write(line.take(byte))
                    continue
                await console.write(b"\n")
                words, line = line.text.decode(errors="replace").strip(), Line()
                if byte == END or words.partition(" ")[0] == "exit":
                    return code
                code = await self._line(pod, place, effect, words, console) if words else code
                await console.write(PROMPT)
        return code

    async def _listen(self, pod: JsonObject, place: Place, effect: Effect, console: CommandConsole) -> int:
        """Runs a script from its input, each line once it is complete, like a shell driven by a program."""
        left, code = b"", 0
        while data := await console.read():
            *lines, left = (left + data).split(b"\n")
            if len(left) > LONGEST_LINE:
                await console.write(b"sh: the line is too long\n", error=True)
                return 2
            for line in lines:
                words = line.decode(errors="replace").split()
                if words[:1] == ["exit"]:
                    return int(words[1]) % 256 if words[1:] and words[1].isdecimal() else code
                code = await self._line(pod, place, effect, line.decode(errors="replace"), console) if words else code
        return await self._line(pod, place, effect, left.decode(errors="replace"), console) if left.strip() else code

    async def _line(self, pod: JsonObject, place: Place, effect: Effect, words: str, console: CommandConsole) -> int:
        done = self._executed(place, effect, ["sh", "-c", words], b"")
        self._keep(pod, place)
        await console.write(done.output)
        await console.write(done.complaint, error=True)
        return done.code

    def _place(self, pod: JsonObject, container: str, effect: Effect) -> Place:
        spec = next(item for item in containers_of(pod) if item["name"] == container)
        files = kubelet_files(pod) | mounted(self._view, pod, spec)
        files |= {path: text.encode() for path, text in (effect.files or {}).items()}
        files |= self._written.get(pod["metadata"]["uid"], {})
        return Place(
            hostname=host_name(pod),
            now=self._clock.now(),
            environment=self._environment(pod, spec),
            files=files,
            directory=spec.get("workingDir") or "/",
        )

    def _environment(self, pod: JsonObject, container: JsonObject) -> dict[str, str]:
        found = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        found["HOSTNAME"] = host_name(pod)
        found |= api_server(self._view.get("services", Key("default", "kubernetes")))
        namespace = pod["metadata"]["namespace"]
        for item in container.get("envFrom") or ():
            for field, plural in (("configMapRef", "configmaps"), ("secretRef", "secrets")):
                if reference := item.get(field):
                    data = data_of(self._view.get(plural, Key(namespace, reference.get("name") or "")))
                    prefix = item.get("prefix") or ""
                    found |= {f"{prefix}{key}": value.decode(errors="replace") for key, value in data.items()}
        for item in container.get("env") or ():
            found[item["name"]] = item.get("value") or self._value_from(pod, item.get("valueFrom") or {})
        return found

    def _value_from(self, pod: JsonObject, source: JsonObject) -> str:
        for field, plural in (("configMapKeyRef", "configmaps"), ("secretKeyRef", "secrets")):
            if reference := source.get(field):
                key = Key(pod["metadata"]["namespace"], reference.get("name") or "")
                return data_of(self._view.get(plural, key)).get(reference["key"], b"").decode(errors="replace")
        return field_value(pod, (source.get("fieldRef") or {}).get("fieldPath") or "")

    def _keep(self, pod: JsonObject, place: Place) -> None:
        if not place.written:
            return
        own = self._written.setdefault(pod["metadata"]["uid"], {})
        for path, data in place.written.items():
            if sum(map(len, own.values())) + len(data) <= POD_LIMIT:
                own[path] = data
        place.files |= place.written
        while len(self._written) > PODS_KEPT or (len(self._written) > 1 and self._size() > ALL_LIMIT):
            self._written.pop(next(iter(self._written)))

    def _size(self) -> int:
        return sum(len(data) for files in self._written.values() for data in files.values())

    # -- HTTP --------------------------------------------------------------------------------------------------------

    def listens(self, pod: JsonObject, port: int) -> bool:
        """A port that a container declares, or that a rule names."""
        if (pod.get("status") or {}).get("phase") != "Running":
            return False
        declared = any(item.get("containerPort") == port for _, item in _ports(pod))
        return declared or any(page.port == port for _, page in self._pages(pod)) or self._site(pod, port) is not None

    async def answer(self, pod: JsonObject, port: int, request: ProxyRequest) -> ProxyResponse:
        for _, page in self._pages(pod):
            if _means(page, port, request) and page.review is None:
                return ProxyResponse(status=page.status, body=page.body.encode(), content_type=page.content_type)
        if (files := self._site(pod, port)) is not None:
            return page_of(request, files)
        metadata = pod["metadata"]
        text = f"{request.method} {request.path}\npod {metadata['namespace']}/{metadata['name']}, simulated\n"
        return ProxyResponse(status=200, body=text.encode())

    def _site(self, pod: JsonObject, port: int) -> Files | None:
        """The files of the container whose image serves pages on this port without a rule."""
        if port != PORT:
            return None
        effects = self._effects(pod)
        serving = (item["name"] for item in pod["spec"]["containers"] if serves_pages(item))
        name = next((name for name in serving if not (effects.get(name) or Effect()).http), None)
        return self._place(pod, name, effects.get(name) or Effect()).files if name is not None else None

    def review(self, pod: JsonObject, request: ProxyRequest) -> ProxyResponse | None:
        for _, page in self._pages(pod):
            if page.review is not None and fnmatchcase(request.path, page.path):
                return ProxyResponse(status=200, body=_reviewed(page, request), content_type="application/json")
        return None

    def _pages(self, pod: JsonObject) -> list[tuple[str, Page]]:
        effects = self._effects(pod)
        return [(name, page) for name, effect in effects.items() for page in effect.http or ()]

    def _effects(self, pod: JsonObject) -> dict[str, Effect]:
        view = self._view
        return effects_of(pod, self._book.current, ordinal_of(view, pod), owners_of(view, pod), self._clock.now())

    def _effect(self, pod: JsonObject, container: str) -> Effect:
        return self._effects(pod).get(container) or Effect()


def _ports(pod: JsonObject) -> list[tuple[str, JsonObject]]:
    return [(item["name"], port) for item in pod["spec"]["containers"] for port in item.get("ports") or ()]


def _means(page: Page, port: int, request: ProxyRequest) -> bool:
    return (
        page.port in (0, port)
        and fnmatchcase(request.path, page.path)
        and (page.method in ("*", request.method.upper()))
    )


def _rule_output(effect: Effect, command: Sequence[str]) -> Ran | None:
    """The output of the first rule that matches the command."""
    spelled = (shlex.join(command), " ".join(command))
    for rule in effect.commands or ():
        if any(fnmatchcase(text, rule.run) for text in spelled):
            return Ran(_line(rule.prints), _line(rule.complains), rule.exit_code)
    return None


def _line(text: str) -> bytes:
    return (text if not text or text.endswith("\n") else f"{text}\n").encode()


def _echoes(command: Sequence[str]) -> bool:
    """`cat` without arguments echoes its input immediately, not only at the end."""
    words = [word.rpartition("/")[2] for word in command]
    return words == ["cat"] or (len(words) == 3 and words[0] in ("sh", "bash", "ash") and words[1:] == ["-c", "cat"])


def _waits_for_input(name: str, command: Sequence[str]) -> bool:
    if name not in READS_INPUT:
        return False
    words = [word for word in command[1:] if not word.startswith("-")]
    if name == "tar":
        return any("x" in word for word in command[1:2])
    if name == "grep":
        return len(words) < 2
    return name == "tee" or not words


async def _all_input(console: CommandConsole) -> bytes:
    parts = []
    while data := await console.read():
        parts.append(data)
    return b"".join(parts)


def _reviewed(page: Page, request: ProxyRequest) -> bytes:
    """An AdmissionReview with the response of the rule."""
    review = page.review or {}
    try:
        uid = orjson.loads(request.body)["request"]["uid"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        uid = ""
    response: JsonObject = {"uid": uid, "allowed": bool(review.get("allowed", True))}
    if review.get("message"):
        response["status"] = {"message": str(review["message"])}
    if review.get("warnings"):
        response["warnings"] = [str(text) for text in review["warnings"]]
    if review.get("patch"):
        response |= {"patchType": "JSONPatch", "patch": base64.b64encode(orjson.dumps(review["patch"])).decode()}
    return orjson.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response})
