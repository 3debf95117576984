"""The real `kargo` against Kargo's API in virtual time: a small HTTP server hands its requests to the world.

Virtual time stops while the command thinks; while it watches, time passes second by second.
"""

from __future__ import annotations

import asyncio
import os
import queue
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import yaml

from argosy.cluster.http.exchange import Response
from argosy.machinery.objects import JsonObject
from tests.kit.kargo_cli import Replay

ANY_WORD = re.compile(r"\{(?:age|duration|rv|token|time)\}")
BLANKS = re.compile(r"\s+")
LONGEST_SECONDS = 60.0
BETWEEN_SECONDS = 2.0


@dataclass
class Waiting:
    """A request of the command; `parts` becomes its answer: status and headers, then chunks, then None."""

    method: str
    target: str
    token: str
    body: bytes
    parts: queue.Queue[Any] = field(default_factory=queue.Queue)
    gone: bool = False


class Command:
    def __init__(self, program: str, replay: Replay, directory: Path) -> None:
        self._program, self._replay, self._directory = program, replay, directory
        self._requests: queue.Queue[Waiting] = queue.Queue()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._home = self._directory / "home"
        self._files = self._directory / "files"
        for name, text in self._replay.sequence["files"].items():
            place = self._files / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(str(self._replay.filled_body(text)))
        self._home.mkdir()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def faults_of(self, argv: list[str], recorded: JsonObject | None) -> list[str]:
        pairs = zip(argv[1:], argv, strict=False)
        done, output = self._run([self._filled(word, before, recorded) for word, before in pairs])
        if recorded is None:
            return []
        if done != recorded["exit"]:
            return [f"exit {done}, recorded {recorded['exit']}: {output[1][-300:]!r}"]
        faults = []
        for name, ours, wanted in zip(
            ("stdout", "stderr"), output, (recorded["stdout"], recorded["stderr"]), strict=True
        ):
            if "{usage}" not in wanted and name not in recorded.get("unstable", ()):
                faults += list(self._differences(name, ours, wanted))
        return faults

    def _filled(self, word: str, before: str, recorded: JsonObject | None) -> str:
        if before == "--new-alias" and "{alias:" in word:
            return self._replay.fresh_alias()
        address = f"127.0.0.1:{self._server.server_address[1]}"
        word = word.replace("{server}", address).replace("{files}", str(self._files))
        word = word.replace("{dir}", str(self._directory))
        succeeds = recorded is None or recorded["exit"] == 0
        return self._replay.filled(word, succeeds=succeeds)

    def _run(self, arguments: list[str]) -> tuple[int, tuple[str, str]]:
        environ = {"PATH": os.environ["PATH"], "HOME": str(self._home), "XDG_CONFIG_HOME": str(self._home / "config")}
        process = subprocess.Popen(
            [self._program, *arguments],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        changed = False
        while process.poll() is None:
            with suppress(queue.Empty):
                waiting = self._requests.get(timeout=0.02)
                changed |= waiting.method != "GET"
                self._answer(waiting, process)
        if changed:
            self._replay.pass_time(BETWEEN_SECONDS)
        return process.returncode, process.communicate()

    def _answer(self, waiting: Waiting, process: subprocess.Popen[str]) -> None:
        response = self._replay.api.send(
            waiting.method, waiting.target, waiting.body.decode() or None, token=waiting.token
        )
        waiting.parts.put(response)
        if isinstance(response.body, bytes):
            waiting.parts.put(response.body)
        else:
            self._stream(waiting, response, process)
        waiting.parts.put(None)

    def _stream(self, waiting: Waiting, response: Response, process: subprocess.Popen[str]) -> None:
        world, body = self._replay.world, response.body
        passed = 0.0

        async def begun() -> asyncio.Task[bytes]:
            return asyncio.get_running_loop().create_task(anext(aiter(body)))  # type: ignore[arg-type]

        while process.poll() is None and not waiting.gone and passed < LONGEST_SECONDS:
            task = world.run(begun())
            while not task.done() and process.poll() is None and passed < LONGEST_SECONDS:
                world.pass_time(1.0)
                passed += 1.0
                with suppress(queue.Empty):
                    self._answer(self._requests.get(timeout=0.02), process)
            if not task.done():
                task.cancel()
                world.pass_time(0.1)
                break
            try:
                waiting.parts.put(task.result())
            except StopAsyncIteration:
                break
        world.run(body.aclose())  # type: ignore[union-attr]

    def _differences(self, name: str, printed: str, wanted: str) -> Iterator[str]:
        printed = printed.replace(str(self._files), "{files}").replace(str(self._directory), "{dir}")
        printed = printed.replace(f"127.0.0.1:{self._server.server_address[1]}", "{server}")
        if wanted.lstrip().startswith("{") or "\napiVersion" in f"\n{wanted}":
            with suppress(yaml.YAMLError):  # a placeholder may stand where YAML wants quotes
                mine, theirs = map(yaml.safe_load, (self._replay.ours(printed), self._replay.theirs(wanted)))
                if mine != theirs:
                    yield f"{name}: {self._replay.difference(theirs, mine)}"
                return
        ours, theirs = _lines(self._replay.ours(printed)), _lines(self._replay.theirs(wanted))
        if len(ours) != len(theirs):
            yield f"{name}: {len(ours)} lines, recorded {len(theirs)}: {ours[:6]} {theirs[:6]}"
            return
        for one, other in zip(ours, theirs, strict=True):
            if re.fullmatch(r"\S+".join(re.escape(part) for part in ANY_WORD.split(other)), one) is None:
                yield f"{name}: {one!r}, recorded {other!r}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        requests = self._requests

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
                waiting = Waiting(self.command, self.path, token, self.rfile.read(length))
                requests.put(waiting)
                response = waiting.parts.get()
                self.send_response(response.status)
                self.send_header("Content-Type", response.content_type)
                self.send_header("Connection", "close")
                if isinstance(response.body, bytes):
                    self.send_header("Content-Length", str(len(response.body)))
                self.end_headers()
                self.close_connection = True
                try:
                    while (part := waiting.parts.get()) is not None:
                        self.wfile.write(part)
                        self.wfile.flush()
                except OSError:
                    waiting.gone = True

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one  # noqa: N815  # names of the library

            def log_message(self, *_: object) -> None: ...

        return Handler


def _lines(text: str) -> list[str]:
    return [BLANKS.sub(" ", line).strip() for line in text.splitlines() if line.strip()]
