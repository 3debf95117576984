"""Replays what the `kargo` command was recorded to ask: a project as the recording made it, and our API over it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from argosy.machinery.objects import JsonObject
from argosy.promotion import Settings
from argosy.sources.hosting.serving import Serving
from tests.kit.kargo_api import KargoApi
from tests.kit.kargo_timeline.comparing import difference
from tests.kit.kargo_timeline.serving import Script
from tests.kit.kargo_timeline.spelling import recorded as spelled
from tests.kit.kargo_timeline.story import WEBHOOKS, Story
from tests.kit.promotion import PromotionWorld

INTERVAL = "1h0m0s"
ELSEWHERE = re.compile(r"http://127\.0\.0\.1:\d+")
CERTIFICATE = re.compile(r'("ca\.crt": )"[^"]*"')
UID = re.compile(r"\{uid:(?:[^{}]|\{[^{}]*\})*\}")
VERSION = re.compile(r'(\bresourceVersion"?: )"\d+"')
TOKEN = re.compile(r"\bey[\w-]+\.[\w-]+\.[\w-]+")


class Replay:
    def __init__(self, sequence: JsonObject, directory: Path) -> None:
        self.sequence, self._directory = sequence, directory
        self._stack = ExitStack()
        self._renamed = 0
        self._former_aliases: list[str] = []

    def __enter__(self) -> Self:
        script = Script()
        (port,) = self._stack.enter_context(Serving([script.application()]))
        script.answers["/slow"] = [{"body": {"ok": False}}]
        given = json.loads(self._placed(json.dumps(self.sequence["given"]), port))
        world = PromotionWorld(self._directory, settings=Settings(webhook_base_url=WEBHOOKS))
        self.world = self._stack.enter_context(world)
        self.api = self._stack.enter_context(KargoApi(self.world))
        document = {"project": _project_of(given), "given": given, "actions": []}
        self.story = Story(document, self.world, script, port)
        self.world.cluster.on_commit(self.story.observe)
        self.story.play()
        self.api.sign_in()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def pass_time(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    def _placed(self, text: str, port: int) -> str:
        return ELSEWHERE.sub(f"http://127.0.0.1:{port}", text).replace("{age}", INTERVAL)

    # -- carrying out --------------------------------------------------------------------------------------------------

    def carry_out(self, calls: list[tuple[str, str, Any]]) -> bool:
        """Without a recording: whether anything was asked at all. What is refused is refused."""
        for method, path, body in calls:
            response = self.api.send(method, self.filled(path, succeeds=True), self.filled_body(body))
            assert isinstance(response.body, bytes)
        return bool(calls)

    def faults_of(self, call: JsonObject, recorded: JsonObject) -> Iterator[str]:
        path = self.filled(call["path"], succeeds=call["status"] < 400)
        token = "admin" if path.endswith("/login") else None  # as recorded
        response = self.api.send(call["method"], path, self.filled_body(call.get("body")), token=token)
        where = f"{call['method']} {call['path']}"
        body = response.body
        if not isinstance(body, bytes):
            yield from self._stream_faults(call, body)
            return
        text = body.decode()
        if response.status != call["status"]:
            yield f"{where}: status {response.status}, recorded {call['status']}: {text[:300]}"
            return
        wanted = call.get("response")
        if "unstable" in recorded or (isinstance(wanted, dict) and "truncated" in wanted):
            return
        ours = _without_token_controller(json.loads(self.ours(json.dumps(json.loads(text) if text else ""))))
        theirs = json.loads(self.theirs(json.dumps(wanted)))
        if ours != theirs:
            yield f"{where}: {difference(theirs, ours)}"

    def _stream_faults(self, call: JsonObject, body: Any) -> Iterator[str]:
        async def first() -> bytes:
            try:
                return await anext(aiter(body))
            finally:
                await body.aclose()

        chunk = self.world.run(first()).decode()
        if "stream" not in call:
            yield f"{call['path']}: a stream, which was not recorded"
        elif (shown := _event(chunk)) != (wanted := _event(call["stream"])):
            yield f"{call['path']}: begins with {shown}, recorded {wanted}"

    # -- words ---------------------------------------------------------------------------------------------------------

    def ours(self, text: str) -> str:
        return _neutral(TOKEN.sub("{token}", self.story.ours(text)))

    def theirs(self, text: str) -> str:
        return _neutral(_recorded(text))

    def difference(self, wanted: Any, mine: Any) -> str:
        return difference(wanted, mine)

    def filled_body(self, body: Any) -> Any:
        if body is None:
            return None
        text = body if isinstance(body, str) else json.dumps(body)
        for address, name in self.story.addresses().items():
            text = text.replace(name, address)
        text = self.filled(text.replace("{age}", INTERVAL), succeeds=True)
        return text if isinstance(body, str) else json.loads(text)

    def filled(self, text: str, *, succeeds: bool) -> str:
        """Names of the recording as ours. An alias that is not found is one that was given up."""
        text = re.sub(r"newAlias=\{alias:\d+\}", lambda _: f"newAlias={self.fresh_alias()}", text)
        if not succeeds and "{alias:" in text and self._former_aliases:
            text = re.sub(r"\{alias:\d+\}", self._former_aliases[-1], text)
        text = re.sub(r"([\w-]+)\.\{rand:(\d+)\}\.\{freight7:\d+\}", self._promotion, text)
        return self.story._text(text)

    def fresh_alias(self) -> str:
        """For renamed Freight: the recording uses the new name and the old one for the same object."""
        self._former_aliases.append(self.story._alias(1))
        self._renamed += 1
        return f"given-{self._renamed}"

    def _promotion(self, found: re.Match[str]) -> str:
        """The N-th of that Stage."""
        names = [key.partition("/")[2] for key in self.story.states if key.startswith(f"Promotion/{found[1]}.")]
        number = int(found[2])
        return names[number - 1] if number <= len(names) else f"{found[1]}.none.0000000"


def _project_of(given: list[JsonObject]) -> str:
    manifests = (one for step in given for one in yaml.safe_load_all(step.get("manifests") or "") if one)
    return next(str(one["metadata"]["name"]) for one in manifests if one["kind"] == "Project")


def _neutral(text: str) -> str:
    return CERTIFICATE.sub(r'\1"{certificate}"', VERSION.sub(r'\1"{rv}"', text))


def _without_token_controller(value: Any) -> Any:
    """The cluster of the recordings had none, so that Secrets with tokens stayed empty there."""
    for one in value.get("items") or (value,) if isinstance(value, dict) else ():
        if one.get("type") == "kubernetes.io/service-account-token":
            one.pop("data", None)
            one["metadata"]["annotations"].pop("kubernetes.io/service-account.uid", None)
    return value


def _recorded(text: str) -> str:
    return spelled(UID.sub("{uuid}", ELSEWHERE.sub("{http}", text)))


def _event(chunk: str) -> tuple[str, str]:
    """Type and name of the first object in a stream, also of one that was cut."""
    kind = re.search(r'"type":\s*"(\w+)"', chunk)
    name = re.search(r'"name":\s*"([^"]+)"', chunk)
    return kind[1] if kind else "", name[1] if name else ""
