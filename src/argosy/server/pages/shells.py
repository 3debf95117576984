"""A shell in a container, and the messages between it and the browser's terminal.

Messages are JSON: `operation` is `stdin` or `resize` from the browser, `stdout` to it. Source: spec/argo-cd-api.md 8.
"""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from argosy.cluster.http.streaming.websocket import WebSocket
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.server.context import ServerContext, Shell

STDIN, STDOUT, STDERR, END, SIZE = 0, 1, 2, 3, 4
PING_SECONDS: Final = 5.0
NOT_STARTED: Final = ("126", "127")
"""Exit codes."""
LARGEST_SIZE: Final = 10_000
NO_SHELL: Final = "none of the shells could be started: {}\r\n"


@dataclass(frozen=True, slots=True)
class Opening:
    """Where to open a shell, and which shells to try, in order."""

    context: ServerContext
    client: Client
    namespace: str
    pod: str
    container: str
    shells: Sequence[str]

    def query(self, shell: str) -> list[tuple[str, str]]:
        asked = [("container", self.container), ("command", shell)]
        return [*asked, ("stdin", "true"), ("stdout", "true"), ("tty", "true")]


class Terminal:
    """`is_allowed`: whether the user still has the right."""

    def __init__(self, clock: Clock, browser: WebSocket, is_allowed: Callable[[], Awaitable[bool]]) -> None:
        self._clock, self._browser, self._is_allowed = clock, browser, is_allowed
        self._size = b""
        self._shell: Shell | None = None
        self._was_typed = False

    async def run(self, opening: Opening) -> None:
        """Runs until the shell or the browser ends, or the right is revoked."""
        async with asyncio.TaskGroup() as tasks:
            ends = [
                tasks.create_task(self._shells(opening), name="terminal: shell"),
                tasks.create_task(self._typed(), name="terminal: browser"),
                tasks.create_task(self._guarded(), name="terminal: right"),
            ]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for task in ends:
                task.cancel()
        await self._browser.close()

    async def _shells(self, opening: Opening) -> None:
        """The first shell that starts."""
        for shell in opening.shells:
            if await self._one(opening, shell):
                return
        await self._print(NO_SHELL.format(", ".join(opening.shells)))

    async def _one(self, opening: Opening, shell: str) -> bool:
        """Whether it started. The user sees the error of a server that refuses."""
        shells, query = opening.context.pod_shells, opening.query(shell)
        try:
            async with shells.opened(opening.client, opening.namespace, opening.pod, query) as opened:
                self._shell = opened
                if self._size:
                    await opened.send(SIZE, self._size)
                return await self._printed_by(opened)
        except (StatusError, OSError) as error:
            await self._print(f"{error}\r\n")
            return True
        finally:
            self._shell = None

    async def _printed_by(self, shell: Shell) -> bool:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while (found := await shell.receive()) is not None:
            channel, data = found
            if channel == END:
                return not _is_not_there(data) or self._was_typed
            if channel in (STDOUT, STDERR) and (text := decoder.decode(data)):
                await self._print(text)
        return True

    async def _typed(self) -> None:
        while (message := await self._browser.receive()) is not None:
            if not await self._is_allowed():
                return
            given = _read(message)
            match given.get("operation"):
                case "stdin" if isinstance(given.get("data"), str) and self._shell is not None:
                    self._was_typed = True
                    await self._shell.send(STDIN, given["data"].encode())
                case "resize":
                    await self._resized(given.get("cols"), given.get("rows"))

    async def _resized(self, columns: object, rows: object) -> None:
        sizes = (columns, rows)
        if not all(isinstance(one, int) and 0 < one <= LARGEST_SIZE for one in sizes):
            return
        self._size = orjson.dumps({"Width": columns, "Height": rows})
        if self._shell is not None:
            await self._shell.send(SIZE, self._size)

    async def _guarded(self) -> None:
        while await self._is_allowed():
            await self._browser.ping()
            await self._clock.sleep(PING_SECONDS)

    async def _print(self, text: str) -> None:
        await self._browser.send_text(orjson.dumps({"operation": "stdout", "data": text}).decode())


def _is_not_there(data: bytes) -> bool:
    """Whether the exit shows that the program could not be started: by the runtime, or by a shell's own codes for that
    (POSIX, 2.8.2)."""
    status = _read(data)
    if status.get("status") == "Success":
        return False
    causes = (status.get("details") or {}).get("causes") or [{}]
    return status.get("reason") != "NonZeroExitCode" or causes[0].get("message") in NOT_STARTED


def _read(message: bytes) -> dict[str, Any]:
    """A JSON object; empty for anything else."""
    try:
        found = orjson.loads(message)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
