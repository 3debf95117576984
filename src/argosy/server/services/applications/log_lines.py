"""Log lines of Pods: read from each one's stream, and merged by time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import Any, Final

from argosy.machinery.status import StatusError
from argosy.machinery.timestamps import parse
from argosy.machinery.unexpected import described

log = logging.getLogger(__name__)
WINDOW_SECONDS: Final = 0.1
LONGEST_LINE: Final = 1 << 20
EPOCH: Final = datetime.min.replace(tzinfo=UTC)
NO_TIME: Final = "0001-01-01T00:00:00Z"
ENDED: Final = object()
Line = tuple[datetime, str, str, str]
"""The time, its original text, the Pod, and the line."""
Lines = AsyncGenerator[Line, None]


def notice(text: str) -> Line:
    """A line about the logs themselves, without a time or a Pod."""
    return EPOCH, NO_TIME, "", text


async def lines_of(chunks: AsyncIterator[bytes], pod: str) -> Lines:
    """A log that cannot be read becomes a line with the error."""
    rest = b""
    try:
        async for chunk in chunks:
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                for item in split_line(line, pod):
                    yield item
            if len(rest) > LONGEST_LINE:
                rest = rest[:LONGEST_LINE]
    except (StatusError, OSError) as error:
        yield notice(str(error))
        return
    if rest:
        for item in split_line(rest, pod):
            yield item


def split_line(line: bytes, pod: str) -> list[Line]:
    stamp, _, text = line.decode(errors="replace").strip().partition(" ")
    try:
        moment = parse(stamp)
    except ValueError:
        moment, text = EPOCH, line.decode(errors="replace")
        stamp = NO_TIME
    return [(moment, stamp, pod, part) for part in text.split("\r")]


class Merged:
    """The lines of several streams. Those that arrive within a tenth of a second are sorted.

    Ends when all streams have ended; until then more can be added, also by a stream.
    """

    def __init__(self, streams: Iterable[Lines] = ()) -> None:
        self._queue: asyncio.Queue[Any] = asyncio.Queue(maxsize=1000)
        self._open = 0
        self._tasks: set[asyncio.Task[None]] = set()
        for stream in streams:
            self.add(stream)

    def add(self, stream: Lines) -> asyncio.Task[None]:
        """Starts reading; the task is done when the stream has ended."""
        self._open += 1
        # Closing a generator would not leave a TaskGroup.
        task = asyncio.get_running_loop().create_task(_fill(stream, self._queue))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def lines(self) -> Lines:
        waiting = list[Line]()
        try:
            while self._open or waiting:
                try:
                    item = await asyncio.wait_for(self._queue.get(), WINDOW_SECONDS if waiting else None)
                except TimeoutError:
                    item = None
                if item is ENDED:
                    self._open -= 1
                elif item is not None:
                    waiting.append(item)
                if item is None or len(waiting) >= 1000 or not self._open:
                    for line in sorted(waiting, key=lambda line: line[0]):
                        yield line
                    waiting.clear()
        finally:
            tasks = tuple(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _fill(stream: Lines, queue: asyncio.Queue[Any]) -> None:
    try:
        async for line in stream:
            await queue.put(line)
    except Exception as error:
        log.warning("logs of a Pod end early: %s", described(error))
    finally:
        await stream.aclose()
    await queue.put(ENDED)
